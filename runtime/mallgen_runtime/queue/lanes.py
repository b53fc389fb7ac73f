"""The sending of an outbox's rows, topic by topic, so that one that takes nothing holds up no other one.

A row that fails is held: it and the later ones of its key are not read until its next try.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from mallgen_runtime.process.errors import ResourceError
from mallgen_runtime.queue.errors import Unacknowledged
from mallgen_runtime.queue.link import Outgoing
from mallgen_runtime.queue.producer import Producer

K = TypeVar("K")
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0  # seconds until what failed is tried again
_PROBES = 16  # keys that are tried of a topic which takes nothing: one message that is refused says little
_MOST_HELD = 500  # keys; with more of them their topic waits as a whole

Lane = tuple[str, str]  # a service and its topic
Order = tuple[str, str, bytes | int]  # rows that keep their order: those of a key, or one row that has none


class Waiting(NamedTuple):
    """A message in the table."""

    number: int
    service: str
    message: Outgoing
    attempts: int

    @property
    def lane(self) -> Lane:
        """The service and topic."""
        return self.service, self.message.topic

    @property
    def order(self) -> Order:
        """The key, within which messages keep their order."""
        key = self.message.key
        return self.service, self.message.topic, self.number if key is None else key


class Relayed:
    """The rows that were sent, and the failures that count: of messages that fail while others are sent."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.counted: list[tuple[Waiting, ResourceError]] = []


class _Hold(NamedTuple):
    """Until when something is not tried again, after so many failures; `waits`: the last one did not count."""

    since: float
    due: float
    tries: int
    problem: str
    waits: bool


class Holds:
    """Topics that take nothing, and keys whose first message failed."""

    def __init__(self) -> None:
        self._lanes: dict[Lane, _Hold] = {}
        self._orders: dict[Order, _Hold] = {}
        self._heard: dict[Lane, float] = {}

    @property
    def problem(self) -> str:
        """The problem that keeps messages waiting, or nothing."""
        found = next(iter(self._lanes.values()), None) or next(
            (one for one in self._orders.values() if one.waits), None
        )
        return found.problem if found else ""

    def __bool__(self) -> bool:
        return bool(self._lanes or self._orders)

    def clear(self) -> None:
        """Forget all."""
        self._lanes.clear()
        self._orders.clear()

    def condition(self, now: float) -> tuple[str, list[Any]]:
        """Return words for the end of a WHERE that leave out what is held for now, and their values."""
        words, values = "", list[Any]()
        for lane, hold in self._lanes.items():
            if hold.due > now:
                words, values = f"{words} AND NOT (service = ? AND topic = ?)", [*values, *lane]
        numbers: list[int] = []
        keys: dict[Lane, list[bytes]] = defaultdict(list)
        for (service, topic, key), hold in self._orders.items():
            if hold.due > now:
                numbers.append(key) if isinstance(key, int) else keys[service, topic].append(key)
        for lane, some in keys.items():
            words += " AND NOT (service = ? AND topic = ? AND message_key IS NOT NULL AND message_key IN (?))"
            values += [*lane, tuple(some)]
        if numbers:
            words, values = f"{words} AND id NOT IN (?)", [*values, tuple(numbers)]
        return words, values

    def compare(self, rows: Iterable[Waiting], now: float) -> None:
        """Forget what is in the table no more, where these are all rows that are not held."""
        found = list(rows)
        lanes, orders = {row.lane for row in found}, {row.order for row in found}
        unread = {lane for lane, hold in self._lanes.items() if hold.due > now}
        self._lanes = {lane: hold for lane, hold in self._lanes.items() if lane in unread or lane in lanes}
        self._orders = {
            order: hold
            for order, hold in self._orders.items()
            if hold.due > now or order in orders or order[:2] in unread
        }

    def is_doubtful(self, order: Order) -> bool:
        """Return whether a key's first message has failed."""
        return order in self._orders

    def is_silent(self, lane: Lane) -> bool:
        """Return whether a topic took nothing the last time."""
        return lane in self._lanes

    def hold(self, row: Waiting, problem: ResourceError, *, waits: bool, now: float) -> None:
        """Try a row and the later ones of its key no more for a while."""
        if row.order not in self._orders and len(self._orders) >= _MOST_HELD:
            self.silence(row.lane, problem, now)
        else:
            self._orders[row.order] = _later(self._orders.get(row.order), problem, waits, now)

    def silence(self, lane: Lane, problem: ResourceError, now: float) -> None:
        """Try a topic no more for a while."""
        self._lanes[lane] = _later(self._lanes.get(lane), problem, True, now)

    def release(self, order: Order) -> None:
        """Take note that a message of a key was sent or left."""
        self._orders.pop(order, None)

    def has_heard_since(self, row: Waiting) -> bool:
        """Return whether the topic has taken messages since this one failed."""
        hold = self._orders.get(row.order)
        return hold is not None and self._heard.get(row.lane, 0.0) > hold.since

    def hear(self, lane: Lane, now: float) -> None:
        """Take note that a topic takes messages; where it had not, what waited for it is tried at once."""
        self._heard[lane] = now
        if self._lanes.pop(lane, None) is None:
            return
        for order, hold in self._orders.items():
            if order[:2] == lane and hold.waits:
                self._orders[order] = hold._replace(due=0.0)


