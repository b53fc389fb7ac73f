"""One member of a consumer group: fetches, hands on, commits, and takes part in rebalances.

At least once: an offset is committed after the logic of all messages below it has returned.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping, Sequence
from typing import Any

from mallgen_runtime.process.errors import ResourceError
from mallgen_runtime.process.watch import keep, release
from mallgen_runtime.queue.app import BoundTopic, QueueApp
from mallgen_runtime.queue.dead_letters import DeadLetters
from mallgen_runtime.queue.delivering import Delivering
from mallgen_runtime.queue.errors import NotOurs
from mallgen_runtime.queue.link import ConsumerLink, Place, Queue
from mallgen_runtime.queue.partitions import Partition

_LOG = logging.getLogger("mallgen.service")
_IDLE, _PAUSED = 0.5, 0.05  # seconds that a fetch waits; while partitions are paused they may have room soon
_COMMIT = 0.2
_LONGEST = 5.0
_REVOKED = 25.0  # seconds for logic that runs when its partition has to be given up
_CLOSE = 5.0


class GroupMember:
    """Works on some topics of an application as one member of their group."""

    def __init__(self, app: QueueApp[Any], queue: Queue, topics: Sequence[BoundTopic], letters: DeadLetters) -> None:
        one = topics[0].delivery
        self._queue = queue
        self._partitions = one.where.partitions
        self._link: ConsumerLink = queue.consumer(one.group, from_first=one.from_first)
        self._topics = {bound.delivery.topic: bound for bound in topics}
        self._most = max(bound.delivery.most for bound in topics)
        self._work = Delivering(app, letters, self._done, self._missing)
        self._parts: dict[Place, Partition] = {}
        self._stopping = asyncio.Event()
        self._fetched = asyncio.Event()
        self._dirty = asyncio.Event()
        self._committing = asyncio.Lock()
        self._tasks: list[asyncio.Task[Any]] = []
        self._problems: dict[str, str] = {"queue": "is being joined"}
        self.joined = asyncio.Event()
        self.lag: Mapping[Place, int] = {}

    def start(self) -> None:
        """Begin to work."""
        self._tasks = [keep(self._run(), "consume"), keep(self._commit_all(), "commit")]

    @property
    def state(self) -> str:
        """`ok`, or what is wrong."""
        stubs = [f"the logic of {topic} is not written, its messages wait" for topic in sorted(self._work.stubs)]
        outages = [f"{topic} {text}" for topic, text in self._work.outages.items()]
        letters = [self._work.problem] if self._work.problem else []
        return "; ".join([*self._problems.values(), *stubs, *letters, *outages]) or "ok"

    async def stop(self, patience: float | None) -> None:
        """Fetch no more, finish the logic that runs within so many seconds, commit, leave the group."""
        loop = asyncio.get_running_loop()
        over = None if patience is None else loop.time() + patience
        self._stopping.set()
        for task in self._tasks:
            release(task)
        if self.joined.is_set():
            self._link.resume(())  # a fetch that waits may return
        await self._work.drain(list(self._parts.values()), patience)
        if self.joined.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE):
                    await self._fetched.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        try:
            async with asyncio.timeout(_CLOSE if over is None else max(1.0, min(_CLOSE, over - loop.time()))):
                await self._commit(list(self._parts.values()))
                await self._link.close()
        except (ResourceError, TimeoutError) as problem:
            _LOG.error("the group was left without a word: %s", str(problem) or "the queue does not answer")

    async def refresh_lag(self) -> None:
        """Ask the queue how far behind the group is. A queue that is out of order leaves the figures as they are."""
        try:
            self.lag = await self._link.lag()
        except ResourceError as problem:
            _LOG.debug("the lag is not known: %s", problem)

    async def _run(self) -> None:
        await self._join()
        delay = 0.1
        while not self._stopping.is_set():
            try:
                await self._fetch()
            except ResourceError as problem:
                self._trouble("queue", str(problem))
                delay = await self._later(delay)
                continue
            self._problems.pop("queue", None)
            delay = 0.1
        self._fetched.set()

    async def _join(self) -> None:
        delay = 0.1
        while not self._stopping.is_set():
            try:
                await self._queue.create(dict.fromkeys(self._topics, self._partitions))
                await self._link.start(list(self._topics), self._assigned, self._revoked, self._lost)
            except ResourceError as problem:
                self._trouble("queue", str(problem))
                delay = await self._later(delay)
                continue
            self._problems.pop("queue", None)
            self.joined.set()
            return

    async def _fetch(self) -> None:
        """Fetch once, and pause partitions by what they hold."""
        is_any_paused = self._balance()
        records = await self._link.fetch(self._most, _PAUSED if is_any_paused else _IDLE)
        if self._stopping.is_set():
            return
        for record in records:
            part = self._parts.get(record.place)
            if part is not None and not part.closing.is_set():
                self._work.begin(part, record)
        if records:
            self._dirty.set()  # also where the group begins: with `last` another member would begin later

    def _balance(self) -> bool:
        """Pause partitions that are full; return whether one is paused that may have room soon."""
        full = [part for part in self._parts.values() if not part.is_paused and part.is_full]
        for part in full:
            part.is_paused = True
        if full:
            self._link.pause([part.place for part in full])
        return any(part.is_paused and part.place.topic not in self._work.stubs for part in self._parts.values())

    def _done(self, part: Partition) -> None:
        """Have the offset committed, and fetch again from a partition that has room now."""
        self._dirty.set()
        is_ours = self._parts.get(part.place) is part and not self._stopping.is_set()
        if is_ours and part.place.topic not in self._work.stubs and part.is_paused and part.has_room:
            part.is_paused = False
            self._link.resume([part.place])

    def _missing(self, bound: BoundTopic) -> None:
        """Fetch no more of a topic that has no logic."""
        parts = [part for part in self._parts.values() if part.bound is bound and not part.is_paused]
        for part in parts:
            part.is_paused = True
        self._link.pause([part.place for part in parts])

    async def _assigned(self, places: Sequence[Place]) -> None:
        for place in places:
            self._parts[place] = Partition(place, self._topics[place.topic])
        idle = [place for place in places if place.topic in self._work.stubs]
        for place in idle:
            self._parts[place].is_paused = True
        if idle:
            self._link.pause(idle)
        _LOG.info("has %d partitions more: %s", len(places), _listed(places))

    async def _revoked(self, places: Sequence[Place]) -> None:
        parts = [self._parts[place] for place in places if place in self._parts]
        await self._work.drain(parts, _REVOKED)
        try:
            await self._commit(parts)
        except ResourceError as problem:
            _LOG.error("messages of %s will be given again: %s", _listed(places), problem)
        self._forget(places)
        _LOG.info("has %d partitions less: %s", len(places), _listed(places))

    async def _lost(self, places: Sequence[Place]) -> None:
        parts = [self._parts[place] for place in places if place in self._parts]
        self._forget(places)
        _LOG.warning("lost %d partitions to other members: %s", len(places), _listed(places))
        await self._work.drain(parts, 0)

    def _forget(self, places: Sequence[Place]) -> None:
        for place in places:
            self._parts.pop(place, None)

    async def _commit_all(self) -> None:
        """Commit what is done, five times a second at most."""
        delay = 0.1
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_COMMIT)
            self._dirty.clear()
            try:
                await self._commit(list(self._parts.values()))
            except ResourceError as problem:
                self._trouble("commit", f"offsets cannot be committed: {problem}")
                self._dirty.set()
                delay = await self._later(delay)
                continue
            self._problems.pop("commit", None)
            delay = 0.1

    async def _commit(self, parts: Sequence[Partition]) -> None:
        """Commit the offset of each partition below which all is done. Raises ResourceError."""
        async with self._committing:
            lows = {part: part.low for part in parts if part.is_dirty}
            if not lows:
                return
            try:
                await self._link.commit({part.place: low for part, low in lows.items()})
            except NotOurs:
                await self._commit_each(lows)
            for part, low in lows.items():
                part.committed(low)

    async def _commit_each(self, lows: Mapping[Partition, int]) -> None:
        """Commit partition by partition, so that one which another member has does not keep the others from it."""
        for part, low in lows.items():
            try:
                await self._link.commit({part.place: low})
            except NotOurs as problem:
                _LOG.warning("an offset was not committed: %s", problem)

    def _trouble(self, what: str, text: str) -> None:
        if self._problems.get(what) != text:
            self._problems[what] = text
            _LOG.warning("the queue cannot be used now: %s", text)

    async def _later(self, delay: float) -> float:
        """Wait about so many seconds, or until the member stops; return the next time to wait."""
        try:
            async with asyncio.timeout(random.uniform(delay / 2, delay)):  # noqa: S311 - no secret
                await self._stopping.wait()
        except TimeoutError:
            return min(delay * 2, _LONGEST)
        return delay


def _listed(places: Sequence[Place]) -> str:
    return ", ".join(f"{place.topic}/{place.partition}" for place in sorted(places)[:20])
