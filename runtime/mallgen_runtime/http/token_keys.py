"""The keys that check tokens of other issuers: public keys of a file, or of a JWKS by file or URL."""

import asyncio
import contextlib
import http.client
import json
import logging
import os
import socket
import threading
import time
import urllib.request
from typing import Any, NoReturn
from urllib.error import URLError
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey, import_key

from mallgen_runtime.http.conf import JwtConf
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.process.errors import ConfigError

Key = OctKey | RSAKey | ECKey | OKPKey
_LOG = logging.getLogger("mallgen.service")
_FETCH_SECONDS, _FETCH_BYTES = 5.0, 256 << 10
_AGAIN_SECONDS = 30.0  # the least time between two fetches: tokens with invented key ids must not cause more
_STAT_SECONDS = 1.0
_MOST_KEYS = 64
_TYPES: dict[str, type[Any]] = {"RS": RSAKey, "PS": RSAKey, "ES": ECKey, "Ed": OKPKey}
_UNREADABLE = (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class TokenKeys:
    """The public keys of one `jwt` block, read again when their file changes or when their time at the URL is over."""

    def __init__(self, conf: JwtConf, name: str) -> None:
        self._file, self._url = conf.public_key_file or conf.jwks_file, conf.jwks_url
        self._refresh = float(conf.jwks_refresh)
        self._name = name
        self._keys: dict[str, Key] = {}
        self._stamp: tuple[int, int] | None = None
        self._looked = self._fetched = float("-inf")
        self._lock: asyncio.Lock | None = None
        if self._url and urlsplit(self._url).scheme not in ("http", "https"):
            raise ConfigError(f"the JwksUrl of {name} is no URL of http or https")
        if self._file:
            self._read_file()
            kinds = tuple(kind for one in conf.algorithms if (kind := _TYPES.get(one[:2])) is not None)
            if not any(isinstance(key, kinds) for key in self._keys.values()):
                raise ConfigError(f"{self._file} has no key of {name} for Algorithms {', '.join(conf.algorithms)}")

    async def candidates(self, algorithm: str, kid: object) -> list[Key]:
        """Return the keys that may have signed a token. Raises a 503 while none could be fetched yet."""
        if self._file:
            self._look()
        elif self._is_due(kid) or (self._lock is not None and self._lock.locked() and not self._knows(kid)):
            await self._fetch(kid)
        if not self._keys:
            raise ApiError(503, "no_keys", "the keys that check tokens cannot be had", headers={"retry-after": "30"})
        kind = _TYPES.get(algorithm[:2])
        named = self._keys.get(kid) if isinstance(kid, str) else None
        found = (
            [named] if named is not None else [] if isinstance(kid, str) and self._has_ids() else self._keys.values()
        )
        return [key for key in found if kind is not None and isinstance(key, kind)]

    def _has_ids(self) -> bool:
        return not any(name.startswith("#") for name in self._keys)

    def _look(self) -> None:
        """Read the file again when it has changed; one that cannot be read leaves the keys as they are."""
        now = time.monotonic()
        if now - self._looked < _STAT_SECONDS:
            return
        self._looked = now
        try:
            if self._stamp != _stamp_of(self._file):
                self._read_file()
        except (OSError, ConfigError) as problem:
            _LOG.error("the keys of %s could not be read again: %s", self._name, problem)

    def _read_file(self) -> None:
        try:
            stamp = _stamp_of(self._file)
            with open(self._file, "rb") as file:
                self._keys = keys_of(file.read(_FETCH_BYTES))
        except OSError as problem:
            raise ConfigError(f"the keys of {self._name} cannot be read: {problem}") from None
        except _UNREADABLE as problem:
            raise ConfigError(f"{self._file} has no public keys for {self._name}: {problem}") from None
        self._stamp, self._looked = stamp, time.monotonic()

    def _is_due(self, kid: object) -> bool:
        age = time.monotonic() - self._fetched
        return age >= self._refresh or (age >= _AGAIN_SECONDS and not self._knows(kid))

    def _knows(self, kid: object) -> bool:
        return bool(self._keys) and (not isinstance(kid, str) or kid in self._keys)

    async def _fetch(self, kid: object) -> None:
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            if not self._is_due(kid):
                return
            self._fetched = time.monotonic()
            try:
                async with asyncio.timeout(_FETCH_SECONDS):
                    data = await asyncio.to_thread(_get, self._url)
                self._keys = keys_of(data)
            except (OSError, http.client.HTTPException, *_UNREADABLE) as problem:
                _LOG.error("the keys of %s could not be fetched from %s: %s", self._name, self._url, problem)


def keys_of(data: bytes) -> dict[str, Key]:
    """Return the public keys of a PEM, a JWK or a JWKS by their ids, `#1` … for those without. Raises ValueError."""
    text = data.decode("utf-8").strip()
    if not text.startswith("{"):
        return {"#1": import_key(text, _pem_kind(text))}
    document = json.loads(text)
    listed = document.get("keys", [document])
    found: dict[str, Key] = {}
    for number, one in enumerate(listed[:_MOST_KEYS], 1):
        if one.get("use", "sig") == "sig" and one.get("kty") in ("RSA", "EC", "OKP"):
            with contextlib.suppress(*_UNREADABLE):  # RFC 7517, 5: a key that is not understood spoils no other
                found[str(one.get("kid") or f"#{number}")] = import_key(one)
    if not found:
        raise ValueError("there is no key for signatures in it")
    return found


def _pem_kind(text: str) -> Any:
    """Return the type of a PEM's key. Raises ValueError."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    data = text.encode()
    made: Any
    if "PRIVATE KEY" in text:
        made = load_pem_private_key(data, None).public_key()
    elif "CERTIFICATE" in text:
        made = load_pem_x509_certificate(data).public_key()
    else:
        made = load_pem_public_key(data)
    kinds: tuple[tuple[Any, str], ...] = (
        (rsa.RSAPublicKey, "RSA"),
        (ec.EllipticCurvePublicKey, "EC"),
        ((ed25519.Ed25519PublicKey, ed448.Ed448PublicKey), "OKP"),
    )
    found = next((kind for cls, kind in kinds if isinstance(made, cls)), "")
    if not found:
        raise ValueError("its key is none of RSA, EC, Ed25519 and Ed448")
    return found


def private_key(path: str, name: str) -> Key:
    """Return the private key of a file, a PEM or a JWK. Raises ConfigError."""
    try:
        with open(path, "rb") as file:
            text = file.read(_FETCH_BYTES).decode("utf-8").strip()
        key = import_key(json.loads(text)) if text.startswith("{") else import_key(text, _pem_kind(text))
        if not key.is_private:
            raise ValueError("it is a public key")
    except (OSError, *_UNREADABLE) as problem:
        raise ConfigError(f"{path} has no private key for {name}: {problem}") from None
    return key


def _stamp_of(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> NoReturn:
        raise URLError("it answers with a redirect; set the address that it leads to")


class _Timed(http.client.HTTPConnection):
    """A connection that is cut when the time for all of it is over, however often some bytes come."""

    def connect(self) -> None:
        super().connect()
        timer = threading.Timer(_FETCH_SECONDS, _cut, (self.sock,))
        timer.daemon = True
        timer.start()


class _TimedTls(_Timed, http.client.HTTPSConnection):
    """A connection with TLS that is cut likewise."""


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Timed, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_TimedTls, req)


def _cut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended
        sock.shutdown(socket.SHUT_RDWR)


def _get(url: str) -> bytes:
    opener = urllib.request.build_opener(_NoRedirect, _Http, _Https)
    asked = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310 - its scheme is checked
    with opener.open(asked, timeout=_FETCH_SECONDS) as answer:
        data: bytes = answer.read(_FETCH_BYTES + 1)
    if len(data) > _FETCH_BYTES:
        raise ValueError(f"it has more than {_FETCH_BYTES} bytes")
    return data
