"""The tables of a database as its reader returns them."""

import re
from typing import NamedTuple

_WORD = re.compile(r"\w+")


class CannotRead(Exception):
    """A database that cannot be read: why, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class LiveTable(NamedTuple):
    """A table or view: its statements, and the names of other ones that they need; `late` ones need all tables."""

    name: str
    statements: tuple[str, ...]
    needs: frozenset[str] = frozenset()
    late: tuple[str, ...] = ()
    is_view: bool = False


class LiveSchema(NamedTuple):
    """The tables of a database; `before` are statements that they need, `notes` say what is there besides."""

    tables: tuple[LiveTable, ...]
    before: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def mentioned(sql: str, names: frozenset[str]) -> frozenset[str]:
    """Return the names that occur as words in a view's query; one more than are used does no harm."""
    by_folded = {name.lower(): name for name in names}
    words = {word.lower() for word in _WORD.findall(sql)}
    plain = {name for folded, name in by_folded.items() if folded in words}
    return frozenset(plain | {name for name in names if not name.isidentifier() and name in sql})
