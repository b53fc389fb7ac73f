"""What a contract may be at most, so that no input takes more than seconds or megabytes."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Bytes and tokens of a file, levels of nesting, characters of a name, files, levels of imports, fields in all.

    Fields are counted with embedded types written out. Each can be set: MALLGEN_MAX_BYTES and so on.
    """

    bytes: int = 1 << 20
    tokens: int = 200_000
    nesting: int = 64
    name: int = 255
    files: int = 256
    depth: int = 32
    fields: int = 50_000


DEFAULT = Limits()
DEEPEST = {"nesting": 200, "depth": 200}  # what walks types and imports recurses


def setting(name: str) -> str:
    """The environment variable of a limit."""
    return f"MALLGEN_MAX_{name.upper()}"


def raise_it(name: str, value: int) -> str:
    """A hint that says how to have more."""
    return f"or raise the limit: {setting(name)}={value}"
