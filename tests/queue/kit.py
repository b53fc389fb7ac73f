"""A queue service in this process, with logic that a test gives."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from mallgen_runtime.process.service import ServiceBase
from mallgen_runtime.queue import (
    BatchTopic,
    MessageContext,
    Producer,
    ProducerConf,
    QueueApp,
    QueueServerConf,
    Topic,
    TopicConf,
    produce,
)
from mallgen_runtime.queue.headers import new_id
from mallgen_runtime.queue.link import Place, Record
from mallgen_runtime.queue.opening import queue_at
from mallgen_runtime.queue.running import Consumers
from mallgen_runtime.schema import field
from tests.queue.messages import OrderRequest, address

Logic = Callable[[MessageContext, Any], Awaitable[None]]
QUICK = {"backoff": "10ms", "max_backoff": "50ms"}


class Config(QueueServerConf, kw_only=True):
    """Settings as they are generated."""

    order_requested: TopicConf = field(default_factory=TopicConf)


class Context(ServiceBase[Config]):
    """A service context as it is generated."""


def app_of(topics: Mapping[str, Logic], settings: Mapping[str, Any], *, batch: bool = False, hooks: Any = None) -> Any:
    """Return a service with the logic of some topics."""
    config = Config(**{"name": "seckill", "group": min(topics), "offset": "first", **QUICK, **settings})
    made = [_topic(name, logic, batch) for name, logic in topics.items()]
    return QueueApp(config, Context(config), made, hooks)


def _topic(name: str, logic: Logic, batch: bool) -> Topic[Any]:
    async def endpoint(ctx: MessageContext, svc: Context, message: Any) -> None:
        await logic(ctx, message)

    return (BatchTopic if batch else Topic)(name, endpoint, OrderRequest, key="product_id", setting="order_requested")


class Service:
    """A service that consumes while it is entered."""

    def __init__(
        self, topics: Mapping[str, Logic], settings: Mapping[str, Any], *, batch: bool = False, hooks: Any = None
    ) -> None:
        self.app = app_of(topics, settings, batch=batch, hooks=hooks)
        self.consumers = Consumers(self.app)

    async def __aenter__(self) -> "Service":
        self.consumers.start()
        await asyncio.wait_for(self.consumers.joined(), 30)
        return self

    @property
    def held(self) -> int:
        """The messages that are fetched and not done."""
        return sum(len(part.open) for member in self.consumers.members for part in member._parts.values())

    @property
    def is_done(self) -> bool:
        """Return whether something was fetched, and all that was has been committed."""
        parts = [part for member in self.consumers.members for part in member._parts.values()]
        return not any(part.is_dirty or part.open for part in parts) and any(part.low >= 0 for part in parts)

    async def __aexit__(self, *problem: object) -> None:
        await self.consumers.stop(5)


def producer(settings: Mapping[str, Any], **more: Any) -> Producer:
    """Return a producer on the same queue."""
    return produce(ProducerConf(**settings, **more), "seckill")


async def send(
    settings: Mapping[str, Any], topic: str, numbers: Sequence[int], key: Callable[[int], str] = str
) -> None:
    """Send OrderRequests with these numbers."""
    sender = producer(settings)
    for begin in range(0, len(numbers), 500):
        some = numbers[begin : begin + 500]
        await asyncio.gather(
            *(sender.send(address(topic), OrderRequest(number=one, product_id=key(one))) for one in some)
        )
    await sender.close()


async def letters_of(settings: Mapping[str, Any], topic: str) -> Sequence[Record]:
    """Return the dead letters of a topic, read by a new group."""
    queue = queue_at(ProducerConf(**settings).where)
    await queue.create({f"{topic}.dlq": 1})
    link = queue.consumer(f"reader-{new_id()}", from_first=True)

    assigned: list[Place] = []

    async def nothing(places: Sequence[Place]) -> None:
        pass

    async def seen(places: Sequence[Place]) -> None:
        assigned.extend(places)

    await link.start([f"{topic}.dlq"], seen, nothing, nothing)
    found: list[Record] = []
    while not assigned or len(found) < sum((await link.lag()).values()):
        found += await link.fetch(1000, 0.1)
    await link.close()
    return found


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until a condition holds. Raises TimeoutError."""
    over = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > over:
            raise TimeoutError("it did not happen")
        await asyncio.sleep(0.005)
