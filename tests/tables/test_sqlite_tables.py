"""Thirty tables of SQLite: it has the same columns, keys and references as our models."""

import re
import sqlite3
from collections.abc import Callable, Iterator

import pytest

from mallgen.tables.model import Base, Column, DefaultKind, Dialect, Table
from mallgen.tables.read import DdlSource, Read, read
from tests.conftest import ROOT
from tests.tables.live import value

FILE = ROOT / "tests" / "data" / "sql" / "sqlite_tables.sql"
NUMERIC = (Base.INT, Base.BOOL, Base.DECIMAL, Base.DATE, Base.DATETIME, Base.TIME, Base.JSON, Base.UUID)
STORED = {**dict.fromkeys(NUMERIC, "integer"), Base.FLOAT: "real", Base.TEXT: "text", Base.BYTES: "text"}


def reading() -> Read:
    """Read the file."""
    return read([DdlSource(FILE.name, FILE.read_text(encoding="utf-8"))])


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    """Open a database with the tables of the file."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(FILE.read_text(encoding="utf-8"))
    yield connection
    connection.close()


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def theirs(database: sqlite3.Connection, table: str) -> list[str]:
    """Return a table as SQLite describes it, in lines."""
    found = []
    keyed = {}
    for _, name, spelt, not_null, given, key, hidden in database.execute(f"PRAGMA table_xinfo({quoted(table)})"):
        kind = " ".join(spelt.replace("(", " ( ").split()).replace(" ( ", "(").lower()
        found.append(f"{name} | {kind} | {'not null' if not_null or key else 'null'} | {_default(given, kind, hidden)}")
        if key:
            keyed[key] = name
    names = [f"primary ({', '.join(keyed[at] for at in sorted(keyed))})"] if keyed else []
    for _, name, unique, origin, partial in database.execute(f"PRAGMA index_list({quoted(table)})"):
        columns = [row[2] for row in database.execute(f"PRAGMA index_info({quoted(name)})")]
        if origin == "pk":
            continue
        shown = f"({', '.join(columns)})" if None not in columns else "()"
        names.append(f"{'unique' if unique else 'index'} {'' if origin == 'u' else name} {shown}{' where' * partial}")
    references: dict[int, list[str]] = {}
    targets = {}
    for number, _, target, column, *_ in database.execute(f"PRAGMA foreign_key_list({quoted(table)})"):
        references.setdefault(number, []).append(column)
        targets[number] = target
    names += [f"({', '.join(columns)}) -> {targets[number]}" for number, columns in references.items()]
    return [*found, *sorted(names)]


def _default(given: str | None, kind: str, hidden: int) -> str:
    if hidden in (2, 3):
        return "generated"
    if given is None or given.upper() == "NULL":
        return ""
    if given[0] in "'\"":
        text = given[1:-1].replace(given[0] * 2, given[0])
        return f"={value(text, Base.DECIMAL if 'decimal' in kind or 'bool' in kind else Base.TEXT)}"
    if re.fullmatch(r"[-+]?[0-9.]+(e[0-9]+)?|0x[0-9a-f]+|x'[0-9a-f]*'", given, re.I):
        return f"={value(str(int(given, 16)) if given.startswith('0x') else given.lstrip('+'), Base.DECIMAL)}"
    if given in ("TRUE", "FALSE"):
        return f"={int(given == 'TRUE')}"
    now = given.startswith("CURRENT_") or re.match(r"(datetime|date|strftime|unixepoch)\(", given)
    return "now" if now else "expression"


def ours(table: Table) -> list[str]:
    """Return a model in the same lines."""
    found = []
    for column in table.columns:
        kind = " ".join(column.type.spelt.replace("(", " ( ").split()).replace(" ( ", "(").lower()
        found.append(f"{column.name} | {kind} | {'null' if column.nullable else 'not null'} | {_shown(column)}")
    names = [f"primary ({', '.join(table.key)})"] if table.key else []
    for index in table.indexes:
        name = "" if index.name.startswith("sqlite_autoindex") or index.name == "products_sku" else index.name
        shown = f"({', '.join(index.columns)})" if index.is_plain else "()"
        names.append(f"{'unique' if index.unique else 'index'} {name} {shown}{' where' if index.where else ''}")
    names += [f"({', '.join(one.columns)}) -> {one.target}" for one in table.foreign_keys]
    return [*found, *sorted(names)]


def _shown(column: Column) -> str:
    if column.generated is not None:
        return "generated"
    if column.default is None:
        return ""
    if column.default.kind is DefaultKind.LITERAL:
        return f"={value(column.default.text, column.type.base)}"
    return str(column.default.kind.value)


def test_sqlite_has_the_same_columns_keys_and_references(
    database: sqlite3.Connection, record_property: Callable[[str, object], None]
) -> None:
    result = reading()
    assert result.diagnostics == ()
    known = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    assert sorted(table.name for table in result.schema.tables) == [row[0] for row in database.execute(known)]
    for table in result.schema.tables:
        assert ours(table) == theirs(database, table.name), table.name
    columns = sum(len(table.columns) for table in result.schema.tables)
    count = len(result.schema.tables)
    record_property("figure", f"DDL of SQLite: {count} tables, {columns} columns as it has them, 0 refused")
    assert count >= 30
    assert {table.dialect for table in result.schema.tables} == {Dialect.SQLITE}


def test_a_column_that_sqlite_numbers_is_one_that_it_numbers(database: sqlite3.Connection) -> None:
    numbered = 0
    for table in reading().schema.tables:
        for column in table.columns:
            if len(table.key) == 1 and table.key[0] == column.name:
                sql = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table.name,)).fetchone()[0]
                scratch = sqlite3.connect(":memory:")
                scratch.execute(sql)
                used = scratch.execute(f"EXPLAIN SELECT {quoted(column.name)} FROM {quoted(table.name)}").fetchall()
                is_rowid = any(row[1] in ("Rowid", "IdxRowid") for row in used)
                assert column.auto == is_rowid, table.name
                numbered += is_rowid
    assert numbered > 10


def test_the_affinity_of_each_type_is_that_of_its_base(database: sqlite3.Connection) -> None:
    for table in reading().schema.tables:
        for column in table.columns:
            scratch = sqlite3.connect(":memory:")
            scratch.execute(f"CREATE TABLE t (x {column.type.spelt})")
            scratch.execute("INSERT INTO t VALUES ('1')")
            stored = scratch.execute("SELECT typeof(x) FROM t").fetchone()[0]
            assert stored == STORED[column.type.base], column
