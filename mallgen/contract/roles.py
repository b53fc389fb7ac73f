"""The roles of `@server`: those of which a caller's token must have one."""

import re
from collections.abc import Callable, Mapping

from mallgen.model import Pair
from mallgen.text.span import Span

_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}\Z")
_CODE = "bad-roles"


def roles_of(settings: Mapping[str, Pair], unfit: Callable[[str, str, Span, str], None]) -> tuple[str, ...]:
    """Return the roles that let a caller in; they stand in a token, so the block must ask for one."""
    pair = settings["roles"]
    names = tuple(name.strip() for name in pair.value.split(","))
    for name in names:
        if not _ROLE.match(name):
            hint = "write `roles: editor, auditor`: letters, digits, `-`, `_`, `.` and `:`"
            unfit(_CODE, f"`{name}` is not a role", pair.span, hint)
    if "jwt" not in settings and "jwtTransition" not in settings:
        message = "`roles` asks for a role, and nothing here asks for the token that has it"
        unfit(_CODE, message, pair.span, "add `jwt: Auth` to this block")
    return tuple(dict.fromkeys(names))
