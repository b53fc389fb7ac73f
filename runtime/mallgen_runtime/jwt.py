"""Bearer tokens: JWT with HS256, as go-zero checks them; the previous secret is accepted while keys rotate."""

import warnings
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from mallgen_runtime.messages import Context
from mallgen_runtime.problems import ApiError

_ALGORITHMS = ["HS256"]
_CLAIMS = jwt.JWTClaimsRegistry(leeway=0)
_HEADERS = {"www-authenticate": "Bearer"}


def check(ctx: Context, secrets: tuple[str, ...]) -> dict[str, Any]:
    """The claims of the request's token; 401 when there is none or it is not good. `Bearer ` may be left out."""
    text = next(iter(ctx.headers.get("authorization", [])), "")
    token = text[7:].strip() if text[:7].lower() == "bearer " else text.strip()
    if not token:
        raise _refused("no token; send `Authorization: Bearer …`")
    reason = ""
    for secret in secrets:
        try:
            found = jwt.decode(token, _key(secret), algorithms=_ALGORITHMS)
            _CLAIMS.validate(found.claims)
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as problem:
            reason = reason or type(problem).__name__
        else:
            return dict(found.claims)
    ctx.log.warning("token refused: %s", reason)
    raise _refused("the token is not valid or has expired")


@cache
def _key(secret: str) -> OctKey:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the application has told of a short secret when it started
        return OctKey.import_key(secret)


def _refused(detail: str) -> ApiError:
    return ApiError(401, "unauthorized", detail, headers=_HEADERS)
