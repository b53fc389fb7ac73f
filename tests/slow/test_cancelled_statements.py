"""Ten thousand requests cancelled at any moment: no connection is lost, none is given out broken, nothing is halved."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from mallgen_runtime.sql import Database, DatabaseError, DataSourceConf, Dialect
from mallgen_runtime.sql.statement import for_values
from tests.run.discovering import until
from tests.sql.conftest import SCHEMA, source_url

__all__ = ["source_url"]  # a fixture
pytestmark = pytest.mark.slow
CANCELLATIONS, AT_ONCE, MOST = 10_000, 16, 8
CONNECTIONS = {
    Dialect.MYSQL: "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()",
    Dialect.POSTGRES: "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()",
}


class Cancelled:
    """Requests on one database, each cancelled after a random time; `kept` are the pairs that were committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._random = random.Random(7)
        self.seen: Counter[str] = Counter()
        self.kept: set[int] = set()
        self._number = 0

    async def run(self) -> None:
        """Cancel requests until there are enough."""
        await asyncio.gather(*(self._worker() for _ in range(AT_ONCE)))

    async def _worker(self) -> None:
        while self.seen["while it ran"] < CANCELLATIONS:
            self._number += 1
            task = asyncio.create_task(self._request(self._number))
            await asyncio.sleep(self._random.random() ** 2 * 0.01)
            where = "while it waited" if "wait" in calls_of(task) else "while it ran"
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                self.seen[where] += 1
            except DatabaseError as problem:
                self.seen[f"failed: {type(problem).__name__}: {problem}"] += 1
            else:
                self.seen["answered"] += 1

    async def _request(self, number: int) -> None:
        if number % 3:
            sql, values = for_values(
                "SELECT ? + 0, COUNT(*) FROM item WHERE id < ?", self._database.dialect, (number, 50)
            )
            for row in await self._database.fetch(sql, values):
                assert row[0] == number, "the answer to another request"
            return
        async with self._database.transaction() as transaction:
            for each in (2 * number, 2 * number + 1):
                sql, values = for_values("INSERT INTO item VALUES (?, ?)", self._database.dialect, (each, f"n{number}"))
                await transaction.execute(sql, values)
        self.kept.add(number)


def calls_of(task: "asyncio.Task[Any]") -> list[str]:
    """Return the names of the coroutines that a task waits in, outermost first."""
    names: list[str] = []
    one: Any = task.get_coro()
    while one is not None and hasattr(one, "cr_await"):
        names.append(one.cr_code.co_name)
        one = one.cr_await
    return names


def test_ten_thousand_cancelled_requests(source_url: str, record_property: Callable[[str, object], None]) -> None:
    async def run() -> tuple[Counter[str], float]:
        conf = DataSourceConf(url=source_url, max_open=MOST, max_idle=MOST, wait_timeout="20s")
        database = Database(conf, SCHEMA, "dev")
        await database.start()
        requests, began = Cancelled(database), time.monotonic()
        await requests.run()
        took = time.monotonic() - began
        await whole(database, requests.kept)
        await database.close()
        return requests.seen, took

    seen, took = asyncio.run(run())
    failed = {text: count for text, count in seen.items() if text.startswith("failed")}
    figures = ", ".join(f"{seen[what]} {what}" for what in ("while it ran", "while it waited", "answered"))
    figures = f"cancelled requests in {took:.1f} s: {figures}, {sum(failed.values())} failed"
    record_property("figure", f"{source_url.partition(':')[0]}: {figures}")
    assert not failed


async def whole(database: Database, kept: set[int]) -> None:
    """Check that every connection can be used, that no more are open than allowed, and that no pair is halved."""
    pools: list[Any] = [database._writing, *database._reading]
    await until(lambda: all(not pool._used and not pool._waiting for pool in pools), 10, "all are given back")
    for pool in pools:
        held = [pool.take() or await pool.wait() for _ in range(pool._limits.most)]
        for one in held:
            assert [tuple(row) for row in await one.connection.fetch("SELECT 41 + 1")] == [(42,)]
        if database.dialect in CONNECTIONS:
            count = (await held[0].connection.fetch(CONNECTIONS[database.dialect]))[0][0]
            assert count <= MOST
        for one in held:
            pool.give(one)
    pairs = Counter(row[0] // 2 for row in await database.fetch("SELECT id FROM item"))
    assert set(pairs.values()) <= {2}
    assert kept <= pairs.keys()
