"""What all settings have in common: one error, and a repr that shows no secret."""

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

_SECRET = re.compile(
    r"secret|passw|passphrase|pwd|token|credential|dsn|datasource|"
    r"(?:private|api|access|signing|encryption|crypto|hmac|auth|master)key$"
)
_LOGIN = re.compile(r"((?:^|//)[^\s/:@]*:)[^\s]+(?=@)")
HIDDEN = "***"


class Conf(Struct):
    """A block of settings. Its repr, and that of all blocks below it, has `***` in the place of secrets."""

    def __repr__(self) -> str:
        return _shown(self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What rich prints."""
        return [("settings", _shown(self))]


def is_secret(name: str) -> bool:
    """Whether the value of a setting is nobody's business, by its name."""
    folded = name.replace("_", "").replace("-", "").lower()
    words = re.split(r"[_\-]|(?<=[a-z0-9])(?=[A-Z])", name)
    return bool(_SECRET.search(folded)) or any(word.lower() == "pass" for word in words)


def _shown(value: Any, name: str = "") -> str:
    if name and is_secret(name) and value:
        return repr(HIDDEN)
    if isinstance(value, Struct):
        found = (f"{field.name}={_shown(getattr(value, field.name), field.name)}" for field in fields(value))
        return f"{type(value).__name__}({', '.join(found)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_shown(item, str(key))}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return repr(_LOGIN.sub(rf"\1{HIDDEN}", value) if isinstance(value, str) else value)
