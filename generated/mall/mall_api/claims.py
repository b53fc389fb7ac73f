"""The user of a token."""

from mallgen_runtime import Context
from mallgen_runtime.schema import Struct


class Claims(Struct, kw_only=True):
    """The claims that a login puts into its token."""

    uid: int


def uid(ctx: Context) -> int:
    """Return the id of the user whose token came with a request."""
    return ctx.claims_as(Claims).uid
