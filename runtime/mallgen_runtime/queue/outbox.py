"""The outbox: messages that are written in the transaction of the rows they tell of, and sent after it.

A message is in its table exactly if the transaction was committed; one relay of all processes sends what is there, in
its order, and deletes it when the queue has acknowledged it. Killed in between, the next relay sends it again, with the
same message id.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, NamedTuple, ParamSpec, Protocol

import msgspec

from mallgen_runtime.process import metrics, watch
from mallgen_runtime.process.errors import ResourceError
from mallgen_runtime.queue.headers import new_id
from mallgen_runtime.queue.link import Outgoing
from mallgen_runtime.queue.producer import Producer, captured
from mallgen_runtime.sql.connection import Dialect, Done, Values
from mallgen_runtime.sql.database import Database
from mallgen_runtime.sql.errors import DuplicateKey
from mallgen_runtime.sql.statement import for_values

P = ParamSpec("P")
_LEASE = 15.0  # seconds that a relay may stand still before another one takes its place
_SEND = 9.0  # seconds for one batch, within the lease
_POLL = 1.0  # seconds between looks for what other processes have written
_BATCH, _BATCH_BYTES = 500, 4 << 20
_TRIES = 10  # after which a message that alone fails is left, with its problem
_LONGEST = 250  # characters of a problem
_COUNTED = 10.0  # seconds between counts of what waits
_LOG = logging.getLogger("mallgen.service")

_FIRST = "SELECT id, LENGTH(value) FROM mallgen_outbox WHERE problem = '' ORDER BY id"
_ROWS = "SELECT id, service, topic, message_key, value, headers, attempts FROM mallgen_outbox WHERE id IN (?)"
_INSERT = (
    "INSERT INTO mallgen_outbox (service, topic, message_key, value, headers, created, attempts, problem)"
    " VALUES (?, ?, ?, ?, ?, ?, 0, '')"
)
_DELETE = "DELETE FROM mallgen_outbox WHERE id IN (?)"
_FAILED = "UPDATE mallgen_outbox SET attempts = attempts + 1, problem = ? WHERE id = ?"
_COUNT = "SELECT COUNT(*), MIN(created) FROM mallgen_outbox WHERE problem = ''"
_TAKE = "UPDATE mallgen_outbox_relay SET owner = ?, until = ? WHERE id = 1 AND (owner = ? OR until < ?)"
_MAKE = "INSERT INTO mallgen_outbox_relay (id, owner, until) VALUES (1, ?, ?)"
_LEAVE = "UPDATE mallgen_outbox_relay SET until = 0 WHERE id = 1 AND owner = ?"


class _Waiting(NamedTuple):
    """A message in the table."""

    number: int
    service: str
    message: Outgoing
    attempts: int

    @property
    def order(self) -> tuple[str, bytes]:
        """The topic and key, within which messages keep their order."""
        return self.message.topic, self.message.key or b""


class TransactionLike(Protocol):
    """A transaction, as far as the outbox needs it."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of its statements."""

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Done:
        """Run a statement that writes."""

    def after_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call `callback` once it is committed."""


class Outbox:
    """The table `mallgen_outbox` of a database, and the relay that sends what is there through these producers.

    The generated service context keeps it where the service's tables have `mallgen_outbox` and it uses a queue.
    """

    key = "outbox"

    def __init__(self, database: Database, producers: Sequence[Producer]) -> None:
        self._database = database
        self._producers = {producer.key: producer for producer in producers}
        self._owner = new_id()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        self._problem = ""
        self._waiting, self._oldest, self._counted = 0, 0.0, 0.0
        self._end_showing: Callable[[], None] = metrics.end_nothing

    @property
    def state(self) -> str:
        """`ok`, or what keeps messages from being sent; they wait."""
        return self._problem or "ok"

    async def add(
        self, tx: TransactionLike, send: Callable[P, Awaitable[None]], /, *args: P.args, **named: P.kwargs
    ) -> None:
        """Write a message in a transaction: `await svc.outbox.add(tx, svc.order_queue.placed, Placed(id=1))`.

        `send` is a method of a producer, with its own arguments; its message is sent after the commit, and never where
        there is none. Raises DatabaseError.
        """
        with _capturing() as found:
            await send(*args, **named)
        for service, message in found:
            if service not in self._producers:
                raise ValueError(f"the outbox does not send to {service}")
            pairs = msgspec.json.encode([(name, value.decode("utf-8", "replace")) for name, value in message.headers])
            values = (service, message.topic, message.key, message.value, pairs, time.time())
            await tx.execute(*for_values(_INSERT, tx.dialect, values))
        tx.after_commit(self._woken)

    async def start(self) -> None:
        """Begin to send."""
        if self._task is None:
            self._end_showing = metrics.shown(self._readings)
            self._task = watch.keep(self._relay(), self.key)

    async def close(self) -> None:
        """Stop sending; what waits is sent by another process or after the next start."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self._end_showing()
        with contextlib.suppress(ResourceError):
            await self._execute(_LEAVE, (self._owner,))

    async def _woken(self) -> None:
        self._wake.set()

    async def _relay(self) -> None:
        """Send what waits, as soon as it is written here, and once a second what others have written."""
        delay = _POLL
        while True:
            self._wake.clear()
            try:
                more, problem = await self._pass(), ""
            except TimeoutError:
                more, problem = False, f"gave up a batch after {_SEND:.0f} s"
            except ResourceError as found:
                more, problem = False, f"waits: {found}"
            if problem != self._problem:
                _LOG.log(logging.WARNING if problem else logging.INFO, "the outbox %s", problem or "sends again")
                self._problem = problem
            delay = min(delay * 2, 30.0) if problem else _POLL
            if problem:
                await asyncio.sleep(random.uniform(delay / 2, delay))  # noqa: S311 - no secret
            elif not more:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), delay)

    async def _pass(self) -> bool:
        """Send one batch, if this process is the relay; return whether there may be more. Raises ResourceError."""
        batch = await self._count_and_take() if await self._is_relay() else []
        if not batch:
            self._waiting = 0  # what waits while another process is the relay is that one's to show
            return False
        async with asyncio.timeout(_SEND):
            sent, failed = await self._sent(batch)
        if sent:
            await self._execute(_DELETE, (tuple(sent),))
        for one, problem in failed:
            await self._note(one, problem, bool(sent))
        if failed and not sent:
            raise failed[0][1]
        return bool(sent)

    async def _is_relay(self) -> bool:
        """Take or keep the lease of the only relay."""
        now = time.time()
        done = await self._execute(_TAKE, (self._owner, now + _LEASE, self._owner, now))
        if done.count:
            return True
        if await self._fetch("SELECT 1 FROM mallgen_outbox_relay WHERE id = 1"):
            return False
        with contextlib.suppress(DuplicateKey):  # another one was faster
            await self._execute(_MAKE, (self._owner, now + _LEASE))
        return False

    async def _count_and_take(self) -> list[_Waiting]:
        """Return the first messages that wait, of bounded size; count them all now and then, to show it."""
        await self._count()
        numbers: list[int] = []
        size = 0
        for number, length in await self._fetch(f"{_FIRST} LIMIT {_BATCH}"):
            size += length
            if numbers and size > _BATCH_BYTES:
                break
            numbers.append(number)
        rows = await self._fetch(_ROWS, (tuple(numbers),)) if numbers else []
        return sorted(_waiting(row) for row in rows)

    async def _sent(self, batch: Sequence[_Waiting]) -> tuple[list[int], list[tuple[_Waiting, ResourceError]]]:
        """Send messages together; where that fails one by one, so that one does not hold up those of other keys."""
        sent: list[int] = []
        failed: list[tuple[_Waiting, ResourceError]] = []
        for service in dict.fromkeys(one.service for one in batch):
            own = [one for one in batch if one.service == service]
            try:
                await self._producer(service).relay([one.message for one in own])
                sent += [one.number for one in own]
            except ResourceError as problem:
                done, left = await self._singly(own, problem)
                sent, failed = sent + done, failed + left
        return sent, failed

    async def _singly(
        self, batch: Sequence[_Waiting], problem: ResourceError
    ) -> tuple[list[int], list[tuple[_Waiting, ResourceError]]]:
        if len(batch) == 1:
            return [], [(batch[0], problem)]
        sent: list[int] = []
        failed: list[tuple[_Waiting, ResourceError]] = []
        stuck: set[tuple[str, bytes]] = set()
        for one in batch:
            if one.order in stuck:
                continue
            try:
                await self._producer(one.service).relay([one.message])
                sent.append(one.number)
            except ResourceError as found:
                failed.append((one, found))
                stuck.add(one.order)
                if len(failed) > 1 and not sent:
                    break  # the queue is down
        return sent, failed

    def _producer(self, service: str) -> Producer:
        found = self._producers.get(service)
        if found is None:
            raise _NoProducer(f"it has messages for {service}, which this service sends to no more")
        return found

    async def _note(self, one: _Waiting, problem: ResourceError, others_went: bool) -> None:
        """Count a failure of one message; leave it after so many, if others could be sent meanwhile."""
        if not others_went:
            return
        is_last = one.attempts + 1 >= _TRIES
        await self._execute(_FAILED, (str(problem)[:_LONGEST] or "failed" if is_last else "", one.number))
        if is_last:
            _LOG.error("message %d of the outbox for %s is left: %s", one.number, one.message.topic, problem)

    async def _count(self) -> None:
        if metrics.is_on() and time.monotonic() - self._counted >= _COUNTED:
            self._counted = time.monotonic()
            ((count, oldest),) = await self._fetch(_COUNT)
            self._waiting, self._oldest = int(count), float(oldest or 0.0)

    def _readings(self) -> Iterator[metrics.Reading]:
        age = max(0.0, time.time() - self._oldest) if self._waiting else 0.0
        yield metrics.Reading("queue_outbox_messages", "messages that wait in the outbox.", (), self._waiting)
        yield metrics.Reading("queue_outbox_oldest_seconds", "age of the oldest message of the outbox.", (), age)

    async def _fetch(self, sql: str, values: Sequence[Any] = ()) -> list[Values]:
        return await self._database.primary.fetch(*for_values(sql, self._database.dialect, values))

    async def _execute(self, sql: str, values: Sequence[Any]) -> Done:
        return await self._database.execute(*for_values(sql, self._database.dialect, values))


class _NoProducer(ResourceError):
    """Messages for a service that is used no more."""


@contextlib.contextmanager
def _capturing() -> Iterator[list[tuple[str, Outgoing]]]:
    """Take what producers would send in the block."""
    found: list[tuple[str, Outgoing]] = []
    token = captured.set(found)
    try:
        yield found
    finally:
        captured.reset(token)


def _waiting(row: Values) -> _Waiting:
    number, service, topic, key, value, pairs, attempts = row
    told = tuple((name, text.encode()) for name, text in msgspec.json.decode(pairs, type=list[tuple[str, str]]))
    message = Outgoing(topic, None if key is None else bytes(key), bytes(value), told)
    return _Waiting(int(number), service, message, int(attempts))
