"""The statements of models on a database that is made up, and their answers."""

import asyncio
from typing import Any, cast

import pytest

from mallgen_runtime.sql import DatabaseError, Dialect, IntColumn, Keyset, Model, Row, Table


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
