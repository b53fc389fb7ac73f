"""A queue service: limit, metrics, log and errors around the logic of every message, on any queue."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple

from mallgen_runtime.process import metrics, spans
from mallgen_runtime.process.errors import Code, ConfigError, ResourceError, RpcError
from mallgen_runtime.process.interceptors import QUEUE_HOOKS, around_reply, found, warn_of_slips
from mallgen_runtime.process.logs import access
from mallgen_runtime.process.observing import turn_on
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.process.service import S
from mallgen_runtime.queue import traced
from mallgen_runtime.queue.conf import Delivery, QueueServerConf, TopicConf, delivery_of
from mallgen_runtime.queue.errors import Poison
from mallgen_runtime.queue.hooks import QueueHooks
from mallgen_runtime.queue.topics import MessageContext, Topic

BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000, 10_000, 30_000)

_QUIET = (Code.OK, Code.UNIMPLEMENTED)  # the latter has a line of its own


class Outcome(NamedTuple):
    """The end of an attempt: OK, or the failure."""

    code: Code
    problem: BaseException | None = None

    @property
    def is_stub(self) -> bool:
        """Return whether nobody has written the logic yet."""
        return self.code is Code.UNIMPLEMENTED and isinstance(self.problem, NotImplementedError)

    @property
    def is_outage(self) -> bool:
        """Return whether a resource of the logic is out of order, which is no fault of the message."""
        return self.code is Code.UNAVAILABLE


class BoundTopic(NamedTuple):
    """A topic ready to run with its settings and interceptors, and the counters of it."""

    topic: Topic[Any]
    delivery: Delivery
    run: Callable[[MessageContext, Any], Awaitable[None]]
    timed: Callable[[float], None]
    counted: Callable[[Code], None]
    retried: Callable[[int], None]
    dead: Callable[[int], None]


class QueueApp(Generic[S]):
    """A service context and the topics that work with it; `hooks` is the project's module hooks.py."""

    def __init__(
        self, config: QueueServerConf, svc: S, topics: Sequence[Topic[Any]], hooks: QueueHooks[S] | None = None
    ) -> None:
        self.config = config
        self.svc = svc
        self.topics = topics
        self.in_flight = 0
        self._interceptors = tuple(found(hooks, "consumer_interceptors", svc))
        svc.intercept(found(hooks, "client_interceptors", svc))
        warn_of_slips(hooks, QUEUE_HOOKS)
        turn_on(config)
        self.bound: dict[str, BoundTopic] = {}
        for topic in topics:
            self._add(self._bind(topic))

    def _bind(self, topic: Topic[Any]) -> BoundTopic:
        own = getattr(self.config, topic.setting, None) if topic.setting else None
        delivery = delivery_of(self.config, own or TopicConf(), topic.name, topic.takes_batch)
        labels = (("topic", delivery.topic),)
        return BoundTopic(
            topic,
            delivery,
            self._around(topic),
            metrics.timer("queue_consumer_duration_ms", "queue consumer duration(ms) of a message.", BUCKETS, labels),
            _codes("queue_consumer_total", "queue consumer messages by code.", delivery.topic),
            _counter("queue_consumer_retries_total", "queue consumer retries count.", delivery.topic),
            _counter("queue_consumer_dead_letters_total", "queue consumer dead letters count.", delivery.topic),
        )

    def _add(self, bound: BoundTopic) -> None:
        """Keep a topic. Raises ConfigError for a name that another one has."""
        other = self.bound.setdefault(bound.delivery.topic, bound)
        if other is not bound:
            names = f"{other.topic.name} ({other.topic.contract}) and {bound.topic.name} ({bound.topic.contract})"
            raise ConfigError(f"{names} are both consumed from {bound.delivery.topic}; give one another Topic")

    def _around(self, topic: Topic[Any]) -> Callable[[MessageContext, Any], Awaitable[None]]:
        """Return the function that runs a topic's logic, its interceptors around it."""
        endpoint, svc = topic.endpoint, self.svc

        def run(ctx: MessageContext, message: Any) -> Any:
            return endpoint(ctx, svc, message)

        return around_reply(self._interceptors, run) if self._interceptors else run

    def readings(self) -> Iterator[metrics.Reading]:
        """Yield the figures of the moment."""
        yield metrics.Reading("queue_consumer_in_flight", "queue consumer messages in flight.", (), self.in_flight)

    async def handle(self, bound: BoundTopic, ctx: MessageContext, message: Any) -> Outcome:
        """Run the logic on a message, a list of them of a batch topic. Raises nothing but CancelledError."""
        limit = bound.delivery.timeout or None
        ctx.deadline = None if limit is None else time.monotonic() + limit
        here = Origin(ctx.request_id, ctx.trace_id, ctx.deadline, ctx.trace_flags, ctx.topic, "", ctx.trace_state)
        token = origin.set(here)
        span = None if spans.active is None else traced.begin(ctx, here)
        self.in_flight += 1
        started, outcome = time.perf_counter(), Outcome(Code.CANCELED)
        try:
            async with asyncio.timeout(limit) as timeout:
                await bound.run(ctx, message)
            outcome = Outcome(Code.OK)
        except asyncio.CancelledError as problem:
            if _is_cancelled():
                raise
            outcome = Outcome(Code.CANCELED, problem)  # by the logic, of something that it waited for
        except Exception as problem:
            outcome = self._failed(bound, ctx, problem, timeout)
        finally:
            self.in_flight -= 1
            origin.reset(token)
            taken = time.perf_counter() - started
            self.note(bound, ctx, outcome.code, taken)
            if span is not None:
                traced.end(span, outcome.code)
        return outcome

    def note(self, bound: BoundTopic, ctx: MessageContext, code: Code, taken: float) -> None:
        """Count and log the end of an attempt."""
        bound.timed(taken)
        bound.counted(code)
        if not self.config.log.access:
            return
        fields: Mapping[str, str] = {
            "request_id": ctx.request_id,
            "trace": ctx.trace_id,
            "message_id": ctx.message_id,
            "topic": ctx.topic,
            "place": f"{ctx.partition}/{ctx.offset}",
            "key": (ctx.key or "")[:100],
            "attempt": str(ctx.attempt),
            "messages": str(len(ctx.batch) or 1),
            "code": code.name,
            "duration": f"{taken * 1000:.1f}ms",
        }
        level = logging.INFO if code in _QUIET else logging.ERROR
        access(level, f"[QUEUE] {code.name}", "queue", fields)

    def _failed(self, bound: BoundTopic, ctx: MessageContext, problem: Exception, timeout: asyncio.Timeout) -> Outcome:
        """Return the outcome of logic that raised, and log it with what is needed to mend it."""
        # As it is generated, with the topic's name; logic says with others that it does not know one message.
        if isinstance(problem, NotImplementedError) and problem.args == (bound.topic.name,):
            return Outcome(Code.UNIMPLEMENTED, problem)
        if isinstance(problem, TimeoutError) and timeout.expired():
            return Outcome(Code.DEADLINE_EXCEEDED, TimeoutError("the logic took longer than Timeout"))
        if isinstance(problem, RpcError):
            return Outcome(problem.code, problem)
        if isinstance(problem, ResourceError):
            ctx.log.error("%s failed: %s", ctx.topic, problem)
            return Outcome(problem.status, problem)
        if isinstance(problem, Poison):
            return Outcome(Code.INVALID_ARGUMENT, problem)
        ctx.log.error("%s failed at attempt %d", ctx.topic, ctx.attempt, exc_info=problem)
        return Outcome(Code.INTERNAL, problem)


def _is_cancelled() -> bool:
    """Return whether the running task is cancelled, rather than something that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _counter(name: str, text: str, topic: str) -> Callable[[int], None]:
    return metrics.counter(name, text, ("topic",), (topic,))


def _codes(name: str, text: str, topic: str) -> Callable[[Code], None]:
    """Return a function that counts by code, gRPC's number as go-zero's label has it."""
    children: dict[Code, Callable[[int], None]] = {}

    def count(code: Code) -> None:
        if code not in children:
            children[code] = metrics.counter(name, text, ("topic", "code"), (topic, str(int(code))))
        children[code](1)

    return count
