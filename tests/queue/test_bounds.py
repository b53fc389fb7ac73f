"""Bounds on what messages bring with them, and settings at their edges."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer

from mallgen_runtime.queue import MessageContext, ProducerConf, kafka_consumer
from mallgen_runtime.queue.conf import Where
from mallgen_runtime.queue.embedded import EmbeddedQueue
from mallgen_runtime.queue.kafka_client import KafkaSettings, Timing
from mallgen_runtime.queue.link import Headers, Outgoing, Place, Record
from mallgen_runtime.queue.opening import queue_at
from mallgen_runtime.queue.partitions import Partition
from tests.ports import free_port
from tests.queue.kit import Service, app_of, until
from tests.queue.messages import OrderRequest


async def logic(ctx: MessageContext, message: object) -> None: ...


def partition(**settings: object) -> Partition:
    """Return a partition of a service with these settings."""
    (bound,) = app_of({"t": logic}, settings).bound.values()
    return Partition(Place("t", 0), bound)


def record(offset: int, value: bytes = b"{}", pairs: Headers = ()) -> Record:
    return Record(Place("t", 0), offset, b"%d" % offset, value, pairs, 0.0)


@pytest.mark.parametrize("pairs", [(("h", b"x" * 300_000),), tuple((f"h{number}", b"") for number in range(3000))])
def test_headers_count_for_what_is_held(pairs: Headers) -> None:
    part = partition(max_bytes=1 << 20)
    records = [record(offset, pairs=pairs) for offset in range(4)]
    for one in records:
        assert not part.is_full
        part.take(one)
    assert part.is_full
    for one in records[:3]:
        part.done(one)
    assert part.has_room and not part.is_full


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"order/7+a=", "order/7+a="),
        (b"x" * 128, "x" * 128),
        (b"x" * 129, "t/2/5"),
        (b"x" * 900_000, "t/2/5"),
        (b"two\nlines", "t/2/5"),
        ("编号".encode(), "t/2/5"),
        (b"", "t/2/5"),
    ],
    ids=["plain", "longest", "too long", "far too long", "lines", "no ASCII", "nothing"],
)
def test_a_message_id_is_short_and_plain_or_made_of_the_place(sent: bytes, kept: str) -> None:
    assert MessageContext("t", 2, 5, pairs=(("x-message-id", sent),)).message_id == kept


@pytest.mark.parametrize(
    ("count", "size", "settings", "batches"),
    [
        pytest.param(3000, 10, {"batch_size": 1500}, 2, id="more than a window"),
        pytest.param(90, 40_000, {"batch_size": 90, "max_bytes": 1 << 20}, 6, id="larger than MaxBytes"),
    ],
)
def test_a_batch_is_worked_on_as_soon_as_no_more_can_be_held(
    tmp_path: Path, count: int, size: int, settings: Any, batches: int
) -> None:
    got: list[int] = []

    async def of_batches(ctx: MessageContext, messages: Any) -> None:
        got.append(len(messages))

    async def main() -> None:
        queue = EmbeddedQueue(Where(file=str(tmp_path / "queue.db")))
        await queue.create({"t": 1})
        link = queue.producer()
        await link.start()
        value = OrderRequest(product_id="x" * size).SerializeToString()
        where = {"file": str(tmp_path / "queue.db"), "batch_time": 60_000}
        async with Service({"t": of_batches}, {**where, **settings}, batch=True):
            for _ in range(30):
                await link.send([Outgoing("t", b"k", value)] * (count // 30))
                await asyncio.sleep(0.03)
            await until(lambda: sum(got) >= count * 0.8, 20)
        assert len(got) <= batches
        await link.close()

    asyncio.run(main())


def test_kafka_takes_every_size_that_the_settings_take() -> None:
    conf = kafka_consumer._conf(KafkaSettings(("127.0.0.1:1",), max_bytes=1 << 30), Timing())
    Consumer({**conf, "group.id": "g", "log_level": 0}).close()


@pytest.mark.slow
def test_a_producer_of_kafka_waits_as_long_as_its_timeout_says() -> None:
    async def waits(timeout: int) -> None:
        where = ProducerConf(brokers=[f"127.0.0.1:{free_port()}"], timeout=timeout).where
        link = queue_at(where).producer()
        await link.start()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(11.5):
                await link.send([Outgoing("t", None, b"{}")])
        await link.close()

    async def main() -> None:
        await asyncio.gather(waits(0), waits(60_000))

    asyncio.run(main())
