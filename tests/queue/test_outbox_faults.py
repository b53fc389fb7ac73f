"""An outbox whose queue takes some messages and not others: what cannot be sent holds up nothing else."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime.queue import Producer, ProducerConf, lanes, outbox, produce
from mallgen_runtime.queue.embedded import EmbeddedProducer
from mallgen_runtime.queue.errors import QueueError
from mallgen_runtime.queue.link import Outgoing
from tests.kafka_server import kafka
from tests.queue import outboxes
from tests.queue.conftest import Settings
from tests.queue.messages import OrderRequest, address

pytestmark = pytest.mark.slow

Send = Callable[[Sequence[Outgoing]], Any]


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database with the tables of the outbox: SQLite, or the server that a test names."""
    kind = getattr(request, "param", "")
    found = request.getfixturevalue(f"{kind}_server").database() if kind else f"sqlite:///{tmp_path / 'orders.db'}"
    asyncio.run(outboxes.make_tables(found))
    return found


@pytest.fixture
def file(tmp_path: Path) -> Settings:
    """Return the settings of a queue in a file."""
    return {"file": str(tmp_path / "queue.db")}


@pytest.fixture
def impatient(file: Settings) -> Settings:
    """Return the same for producers that wait for an acknowledgement for a second."""
    return {**file, "timeout": 1000}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a relay look often, and try again soon what failed."""
    monkeypatch.setattr(outbox, "_POLL", 0.02)
    monkeypatch.setattr(lanes, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(lanes, "_LONGEST_WAIT", 0.2)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of what is given to the queue: it refuses keys with `bad`, and number 0 without a key, answers
    nothing for keys with `mute` and the topic `mute`, and is down while `_Odd.is_down`."""
    _Odd.calls, _Odd.is_down = [], False
    monkeypatch.setattr("mallgen_runtime.queue.embedded.EmbeddedProducer", _Odd)
    return _Odd.calls


class _Odd(EmbeddedProducer):
    """A queue that does not take all messages."""

    calls: list[int]
    is_down: bool

    async def send(self, messages: Sequence[Outgoing]) -> None:
        self.calls.append(len(messages))
        if self.is_down:
            raise QueueError("no broker answers")
        if any((one.key or one.value).startswith((b"bad", b"{}")) for one in messages):
            raise QueueError("Message size too large")
        taken = [one for one in messages if not _is_mute(one)]
        if taken:
            await super().send(taken)
        if len(taken) < len(messages):
            await asyncio.sleep(60)


def _is_mute(message: Outgoing) -> bool:
    return (message.key or b"").startswith(b"mute") or message.topic == "mute"


async def put(
    database: Any, box: Any, producer: Any, keys: Sequence[str | None], *, topic: str = outboxes.TOPIC
) -> None:
    """Write messages with these keys in one transaction, numbered from 0."""
    async with database.transaction() as tx:
        for number, key in enumerate(keys):
            await box.add(tx, producer.send, address(topic, ""), OrderRequest(number=number), key)


async def left(database: Any) -> list[tuple[str, int, str]]:
    """Return the key, the attempts and the problem of what is in the table."""
    rows = await database.fetch("SELECT message_key, attempts, problem FROM mallgen_outbox ORDER BY id")
    return [(bytes(key or b"").decode(), attempts, problem) for key, attempts, problem in rows]


async def until(database: Any, told: Callable[[list[tuple[str, int, str]]], bool], seconds: float = 20) -> None:
    """Wait until the table is as told."""
    over = time.monotonic() + seconds
    while not told(found := await left(database)):
        assert time.monotonic() < over, found
        await asyncio.sleep(0.02)


def producer_of(box: Any) -> Producer:
    """Return the producer that an outbox sends through."""
    found: Producer = box._sender._producers[outboxes.SERVICE]
    return found


