"""The queue embedded in SQLite: one file for the services of a machine, used by many processes at once."""

import asyncio
import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from mallgen_runtime.discovery.folder import root
from mallgen_runtime.queue.conf import Where
from mallgen_runtime.queue.errors import NotOurs, QueueError
from mallgen_runtime.queue.headers import new_id
from mallgen_runtime.queue.link import Outgoing, Place, Rebalanced, Record
from mallgen_runtime.queue.members import LEASE, Group, Seat
from mallgen_runtime.queue.sqlite_log import SqliteLog
from mallgen_runtime.queue.waking import Waker

MEMORY = ":memory:"
_VARIABLE = "MALLGEN_QUEUE"
_HEARTBEAT = 1.0
_GROUP = 0.05  # seconds between looks at a group while messages come
_FETCH_PATIENCE = 0.1  # for MinBytes
P = ParamSpec("P")
T = TypeVar("T")


def queue_file(named: str) -> str:
    """Return the file of the embedded queue: the setting, else `MALLGEN_QUEUE`, else beside the services of this
    machine. Raises ConfigError."""
    return named or os.environ.get(_VARIABLE, "") or os.path.join(root(), "queue.db")


class EmbeddedQueue:
    """One file; its links share a thread for SQLite and a FIFO, which the first one opens and the last one closes."""

    def __init__(self, where: Where) -> None:
        self.state = "ok"
        self._where = where
        path = where.file if where.file == MEMORY else queue_file(where.file)
        self._log = SqliteLog(path, where.retention, where.retention_bytes)
        self._waker = Waker("" if path == MEMORY else f"{path}.wake")
        self._thread: ThreadPoolExecutor | None = None
        self._links = 0
        self._waiting: list[tuple[Sequence[Outgoing], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    def consumer(self, group: str, *, from_first: bool) -> "EmbeddedConsumer":
        """Return a member of a group."""
        return EmbeddedConsumer(self, group, from_first)

    def producer(self, *, compressed: bool = False) -> "EmbeddedProducer":
        """Return a link that writes; a file has room for what came out of it."""
        return EmbeddedProducer(self)

    async def create(self, topics: Mapping[str, int]) -> None:
        """Make those topics that are missing."""
        await self.run(self._log.create, topics)

    def group(self, name: str, member: str, from_first: bool) -> Group:
        """Return a group as one member sees it."""
        partitions = self._where.partitions
        return Group(self._log, self._waker, name, member, from_first=from_first, partitions=partitions)

    @property
    def log(self) -> SqliteLog:
        """The file."""
        return self._log

    @property
    def waker(self) -> Waker:
        """The FIFO."""
        return self._waker

    @property
    def where(self) -> Where:
        """The settings."""
        return self._where

    async def run(self, work: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """Run a function in the thread for SQLite. Raises QueueError, and is in that state until one succeeds."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "mallgen-queue")
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **named))
        except NotOurs:
            raise
        except QueueError as problem:
            self.state = str(problem)
            raise
        self.state = "ok"
        return found

    async def hold(self) -> None:
        """Open for one more link. Raises QueueError."""
        await self.run(self._log.open)
        try:
            self._waker.start()
        except OSError as problem:
            raise QueueError(f"{self._log.path}.wake: {problem.strerror}") from None
        self._links += 1

    async def let_go(self) -> None:
        """Close after the last link. A file in memory stays for as long as the queue is known."""
        self._links -= 1
        if self._links or self._log.path == MEMORY:
            return
        self._waker.stop()
        await self.run(self._log.close)
        if self._thread is not None:
            self._thread.shutdown(wait=False)
            self._thread = None

    async def wake_all(self) -> None:
        """Wake all who wait."""
        self._waker.wake()
        await self.run(self._waker.wake_all)

    async def append(self, messages: Sequence[Outgoing]) -> None:
        """Write messages; those that come while others are written go together, in one transaction."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((messages, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="write to the queue")
        await done

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            problem: Exception | None = None
            try:
                await self.run(self._append_all, [one for messages, _ in together for one in messages])
            except Exception as found:
                problem = found
            for _, done in together:
                if done.done():
                    continue  # its sender was cancelled
                if problem is None:
                    done.set_result(None)
                else:
                    done.set_exception(problem)
            self._waker.wake()

    def _append_all(self, messages: Sequence[Outgoing]) -> None:
        self._log.append(messages, self._where.partitions)
        self._waker.wake_all()


class EmbeddedProducer:
    """Writes messages into the file."""

    def __init__(self, queue: EmbeddedQueue) -> None:
        self._queue = queue
        self._open = False

    async def start(self) -> None:
        """Open the file, which takes no time; a file that cannot be opened fails the messages."""
        with contextlib.suppress(QueueError):
            await self._hold()

    async def _hold(self) -> None:
        if not self._open:
            await self._queue.hold()
            self._open = True

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Write messages; return when they are in the file. Raises QueueError."""
        await self._hold()
        await self._queue.append(messages)

    async def close(self) -> None:
        """Close the file: nothing waits, because every `send` has returned."""
        if self._open:
            self._open = False
            await self._queue.let_go()


class EmbeddedConsumer:
    """One member of a group. Its lease is renewed by a thread, also while logic holds the event loop."""

    def __init__(self, queue: EmbeddedQueue, group: str, from_first: bool) -> None:
        self._queue = queue
        self._member = new_id()
        self._name = group
        self._group = queue.group(group, self._member, from_first)
        self._topics: Sequence[str] = ()
        self._seats: dict[int, Seat] = {}
        self._positions: dict[int, int] = {}
        self._paused: set[int] = set()
        self._due = 0.0
        self._is_resumed = False
        self._turn = -1
        self._looked = 0.0
        self._mark: tuple[object, ...] = ()
        self._heart: _Heart | None = None
        self._told: tuple[Rebalanced, Rebalanced, Rebalanced] | None = None

    async def start(self, topics: Sequence[str], assigned: Rebalanced, revoked: Rebalanced, lost: Rebalanced) -> None:
        """Join the group. Raises QueueError."""
        self._topics = tuple(topics)
        self._told = (assigned, revoked, lost)
        await self._queue.hold()
        try:
            await self._settle()
        except QueueError:
            self._told = None
            await self._queue.let_go()
            raise
        if self._queue.log.path != MEMORY:
            self._heart = _Heart(self._queue.log.path, self._name, self._member)
            self._heart.start()

    async def fetch(self, most: int, wait: float) -> Sequence[Record]:
        """Return records, and take part in rebalances. Raises QueueError."""
        loop = asyncio.get_running_loop()
        over = loop.time() + wait
        while True:
            with self._queue.waker.waiting() as woken:
                if loop.time() >= self._due or await self._is_other():
                    await self._settle()
                found = await self._read(most)
                left = over - loop.time()
                if self._is_enough(found, most, wait - left) or left <= 0 or self._is_resumed:
                    self._is_resumed = False
                    self._positions.update((self._queue.log.number(one.place), one.offset + 1) for one in found)
                    return found
                pause = self._due - loop.time() if self._turn == self._queue.waker.turn else _GROUP
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, min(left, pause))):
                        await woken.wait()

    def _is_enough(self, found: Sequence[Record], most: int, waited: float) -> bool:
        """Return whether records are as many or as large as the settings ask for, or have waited long enough."""
        enough = sum(len(one.value) for one in found) >= self._queue.where.min_bytes
        return bool(found) and (enough or len(found) >= most or waited >= _FETCH_PATIENCE)

    def pause(self, places: Iterable[Place]) -> None:
        """Fetch no more records of these partitions."""
        self._paused.update(self._queue.log.number(place) for place in places)

    def resume(self, places: Iterable[Place]) -> None:
        """Go on with these partitions; a fetch that waits returns."""
        self._is_resumed = True
        self._paused.difference_update(self._queue.log.number(place) for place in places)
        self._queue.waker.wake()

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Remember offsets. Raises QueueError, NotOurs for a partition that another member has now."""
        numbers = {self._queue.log.number(place): offset for place, offset in offsets.items()}
        if not numbers.keys() <= self._seats.keys():
            raise NotOurs(f"a partition belongs to another member of {self._name} now")
        await self._queue.run(
            self._group.commit, {place: (offset, self._seats[place].epoch) for place, offset in numbers.items()}
        )

    async def lag(self) -> Mapping[Place, int]:
        """Return how many records of each assigned partition have not been committed."""
        found = await self._queue.run(self._group.lag, tuple(self._seats))
        return {self._queue.log.place(place): behind for place, behind in found.items()}

    async def close(self) -> None:
        """Leave the group."""
        if self._told is None:
            return
        try:
            await self._revoke(list(self._seats))
            await self._queue.run(self._group.leave)
            await self._queue.wake_all()
        finally:
            self._told = None
            if self._heart is not None:
                self._heart.stop()
            await self._queue.let_go()

    async def _read(self, most: int) -> Sequence[Record]:
        wanted = {place: self._positions[place] for place in self._seats if place not in self._paused}
        if not wanted:
            return ()
        return await self._queue.run(self._queue.log.fetch, wanted, most, self._queue.where.max_bytes)

    async def _settle(self) -> None:
        """Look at the group: let go of what is lost and what others should have, and take what is free."""
        assert self._told is not None
        assigned, _, lost = self._told
        standing = await self._queue.run(self._group.look, self._topics)
        gone = [place for place, seat in self._seats.items() if not _is_same(standing.seats.get(place), seat)]
        if gone:
            self._drop(gone)
            await lost(self._places(gone))
        fresh = [place for place in standing.seats if place not in self._seats]
        if fresh:
            for place in fresh:
                self._seats[place] = standing.seats[place]
                self._positions[place] = standing.seats[place].next
            await assigned(self._places(fresh))
        if standing.surplus:
            await self._revoke(standing.surplus)
            await self._queue.run(self._group.release, standing.surplus)
        if standing.changed or standing.surplus:
            await self._queue.wake_all()
        self._mark = await self._queue.run(self._group.mark)
        self._due = asyncio.get_running_loop().time() + _HEARTBEAT

    async def _revoke(self, places: Sequence[int]) -> None:
        assert self._told is not None
        if places:
            await self._told[1](self._places(places))
            self._drop(places)

    def _drop(self, places: Iterable[int]) -> None:
        for place in places:
            self._seats.pop(place, None)
            self._positions.pop(place, None)
            self._paused.discard(place)

    def _places(self, numbers: Iterable[int]) -> list[Place]:
        return [self._queue.log.place(number) for number in numbers]

    async def _is_other(self) -> bool:
        """Return whether the group is another one than this member has settled with; looks after a wake-up only, and
        not for each of many messages."""
        now, turn = asyncio.get_running_loop().time(), self._queue.waker.turn
        if turn == self._turn or now < self._looked + _GROUP:
            return False
        self._turn, self._looked = turn, now
        return await self._queue.run(self._group.mark) != self._mark


def _is_same(now: Seat | None, before: Seat) -> bool:
    return now is not None and now.epoch == before.epoch


class _Heart(threading.Thread):
    """Renews a member's lease from a thread and a connection of its own."""

    def __init__(self, path: str, group: str, member: str) -> None:
        super().__init__(name="mallgen-queue-heart", daemon=True)
        self._path = path
        self._who = (group, member)
        self._over = threading.Event()

    def run(self) -> None:
        """Renew the lease three times in its time."""
        db: Any = sqlite3.connect(self._path, timeout=LEASE / 3, isolation_level=None, check_same_thread=False)
        with contextlib.closing(db):
            while not self._over.wait(LEASE / 4):
                with contextlib.suppress(sqlite3.Error):  # the next beat may succeed, and fetching says what is wrong
                    until = time.monotonic() + LEASE
                    db.execute("UPDATE members SET until = ? WHERE grp = ? AND id = ?", (until, *self._who))

    def stop(self) -> None:
        """Renew it no longer."""
        self._over.set()
