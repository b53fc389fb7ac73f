"""No message without its row, no row without its message: the outbox on each database."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.process import metrics
from mallgen_runtime.queue import ProducerConf, lanes, outbox, produce
from mallgen_runtime.queue.embedded import EmbeddedProducer
from mallgen_runtime.queue.errors import QueueError
from mallgen_runtime.queue.headers import MESSAGE_ID, texts
from mallgen_runtime.queue.link import Outgoing
from mallgen_runtime.queue.outbox import Outbox
from tests.conftest import ROOT
from tests.queue import outboxes
from tests.queue.conftest import Settings
from tests.queue.kit import until
from tests.queue.messages import OrderRequest


@pytest.fixture(params=["sqlite", "mariadb", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database with the tables of the outbox."""
    if request.param == "sqlite":
        found = f"sqlite:///{tmp_path / 'orders.db'}"
    else:
        found = request.getfixturevalue(f"{request.param}_server").database()
    asyncio.run(outboxes.make_tables(found))
    return found


@pytest.fixture
def file(tmp_path: Path) -> Settings:
    """Return the settings of a queue in a file."""
    return {"file": str(tmp_path / "queue.db")}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a relay look often, and try again soon what failed."""
    monkeypatch.setattr(outbox, "_POLL", 0.02)
    monkeypatch.setattr(lanes, "_LONGEST_WAIT", 0.1)


async def emptied(database: Any) -> None:
    """Wait until nothing waits."""
    over = time.monotonic() + 30
    while await outboxes.waiting(database):
        assert time.monotonic() < over, "messages wait for 30 s"
        await asyncio.sleep(0.02)


def test_what_is_committed_is_sent_and_what_is_undone_is_not(url: str, file: Settings, quick: None) -> None:
    async def main() -> list[int]:
        async with outboxes.opened(url, file) as (database, box, orders):
            await outboxes.placed(database, box, orders, 1)
            with pytest.raises(ZeroDivisionError):
                async with database.transaction() as tx:
                    await box.add(tx, orders.placed, OrderRequest(number=2), key="k")
                    _ = 1 / 0
            await outboxes.placed(database, box, orders, 3)
            await emptied(database)
            assert box.state == "ok"
        return outboxes.numbers(await outboxes.sent(file))

    assert sorted(asyncio.run(main())) == [1, 3]


def test_messages_of_a_key_keep_their_order_with_two_relays(url: str, file: Settings, quick: None) -> None:
    """Two processes write; one of them sends all, each message once."""

    async def main() -> Sequence[Any]:
        opened = outboxes.opened
        async with opened(url, file) as (database, box, orders), opened(url, file) as (other, box_too, orders_too):
            for number in range(0, 60, 2):
                await outboxes.placed(database, box, orders, number)
                await outboxes.placed(other, box_too, orders_too, number + 1)
            await emptied(database)
        return await outboxes.sent(file)

    records = asyncio.run(main())
    by_key: dict[bytes | None, list[int]] = defaultdict(list)
    for record, number in zip(records, outboxes.numbers(records), strict=True):
        by_key[record.key].append(number)
    assert sorted(number for numbers in by_key.values() for number in numbers) == list(range(60))
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


class _Down(EmbeddedProducer):
    """A queue that takes no message, or none of one key."""

    is_down = True
    refused = b""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        if self.is_down and (not self.refused or any(one.key == self.refused for one in messages)):
            raise QueueError("the queue is down")
        await super().send(messages)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_messages_wait_for_a_queue_that_is_down(
    url: str, file: Settings, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mallgen_runtime.queue.embedded.EmbeddedProducer", _Down)
    monkeypatch.setattr(_Down, "is_down", True)
    monkeypatch.setattr(_Down, "refused", b"")

    async def main() -> list[int]:
        async with outboxes.opened(url, file) as (database, box, orders):
            for number in range(5):
                await outboxes.placed(database, box, orders, number)
            while box.state == "ok":
                await asyncio.sleep(0.01)
            assert box.state == "waits: the queue is down"
            assert await outboxes.waiting(database) == 5
            _Down.is_down = False
            await emptied(database)
            while box.state != "ok":
                await asyncio.sleep(0.01)
        return outboxes.numbers(await outboxes.sent(file))

    assert sorted(asyncio.run(main())) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("another", [False, True])
def test_what_waited_is_shown_no_longer_when_it_is_sent(
    url: str, file: Settings, quick: None, monkeypatch: pytest.MonkeyPatch, another: bool
) -> None:
    """By this process, or by another one that became the relay: an alert about its age would be false."""
    shown: list[Any] = []

    def show(readings: Any) -> Any:
        shown.append(readings)
        return metrics.end_nothing

    monkeypatch.setattr(metrics, "is_on", lambda: True)
    monkeypatch.setattr(outbox, "_COUNTED", 0.0)
    monkeypatch.setattr(metrics, "shown", show)
    monkeypatch.setattr("mallgen_runtime.queue.embedded.EmbeddedProducer", _Down)
    monkeypatch.setattr(_Down, "is_down", True)
    monkeypatch.setattr(_Down, "refused", b"")

    def values() -> list[float]:
        return [one.value for readings in shown for one in readings() if one.name.startswith("queue_outbox_")]

    async def main() -> None:
        async with outboxes.opened(url, file) as (database, box, orders):
            await outboxes.placed(database, box, orders, 1)
            await until(lambda: values()[0] == 1 and values()[1] > 0)
            if another:
                await database.execute("UPDATE mallgen_outbox_relay SET owner = 'x', until = ?", (time.time() + 20,))
            monkeypatch.setattr(outbox, "_COUNTED", 60.0)
            _Down.is_down = False
            await until(lambda: values() == [0, 0], seconds=5)

    asyncio.run(main())


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_message_that_nobody_takes_holds_up_its_key_alone(
    url: str, file: Settings, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After ten failures beside others that were sent it is left in the table, with the reason."""
    monkeypatch.setattr("mallgen_runtime.queue.embedded.EmbeddedProducer", _Down)
    monkeypatch.setattr(_Down, "is_down", True)
    monkeypatch.setattr(_Down, "refused", b"bad")

    async def main() -> tuple[list[int], Any]:
        async with outboxes.opened(url, file) as (database, box, orders):
            await outboxes.placed(database, box, orders, 0, key="bad")
            number = 1
            while not (left := await database.fetch("SELECT problem FROM mallgen_outbox WHERE problem <> ''")):
                await outboxes.placed(database, box, orders, number)
                await asyncio.sleep(0.01)
                number += 1
                assert number < 3000
        return outboxes.numbers(await outboxes.sent(file)), left

    numbers, left = asyncio.run(main())
    assert left == [("the queue is down",)]
    assert 0 not in numbers
    assert len(numbers) >= 9
    assert "message 1 of the outbox for seckill.placed is left" in caplog.text


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_another_relay_takes_the_place_of_one_that_stands_still(url: str, file: Settings, quick: None) -> None:
    async def main() -> list[int]:
        async with outboxes.opened(url, file) as (database, box, orders):
            await outboxes.placed(database, box, orders, 1)
            await emptied(database)
            await box.close()
            lease = "UPDATE mallgen_outbox_relay SET owner = 'gone', until = ?"
            await database.execute(lease, (time.time() + 20,))
            await outboxes.placed(database, box, orders, 2)
            other = Outbox(database, [produce(ProducerConf(**file), outboxes.SERVICE)])
            await other.start()
            await asyncio.sleep(0.1)
            assert await outboxes.waiting(database) == 1
            await database.execute(lease, (time.time(),))
            await emptied(database)
            await other.close()
        return outboxes.numbers(await outboxes.sent(file))

    assert sorted(asyncio.run(main())) == [1, 2]


