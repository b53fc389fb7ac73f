"""Definitions of other databases that SQLite cannot take over, told by asking a database in memory."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from typing import Self

from mallgen.tables.model import Table

_UUID = re.compile(r"\(*\s*(?:uuid|gen_random_uuid|uuid_generate_v4|sys_guid)\s*\(\s*\)\s*\)*", re.I)
_NOW = re.compile(r"\b(?:now|current_timestamp|localtimestamp|utc_timestamp|sysdate|getdate)\b", re.I)
UUID = (
    "(lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||"
    " substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))"
)


def takes(table: Table, definition: str) -> bool:
    """Return whether SQLite takes a definition, a column `""` or a constraint, among the columns of a table."""
    names = [column.name.replace('"', '""') for column in table.columns]
    columns = ", ".join(f'"{name}"' for name in names)
    row = " ".join(("EXPLAIN INSERT INTO t", f'("{names[0]}")', "VALUES (1)"))
    return _runs(f"CREATE TABLE t ({columns}, {definition})", row)


class Scratch:
    """A database in memory with the tables of a script, which tells the views that SQLite can carry out."""

    def __init__(self) -> None:
        self._database: sqlite3.Connection | None = None
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._database is not None:
            self._database.close()

    def add(self, statements: Sequence[str]) -> None:
        """Carry out those of a script's statements that are new; what SQLite refuses is not for this class to say."""
        self._database = self._database or sqlite3.connect(":memory:")
        for statement in statements[self._count :]:
            with suppress(sqlite3.Error, sqlite3.Warning):
                self._database.execute(statement)
        self._count = len(statements)

    def takes(self, statement: str, name: str) -> bool:
        """Return whether SQLite carries out the query of a view; `add` was called before."""
        assert self._database is not None, "add() opens it"
        quoted = name.replace('"', '""')
        try:
            self._database.execute(statement)
            self._database.execute(" ".join(("EXPLAIN SELECT * FROM", f'"{quoted}"')))
        except (sqlite3.Error, sqlite3.Warning):
            with suppress(sqlite3.Error):
                self._database.execute(f'DROP VIEW "{quoted}"')
            return False
        self._database.execute(f'DROP VIEW "{quoted}"')
        return True


def _runs(*statements: str) -> bool:
    with closing(sqlite3.connect(":memory:")) as database:
        try:
            for statement in statements:
                database.execute(statement)
        except (sqlite3.Error, sqlite3.Warning, UnicodeError, ValueError):
            return False
    return True


def is_uuid(expression: str) -> bool:
    """Tell an expression that makes a UUID."""
    return _UUID.fullmatch(expression.strip()) is not None


def is_now(expression: str) -> bool:
    """Tell an expression that begins with the current time, such as `now() AT TIME ZONE 'utc'`."""
    return _NOW.search(expression) is not None
