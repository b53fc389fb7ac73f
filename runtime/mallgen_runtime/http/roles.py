"""The roles of a caller, as the claim `roles` of a checked token has them."""

from collections.abc import Iterable

from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError


def require_role(ctx: Context, needed: Iterable[str]) -> None:
    """Raise a 403 unless the caller has one of the roles. The claim is a list, or a text with spaces in it."""
    claim = ctx.claims.get("roles", ())
    found = claim.split(" ") if isinstance(claim, str) else claim if isinstance(claim, list) else ()
    if not any(role in found for role in needed):
        raise ApiError(403, "no_role", "this needs another role than the token has")