@pytest.mark.parametrize(("url", "count"), [("", 2), ("", 40), ("mariadb", 2), ("postgres", 20)], indirect=["url"])
def test_messages_that_are_refused_at_the_head_hold_up_no_others(
    url: str, file: Settings, calls: list[int], count: int
) -> None:
    """Each of another key; after ten tries they are left, and the later ones of their keys go on."""

    async def main() -> list[int]:
        async with outboxes.opened(url, file) as (database, box, _):
            bad = [f"bad{number}" for number in range(count)]
            await put(database, box, producer_of(box), [*bad, *(f"good{number}" for number in range(20))])
            await until(database, lambda rows: all(key.startswith("bad") for key, _, _ in rows))
            while not all(problem for _, _, problem in await left(database)):
                await put(database, box, producer_of(box), ["more"])
                await asyncio.sleep(0.05)
            assert {(attempts, problem) for _, attempts, problem in await left(database)} == {
                (10, "Message size too large")
            }
        return outboxes.numbers(await outboxes.sent(file))

    assert set(range(count, count + 20)) <= set(asyncio.run(main()))


def test_a_message_that_is_refused_is_left_though_the_others_come_at_other_times(
    url: str, file: Settings, calls: list[int]
) -> None:
    async def main() -> None:
        async with outboxes.opened(url, file) as (database, box, _):
            await put(database, box, producer_of(box), ["bad"])
            end = time.monotonic() + 60
            while not (await left(database))[0][2]:
                assert time.monotonic() < end
                before = len(calls)
                await put(database, box, producer_of(box), ["good"])
                await until(database, lambda rows: [key for key, _, _ in rows] == ["bad"])
                over = time.monotonic() + 5
                while len(calls) < before + 2 and not (await left(database))[0][2]:
                    assert time.monotonic() < over
                    await asyncio.sleep(0.02)
            assert await left(database) == [("bad", 10, "Message size too large")]

    asyncio.run(main())


