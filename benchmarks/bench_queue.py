"""Compare writing to and reading from Kafka through our link with confluent-kafka's own calls, on one broker here.

Both write 100 bytes and a header to four partitions, acknowledged by all replicas, a thousand at a time; both read
them in batches of 500, each with its key, value and headers, by the same settings. They take turns, and the medians
are compared. Ours makes a record of each message and lets an event loop live. Exits with 1 when ours is slower than
`ALLOWED` of the bare client.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer
from confluent_kafka.aio import AIOConsumer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mallgen_runtime.queue.kafka import KafkaQueue  # noqa: E402
from mallgen_runtime.queue.kafka_client import KafkaSettings  # noqa: E402
from mallgen_runtime.queue.link import Outgoing, Place  # noqa: E402
from tests.kafka_server import Kafka, kafka  # noqa: E402

NAMES = ("write bare", "write ours", "read bare", "read aio", "read ours")
VALUE, HEADERS = b"v" * 100, (("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),)
SAME = {"queued.min.messages": 10_000, "fetch.queue.backoff.ms": 20, "fetch.wait.max.ms": 100, "log_level": 3}
BATCH, FETCH, ALLOWED = 1000, 500, 0.4


def main() -> int:
    """Measure in turns; return 1 when ours is too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=5)
    words = parser.parse_args()
    rates: dict[str, list[float]] = {name: [] for name in NAMES}
    with kafka() as server:
        for turn in range(words.turns):
            measured(server, turn, words.messages, rates)
        one_by_one = asyncio.run(latency(server))
    middle = {name: statistics.median(found) for name, found in rates.items()}
    for name, rate in middle.items():
        print(f"{name:12} {rate:10,.0f} messages/s")
    ratios = {what: middle[f"{what} ours"] / middle[f"{what} bare"] for what in ("write", "read")}
    print(f"ours / bare: write {ratios['write']:.2f}, read {ratios['read']:.2f}")
    print(f"one message, acknowledged: {one_by_one[0]:.2f} ms; to the reader's hand: {one_by_one[1]:.2f} ms (medians)")
    return int(min(ratios.values()) < ALLOWED)


def measured(server: Kafka, turn: int, count: int, rates: dict[str, list[float]]) -> None:
    """Take one turn of each."""
    bare, ours = f"bare-{turn}", f"ours-{turn}"
    queue = KafkaQueue(KafkaSettings((server.host,)))
    asyncio.run(queue.create({bare: 4, ours: 4}))
    rates["write bare"].append(count / write_bare(server, bare, count))
    rates["write ours"].append(count / asyncio.run(write_ours(queue, ours, count)))
    rates["read bare"].append(read_bare(server, bare, count))
    rates["read aio"].append(asyncio.run(read_aio(server, bare, count)))
    rates["read ours"].append(asyncio.run(read_ours(queue, ours, count)))


def write_bare(server: Kafka, topic: str, count: int) -> float:
    """Return the seconds that the bare client takes."""
    settings: dict[str, Any] = {"bootstrap.servers": server.host, "enable.idempotence": True, "log_level": 3}
    client = Producer({**settings, "acks": "all", "linger.ms": 1, "partitioner": "murmur2_random"})
    acknowledged: list[Any] = []
    client.produce(topic, b"first")
    client.flush()
    began = time.perf_counter()
    for number in range(count):
        client.produce(topic, VALUE, str(number), headers=list(HEADERS), on_delivery=lambda *_: acknowledged.append(1))
        if number % BATCH == BATCH - 1:
            client.flush()
    client.flush()
    assert len(acknowledged) == count
    return time.perf_counter() - began


async def write_ours(queue: KafkaQueue, topic: str, count: int) -> float:
    """Return the seconds that our link takes."""
    link = queue.producer()
    await link.start()
    await link.send((Outgoing(topic, None, b"first"),))
    began = time.perf_counter()
    for begin in range(0, count, BATCH):
        some = range(begin, min(begin + BATCH, count))
        await link.send([Outgoing(topic, str(number).encode(), VALUE, HEADERS) for number in some])
    took = time.perf_counter() - began
    await link.close()
    return took


def read_bare(server: Kafka, topic: str, count: int) -> float:
    """Return messages in a second of the bare client, from its first batch on."""
    settings: dict[str, Any] = {"bootstrap.servers": server.host, "group.id": topic, **SAME}
    client = Consumer({**settings, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    client.subscribe([topic])
    seen, began = 0, 0.0
    while seen < count + 1:
        found = [(one.key(), one.value(), one.headers()) for one in client.consume(FETCH, 0.1)]
        began = began or (time.perf_counter() if found else 0.0)
        seen += len(found)
    took = time.perf_counter() - began
    client.close()
    return count / took


async def read_aio(server: Kafka, topic: str, count: int) -> float:
    """Return messages in a second of confluent-kafka's asyncio consumer, from its first batch on."""
    settings: dict[str, Any] = {"bootstrap.servers": server.host, "group.id": f"{topic}-aio", **SAME}
    client = AIOConsumer({**settings, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    await client.subscribe([topic])
    seen, began = 0, 0.0
    while seen < count + 1:
        found = [(one.key(), one.value(), one.headers()) for one in await client.consume(FETCH, 0.1)]
        began = began or (time.perf_counter() if found else 0.0)
        seen += len(found)
    took = time.perf_counter() - began
    await client.close()
    return count / took


async def nothing(_: Sequence[Place]) -> None:
    """Take no part in rebalances."""


async def read_ours(queue: KafkaQueue, topic: str, count: int) -> float:
    """Return messages in a second of our link, from its first batch on."""
    link = queue.consumer(topic, from_first=True)
    await link.start([topic], nothing, nothing, nothing)
    seen, began = 0, 0.0
    while seen < count + 1:
        found = await link.fetch(FETCH, 0.1)
        began = began or (time.perf_counter() if found else 0.0)
        seen += len(found)
    took = time.perf_counter() - began
    await link.close()
    return count / took


async def latency(server: Kafka) -> tuple[float, float]:
    """Return the median milliseconds until one message is acknowledged, and until a waiting reader has it."""
    queue = KafkaQueue(KafkaSettings((server.host,)))
    await queue.create({"latency": 1})
    writer, reader = queue.producer(), queue.consumer("latency", from_first=True)
    await writer.start()
    await reader.start(["latency"], nothing, nothing, nothing)
    acknowledged, arrived = [], []
    for number in range(200):
        waiting = asyncio.create_task(reader.fetch(1, 30))
        await asyncio.sleep(0.005)
        began = time.perf_counter()
        await writer.send((Outgoing("latency", b"k", VALUE, HEADERS),))
        acknowledged.append(time.perf_counter() - began)
        await waiting
        if number:  # the first one waits for the group
            arrived.append(time.perf_counter() - began)
    await reader.close()
    await writer.close()
    return 1000 * statistics.median(acknowledged), 1000 * statistics.median(arrived)


if __name__ == "__main__":
    sys.exit(main())
