"""Run a queue service or a piece of its logic in a test, without a broker or a file.

async with LocalQueue(create_app(config)) as queue:
    await queue.send("seckill.order-requested", OrderRequest(product_id="7"))
    await queue.settled()
    assert not await queue.dead_letters("seckill.order-requested")
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from mallgen_runtime.queue import headers
from mallgen_runtime.queue.app import BoundTopic, QueueApp
from mallgen_runtime.queue.codec import decode, encode
from mallgen_runtime.queue.conf import Where
from mallgen_runtime.queue.embedded import MEMORY, EmbeddedQueue
from mallgen_runtime.queue.link import Outgoing, Record
from mallgen_runtime.queue.producer import Producer, key_of
from mallgen_runtime.queue.running import Consumers
from mallgen_runtime.queue.topics import MessageContext


class LocalQueue:
    """A queue in memory on which an application consumes while it is entered, and producers of its context send.

    Entering it starts the service context, leaving it closes it. Messages are encoded on the way: what works here works
    on a broker.
    """

    def __init__(self, app: QueueApp[Any]) -> None:
        self._app = app
        self._queue = EmbeddedQueue(Where(file=MEMORY))
        self._consumers = Consumers(app, lambda where: self._queue)
        self._producer = self._queue.producer()
        self._topics = {bound.topic.name: bound for bound in app.bound.values()}

    @property
    def svc(self) -> Any:
        """The service context that the logic gets."""
        return self._app.svc

    @property
    def state(self) -> str:
        """`ok`, or what is wrong, as readiness has it."""
        return self._consumers.state

    async def __aenter__(self) -> Self:
        for resource in self._app.svc.kept():
            if isinstance(resource, Producer):
                resource.use(self._queue)
        await self._app.svc.open()
        self._consumers.start()
        await self._consumers.joined()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumers.stop(5.0)
        await self._app.svc.shut()

    async def deliver(self, topic: str, message: Any, *, metadata: Mapping[str, str] | None = None) -> None:
        """Run the logic of a topic on a message, a list of them for a batch topic, once. Raises what the logic raises.

        `topic` is the contract's name, `metadata` are headers.
        """
        bound = self._bound(topic)
        pairs = tuple((name, text.encode()) for name, text in (metadata or {}).items())
        messages = message if bound.topic.takes_batch else [message]
        found = [_read(bound, one) for one in messages]
        contexts = [MessageContext(bound.delivery.topic, 0, index, pairs=pairs) for index in range(len(found))]
        contexts[0].batch = tuple(contexts) if bound.topic.takes_batch else ()
        outcome = await self._app.handle(bound, contexts[0], found if bound.topic.takes_batch else found[0])
        if outcome.problem is not None:
            raise outcome.problem

    async def send(self, topic: str, message: Any, *, key: str | None = None) -> None:
        """Send a message to a topic, by the contract's name, as a producer would; the logic runs soon after."""
        bound = self._bound(topic)
        value, kind = encode(message, bound.delivery.format)
        pairs = {headers.MESSAGE_ID: headers.new_id(), headers.CONTENT_TYPE: kind}
        kept = key_of(message, bound.topic.key) if key is None else key.encode()
        sent = tuple((name, text.encode()) for name, text in pairs.items())
        await self._producer.send((Outgoing(bound.delivery.topic, kept, value, sent),))

    async def settled(self, seconds: float = 10.0) -> None:
        """Wait until all messages sent so far have been worked on. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while await self._open():
                await asyncio.sleep(0.01)

    async def dead_letters(self, topic: str) -> Sequence[Record]:
        """Return the dead letters of a topic, the oldest first."""
        delivery = self._bound(topic).delivery
        return await self.sent(delivery.topic + delivery.dead_letters)

    async def sent(self, topic: str) -> Sequence[Record]:
        """Return all messages of a topic, by its name on the queue: what the service's own producers sent."""
        log = self._queue.log
        places = dict.fromkeys(await self._queue.run(log.places, topic), 0)
        if not places:
            return ()
        found = await self._queue.run(log.fetch, places, 1 << 20, 1 << 40)
        return sorted(found, key=lambda record: (record.written, record.place, record.offset))

    async def _open(self) -> bool:
        """Return whether a message has not been worked on."""
        for member in self._consumers.members:
            await member.refresh_lag()
        return any(behind for member in self._consumers.members for behind in member.lag.values())

    def _bound(self, topic: str) -> BoundTopic:
        """Return a topic. Raises ValueError for one that the contract does not have."""
        if topic not in self._topics:
            raise ValueError(f"{topic} is no topic here; there are {', '.join(sorted(self._topics))}")
        return self._topics[topic]


def _read(bound: BoundTopic, message: Any) -> Any:
    """Return a message as it comes off a queue."""
    value, kind = encode(message, bound.delivery.format)
    return decode(value, bound.topic.message_type, kind, bound.delivery.format)
