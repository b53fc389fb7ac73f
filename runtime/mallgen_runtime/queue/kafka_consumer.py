"""A member of a consumer group of Kafka."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from mallgen_runtime.queue.errors import NotOurs, QueueError
from mallgen_runtime.queue.kafka_client import LOG, Condition, Timing, Way, failure
from mallgen_runtime.queue.kafka_record import record_of
from mallgen_runtime.queue.kafka_thread import ClientThread
from mallgen_runtime.queue.link import Place, Rebalanced, Record

# A wait for records is cut into slices: commits and pauses come in between.
_SLICE = 0.03
_PROBE = 0.3
_AGAIN = 0.5  # seconds until offsets are asked for again
_LEAST_BUFFER = 16 << 20
_MOST = 1_000_000_000  # bytes of one fetch, which librdkafka takes


class KafkaConsumer:
    """A consumer on a thread of its own. Partitions change hands only inside of `fetch` and `close`."""

    def __init__(
        self, shared: Mapping[str, Any], way: Way, timing: Timing, group: str, from_first: bool, health: Condition
    ) -> None:
        self._conf = {**shared, **_conf(way, timing), "group.id": group}
        self._conf["auto.offset.reset"] = "earliest" if from_first else "latest"
        self._from_first = from_first
        self._timing = timing
        self._health = health
        self._client: Any = None
        self._topics: list[str] = []
        self._worker: ClientThread | None = None
        self._callbacks: tuple[Rebalanced, Rebalanced, Rebalanced]
        self._committed: dict[Place, int] = {}  # of the partitions that are ours
        self._paused: set[Place] = set()
        self._fetched: deque[Record] = deque()
        self._lock = Lock()  # of what was fetched and not given yet
        self._gone: set[Place] = set()
        self._problem: Exception | None = None
        self._is_closing = False
        self._is_fenced = False
        self._unplaced: list[TopicPartition] = []  # assigned to us, with offsets not known yet
        self._asks_at = 0.0
        self._new: dict[str, int] = {}  # partitions of the topics in which the group had no offset when we came

    async def start(self, topics: Sequence[str], assigned: Rebalanced, revoked: Rebalanced, lost: Rebalanced) -> None:
        """Join the group. Raises QueueError when no broker answers."""
        self._callbacks = (assigned, revoked, lost)
        self._is_closing, self._problem = False, None
        self._worker = ClientThread("kafka-consumer")
        try:
            await self._worker.call(partial(self._open, list(topics)))
        except BaseException:
            await self.close()
            raise

    async def fetch(self, most: int, wait: float) -> Sequence[Record]:
        """Return up to `most` records, after `wait` seconds at the latest. Rebalances happen in it."""
        until = time.monotonic() + (0 if self._ready() else wait)
        await self._thread().call(partial(self._fill, most, until), alone=True)
        return self._take(most)

    def pause(self, places: Iterable[Place]) -> None:
        """Fetch no more records of these partitions."""
        fresh = [place for place in places if place not in self._paused]
        self._paused.update(fresh)
        self._thread().post(partial(self._set_paused, fresh, True))

    def resume(self, places: Iterable[Place]) -> None:
        """Go on with these partitions where they were paused."""
        stale = [place for place in places if place in self._paused]
        self._paused.difference_update(stale)
        self._thread().post(partial(self._set_paused, stale, False))

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Remember offsets for the group. Raises NotOurs for partitions of other members, QueueError without answer."""
        try:
            async with asyncio.timeout(self._timing.answer):
                await self._thread().call(partial(self._commit, dict(offsets)))
        except TimeoutError:
            raise QueueError(f"Kafka took no offsets in {self._timing.answer:g} s") from None

    async def lag(self) -> Mapping[Place, int]:
        """Return how many records of each assigned partition have not been committed. Raises QueueError."""
        return await self._thread().call(self._lag)

    async def close(self) -> None:
        """Leave the group; `revoked` is awaited first."""
        worker, self._is_closing = self._worker, True
        if worker is None:
            return
        try:
            await worker.call(self._close, alone=True)
        finally:
            worker.stop()
            self._worker = None
            self._health.is_well()

    def _thread(self) -> ClientThread:
        if self._worker is None:
            raise QueueError("the consumer is not started, or closed")
        return self._worker

    def _ready(self) -> bool:
        with self._lock:
            return any(record.place not in self._paused for record in self._fetched)

    def _take(self, most: int) -> list[Record]:
        """Return records that are not of a paused partition, in order; those of one stay."""
        given: list[Record] = []
        with self._lock:
            kept: deque[Record] = deque()
            while self._fetched and len(given) < most:
                record = self._fetched.popleft()
                (kept if record.place in self._paused else given).append(record)
            self._fetched.extendleft(reversed(kept))
        return given

    # All below runs in the thread.

    def _open(self, topics: list[str]) -> None:
        self._topics = topics
        try:
            self._client = Consumer(self._conf)
            self._client.list_topics(topics[0] if topics else None, timeout=self._timing.answer)
            self._new = {} if self._from_first else self._new_topics(topics)
            self._client.subscribe(topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)
        except KafkaException as problem:
            raise failure("Kafka cannot be reached", problem) from None

    def _new_topics(self, topics: Sequence[str]) -> dict[str, int]:
        """Return the topics in which the group has no offset, with how many partitions they have."""
        found = {}
        for topic in topics:
            known = self._client.list_topics(topic, timeout=self._timing.answer).topics[topic].partitions
            asked = [TopicPartition(topic, number) for number in known]
            given = self._stored(asked) if asked else []
            if all(part.offset < 0 for part in given):
                found[topic] = len(known)
        return found

    def _fill(self, most: int, until: float) -> None:
        """Fetch until there is a record, or the time is over."""
        assert self._worker is not None
        while True:
            self._worker.run_waiting()
            if self._is_closing or self._client is None:
                return
            self._health.probe(self._look)
            if self._unplaced and time.monotonic() >= self._asks_at and not self._health.is_away:
                self._place(self._unplaced)
            found = self._consume(most, 0.0)
            if not found:
                left = until - time.monotonic()
                found = self._consume(1, max(0.0, min(left, _SLICE))) and (self._consume(most - 1, 0.0) or True)
            problem, self._problem = self._problem, None
            if problem is not None:
                raise problem
            if found or time.monotonic() >= until:
                return

    def _look(self) -> None:
        """Raise KafkaException where no broker answers, or one lacks a topic or does not let us read it."""
        known = self._client.list_topics(timeout=_PROBE).topics
        for topic in self._topics:
            if topic not in known or known[topic].error is not None:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))

    def _consume(self, most: int, wait: float) -> bool:
        """Fetch once; return whether records came. Raises QueueError when the consumer is broken for good."""
        if most < 1:
            return False
        self._gone.clear()
        try:
            messages = self._client.consume(most, wait)
        except KafkaException as problem:
            raise failure("Kafka gives no records", problem) from None
        # A partition may be revoked in the middle of a batch; what came before belongs to its next owner. A single
        # message comes after all that.
        gone = self._gone if most > 1 else ()
        records = [record_of(message) for message in messages if message.error() is None]
        records = [record for record in records if record.place not in gone]
        with self._lock:
            self._fetched.extend(records)
        if records:
            self._health.is_well()
        for message in messages:
            self._note_error(message)
        return bool(records)

    def _note_error(self, message: Message) -> None:
        """Log what comes in a message's place. Raises QueueError for what is broken for good."""
        problem = message.error()
        if problem is None:
            return
        if problem.fatal():
            raise QueueError(f"Kafka gives no records: {problem.str()}")
        LOG.warning("Kafka: %s", problem.str(), extra={"topic": message.topic()})
        self._health.suspect(problem)

    def _set_paused(self, places: Sequence[Place], paused: bool) -> None:
        for place in places:
            if place in self._committed:
                with contextlib.suppress(KafkaException):  # it has just been taken away
                    (self._client.pause if paused else self._client.resume)([TopicPartition(*place)])

    def _commit(self, offsets: Mapping[Place, int]) -> None:
        ours = [TopicPartition(*place, offset) for place, offset in offsets.items() if place in self._committed]
        others = [place for place in offsets if place not in self._committed]
        if ours:
            self._check_broker("takes no offsets")
            try:
                done = self._client.commit(offsets=ours, asynchronous=False)
            except KafkaException as problem:
                raise self._refused(problem.args[0]) from None
            for part in done:
                if part.error is not None:
                    raise self._refused(part.error)
                self._committed[Place(part.topic, part.partition)] = part.offset
            self._health.is_well()
        if others:
            raise NotOurs(f"other members of the group have {', '.join(f'{p.topic}/{p.partition}' for p in others)}")

    def _refused(self, problem: KafkaError) -> QueueError:
        """Return the error for offsets that were not taken."""
        is_fenced = problem.code() in _FENCED
        self._is_fenced |= is_fenced
        return (NotOurs if is_fenced else QueueError)(f"Kafka takes no offsets: {problem.str()}")

    def _check_broker(self, what: str) -> None:
        """Raise QueueError while no broker answers: librdkafka would wait for seconds, and all else with it."""
        if self._health.is_away:
            raise QueueError(f"Kafka {what}: {self._health.text}")

    def _lag(self) -> dict[Place, int]:
        self._check_broker("does not tell the ends of partitions")
        found = {}
        try:
            for place, committed in list(self._committed.items()):
                low, high = self._ends(place)
                found[place] = max(0, high - max(low, committed))
        except KafkaException as problem:
            raise failure("Kafka does not tell the ends of partitions", problem) from None
        return found

    def _ends(self, place: Place) -> tuple[int, int]:
        """Return the first offset of a partition and the one behind its last."""
        low, high = self._client.get_watermark_offsets(TopicPartition(*place), timeout=self._timing.answer)
        return low, high

    def _on_assign(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._is_fenced = False
        self._place(partitions)

    def _place(self, partitions: list[TopicPartition]) -> None:
        """Begin to read partitions, or none of them until Kafka tells their offsets.

        librdkafka would ask for them once, and wait for ever if the answer is that another broker knows them now.
        """
        starts = self._starts(partitions)
        self._unplaced = partitions if starts is None else []
        self._client.assign(starts or [])
        if not starts:
            self._asks_at = time.monotonic() + _AGAIN
            return
        places = [Place(part.topic, part.partition) for part in starts]
        for place, part in zip(places, starts, strict=True):
            self._committed[place] = part.offset
        # One that was paused when it was ours before would stay paused.
        self._client.resume(starts)
        self._tell(0, places)

    def _starts(self, partitions: list[TopicPartition]) -> list[TopicPartition] | None:
        """Return partitions with the committed offsets, else the first or last ones. None if Kafka does not tell."""
        if not partitions:
            return []
        fresh = []
        try:
            found = self._stored(partitions)
            for part in found:
                if part.offset < 0:
                    low, high = self._ends(Place(part.topic, part.partition))
                    # One that was added to a topic may have messages already that nobody has seen.
                    was_added = part.partition >= self._new.get(part.topic, 0)
                    part.offset = low if self._from_first or was_added else high
                    fresh.append(part)
            if fresh and not self._from_first:
                # Else a member that stops before its first commit would leave out what comes meanwhile.
                self._client.commit(offsets=fresh, asynchronous=False)
        except KafkaException as problem:
            LOG.warning("Kafka tells no offsets yet: %s", problem.args[0].str())
            self._health.suspect(problem.args[0])
            return None
        for part in found:
            self._new.pop(part.topic, None)
        return list(found)

    def _stored(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Return the partitions with the group's offsets, negative without one. Raises KafkaException."""
        found = list(self._client.committed(partitions, timeout=self._timing.answer))
        for part in found:
            if part.error is not None:
                raise KafkaException(part.error)
        return found

    def _on_revoke(self, client: Consumer, partitions: list[TopicPartition]) -> None:
        if self._is_fenced:  # librdkafka does not say so after a commit that was refused
            self._on_lost(client, partitions)
            return
        places = self._drop(partitions)
        self._tell(1, places)
        self._forget(places)

    def _on_lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        places = self._drop(partitions)
        self._forget(places)
        self._tell(2, places)

    def _drop(self, partitions: list[TopicPartition]) -> list[Place]:
        """Drop the records of partitions that go; return the places among them that are known as ours."""
        places = [Place(part.topic, part.partition) for part in partitions]
        self._unplaced = []
        self._gone.update(places)
        with self._lock:
            self._fetched = deque(record for record in self._fetched if record.place not in self._gone)
        return [place for place in places if place in self._committed]

    def _forget(self, places: Iterable[Place]) -> None:
        for place in places:
            self._committed.pop(place, None)
            self._paused.discard(place)

    def _tell(self, which: int, places: list[Place]) -> None:
        """Wait for a callback. What it raises must not go through librdkafka: `fetch` raises it."""
        assert self._worker is not None
        if not places:
            return
        try:
            self._worker.wait_for(_called(self._callbacks[which], places))
        except Exception as problem:
            self._problem = problem

    def _close(self) -> None:
        if self._client is not None:
            with contextlib.suppress(KafkaException):  # the broker is away
                # A rebalance that waits is served: `close` leaves the group first, and then calls us for it.
                self._client.consume(1, 0.0)
            self._client.close()
            self._client = None
        if self._problem is not None:
            raise self._problem


async def _called(callback: Rebalanced, places: Sequence[Place]) -> None:
    await callback(places)


_FENCED = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError._ASSIGNMENT_LOST,
}


def _conf(way: Way, timing: Timing) -> dict[str, Any]:
    """Return the consumer's settings: https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html."""
    most = min(max(way.max_bytes, 1024), _MOST)
    return {
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        # All partitions are given back and dealt again: what runs is finished and committed first, so nothing repeats.
        # Members on kafka-go cannot be in the same group: librdkafka does not read what they write about themselves.
        "partition.assignment.strategy": "range,roundrobin",
        "session.timeout.ms": int(timing.session * 1000),
        "heartbeat.interval.ms": max(100, int(timing.session * 300)),
        "max.poll.interval.ms": int(max(timing.absent, timing.session) * 1000),
        "fetch.min.bytes": max(1, min(way.min_bytes, most)),
        "fetch.wait.max.ms": 100,
        "message.max.bytes": min(1_000_000, most),
        "fetch.max.bytes": most,
        "max.partition.fetch.bytes": most,
        "receive.message.max.bytes": max(100_000_000, most + 1024),
        "queued.min.messages": 10_000,
        "queued.max.messages.kbytes": max(_LEAST_BUFFER, 2 * most) // 1024,
        "fetch.queue.backoff.ms": 20,
        "fetch.error.backoff.ms": 100,
        "allow.auto.create.topics": False,
    }
