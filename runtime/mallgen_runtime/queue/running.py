"""All members that a service is: one per group, queue and connection."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from mallgen_runtime.process import metrics
from mallgen_runtime.process.watch import keep, release
from mallgen_runtime.queue.app import BoundTopic, QueueApp
from mallgen_runtime.queue.conf import Delivery, Where
from mallgen_runtime.queue.consumer import GroupMember
from mallgen_runtime.queue.dead_letters import DeadLetters
from mallgen_runtime.queue.link import Queue
from mallgen_runtime.queue.opening import queue_at

_LAG = 2.0


class Consumers:
    """The members of an application; `queue_of` makes the queue of some settings."""

    def __init__(self, app: QueueApp[Any], queue_of: Callable[[Where], Queue] = queue_at) -> None:
        self._app = app
        self._queues: dict[Where, Queue] = {}
        self._letters: dict[Where, DeadLetters] = {}
        self.members: list[GroupMember] = []
        self._following: asyncio.Task[Any] | None = None
        groups: dict[tuple[object, ...], list[BoundTopic]] = {}
        for bound in app.bound.values():
            groups.setdefault(_group(bound.delivery), []).append(bound)
        for topics in groups.values():
            one = topics[0].delivery
            if one.where not in self._queues:
                self._queues[one.where] = queue_of(one.where)
                self._letters[one.where] = DeadLetters(self._queues[one.where])
            for _ in range(one.conns):
                self.members.append(GroupMember(app, self._queues[one.where], topics, self._letters[one.where]))

    def start(self) -> None:
        """Begin to work; a queue that cannot be reached is tried again and again."""
        for member in self.members:
            member.start()
        if metrics.is_on():
            self._following = keep(self._follow(), "follow the lag")

    async def joined(self) -> None:
        """Wait until all members are in their groups."""
        for member in self.members:
            await member.joined.wait()

    async def stop(self, patience: float | None) -> None:
        """Finish what runs within so many seconds, commit, leave the groups."""
        if self._following is not None:
            release(self._following)
            self._following.cancel()
        await asyncio.gather(*(member.stop(patience) for member in self.members))
        for letters in self._letters.values():
            await letters.close()

    @property
    def state(self) -> str:
        """`ok`, or what is wrong."""
        wrong = {member.state for member in self.members} | {queue.state for queue in self._queues.values()}
        return "; ".join(sorted(wrong - {"ok"})) or "ok"

    def readings(self) -> Iterator[metrics.Reading]:
        """Yield the figures of the moment."""
        yield from self._app.readings()
        for member in self.members:
            for place, behind in member.lag.items():
                labels = (("topic", place.topic), ("partition", str(place.partition)))
                yield metrics.Reading("queue_consumer_lag", "queue consumer messages not committed.", labels, behind)

    async def _follow(self) -> None:
        while True:
            for member in self.members:
                await member.refresh_lag()
            await asyncio.sleep(_LAG)


def _group(one: Delivery) -> tuple[object, ...]:
    return (one.where, one.group, one.from_first, one.conns)
