"""A producer: sends the messages of another service's contract to its topics."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from mallgen_runtime.process import metrics, spans
from mallgen_runtime.process.errors import Code, ResourceError
from mallgen_runtime.process.interceptors import ClientInterceptor, OutgoingCall, around_reply
from mallgen_runtime.process.origin import origin, remaining
from mallgen_runtime.queue import headers, traced
from mallgen_runtime.queue.codec import encode
from mallgen_runtime.queue.conf import ProducerConf
from mallgen_runtime.queue.errors import RefusedMessage, Unacknowledged
from mallgen_runtime.queue.link import Outgoing, ProducerLink, Queue
from mallgen_runtime.queue.making import MissingTopics
from mallgen_runtime.queue.opening import queue_at
from mallgen_runtime.queue.topics import Address

# what an outbox takes in place of the queue, with the key of the producer
captured: ContextVar[list[tuple[str, Outgoing]] | None] = ContextVar("captured", default=None)


def produce(conf: ProducerConf, key: str) -> "Producer":
    """Return a producer for the topics of the service that is known as `key`; nothing is opened yet."""
    return Producer(conf, key)


class Producer:
    """Sends messages, each acknowledged before `send` returns. Service contexts keep it."""

    def __init__(self, conf: ProducerConf, key: str) -> None:
        self.key = key
        self._conf = conf
        self._queue: Queue | None = None
        self._link: ProducerLink | None = None
        self._interceptors: tuple[ClientInterceptor, ...] = ()
        self._topics = MissingTopics(conf.partitions)
        self._counts: dict[tuple[str, Code], Any] = {}

    def use(self, queue: Queue) -> None:
        """Send to another queue than that of the settings: a test's. Call it before `start`."""
        self._queue = queue

    def intercept(self, interceptors: Sequence[ClientInterceptor]) -> None:
        """Put interceptors around every message, the first one outermost: its `method` is the topic."""
        self._interceptors = tuple(interceptors)

    @property
    def state(self) -> str:
        """`ok`, or what is wrong with the queue."""
        return "ok" if self._queue is None else self._queue.state

    async def start(self) -> None:
        """Connect, in the background where that takes time. Raises ConfigError for settings that do not do."""
        if self._queue is None:
            self._queue = queue_at(self._conf.where)
        if self._link is None:
            link = self._queue.producer()
            await link.start()
            self._link = link

    async def close(self) -> None:
        """Write what is waiting, and disconnect."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def send(self, address: Address, message: Any, key: str | None = None) -> None:
        """Send a message; return when it is acknowledged. Without `key` the field that the contract names is the key.

        Raises QueueError (UNAVAILABLE) when it was not: it may have been written all the same.
        """
        asked = OutgoingCall(self.key, self._conf.topics.get(address.topic, address.topic))

        async def last(call: OutgoingCall, message: Any) -> None:
            await self._send(call, address, message, key)

        if self._interceptors:
            await around_reply(self._interceptors, last)(asked, message)
        else:
            await last(asked, message)

    async def _send(self, call: OutgoingCall, address: Address, message: Any, key: str | None) -> None:
        span = None if spans.active is None else traced.send(call.method)
        code = Code.UNAVAILABLE
        try:
            made = self._outgoing(call, address, message, key, span)
            into = captured.get()
            if into is None:
                await self._written([made], call.timeout)
            else:
                into.append((self.key, made))
            code = Code.OK
        except ResourceError as problem:
            code = problem.status
            raise
        finally:
            self._count(call.method, code)
            if span is not None:
                traced.end(span, code)

    async def relay(self, messages: Sequence[Outgoing]) -> None:
        """Send messages of an outbox as they are. Raises QueueError."""
        await self._written(messages, None)

    async def _written(self, messages: Sequence[Outgoing], asked: float | None) -> None:
        """Write messages. Raises QueueError."""
        await self.start()
        assert self._queue is not None and self._link is not None
        limit = remaining(asked if asked is not None else self._conf.timeout / 1000 or None)
        topics = {message.topic for message in messages}
        try:
            async with asyncio.timeout(limit):
                for topic in topics:
                    await self._topics.make(self._queue, topic)
                await self._link.send(messages)
        except RefusedMessage:
            raise
        except (ResourceError, TimeoutError) as problem:
            for topic in topics:
                self._topics.doubt(topic)
            if isinstance(problem, ResourceError):
                raise
            raise Unacknowledged(f"{messages[0].topic} was not acknowledged in {limit or 0:.1f} s") from None

    def _outgoing(
        self, call: OutgoingCall, address: Address, message: Any, key: str | None, span: spans.OpenSpan | None
    ) -> Outgoing:
        value, kind = encode(message, self._conf.format)
        here = origin.get() if span is None else span.origin
        found = {
            **dict(here.metadata()),
            headers.MESSAGE_ID: headers.new_id(),
            headers.SCHEMA: address.schema,
            headers.CONTENT_TYPE: kind,
            **call.metadata,
        }
        pairs = tuple((name, text.encode()) for name, text in found.items())
        return Outgoing(call.method, key_of(message, address.key) if key is None else key.encode(), value, pairs)

    def _count(self, topic: str, code: Code) -> None:
        if not metrics.is_on():
            return
        if (topic, code) not in self._counts:
            labels = ("service", "topic", "code")
            values = (self.key, topic, str(int(code)))
            self._counts[topic, code] = metrics.counter(
                "queue_producer_total", "queue producer messages by code.", labels, values
            )
        self._counts[topic, code](1)


def key_of(message: Any, field: str) -> bytes | None:
    """Return the partition key in a field of a message, None without one."""
    if not field:
        return None
    value = getattr(message, field)
    return value if isinstance(value, bytes) else str(value).encode()
