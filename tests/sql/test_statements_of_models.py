"""The statements of models on a database that is made up, and their answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest

from mallgen_runtime.sql import (
    Database,
    DatabaseError,
    DataSourceConf,
    DatetimeColumn,
    DecimalColumn,
    Dialect,
    IntColumn,
    Keyset,
    ListRule,
    Model,
    Row,
    Schema,
    Table,
    TextColumn,
)
from mallgen_runtime.sql.column import Column
from mallgen_runtime.sql.connection import Done

MOMENT = datetime(2024, 1, 1, 1, 1, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("name", ["page", "beginning"])
def test_lists_that_miss_their_index_at_the_same_time(name: str, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    class Without:
        """A database that has no index."""

        dialect = Dialect.MYSQL

        async def fetch(self, sql: str, values: Any = ()) -> list[Any]:
            """Return no rows."""
            asked.append(sql)
            await asyncio.sleep(0.01)
            if "FORCE INDEX" in sql:
                raise DatabaseError("Key 'ix' doesn't exist in table 'lone'", "1176")
            return []

    class Lone(Model[Any]):
        table = Table(name, (IntColumn("id"),), ("id",))
        row = Row

    model = Lone(cast(Any, Without()))
    keyset = Keyset((), ("id",), "ix")
    start: tuple[int] | None = None

    async def rows() -> list[Any]:
        if name == "beginning":
            return await model._beginning(ListRule("all", keyset, False, 10), ())
        return (await model._page(keyset, (), start, 10, False)).rows

    async def work() -> None:
        assert await asyncio.gather(*(rows() for _ in range(5))) == [[]] * 5
        assert await rows() == []

    asyncio.run(work())
    assert ["FORCE" in one for one in asked] == [True] * 5 + [False] * 6
    assert caplog.messages == [f"{name} has no index ix: its lists may be slow"]


def test_rows_at_once_make_few_statements() -> None:
    asked: list[tuple[str, list[Any]]] = []

    class Asked:
        """A database that notes what it is asked."""

        dialect = Dialect.POSTGRES

        async def execute(self, sql: str, values: Any = ()) -> Done:
            """Say that all rows were written."""
            asked.append((sql, list(values)))
            return Done(len(values), 0)

        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[Any]:
            """Note the ends of a transaction."""
            asked.append(("BEGIN", []))
            yield self
            asked.append(("COMMIT", []))

    class Numbers(Model[Any]):
        table = Table("numbers", (IntColumn("id"),), ("id",))
        row = Row

    model = Numbers(cast(Any, Asked()))
    for count in (*range(1, 600), 1203):
        asked.clear()
        assert asyncio.run(model._insert_many([{"id": number} for number in range(count)])) == count
        assert [one for _, values in asked for one in values] == list(range(count))
        assert len(asked) <= 10
        assert (len(asked) > 1) == (asked[0][0] == "BEGIN") == (asked[-1][0] == "COMMIT"), "all rows or none"
        assert len(asked) == 1 or count > 16
    assert model._plan.insert.cache_info().currsize <= 21


@pytest.mark.parametrize(
    ("column", "kind", "kept", "asked"),
    [
        (DatetimeColumn("at"), "DATETIME", ["2024-01-01 01:01:01"], [MOMENT, MOMENT.replace(microsecond=0)]),
        (DecimalColumn("at"), "DECIMAL(10,5)", [1.5, 2], [Decimal("1.50"), Decimal("1.5"), Decimal(3), Decimal("2.0")]),
        (TextColumn("at"), "TEXT COLLATE NOCASE", ["A", "b"], ["a", "A", "B", "c", "b", "a"]),
        (TextColumn("at", 2, fixed=True), "CHAR(2) COLLATE RTRIM", ["a ", "b "], ["a", "c", "b", "d"]),
        (TextColumn("at"), "TEXT COLLATE NOCASE", [f"A{n}" for n in range(700)], [f"a{n}" for n in range(0, 1400, 40)]),
    ],
    ids=["digits", "scale", "case", "spaces", "many"],
)
def test_rows_of_keys_are_those_that_are_found_one_by_one(
    column: Column, kind: str, kept: list[Any], asked: list[Any]
) -> None:
    class Keys(Model[Any]):
        table = Table("keys", (column,), ("at",))
        row = msgspec.defstruct("KeyRow", ["at"], bases=(Row,), frozen=True)

    async def work() -> None:
        ddl = f'CREATE TABLE "keys" ("at" {kind} PRIMARY KEY NOT NULL)'
        database = Database(DataSourceConf(url="sqlite://:memory:"), Schema("", (Keys.table,), ddl), "dev")
        await database.start()
        for value in kept:
            await database.execute('INSERT INTO "keys" VALUES (?)', (value,))
        model = Keys(database)
        one_by_one = [await model._find(("at",), (value,)) for value in asked]
        assert any(one_by_one)
        assert await model._find_many([(value,) for value in asked]) == [row for row in one_by_one if row is not None]
        await database.close()

    asyncio.run(work())


def test_numbers_as_keys_are_asked_for_once() -> None:
    asked: list[str] = []

    class Asked:
        """A database with one row."""

        dialect = Dialect.SQLITE

        async def fetch(self, sql: str, values: Any = ()) -> list[Any]:
            """Return the row."""
            asked.append(sql)
            return [(1,)]

    class Lone(Model[Any]):
        table = Table("lone", (IntColumn("id"),), ("id",))
        row = msgspec.defstruct("LoneRow", [("id", int)], bases=(Row,), frozen=True)

    found = asyncio.run(Lone(cast(Any, Asked()))._find_many([(number,) for number in range(1, 400)]))
    assert [row.id for row in found] == [1]
    assert len(asked) == 1
