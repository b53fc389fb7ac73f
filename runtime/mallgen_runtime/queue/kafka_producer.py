"""A producer of Kafka."""

import asyncio
import contextlib
import math
import time
from collections.abc import Mapping, Sequence
from functools import partial
from threading import Lock, Thread
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from mallgen_runtime.queue.errors import QueueError, RefusedMessage, Unacknowledged
from mallgen_runtime.queue.kafka_client import Condition, Timing, failure
from mallgen_runtime.queue.link import Outgoing

_POLL = 0.1
_PROBE = 0.3
_FULL_SECONDS = 0.005
_AT_ONCE = 500
_CLOSE = 10.0  # seconds for what waits when a producer is closed
_ENDLESS = 2_000_000.0  # seconds from which librdkafka has no number
_ROOM = 64 << 20  # bytes that wait for acknowledgement; how large a message may be, the brokers say


class KafkaProducer:
    """A producer whose acknowledgements come in by a thread of its own."""

    def __init__(self, shared: Mapping[str, Any], timing: Timing, health: Condition) -> None:
        self._conf = {**shared, **_conf(timing)}
        self._timing = timing
        self._health = health
        self._client: Any = None
        self._thread: Thread | None = None
        self._is_closed = False

    async def start(self) -> None:
        """Connect in the background. Raises QueueError where librdkafka cannot start."""
        if self._client is None and not self._is_closed:
            self._open()
            self._thread = Thread(target=self._serve, name="kafka-producer", daemon=True)
            self._thread.start()

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Write messages. Raises QueueError for what was not acknowledged in time, RefusedMessage for what never is."""
        if self._client is None or self._is_closed:
            raise QueueError("the producer is not started, or closed")
        end = time.monotonic() + self._timing.delivery
        delivery = _Acknowledgements(len(messages))
        for number, message in enumerate(messages, 1):
            await self._put(message, delivery, end)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        await delivery.wait(end)
        if delivery.problem is None:
            self._health.is_well()
        else:
            raise delivery.kind(f"{delivery.lacking} of {len(messages)} messages not acknowledged: {delivery.problem}")

    async def close(self) -> None:
        """Write what is waiting, for ten seconds at most, and disconnect."""
        self._is_closed = True
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.to_thread(thread.join)
        self._health.is_well()

    def _open(self) -> None:
        try:
            self._client = Producer(self._conf)
        except KafkaException as problem:
            raise failure("Kafka cannot be used", problem) from None

    async def _put(self, message: Outgoing, delivery: "_Acknowledgements", end: float) -> None:
        """Hand a message to librdkafka, which has room for so many; wait while it has none."""
        headers = list(message.headers)
        while True:
            try:
                self._client.produce(
                    message.topic, message.value, message.key, on_delivery=delivery.told, headers=headers
                )
                return
            except BufferError:
                if time.monotonic() >= end:
                    delivery.failed(f"no room after {self._timing.delivery:g} s")
                    return
                await asyncio.sleep(_FULL_SECONDS)
            except KafkaException as problem:
                delivery.told(problem.args[0], None)
                self._after(problem.args[0])
                return

    def _after(self, problem: KafkaError) -> None:
        """Begin anew after an error that librdkafka does not get over."""
        if problem.code() == KafkaError._FATAL and not self._is_closed:
            self._open()

    def _serve(self) -> None:
        """Take acknowledgements until the end, then write what is waiting."""
        while not self._is_closed:
            client = self._client
            client.poll(_POLL)
            self._health.probe(partial(client.list_topics, timeout=_PROBE))
        self._client.flush(min(self._timing.delivery, _CLOSE))
        self._client.purge()
        self._client.flush(1)
        self._client = None


class _Acknowledgements:
    """The acknowledgements of one `send`, told from the producer's thread."""

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = Lock()
        self._waiting = count
        self._done = asyncio.Event()
        self._failed = self._refused = 0
        self._is_late = False
        self.problem: str | None = None
        if not count:
            self._done.set()

    @property
    def lacking(self) -> int:
        """Return how many messages have no acknowledgement."""
        return self._failed + self._waiting

    @property
    def kind(self) -> type[QueueError]:
        """Return what to raise: whether those may have been written, or never would be."""
        if self._waiting or self._is_late:
            return Unacknowledged
        return RefusedMessage if self._failed == self._refused else QueueError

    def told(self, problem: KafkaError | None, _: Message | None) -> None:
        """Take the outcome of one message, mostly in the producer's thread."""
        if problem is None:
            self._count(None)
            return
        self._is_late |= problem.code() == KafkaError._MSG_TIMED_OUT
        self._count(problem.str(), problem.code() in _REFUSED)

    def failed(self, problem: str) -> None:
        """Count a message that was not written."""
        self._count(problem)

    async def wait(self, end: float) -> None:
        """Wait for all messages until `end`."""
        try:
            async with asyncio.timeout(max(0.0, end - time.monotonic()) if math.isfinite(end) else None):
                await self._done.wait()
        except TimeoutError:
            self.problem = self.problem or "no answer in time"

    def _count(self, problem: str | None, is_refused: bool = False) -> None:
        with self._lock:
            self._waiting -= 1
            self._refused += is_refused
            if problem is not None:
                self._failed += 1
                self.problem = problem
            if self._waiting:
                return
        # A process may end in the middle: nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._done.set)


_REFUSED = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD}


def _conf(timing: Timing) -> dict[str, Any]:
    """Return the producer's settings."""
    return {
        "acks": "all",
        "enable.idempotence": True,
        # Java's: the same key goes to the same partition, whoever writes it.
        "partitioner": "murmur2_random",
        "linger.ms": 1,
        "message.timeout.ms": max(1, int(timing.delivery * 1000)) if timing.delivery < _ENDLESS else 0,
        "message.max.bytes": _ROOM,
        "queue.buffering.max.messages": 20_000,
        "queue.buffering.max.kbytes": _ROOM >> 10,
        "allow.auto.create.topics": False,
    }
