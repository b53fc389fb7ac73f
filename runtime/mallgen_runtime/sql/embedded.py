"""The tables of a SQLite file in dev mode: made from the contract, and extended when the contract has more."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import NamedTuple

from mallgen_runtime.sql.connection import DatabaseConnection, Dialect
from mallgen_runtime.sql.errors import DatabaseError
from mallgen_runtime.sql.table import SqlWriter

_WRITER = SqlWriter(Dialect.SQLITE)
_COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)'
_OBJECTS = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"


class _Info(NamedTuple):
    """A column as SQLite tells it; `hidden` is 2 or 3 for a generated one."""

    name: str
    type: str
    notnull: int
    default: str | None
    key: int
    hidden: int


class _Wanted(NamedTuple):
    """A table, view or index that a file should have: its statement, and the columns of a table."""

    kind: str
    name: str
    sql: str
    columns: tuple[_Info, ...]


async def bring_up(connection: DatabaseConnection, script: str) -> list[str]:
    """Make the tables, columns and indexes that a file lacks, and return a line for each other difference."""
    problems: list[str] = []
    for one in _wanted(script):
        if not await connection.fetch("SELECT 1 FROM sqlite_master WHERE name = ?", (one.name,)):
            await connection.script(one.sql)
        elif one.kind == "table":
            found = {info.name: info for info in [_Info(*row) for row in await connection.fetch(_COLUMNS, (one.name,))]}
            problems += [line async for line in _extended(connection, one, found)]
    return problems


def _wanted(script: str) -> list[_Wanted]:
    """Return what a script makes, by running it in an empty database in memory."""
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.executescript(script)
        objects = sorted(memory.execute(_OBJECTS).fetchall(), key=lambda row: ("table", "view", "index").index(row[0]))
        return [
            _Wanted(kind, name, sql, tuple(_Info(*row) for row in memory.execute(_COLUMNS, (name,))))
            for kind, name, sql in objects
        ]


async def _extended(connection: DatabaseConnection, wanted: _Wanted, found: dict[str, _Info]) -> AsyncIterator[str]:
    """Add the columns that a table lacks; yield a line for each difference that is no addition."""
    for info in wanted.columns:
        known = found.get(info.name)
        if known is None:
            try:
                await connection.script(_add(wanted.name, info))
            except DatabaseError:
                yield f"{wanted.name}.{info.name} cannot be added to the rows that are there"
        elif (known.type, known.notnull, known.key) != (info.type, info.notnull, info.key):
            yield f"{wanted.name}.{info.name} is {_words(known)} and should be {_words(info)}"
    for name in found.keys() - {info.name for info in wanted.columns}:
        yield f"{wanted.name}.{name} is not in the contract"


def _add(table: str, info: _Info) -> str:
    words = [f"ALTER TABLE {_WRITER.name(table)} ADD COLUMN {_WRITER.name(info.name)} {info.type}"]
    words += ["NOT NULL"] if info.notnull else []
    words += [f"DEFAULT {info.default}"] if info.default is not None else []
    return " ".join(words)


def _words(info: _Info) -> str:
    return " ".join(filter(None, [info.type, "NOT NULL" if info.notnull else "", "in the key" if info.key else ""]))
