"""Limits of a contract, so that no input takes more than seconds or megabytes."""

from typing import NamedTuple


class Limits(NamedTuple):
    """The largest values that are allowed, explained in MEANING. The environment sets them: MALLGEN_MAX_BYTES …"""

    bytes: int = 1 << 20
    tokens: int = 200_000
    nesting: int = 64
    name: int = 255
    files: int = 256
    depth: int = 32
    fields: int = 50_000
    output: int = 64 << 20
    sql: int = 16 << 20
    tables: int = 2_000
    columns: int = 1_017


MEANING = {
    "bytes": ("too-large", "bytes of a `.api` or `.proto` file"),
    "tokens": ("too-many-tokens", "words, texts and signs of a `.api` or `.sql` file, rows of data left out"),
    "nesting": ("too-deep", "levels of brackets, and of `[]`, `map[…]` and `*` in front of a type"),
    "name": ("too-long-name", "characters of a name"),
    "files": ("too-many-files", "files of a contract, imports included"),
    "depth": ("too-many-files", "levels of imports"),
    "fields": ("too-many-fields", "fields of a contract, those of embedded types written out at each place"),
    "output": ("too-much-output", "bytes of all that is generated from a contract, counted before anything is written"),
    "sql": ("too-large", "characters of a `.sql` file"),
    "tables": ("too-many-tables", "tables and views of all `.sql` files of a run"),
    "columns": ("too-many-columns", "columns of a table; InnoDB has as many"),
}
DEFAULT = Limits()
DEEPEST = {"nesting": 200, "depth": 200}  # the most that these can be set to: types and imports are read recursively


def setting(name: str) -> str:
    """Return the environment variable that sets a limit."""
    return f"MALLGEN_MAX_{name.upper()}"


def raise_it(name: str, value: int) -> str:
    """Return a hint that says how to raise a limit to `value`."""
    return f"or raise the limit: {setting(name)}={value}"
