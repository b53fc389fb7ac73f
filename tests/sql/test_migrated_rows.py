"""Rows behind a migration: where no warning says otherwise it succeeds, and they keep what they had."""

import sqlite3
from collections.abc import Callable, Iterator

import pytest

from mallgen.tables.migration.migrate import Side, migrate
from mallgen.tables.migration.step import FAILS, LOSES, MigrationStep
from mallgen.tables.model import Base, Column, Dialect, Schema, Table
from tests.random_tables import random_script
from tests.servers import MariaDb, Postgres
from tests.sql.test_migrate import tables

PAIRS = 100
_VALUES = {
    Base.INT: "1",
    Base.YEAR: "2020",
    Base.DECIMAL: "1.5",
    Base.FLOAT: "1.5",
    Base.TEXT: "'a'",
    Base.BYTES: "'a'",
    Base.DATE: "'2026-01-02'",
    Base.DATETIME: "'2026-01-02 03:04:05'",
    Base.TIME: "'01:02:03'",
    Base.JSON: "'{}'",
    Base.ARRAY: "'{}'",
    Base.UUID: "'00000000-0000-0000-0000-000000000001'",
    Base.BITS: "b'1'",
    Base.BIT_STRING: "B'0101'",
}


def inserts(schema: Schema, dialect: Dialect) -> Iterator[str]:
    """Yield a row for each table, with a value for each column that needs one."""
    for table in schema.tables:
        if table.select:
            continue
        given = [column for column in table.columns if _is_given(table, column)]
        names = ", ".join(_quoted(column.name, dialect) for column in given)
        values = ", ".join(_value(column, dialect) for column in given)
        words = f"({names}) VALUES ({values})" if given or dialect is Dialect.MYSQL else "DEFAULT VALUES"
        yield f"INSERT INTO {_quoted(table.name, dialect)} {words}"


def _is_given(table: Table, column: Column) -> bool:
    is_needed = not column.nullable and column.default is None and not column.auto and column.generated is None
    return (column.name == "id" and column.identity != "ALWAYS") or is_needed


def _value(column: Column, dialect: Dialect) -> str:
    if column.type.base in (Base.ENUM, Base.SET):
        return f"'{column.type.values[0]}'"
    if column.type.base is Base.BOOL:
        return "true" if dialect is Dialect.POSTGRES else "1"
    return _VALUES[column.type.base]


def _quoted(name: str, dialect: Dialect) -> str:
    return f"`{name}`" if dialect is Dialect.MYSQL else f'"{name}"'


def may_fail(steps: list[MigrationStep]) -> bool:
    """Return whether a warning says that statements fail or take values away where there are rows."""
    cautions = [caution for step in steps for caution in step.cautions]
    return any(one.code in (FAILS, LOSES) or "fail" in one.message for one in cautions)


def counted(dialect: Dialect, prepared: Callable[[str], Callable[[str], str]]) -> int:
    """Return the number of pairs that were looked at; `prepared` makes a database and returns what runs statements."""
    count = 0
    for seed in range(PAIRS):
        old, new = random_script(dialect.value, seed), random_script(dialect.value, seed, seed + 1)
        before, after = tables(old, dialect), tables(new, dialect)
        steps = migrate(Side(before), Side(after), dialect)
        if not steps or may_fail(steps):
            continue
        run = prepared(old)
        for statement in inserts(before, dialect):
            run(statement)
        told = f"seed {seed}\n{old}\n--\n{new}\n--\n" + ";\n".join(step.statement for step in steps)
        try:
            for step in steps:
                run(step.statement)
            names = {table.name for table in before.tables if not table.select}
            for table in after.tables:
                if table.name in names:
                    assert run(f"SELECT COUNT(*) FROM {_quoted(table.name, dialect)}").strip() == "1"
        except Exception as problem:
            raise AssertionError(f"{problem}\n{told}") from problem
        count += 1
    return count


def test_sqlite() -> None:
    opened: list[sqlite3.Connection] = []

    def prepared(script: str) -> Callable[[str], str]:
        opened.append(sqlite3.connect(":memory:", isolation_level=None))
        opened[-1].executescript(script)
        return lambda sql: "".join(str(value) for row in opened[-1].execute(sql).fetchall() for value in row)

    assert counted(Dialect.SQLITE, prepared) >= 5
    for one in opened:
        one.close()


@pytest.mark.slow
def test_mariadb(mariadb_server: MariaDb) -> None:
    def prepared(script: str) -> Callable[[str], str]:
        name = mariadb_server.database().rpartition("/")[2]
        mariadb_server.run(script, name)
        return lambda sql: mariadb_server.run(f"SET foreign_key_checks = 0;{sql};", name)

    assert counted(Dialect.MYSQL, prepared) >= 5


@pytest.mark.slow
def test_postgres(postgres_server: Postgres) -> None:
    def prepared(script: str) -> Callable[[str], str]:
        name = postgres_server.database().rpartition("/")[2]
        postgres_server.run(script, name)
        return lambda sql: postgres_server.run(f"{sql};", name)

    assert counted(Dialect.POSTGRES, prepared) >= 5


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_change_that_loses_values_is_warned_of(dialect: Dialect) -> None:
    old, new = (
        "CREATE TABLE a (id INTEGER PRIMARY KEY, word varchar(20) NOT NULL, gone INTEGER)",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, word varchar(20) NOT NULL, need INTEGER NOT NULL)",
    )
    steps = migrate(Side(tables(old, dialect)), Side(tables(new, dialect)), dialect)
    codes = {caution.code for step in steps for caution in step.cautions}
    assert {LOSES, FAILS} <= codes