def _later(before: _Hold | None, problem: ResourceError, waits: bool, now: float) -> _Hold:
    tries = before.tries + 1 if before else 0
    delay = min(_FIRST_WAIT * 2 ** min(tries, 20), _LONGEST_WAIT)
    due = now + random.uniform(delay / 2, delay)  # noqa: S311 - no secret
    return _Hold(now, due, tries, str(problem) or "failed", waits)


class Sender:
    """Sends rows through the producers of their services, and holds those that fail."""

    def __init__(self, producers: Sequence[Producer]) -> None:
        self.holds = Holds()
        self._producers = {producer.key: producer for producer in producers}

    async def send(self, rows: Iterable[Waiting], until: float, outcome: Relayed) -> None:
        """Send rows of all topics at once and write into `outcome` what came of it; begin nothing after `until`, a time
        of the loop, and wait for no answer that is late."""
        lanes = _grouped((row.lane, row) for row in rows)
        async with asyncio.TaskGroup() as group:
            for lane, own in lanes.items():
                producer = self._producers.get(lane[0])
                if producer is None:
                    self.holds.silence(lane, _unknown(lane[0]), asyncio.get_running_loop().time())
                else:
                    group.create_task(self._lane(lane, own, _Run(producer, until, outcome)))

    async def _lane(self, lane: Lane, rows: Sequence[Waiting], run: "_Run") -> None:
        doubtful = [row for row in rows if self.holds.is_doubtful(row.order)]
        others = [row for row in rows if not self.holds.is_doubtful(row.order)]
        async with asyncio.TaskGroup() as group:
            group.create_task(run.apart(_chains(doubtful)))
            group.create_task(self._together(others, run))
        self._judge(lane, run)

    async def _together(self, rows: Sequence[Waiting], run: "_Run") -> None:
        """Send rows as one batch; where that fails, or did the last time, the keys apart: first a few, and the others
        when the topic takes some of them."""
        if not rows:
            return
        if not self.holds.is_silent(rows[0].lane):
            run.problem = await run.batch(rows)
            if run.problem is None:
                return
            if len(rows) == 1:
                run.failed.append((rows[0], run.problem))
                return
        chains = _chains(rows)
        await run.apart(chains[:_PROBES])
        if run.sent:
            await run.apart(chains[_PROBES:])

    def _judge(self, lane: Lane, run: "_Run") -> None:
        """Hold what failed. A failure counts where the topic takes other messages; one that is not acknowledged in time
        is not the message's fault."""
        now = asyncio.get_running_loop().time()
        fresh = [problem for row, problem in run.failed if not self.holds.is_doubtful(row.order)]
        silence = run.problem or next(iter(fresh), None)
        counted = {row.number for row, _ in run.failed if run.sent or self.holds.has_heard_since(row)}
        for row in run.sent:
            self.holds.release(row.order)
        if run.sent:
            self.holds.hear(lane, now)
        elif silence:
            self.holds.silence(lane, silence, now)
        for row, problem in run.failed:
            counts = row.number in counted and not isinstance(problem, Unacknowledged)
            self.holds.hold(row, problem, waits=not counts, now=now)
            if counts:
                run.outcome.counted.append((row, problem))


class _Run:
    """One try of a topic's rows."""

    def __init__(self, producer: Producer, until: float, outcome: Relayed) -> None:
        self.sent: list[Waiting] = []
        self.failed: list[tuple[Waiting, ResourceError]] = []
        self.problem: ResourceError | None = None
        self.outcome = outcome
        self._producer = producer
        self._until = until

    async def apart(self, chains: Sequence[Sequence[Waiting]]) -> None:
        """Send each key's rows one after the other until one fails, all keys at once."""
        async with asyncio.TaskGroup() as group:
            for chain in chains:
                group.create_task(self._chain(chain))

    async def batch(self, rows: Sequence[Waiting]) -> ResourceError | None:
        """Send rows together; return the problem."""
        loop = asyncio.get_running_loop()
        try:
            if loop.time() >= self._until:
                raise TimeoutError
            async with asyncio.timeout_at(self._until):
                await self._producer.relay([row.message for row in rows])
        except TimeoutError:
            return Unacknowledged(f"{rows[0].message.topic} was not acknowledged in the time of the outbox")
        except ResourceError as problem:
            return problem
        self.sent += rows
        self.outcome.sent += [row.number for row in rows]
        return None

    async def _chain(self, rows: Sequence[Waiting]) -> None:
        for row in rows:
            if asyncio.get_running_loop().time() >= self._until:
                return
            problem = await self.batch([row])
            if problem is not None:
                self.failed.append((row, problem))
                return


def _unknown(service: str) -> ResourceError:
    return Unacknowledged(f"it has messages for {service}, which this service sends to no more")


def _chains(rows: Iterable[Waiting]) -> list[list[Waiting]]:
    return list(_grouped((row.order, row) for row in rows).values())


def _grouped(pairs: Iterable[tuple[K, Waiting]]) -> Mapping[K, list[Waiting]]:
    found: dict[K, list[Waiting]] = defaultdict(list)
    for key, row in pairs:
        found[key].append(row)
    return found
