"""The statements of models on a database that is made up, and their answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mallgen_runtime.sql import (
    Database,
    DatabaseError,
    DataSourceConf,
    DatetimeColumn,
    Dialect,
    IntColumn,
    Keyset,
    Model,
    Row,
    Schema,
    Table,
)
from mallgen_runtime.sql.connection import Done


def test_lists_that_miss_their_index_at_the_same_time(caplog: pytest.LogCaptureFixture) -> None:
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
        table = Table("lone", (IntColumn("id"),), ("id",))
        row = Row

    model = Lone(cast(Any, Without()))
    keyset = Keyset((), ("id",), "ix")
    start: tuple[int] | None = None

    async def work() -> None:
        pages = await asyncio.gather(*(model._page(keyset, (), start, 10, False) for _ in range(5)))
        assert [page.rows for page in pages] == [[]] * 5
        await model._page(keyset, (), start, 10, False)

    asyncio.run(work())
    assert ["FORCE" in one for one in asked] == [True] * 5 + [False] * 6
    assert caplog.messages == ["lone has no index ix: its lists may be slow"]


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


def test_a_key_that_its_column_keeps_with_fewer_digits() -> None:
    moment = datetime(2024, 1, 1, 1, 1, 1, 5, tzinfo=UTC)

    class Moment(Row, frozen=True):
        """A row with nothing but its key."""

        at: datetime

    class Moments(Model[Moment]):
        table = Table("moments", (DatetimeColumn("at"),), ("at",))
        row = Moment

    async def work() -> None:
        ddl = 'CREATE TABLE "moments" ("at" DATETIME PRIMARY KEY NOT NULL)'
        database = Database(DataSourceConf(url="sqlite://:memory:"), Schema("", (Moments.table,), ddl))
        await database.start()
        model = Moments(database)
        await model._insert({"at": moment})
        found = await model._find(("at",), (moment,))
        assert found == Moment(moment.replace(microsecond=0))
        assert await model._find_many([(moment,), (found.at,)]) == [found, found]
        await database.close()

    asyncio.run(work())
