"""kill -9 of MariaDB and PostgreSQL under load: requests end in time, the service recovers, and nothing is lost."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest

from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.sql import Database, DatabaseError, DataSourceConf
from mallgen_runtime.sql.statement import for_values
from tests import servers
from tests.pauses import Pauses
from tests.run.discovering import until
from tests.sql.conftest import DDL, SCHEMA

pytestmark = pytest.mark.slow
KILLS, AT_ONCE, LIMIT, GRACE = 3, 16, 1.0, 0.25
UP, DOWN = 1.5, 1.5


class Load:
    """Requests without a pause, each with a second; the numbers that were acknowledged, and how requests ended."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._number = 0
        self.acknowledged: set[int] = set()
        self.ends: Counter[str] = Counter()
        self.longest = 0.0
        self.last_answer = 0.0
        self.stopping = False

    async def worker(self) -> None:
        """Write rows, each in a transaction, and read them."""
        while not self.stopping:
            self._number += 1
            number, began = self._number, time.monotonic()
            origin.set(Origin("", "", began + LIMIT))
            try:
                await self._request(number)
            except DatabaseError as problem:
                self.ends[type(problem).__name__] += 1
                await asyncio.sleep(0.01)
            else:
                self.ends["answered"] += 1
                self.last_answer = time.monotonic()
            self.longest = max(self.longest, time.monotonic() - began)

    async def _request(self, number: int) -> None:
        dialect = self._database.dialect
        async with self._database.transaction() as transaction:
            await transaction.execute(*for_values("INSERT INTO item VALUES (?, ?)", dialect, (number, f"n{number}")))
        self.acknowledged.add(number)
        found = await self._database.fetch(*for_values("SELECT name FROM item WHERE id = ?", dialect, (number,)))
        assert [row[0] for row in found] == [f"n{number}"]


@pytest.mark.parametrize("kind", ["mariadb", "postgres"])
def test_killed_server(kind: str, record_property: Callable[[str, object], None]) -> None:
    start = {"mariadb": servers.mariadb, "postgres": servers.postgres}[kind]
    with start() as server:
        url = server.database()
        name = url.rpartition("/")[2]
        server.run(DDL, name)
        with Pauses() as pauses:
            load, recovered = asyncio.run(_killed(server, url))
        kept = {int(line) for line in server.run("SELECT id FROM item;", name).split()}
    lost = load.acknowledged - kept
    ends = ", ".join(f"{count} {what}" for what, count in sorted(load.ends.items()))
    figures = f"{KILLS} kills: {ends}; longest {load.longest:.2f} s of {LIMIT:g}, "
    figures += f"while this process paused for {pauses.longest:.2f} s; recovered in "
    figures += ", ".join(f"{seconds:.2f}" for seconds in recovered)
    record_property("figure", f"{kind}: {figures} s; {len(load.acknowledged)} acknowledged, {len(lost)} lost")
    assert not lost
    assert load.longest <= LIMIT + GRACE + pauses.longest
    assert load.ends["answered"] and len(load.ends) > 1
    assert max(recovered) < 3.0


async def _killed(server: servers.SqlServer, url: str) -> tuple[Load, list[float]]:
    """Kill and start a server under load; return the seconds from its start to the first answer."""
    database = Database(DataSourceConf(url=url, max_open=8), SCHEMA)
    await database.start()
    assert database.state == "ok"
    load, recovered = Load(database), []
    workers = [asyncio.create_task(load.worker()) for _ in range(AT_ONCE)]
    for _ in range(KILLS):
        await asyncio.sleep(UP)
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(DOWN)
        await until(lambda: database.state == "unreachable", 5, "its absence is told")
        await asyncio.to_thread(server.start)
        started, load.last_answer = time.monotonic(), 0.0
        while not load.last_answer:
            await asyncio.sleep(0.01)
        recovered.append(time.monotonic() - started)
        await until(lambda: database.state == "ok", 5, "its return is told")
    load.stopping = True
    await asyncio.gather(*workers)
    await database.close()
    return load, recovered
