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
from typing import Any, ParamSpec, Protocol

import msgspec

from mallgen_runtime.process import metrics, watch
from mallgen_runtime.process.errors import ResourceError
from mallgen_runtime.queue.headers import new_id
from mallgen_runtime.queue.lanes import Relayed, Sender, Waiting
from mallgen_runtime.queue.link import Outgoing
from mallgen_runtime.queue.producer import Producer, captured
from mallgen_runtime.sql.connection import Dialect, Done, Values
from mallgen_runtime.sql.database import Database
from mallgen_runtime.sql.errors import DuplicateKey
from mallgen_runtime.sql.statement import for_values

P = ParamSpec("P")
_LEASE = 15.0  # seconds that a relay may stand still before another one takes its place
_SENDING = 0.7  # of the lease, in which a batch is sent; the rest is for the statements around it
_GRACE = 4.0  # seconds that a stop waits for a batch
_POLL = 1.0  # seconds between looks for what other processes have written
_BATCH, _BATCH_BYTES = 500, 4 << 20
_TRIES = 10  # after which a message that alone fails is left, with its problem
_LONGEST = 250  # characters of a problem
_COUNTED = 10.0  # seconds between counts of what waits
_LOG = logging.getLogger("mallgen.service")

_FIRST = "SELECT id, LENGTH(value) FROM mallgen_outbox WHERE problem = ''"
_ROWS = "SELECT id, service, topic, message_key, value, headers, attempts FROM mallgen_outbox WHERE id IN (?)"
_INSERT = (
    "INSERT INTO mallgen_outbox (service, topic, message_key, value, headers, created, attempts, problem)"
    " VALUES (?, ?, ?, ?, ?, ?, 0, '')"
)
_DELETE = "DELETE FROM mallgen_outbox WHERE id IN (?)"
_FAILED = "UPDATE mallgen_outbox SET attempts = attempts + 1, problem = ? WHERE id = ?"
_COUNT = "SELECT COUNT(*), MIN(created) FROM mallgen_outbox WHERE problem = ''"
_NOW = {  # the database's clock, which all relays have in common, in seconds since 1970
    Dialect.MYSQL: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000000.0)",
    Dialect.POSTGRES: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS double precision)",
    Dialect.SQLITE: "((julianday('now') - 2440587.5) * 86400.0)",
}
_TAKE = (
    "UPDATE mallgen_outbox_relay SET owner = ?, until = {now} + ?"
    " WHERE id = 1 AND (owner = ? OR until < {now} OR until > {now} + ?)"
)
_MAKE = "INSERT INTO mallgen_outbox_relay (id, owner, until) VALUES (1, ?, {now} + ?)"
_LEAVE = "UPDATE mallgen_outbox_relay SET until = 0 WHERE id = 1 AND owner = ?"


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
        self._services = frozenset(producer.key for producer in producers)
        self._sender = Sender(producers)
        self._owner = new_id()
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
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
            if service not in self._services:
                raise ValueError(f"the outbox does not send to {service}")
            pairs = msgspec.json.encode([(name, value.decode("utf-8", "replace")) for name, value in message.headers])
            values = (service, message.topic, message.key, message.value, pairs, time.time())
            await tx.execute(*for_values(_INSERT, tx.dialect, values))
        tx.after_commit(self._woken)

    async def start(self) -> None:
        """Begin to send."""
        if self._task is None:
            self._over.clear()
            self._end_showing = metrics.shown(self._readings)
            self._task = watch.keep(self._relay(), self.key)

    async def close(self) -> None:
        """Stop sending, after what is being sent now; what waits is sent by another process or after the next start."""
        task, self._task = self._task, None
        if task is None:
            return
        watch.release(task)
        self._over.set()
        self._wake.set()
        await asyncio.wait({task}, timeout=_GRACE)
        task.cancel()
        await asyncio.wait({task}, timeout=_GRACE)
        self._end_showing()
        with contextlib.suppress(ResourceError):
            await self._execute(_LEAVE, (self._owner,))

    async def _woken(self) -> None:
        self._wake.set()

    async def _relay(self) -> None:
        """Send what waits, as soon as it is written here, and once a second what others have written."""
        delay = _POLL
        while not self._over.is_set():
            self._wake.clear()
            try:
                more = await self._pass()
            except ResourceError as found:
                self._say(f"waits: {found}")
                delay = min(delay * 2, 30.0)
                await _wait(self._over, random.uniform(delay / 2, delay))  # noqa: S311 - no secret
                continue
            held, delay = self._sender.holds.problem, _POLL
            self._say(f"waits: {held}" if held else "")
            if not more and not self._over.is_set():
                await _wait(self._wake, _POLL)

    def _say(self, problem: str) -> None:
        """Set the state, and log another one than before."""
        if problem != self._problem:
            _LOG.log(logging.WARNING if problem else logging.INFO, "the outbox %s", problem or "sends again")
            self._problem = problem

    async def _pass(self) -> bool:
        """Send one batch, if this process is the relay; return whether there may be more. Raises ResourceError."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _LEASE * _SENDING
        if not await self._is_relay():
            self._waiting = 0  # what waits while another process is the relay is that one's to show
            self._sender.holds.clear()
            return False
        batch = await self._count_and_take()
        if not batch and not self._sender.holds:
            self._waiting = 0
        outcome = Relayed()
        try:
            await self._sender.send(batch, until, outcome)
        finally:
            await self._note(outcome)
        return bool(outcome.sent)

    async def _note(self, outcome: Relayed) -> None:
        """Delete what was sent, and count failures of single messages."""
        if outcome.sent:
            await self._execute(_DELETE, (tuple(outcome.sent),))
        for row, problem in outcome.counted:
            is_last = row.attempts + 1 >= _TRIES
            await self._execute(_FAILED, (str(problem)[:_LONGEST] or "failed" if is_last else "", row.number))
            if is_last:
                self._sender.holds.release(row.order)
                _LOG.error("message %d of the outbox for %s is left: %s", row.number, row.message.topic, problem)

    async def _is_relay(self) -> bool:
        """Take or keep the lease of the only relay."""
        now = _NOW[self._database.dialect]
        values = (self._owner, _LEASE, self._owner, 2 * _LEASE)  # one that ends later than any is of a wrong clock
        done = await self._execute(_TAKE.format(now=now), values)
        if done.count:
            return True
        if await self._fetch("SELECT 1 FROM mallgen_outbox_relay WHERE id = 1"):
            return False
        with contextlib.suppress(DuplicateKey):  # another one was faster
            await self._execute(_MAKE.format(now=now), (self._owner, _LEASE))
        return False

    async def _count_and_take(self) -> list[Waiting]:
        """Return the first messages that are not held, of bounded size; now and then count all that wait."""
        await self._count()
        now = asyncio.get_running_loop().time()
        numbers: list[int] = []
        size = 0
        words, values = self._sender.holds.condition(now)
        first = await self._fetch(f"{_FIRST}{words} ORDER BY id LIMIT {_BATCH}", values)
        for number, length in first:
            size += length
            if numbers and size > _BATCH_BYTES:
                break
            numbers.append(number)
        rows = await self._fetch(_ROWS, (tuple(numbers),)) if numbers else []
        batch = sorted((_waiting(one) for one in rows), key=lambda row: row.number)
        if len(numbers) == len(first) < _BATCH:
            self._sender.holds.compare(batch, now)
        return batch

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


@contextlib.contextmanager
def _capturing() -> Iterator[list[tuple[str, Outgoing]]]:
    """Take what producers would send in the block."""
    found: list[tuple[str, Outgoing]] = []
    token = captured.set(found)
    try:
        yield found
    finally:
        captured.reset(token)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _waiting(values: Values) -> Waiting:
    number, service, topic, key, value, pairs, attempts = values
    told = tuple((name, text.encode()) for name, text in msgspec.json.decode(pairs, type=list[tuple[str, str]]))
    message = Outgoing(topic, None if key is None else bytes(key), bytes(value), told)
    return Waiting(int(number), service, message, int(attempts))
