"""Signatures of requests, as go-zero's `signature: true` asks for them: the header X-Content-Security.

The client makes a key, encrypts it with the service's public RSA key together with the time, and signs by HMAC-SHA256
the time, the method, the path, the query and the SHA-256 of the body.
"""

import base64
import hashlib
import hmac
import logging
import time
from typing import Any

from mallgen_runtime.http.conf import SignatureConf
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError

_LOG = logging.getLogger("mallgen.service")
_HEADER = "x-content-security"
_FREE = ("HEAD", "OPTIONS")
_MOST_SECRET = 2048  # bytes of the encrypted key; go-zero has no bound


class _Unsigned(ValueError):
    """A signature that does not hold; the text says why."""


class Signatures:
    """Checks the signatures of requests. Raises ConfigError for keys that cannot be used.

    Without `Strict`, a request whose signature does not hold is only logged, as in go-zero. Without any key all are
    refused.
    """

    def __init__(self, conf: SignatureConf) -> None:
        self._strict = conf.strict or not conf.private_keys
        self._tolerance = seconds(conf.expiry, "Signature.Expiry")
        self._keys = {key.fingerprint: _private_key(key.key_file) for key in conf.private_keys}
        if not conf.private_keys:
            _LOG.error(
                "the contract asks for signatures, and Signature.PrivateKeys is empty: such requests are refused"
            )
        elif not conf.strict:
            _LOG.warning("signatures are checked, and Signature.Strict is false: requests without one are served")

    def around(self, run: Next) -> Next:
        """Return a handler that is reached by requests whose signature holds."""

        async def signed(ctx: Context) -> Response:
            await self.check(ctx)
            return await run(ctx)

        return signed

    async def check(self, ctx: Context) -> None:
        """Refuse a request whose signature does not hold. Raises a 403."""
        if ctx.method in _FREE:
            return
        try:
            await self._verify(ctx)
        except ValueError as problem:
            why = str(problem) if isinstance(problem, _Unsigned) else "the header cannot be read"
            ctx.log.info("signature refused: %s", why)
            if self._strict:
                raise ApiError(403, "bad_signature", "the request is not signed as it must be") from None

    async def _verify(self, ctx: Context) -> None:
        given = ctx.headers.get(_HEADER, [])
        sent = _attributes(given[0] if len(given) == 1 else "")
        if not (sent.get("key") and sent.get("secret") and sent.get("signature")):
            raise _Unsigned("X-Content-Security lacks key, secret or signature")
        private = self._keys.get(sent["key"])
        if private is None:
            raise _Unsigned("no key has this fingerprint")
        told = _attributes(_decrypted(private, sent["secret"]))
        stamp = told.get("time", "")
        if abs(time.time() - int(stamp)) > self._tolerance:
            raise _Unsigned("it is too old, or from the future")
        if told.get("type") != "0":
            raise _Unsigned("the body is encrypted, which is not supported")
        digest = hashlib.sha256(await ctx.raw_body()).hexdigest()
        query = ctx.scope["query_string"].decode("latin-1")
        content = "\n".join((stamp, ctx.method, ctx.url_path, query, digest)).encode()
        key = base64.b64decode(told.get("key", ""), validate=True)
        wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
        if not key or not hmac.compare_digest(wanted, sent["signature"].encode()):
            raise _Unsigned("the signature is another one")


def _attributes(text: str) -> dict[str, str]:
    """Return `a=1; b=2` by name, as go-zero's httpx.ParseHeader; a value may have `=` in it."""
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name: value for name, equals, value in pairs if equals}


def _decrypted(private: Any, text: str) -> str:
    """Return a secret, which is encrypted in blocks of the key's size. Raises ValueError."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    data = base64.b64decode(text, validate=True)
    size = private.key_size // 8
    if not data or len(data) % size or len(data) > _MOST_SECRET:
        raise _Unsigned("the secret has not the length of its key")
    blocks = (private.decrypt(data[at : at + size], PKCS1v15()) for at in range(0, len(data), size))
    return b"".join(blocks).decode("utf-8")


def _private_key(path: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        with open(path, "rb") as file:
            key = load_pem_private_key(file.read(), None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("its key is not RSA")
    except (OSError, ValueError, TypeError) as problem:
        raise ConfigError(f"Signature.PrivateKeys: {path} has no private key: {problem}") from None
    return key