@pytest.mark.slow
def test_killed_anywhere_nothing_is_lost_and_nothing_made_up(url: str, file: Settings) -> None:
    """A process that writes and relays is killed at twenty random moments."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "runtime")])}
    for turn in range(20):
        words = [sys.executable, "-m", "tests.queue.outbox_child", url, file["file"], str(turn * 100_000)]
        process = subprocess.Popen(words, cwd=ROOT, env=environment)
        time.sleep(random.uniform(0.8, 2.0))
        assert process.poll() is None, "the child has ended by itself"
        process.send_signal(signal.SIGKILL)
        process.wait()

    async def main() -> tuple[set[int], Sequence[Any]]:
        async with outboxes.opened(url, file) as (database, _, _):
            over = time.monotonic() + 60  # the lease of the last one that was killed
            while await outboxes.waiting(database):
                assert time.monotonic() < over
                await asyncio.sleep(0.1)
            rows = {number for (number,) in await database.fetch("SELECT id FROM orders")}
        return rows, await outboxes.sent(file)

    rows, records = asyncio.run(main())
    numbers = outboxes.numbers(records)
    ids = defaultdict(set)
    for record, number in zip(records, numbers, strict=True):
        ids[number].add(texts(record.headers)[MESSAGE_ID])
    print(f"killed 20 times: {len(rows)} rows, {len(numbers)} messages, {len(numbers) - len(rows)} sent twice")
    assert len(rows) > 100
    assert set(numbers) == rows
    assert all(len(one) == 1 for one in ids.values())
