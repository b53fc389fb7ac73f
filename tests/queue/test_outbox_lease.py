"""The lease of the outbox's relay: whose clock it goes by, how long a relay sends, and what becomes of it at a stop."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mallgen_runtime.queue import outbox
from mallgen_runtime.queue.embedded import EmbeddedProducer
from mallgen_runtime.queue.link import Outgoing
from mallgen_runtime.sql.statement import for_values
from tests.queue import outboxes
from tests.queue.conftest import Settings


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database with the tables of the outbox: SQLite, or the server that a test names."""
    kind = getattr(request, "param", "")
    found = request.getfixturevalue(f"{kind}_server").database() if kind else f"sqlite:///{tmp_path / 'orders.db'}"
    asyncio.run(outboxes.make_tables(found))
    return found


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings of a queue in a file, at which a relay looks often."""
    monkeypatch.setattr(outbox, "_POLL", 0.02)
    return {"file": str(tmp_path / "queue.db")}


async def emptied(database: Any, seconds: float = 20) -> None:
    """Wait until nothing waits."""
    over = time.monotonic() + seconds
    while await outboxes.waiting(database):
        assert time.monotonic() < over, f"messages wait for {seconds:.0f} s"
        await asyncio.sleep(0.02)


every_database = pytest.mark.parametrize("url", ["", "mariadb", "postgres"], indirect=True)


@every_database
def test_a_lease_that_ends_too_late_is_over(url: str, file: Settings) -> None:
    """A clock that went wrong wrote that, and the relay may be gone."""

    async def main() -> None:
        async with outboxes.opened(url, file) as (database, box, orders):
            await outboxes.placed(database, box, orders, 1)
            await emptied(database)
            await box.close()
            late = ("gone", time.time() + 3600)
            sql = "UPDATE mallgen_outbox_relay SET owner = ?, until = ?"
            await database.execute(*for_values(sql, database.dialect, late))
            await outboxes.placed(database, box, orders, 2)
            await box.start()
            await emptied(database, 5)

    asyncio.run(main())


@every_database
@pytest.mark.parametrize("skew", [-3600, 3600])
def test_the_lease_goes_by_the_clock_of_the_database(
    url: str, file: Settings, skew: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = SimpleNamespace(time=lambda: time.time() + skew, monotonic=time.monotonic)
    monkeypatch.setattr(outbox, "time", wrong)

    async def main() -> float:
        async with outboxes.opened(url, file) as (database, box, orders):
            await outboxes.placed(database, box, orders, 1)
            await emptied(database)
            ((found,),) = await database.fetch("SELECT until FROM mallgen_outbox_relay")
        return float(found) - time.time()

    assert 5 < asyncio.run(main()) < 16


@pytest.mark.slow
def test_a_relay_whose_lease_was_over_sends_nothing_of_what_it_read(
    url: str, file: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database answered late, and another relay took the place meanwhile."""
    monkeypatch.setattr(outbox, "_LEASE", 3.0)

    async def main() -> list[int]:
        opened = outboxes.opened
        async with opened(url, file) as (database, box, orders):
            while await database.fetch("SELECT owner FROM mallgen_outbox_relay") != [(box._owner,)]:
                await asyncio.sleep(0.02)
            async with opened(url, file) as (other, box_too, orders_too):
                fetched, answers, passed = asyncio.Event(), asyncio.Event(), asyncio.Event()
                plain, one_pass = box._fetch, box._pass

                async def late(sql: str, values: Sequence[Any] = ()) -> Any:
                    rows = await plain(sql, values)
                    if sql is outbox._ROWS and not fetched.is_set():
                        fetched.set()
                        await answers.wait()
                    return rows

                async def noted() -> bool:
                    more = await one_pass()
                    if answers.is_set():
                        passed.set()
                    return more

                monkeypatch.setattr(box, "_fetch", late)
                monkeypatch.setattr(box, "_pass", noted)
                for number in (1, 2):
                    await outboxes.placed(database, box, orders, number, key="k")
                await asyncio.wait_for(fetched.wait(), 20)
                await outboxes.placed(other, box_too, orders_too, 3, key="k")
                await emptied(other)
                answers.set()
                await asyncio.wait_for(passed.wait(), 20)
        return outboxes.numbers(await outboxes.sent(file))

    assert asyncio.run(main()) == [1, 2, 3]


class _Slow(EmbeddedProducer):
    """A queue whose acknowledgements take a while."""

    seconds = 0.4

    async def send(self, messages: Sequence[Outgoing]) -> None:
        await super().send(messages)
        await asyncio.sleep(self.seconds)


def test_a_stop_lets_what_is_being_sent_end(url: str, file: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of three processes is stopped in the middle of a batch; no message goes twice, and none is left."""
    monkeypatch.setattr("mallgen_runtime.queue.embedded.EmbeddedProducer", _Slow)
    monkeypatch.setattr(_Slow, "seconds", 0.4)

    async def main() -> list[int]:
        for turn in range(3):
            async with outboxes.opened(url, file) as (database, box, orders):
                await outboxes.placed(database, box, orders, turn, key="k")
                await asyncio.sleep(0.2)
        async with outboxes.opened(url, file) as (database, box, orders):
            await emptied(database)
        return outboxes.numbers(await outboxes.sent(file))

    assert asyncio.run(main()) == [0, 1, 2]


def test_a_stop_waits_for_a_queue_that_says_nothing_no_longer_than_it_may(
    url: str, file: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place is free for the next relay at once."""
    monkeypatch.setattr("mallgen_runtime.queue.embedded.EmbeddedProducer", _Slow)
    monkeypatch.setattr(_Slow, "seconds", 60)
    monkeypatch.setattr(outbox, "_GRACE", 0.5)

    async def main() -> None:
        async with outboxes.opened(url, {**file, "timeout": 60_000}) as (database, box, orders):
            await outboxes.placed(database, box, orders, 1)
            await asyncio.sleep(0.3)
            began = time.monotonic()
            await box.close()
            assert time.monotonic() - began < 3
            assert await database.fetch("SELECT until FROM mallgen_outbox_relay") == [(0.0,)]
            assert await outboxes.waiting(database) == 1

    asyncio.run(main())
