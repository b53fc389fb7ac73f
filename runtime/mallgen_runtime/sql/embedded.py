"""The tables of a SQLite file in dev mode: made from the contract, and extended when the contract has more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from mallgen_runtime.sql.connection import DatabaseConnection, Dialect
from mallgen_runtime.sql.errors import DatabaseError
from mallgen_runtime.sql.table import SqlWriter

_WRITER = SqlWriter(Dialect.SQLITE)
_MAKING = "mallgen makes "  # before the name of a table, while it is made anew
_COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)'
# ids that were given once are not given again
_SEQUENCE = (
    "DELETE FROM sqlite_sequence WHERE name = {new}",
    "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}",
)
_COPY = "INSERT INTO {new} ({rows}) SELECT {rows} FROM {old}"
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
    """Make the tables, columns, indexes and views that a file lacks, and return a line for each other difference.

    Of processes that start at the same time one makes them.
    """
    wanted = _wanted(script)
    if not [one for one in wanted if await _statement(connection, one) != one.sql]:
        return []
    # neither can be set within a transaction
    await connection.script("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON")
    try:
        await connection.begin()
        problems = [line for one in wanted for line in await _brought_up(connection, one)]
        await connection.commit()
    finally:
        if not connection.is_broken:
            await connection.rollback()
            await connection.script("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON")
    return problems


async def _statement(connection: DatabaseConnection, one: _Wanted) -> str | None:
    """Return the statement that an object was made by, None where there is none."""
    found = await connection.fetch("SELECT sql FROM sqlite_master WHERE type = ? AND name = ?", (one.kind, one.name))
    return str(found[0][0]) if found else None


async def _brought_up(connection: DatabaseConnection, one: _Wanted) -> list[str]:
    """Make an object, or give a table what it lacks; return a line for each difference that stays."""
    found = await _statement(connection, one)
    if found == one.sql:
        return []
    if found is not None and one.kind == "table":
        return await _changed(connection, one)
    gone = [] if found is None else [f"DROP {one.kind} {_WRITER.name(one.name)}"]
    problem = await _made(connection, *gone, one.sql)
    return [] if problem is None else [f"the {one.kind} {one.name} cannot be made: {problem}"]


async def _made(connection: DatabaseConnection, *statements: str) -> DatabaseError | None:
    """Run all statements or none; return the problem."""
    await connection.execute("SAVEPOINT made")
    try:
        for statement in statements:
            await connection.execute(statement)
    except DatabaseError as problem:
        if not connection.in_transaction:  # SQLite has undone all of it, as where the disk is full
            raise
        await connection.execute("ROLLBACK TO made")
        return problem
    await connection.execute("RELEASE made")
    return None


def _wanted(script: str) -> list[_Wanted]:
    """Return what a script makes, by running it in an empty database in memory."""
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.executescript(script)
        objects = sorted(memory.execute(_OBJECTS).fetchall(), key=lambda row: ("table", "view", "index").index(row[0]))
        return [
            _Wanted(kind, name, sql, tuple(_Info(*row) for row in memory.execute(_COLUMNS, (name,))))
            for kind, name, sql in objects
        ]


async def _changed(connection: DatabaseConnection, wanted: _Wanted) -> list[str]:
    """Give a table what it lacks where that loses nothing, else return a line for each difference."""
    found = {info.name: info for info in [_Info(*row) for row in await connection.fetch(_COLUMNS, (wanted.name,))]}
    problems = list(_refused(wanted, found))
    if problems:
        return problems
    kept = [info.name for info in wanted.columns if info.name in found and not info.hidden]
    added = ", ".join(info.name for info in wanted.columns if info.name not in found)
    problem = await _made(connection, *_rebuild(wanted, kept))
    if problem is not None:
        what = f"{added} cannot be added to" if added else "the new constraints do not fit"
        why = str(problem).replace(_MAKING, "")
        problems.append(f"{wanted.name}: {what} the rows that are there: {why}")
    return problems


def _refused(wanted: _Wanted, found: dict[str, _Info]) -> Iterator[str]:
    """Yield a line for each difference of columns that would lose values."""
    for info in wanted.columns:
        known = found.get(info.name)
        if known is not None and _words(known) != _words(info):
            yield f"{wanted.name}.{info.name} is {_words(known)} and should be {_words(info)}"
    for name in found.keys() - {info.name for info in wanted.columns}:
        yield f"{wanted.name}.{name} is not in the contract"


def _rebuild(wanted: _Wanted, kept: list[str]) -> list[str]:
    """Return the statements that make a table anew with its rows; SQLite itself adds only some kinds of columns."""
    old, new = _WRITER.name(wanted.name), _WRITER.name(_MAKING + wanted.name)
    counted = _SEQUENCE if "AUTOINCREMENT" in wanted.sql else ()
    names = {"old": _text(wanted.name), "new": _text(_MAKING + wanted.name)}
    return [
        wanted.sql.replace(old, new, 1),
        _COPY.format(old=old, new=new, rows=_WRITER.names(kept)),
        *(statement.format(**names) for statement in counted),
        f"DROP TABLE {old}",
        f"ALTER TABLE {new} RENAME TO {old}",
    ]


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _words(info: _Info) -> str:
    return " ".join(filter(None, [info.type, "NOT NULL" if info.notnull else "", "in the key" if info.key else ""]))