@pytest.mark.parametrize("service", [outboxes.SERVICE, "gone.rmq"])
def test_more_rows_than_a_batch_for_what_takes_none_hold_up_no_others(
    url: str, impatient: Settings, calls: list[int], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a topic that acknowledges nothing, and of a service that is used no more; they cost no attempts."""
    monkeypatch.setattr(outbox, "_BATCH", 50)

    async def main() -> list[int]:
        async with outboxes.opened(url, impatient) as (database, box, _):
            gone = produce(ProducerConf(**impatient), service)
            box._services |= {service}
            await put(database, box, gone, [f"k{number}" for number in range(120)], topic="mute")
            await put(database, box, producer_of(box), ["a", "b", "a"])
            await until(database, lambda rows: len(rows) == 120)
            assert box.state.startswith("waits: ")
            began = time.monotonic()
            for _ in range(5):
                await put(database, box, producer_of(box), ["a", "b", "a"])
                await until(database, lambda rows: len(rows) == 120)
            assert time.monotonic() - began < 10
            assert {(attempts, problem) for _, attempts, problem in await left(database)} == {(0, "")}
        return outboxes.numbers(await outboxes.sent(impatient))

    assert sorted(asyncio.run(main())) == sorted([0, 1, 2] * 6)


def test_a_queue_that_is_down_costs_no_attempts_and_is_noticed_when_it_is_back(
    url: str, file: Settings, calls: list[int]
) -> None:
    """One that is down is asked with a few messages."""

    async def main() -> list[int]:
        async with outboxes.opened(url, file) as (database, box, _):
            _Odd.is_down = True
            await put(database, box, producer_of(box), [f"k{number % 90}" for number in range(300)])
            over = time.monotonic() + 20
            while len(calls) <= 160 or box.state == "ok":
                assert time.monotonic() < over
                await asyncio.sleep(0.02)
            assert box.state == "waits: no broker answers"
            assert len([one for one in calls if one > 1]) == 1
            assert {(attempts, problem) for _, attempts, problem in await left(database)} == {(0, "")}
            _Odd.is_down = False
            await until(database, lambda rows: not rows)
            over = time.monotonic() + 5
            while box.state != "ok":
                assert time.monotonic() < over
                await asyncio.sleep(0.02)
        return outboxes.numbers(await outboxes.sent(file))

    numbers = asyncio.run(main())
    assert sorted(numbers) == list(range(300))
    by_key = [[number for number in numbers if number % 90 == key] for key in range(90)]
    assert all(one == sorted(one) for one in by_key)


@pytest.mark.parametrize("url", ["", "mariadb", "postgres"], indirect=True)
def test_messages_without_a_key_wait_for_none_that_is_refused(url: str, file: Settings, calls: list[int]) -> None:
    async def main() -> list[int]:
        async with outboxes.opened(url, file) as (database, box, _):
            await put(database, box, producer_of(box), [None, None, None])
            await until(database, lambda rows: len(rows) == 1)
        return outboxes.numbers(await outboxes.sent(file))

    assert sorted(asyncio.run(main())) == [1, 2]


def test_one_key_without_acknowledgement_makes_no_others_go_twice_for_ever(
    url: str, impatient: Settings, calls: list[int]
) -> None:
    """Rows that were acknowledged are deleted though the batch failed; they go twice at most."""

    async def main() -> Counter[int]:
        async with outboxes.opened(url, impatient) as (database, box, _):
            await put(database, box, producer_of(box), ["a", "b", "mute", "c", "a"])
            await until(database, lambda rows: [key for key, _, _ in rows] == ["mute"])
            for _ in range(5):
                await put(database, box, producer_of(box), ["d", "e"])
                await until(database, lambda rows: [key for key, _, _ in rows] == ["mute"])
            assert await left(database) == [("mute", 0, "")]
            assert box.state == "waits: seckill.placed was not acknowledged in 1.0 s"
        return Counter(outboxes.numbers(await outboxes.sent(impatient)))

    found = asyncio.run(main())
    assert found[3] <= 2 and found[4] <= 2 and 2 not in found
    assert found[0] <= 7 and found[1] <= 7


def test_a_batch_that_takes_longer_than_the_relay_has_goes_in_parts(
    url: str, file: Settings, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `Timeout` may be longer than the time of one pass."""
    monkeypatch.setattr(outbox, "_LEASE", 3.0)

    async def main() -> Counter[int]:
        async with outboxes.opened(url, {**file, "timeout": 60_000}) as (database, box, _):
            await put(database, box, producer_of(box), ["a", "b", "mute", "c"])
            await until(database, lambda rows: [key for key, _, _ in rows] == ["mute"])
            assert box.state == "waits: seckill.placed was not acknowledged in the time of the outbox"
        return Counter(outboxes.numbers(await outboxes.sent(file)))

    found = asyncio.run(main())
    assert set(found) == {0, 1, 3} and max(found.values()) <= 2


def test_kafka_that_refuses_some_messages_and_is_killed_gets_all_others(url: str) -> None:
    """Two messages are larger than its brokers take; while it is away nothing is counted, and then all of it goes."""
    with kafka() as server:
        settings = {"brokers": [server.host], "timeout": 2000}

        async def main() -> list[int]:
            async with outboxes.opened(url, settings) as (database, box, _):
                async with database.transaction() as tx:
                    for key in ("big0", "big1"):
                        large = OrderRequest(product_id=random.randbytes(1 << 20).hex())
                        await box.add(tx, producer_of(box).send, address(outboxes.TOPIC), large, key)
                await put(database, box, producer_of(box), [f"k{number % 9}" for number in range(200)])
                await until(database, lambda rows: {key[:3] for key, _, _ in rows} == {"big"}, 40)
                server.kill()
                await put(database, box, producer_of(box), [f"k{number % 9}" for number in range(200)])
                before = {attempts for _, attempts, _ in (await left(database))[2:]}
                await asyncio.sleep(8)
                rows = await left(database)
                assert len(rows) == 202 and before == {0} == {attempts for _, attempts, _ in rows[2:]}
                assert box.state.startswith("waits: ")
                server.start()
                await until(database, lambda rows: {key[:3] for key, _, _ in rows} == {"big"}, 60)
            return outboxes.numbers(await outboxes.sent(settings))

        found = Counter(asyncio.run(main()))
    assert set(found) == set(range(200)) and all(count >= 2 for count in found.values())
    print(f"{sum(found.values()) - 400} of 400 messages went twice")
