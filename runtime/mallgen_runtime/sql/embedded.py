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
    "DELETE FROM sqlite_sequence WHERE name = {new}; "
    "INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
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
    """Make the tables, columns, indexes and views that a file lacks, and return a line for each other difference."""
    problems: list[str] = []
    for one in _wanted(script):
        found = await connection.fetch(
            "SELECT sql FROM sqlite_master WHERE type = ? AND name = ?", (one.kind, one.name)
        )
        if found and found[0][0] == one.sql:
            continue
        if found and one.kind == "table":
            problems += await _changed(connection, one)
            continue
        gone = f"DROP {one.kind} {_WRITER.name(one.name)};" if found else ""
        try:
            await connection.script(f"{gone}{one.sql}")
        except DatabaseError as problem:
            problems.append(f"the {one.kind} {one.name} cannot be made: {problem}")
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


async def _changed(connection: DatabaseConnection, wanted: _Wanted) -> list[str]:
    """Give a table what it lacks where that loses nothing, else return a line for each difference."""
    found = {info.name: info for info in [_Info(*row) for row in await connection.fetch(_COLUMNS, (wanted.name,))]}
    problems = list(_refused(wanted, found))
    if problems:
        return problems
    kept = [info.name for info in wanted.columns if info.name in found and not info.hidden]
    added = ", ".join(info.name for info in wanted.columns if info.name not in found)
    try:
        await connection.script(_rebuild(wanted, kept))
    except DatabaseError as problem:
        await connection.rollback()
        what = f"{added} cannot be added to" if added else "the new constraints do not fit"
        why = str(problem).replace(_MAKING, "")
        problems.append(f"{wanted.name}: {what} the rows that are there: {why}")
    await connection.script("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON")
    return problems


def _refused(wanted: _Wanted, found: dict[str, _Info]) -> Iterator[str]:
    """Yield a line for each difference of columns that would lose values."""
    for info in wanted.columns:
        known = found.get(info.name)
        if known is not None and _words(known) != _words(info):
            yield f"{wanted.name}.{info.name} is {_words(known)} and should be {_words(info)}"
    for name in found.keys() - {info.name for info in wanted.columns}:
        yield f"{wanted.name}.{name} is not in the contract"


def _rebuild(wanted: _Wanted, kept: list[str]) -> str:
    """Return the statements that make a table anew with its rows; SQLite itself adds only some kinds of columns."""
    old, new = _WRITER.name(wanted.name), _WRITER.name(_MAKING + wanted.name)
    counted = "AUTOINCREMENT" in wanted.sql
    rows = _WRITER.names(kept)
    return ";\n".join(
        [
            "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; BEGIN IMMEDIATE",
            wanted.sql.replace(old, new, 1),
            _COPY.format(old=old, new=new, rows=rows),
            *([_SEQUENCE.format(old=_text(wanted.name), new=_text(_MAKING + wanted.name))] if counted else []),
            f"DROP TABLE {old}",
            f"ALTER TABLE {new} RENAME TO {old}",
            "COMMIT;",
        ]
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _words(info: _Info) -> str:
    return " ".join(filter(None, [info.type, "NOT NULL" if info.notnull else "", "in the key" if info.key else ""]))
