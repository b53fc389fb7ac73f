"""Bearer tokens: JWT with HS256, as go-zero checks them, or signed with the private key of who issues them.

The previous secret is accepted while keys rotate.

The library checks the signature. Head and claims are read here, strictly: UTF-8, no name twice, times that can be.
"""

import base64
import json
import math
import time
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OctKey

from mallgen_runtime.http.conf import AS_GO_ZERO, TokenRules
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError

if TYPE_CHECKING:
    from mallgen_runtime.http.token_keys import Key, TokenKeys

# who writes EdDSA into the settings means it; Ed25519 is its name since RFC 9864
warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)
_HEADERS = {"www-authenticate": "Bearer"}
_LAST = 253402300799  # the end of the year 9999
_DIGITS = 40


def check(ctx: Context, secrets: tuple[str, ...], rules: TokenRules = AS_GO_ZERO) -> dict[str, Any]:
    """Return the claims of the request's token; raise a 401 without a valid one. `Bearer ` may be left out."""
    token = _sent(ctx)
    return _checked(ctx, token, map(_key, secrets), list(rules.algorithms), rules)


async def check_signed(ctx: Context, secrets: tuple[str, ...], keys: "TokenKeys", rules: TokenRules) -> dict[str, Any]:
    """Return the claims of the request's token, which may be signed with a private key; raise as `check`.

    The algorithm says which keys count, so that a public key is never taken for a secret.
    """
    token = _sent(ctx)
    try:
        head = _object(_canonical(token.split(".")[0]))
    except _NOT_VALID:
        head = {}
    algorithm = head.get("alg")
    if not isinstance(algorithm, str) or algorithm not in rules.algorithms:
        return _checked(ctx, token, (), [], rules)
    shared = algorithm.startswith("HS")
    found = list(map(_key, secrets)) if shared else await keys.candidates(algorithm, head.get("kid"))
    return _checked(ctx, token, found, [algorithm], rules)


def _sent(ctx: Context) -> str:
    given = ctx.headers.get("authorization", [])
    text = given[0] if len(given) == 1 else ""
    token = text[7:].strip() if text[:7].lower() == "bearer " else text.strip()
    if not token:
        raise _refused("one token is needed" if given else "no token; send `Authorization: Bearer …`")
    return token


def _checked(
    ctx: Context, token: str, keys: "Iterable[Key]", algorithms: list[str], rules: TokenRules
) -> dict[str, Any]:
    reason = ""
    for key in keys:
        try:
            return _claims(token, key, algorithms, rules)
        except _NOT_VALID as problem:
            reason = reason or (str(problem) if isinstance(problem, _Bad) else type(problem).__name__)
    ctx.log.info("token refused: %s", reason or "no key for it")
    raise _refused("the token is not valid or has expired")


def sign(claims: Mapping[str, Any], key: "str | Key", algorithm: str = "HS256", kid: str = "") -> str:
    """Return a token of these claims, signed with a secret or a private key; `kid` goes into its head."""
    head = {"alg": algorithm, "typ": "JWT"} | ({"kid": kid} if kid else {})
    used = _key(key) if isinstance(key, str) else key
    return jws.serialize_compact(head, json.dumps(claims).encode(), used, algorithms=[algorithm])


class _Bad(ValueError):
    """A token that is not valid; the text says why."""


_NOT_VALID = (JoseError, ValueError, KeyError, TypeError, RecursionError)


def _claims(token: str, key: "Key", algorithms: list[str], rules: TokenRules) -> dict[str, Any]:
    payload = jws.deserialize_compact(token, key, algorithms=algorithms).payload
    head, body, _ = map(_canonical, token.split("."))
    if body != payload:
        raise _Bad("the payload is not the one that was signed")
    unknown = {"crit", "b64"} & _object(head).keys()
    if unknown:  # RFC 7515: an extension that is critical must be understood; none is, and an empty list is wrong
        raise _Bad(f"the head has {' and '.join(sorted(unknown))}")
    claims = _object(body)
    _check_times(claims, rules)
    _check_parties(claims, rules)
    return claims


def _canonical(part: str) -> bytes:
    """Return the bytes of a part; refuse base64 that no encoder writes: it would be a second token of these claims."""
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise _Bad("a part is not base64url as RFC 7515 writes it")
    return data


def _object(data: bytes) -> dict[str, Any]:
    text = data.decode("utf-8")
    found = json.loads(text, object_pairs_hook=_once, parse_int=_whole, parse_float=_finite, parse_constant=_constant)
    if not isinstance(found, dict):
        raise _Bad("a part is no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Bad("a name stands twice in an object")
    return found


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise _Bad("a number is too long")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Bad("a number is too large")
    return number


def _constant(text: str) -> NoReturn:
    raise _Bad(f"{text} is no JSON")


def _check_times(claims: dict[str, Any], rules: TokenRules) -> None:
    """RFC 7519, 4.1.4 to 4.1.6; like golang-jwt, a token issued in the future is not valid yet."""
    now = time.time()
    for name in ("exp", "nbf", "iat"):
        if name in claims:
            value = claims[name]
            if type(value) not in (int, float) or not 0 <= value <= _LAST:
                raise _Bad(f"{name} is no time")
            late = now >= value + rules.leeway if name == "exp" else now + rules.leeway < value
            if late:
                raise _Bad("expired" if name == "exp" else f"{name} lies ahead")
    if rules.needs_expiry and "exp" not in claims:
        raise _Bad("no exp, and RequireExpire is set")


def _check_parties(claims: dict[str, Any], rules: TokenRules) -> None:
    """RFC 7519, 4.1.1 and 4.1.3."""
    if rules.issuer and claims.get("iss") != rules.issuer:
        raise _Bad("iss is another issuer")
    meant = claims.get("aud")
    if rules.audience and rules.audience not in (meant if isinstance(meant, list) else [meant]):
        raise _Bad("aud is another audience")


@cache
def _key(secret: str) -> OctKey:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the application has told of a short secret when it started
        return OctKey.import_key(secret)


def _refused(detail: str) -> ApiError:
    return ApiError(401, "unauthorized", detail, headers=_HEADERS)
