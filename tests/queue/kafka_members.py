"""Members of consumer groups for tests of Kafka, which see to it that no record is left out or comes twice."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from mallgen_runtime.queue.errors import NotOurs
from mallgen_runtime.queue.kafka import KafkaQueue
from mallgen_runtime.queue.kafka_client import KafkaSettings, Timing
from mallgen_runtime.queue.link import ConsumerLink, Outgoing, Place, Queue, Record
from tests.kafka_server import Kafka

_NAMES = iter(range(1_000_000))
Many = Sequence[Record]


def names() -> tuple[str, str]:
    """Return a topic and a group that no other test has."""
    number = next(_NAMES)
    return f"topic-{os.getpid()}-{number}", f"group-{os.getpid()}-{number}"


def at(server: Kafka, timing: Timing | None = None) -> KafkaQueue:
    return KafkaQueue(KafkaSettings((server.host,)), timing)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


class Member:
    """A member of a group that acknowledges all it has read, before its partitions go."""

    def __init__(self, queue: Queue, group: str, *, from_first: bool = True) -> None:
        self.link: ConsumerLink = queue.consumer(group, from_first=from_first)
        self.records: list[Record] = []
        self.next: dict[Place, int] = {}
        self.assigned: list[Place] = []
        self.lost: list[Place] = []

    async def join(self, topic: str) -> "Member":
        await self.link.start([topic], self._on_assigned, self._on_revoked, self._on_lost)
        return self

    async def read(self, most: int = 500, wait: float = 0.5) -> Many:
        """Fetch once; fail where a record is left out or comes twice while the partition is ours."""
        found = await self.link.fetch(most, wait)
        assert len(found) <= most
        for record in found:
            assert record.place in self.assigned
            assert record.offset == self.next.get(record.place, record.offset)
            self.next[record.place] = record.offset + 1
        self.records += found
        return found

    async def read_until(self, done: Callable[[], bool], seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"{len(self.records)} records"
            await self.read()

    async def acknowledge(self) -> None:
        await self.link.commit({place: offset for place, offset in self.next.items() if place in self.assigned})

    async def _on_assigned(self, places: Iterable[Place]) -> None:
        self.assigned += places

    async def _on_revoked(self, places: Iterable[Place]) -> None:
        ours = {place: self.next.pop(place) for place in places if place in self.next}
        try:
            await self.link.commit(ours)
        except NotOurs:
            self.lost += places
        self.assigned = [place for place in self.assigned if place not in set(places)]

    async def _on_lost(self, places: Iterable[Place]) -> None:
        self.lost += places
        self.assigned = [place for place in self.assigned if place not in set(places)]
        for place in places:
            self.next.pop(place, None)


async def written(queue: Queue, topic: str, count: int, keys: int = 50) -> None:
    """Write the numbers up to `count`, those of a key in order."""
    link = queue.producer()
    await link.start()
    await link.send([Outgoing(topic, b"%d" % (number % keys), b"%d" % number) for number in range(count)])
    await link.close()


def numbers(*members: Member) -> list[int]:
    return [int(record.value) for member in members for record in member.records]


def in_order(records: Iterable[Record]) -> bool:
    by_key: dict[bytes | None, list[int]] = defaultdict(list)
    for record in records:
        by_key[record.key].append(int(record.value))
    return all(found == sorted(found) for found in by_key.values())
