"""Server-sent events: what a logic yields becomes events as HTML's standard has them, and go-zero's bytes."""

import re
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any, ClassVar, Generic, TypeVar

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.messages import Context, WrongAnswer
from mallgen_runtime.http.streaming import StreamingResponse, nothing
from mallgen_runtime.schema.encoding import NotFinite

T = TypeVar("T")
_LINE = re.compile(r"[^\r\n\0]*")
_HEADERS = {"cache-control": "no-cache", "connection": "keep-alive"}


class ServerEvent(Generic[T]):
    """An event with more than its value.

    `id` comes back as `ctx.last_event_id` when the client connects again, `name` is the type that browsers dispatch it
    under (`message` by default), `retry_ms` how long they wait before they connect again. Raises ValueError for an id
    or a name with line breaks.
    """

    __slots__ = ("id", "name", "retry_ms", "value")

    def __init__(
        self,
        value: T,
        *,
        id: str = "",  # noqa: A002  # the standard's word
        name: str = "",
        retry_ms: int | None = None,
    ) -> None:
        for what, text in (("id", id), ("name", name)):
            if _LINE.fullmatch(text) is None:
                raise ValueError(f"the {what} of an event is one line: {text!r}")
        if retry_ms is not None and retry_ms < 0:
            raise ValueError(f"retry_ms is a number of milliseconds: {retry_ms}")
        self.value = value
        self.id = id
        self.name = name
        self.retry_ms = retry_ms


class EventStream(StreamingResponse):
    """Events until the iterator, the client or the service ends; values are JSON.

    A comment goes out every `heartbeat` seconds (0: none; None: `Events.Heartbeat` of the settings), so that proxies
    keep the connection and a client that has left is noticed. The route's timeout, when it has one, ends the stream.
    """

    __slots__ = ("_as_type", "_events", "heartbeat", "seconds")
    is_endless: ClassVar[bool] = True

    def __init__(self, events: AsyncIterable[object], as_type: Any = None, *, heartbeat: float | None = None) -> None:
        super().__init__(nothing(), 200, _HEADERS, content_type="text/event-stream")
        self._events = events
        self._as_type = as_type
        self.heartbeat = heartbeat
        self.seconds = 0.0

    async def prepared(self, ctx: Context) -> Response:
        """Take the time that the route has and the settings' heartbeat; write values as its other answers are."""
        if self.heartbeat is None:
            self.heartbeat = ctx.matched.bound.heartbeat if ctx.matched else 0.0
        self.chunks = self._framed(ctx)
        self.seconds = ctx.matched.bound.timeout if ctx.matched else 0.0
        return self

    async def _framed(self, ctx: Context) -> AsyncIterator[bytes]:
        iterator = aiter(self._events)
        try:
            async for event in iterator:
                yield _frame(event, ctx, self._as_type)
        finally:
            closing: Any = getattr(iterator, "aclose", None)
            if closing is not None:
                await closing()


def event_stream(found: object, as_type: Any = None) -> Response:
    """Return the answer of a route with `sse: true`: events, written as `as_type`, or the handler's own Response."""
    if isinstance(found, Response):
        return found
    if not isinstance(found, AsyncIterable):
        raise WrongAnswer(what=f"answered with {type(found).__name__}, but the contract says `sse: true`")
    return EventStream(found, as_type)


def _frame(event: object, ctx: Context, as_type: Any) -> bytes:
    head = ""
    value = event
    if isinstance(event, ServerEvent):
        value = event.value
        head += f"id: {event.id}\n" if event.id else ""
        head += f"event: {event.name}\n" if event.name else ""
        head += f"retry: {event.retry_ms}\n" if event.retry_ms is not None else ""
    try:
        data = ctx.event_data(value, as_type)
    except NotFinite as problem:
        raise ValueError(f"an event has {problem}: JSON has no such number") from None
    return b"%bdata: %b\n\n" % (head.encode(), data)
