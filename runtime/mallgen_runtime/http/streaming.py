"""Answers in pieces: no piece is made before the client has taken the one before, none after it has left."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Mapping
from typing import Any, ClassVar, Protocol

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.conf import WebSocketConf
from mallgen_runtime.http.links import MessageLink
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ClientGone
from mallgen_runtime.process.origin import origin

_LOG = logging.getLogger("mallgen.service")
_PIECE = 256 << 10
_FIRST = 0.25  # seconds after which an endless answer begins without its first piece


class StreamBroken(Exception):
    """A stream ended with an exception, which is its cause, after its head was sent."""


class StreamingResponse(Response):
    """An answer whose body comes from an async iterator of bytes, as fast as the client takes it.

    The iterator is cancelled when the client leaves. It runs after the handler has returned, so the route's timeout
    does not bound it; what it raises before its first piece is answered as an error, later it breaks the connection
    off, so that the client notices. Without a `content-length` among the headers it is sent in chunks.
    """

    __slots__ = ("chunks",)
    in_pieces: ClassVar[bool] = True
    says_length = False
    is_endless: ClassVar[bool] = False
    is_socket: ClassVar[bool] = False

    def __init__(
        self,
        chunks: AsyncIterable[bytes],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        content_type: str = "application/octet-stream",
    ) -> None:
        super().__init__(b"", status, headers)
        self.headers.setdefault("content-type", content_type)
        self.chunks = chunks

    async def prepared(self, ctx: Context) -> Response:
        """Return what is sent in answer to this request."""
        return self

    def sent_over(self, ctx: Context, out: "Out") -> Awaitable[None]:
        """Return what sends it."""
        return pump(self, out)


class Out(Protocol):
    """The way of a stream to its client. `started`: the head is sent. `is_ending`: the service stops."""

    started: bool
    is_ending: bool

    async def start(self) -> None:
        """Send the head, once."""

    async def write(self, piece: bytes) -> None:
        """Send a piece, after the head, and wait until it is taken. Raises ClientGone."""

    async def beat(self, piece: bytes) -> None:
        """Send a piece beside what is written, unless something waits to be taken."""

    async def end(self) -> None:
        """Say that this was all."""

    def link(self, ctx: Context, response: "StreamingResponse", limits: WebSocketConf) -> MessageLink:
        """Return the way that messages of a WebSocket take on this connection. Raises ApiError where there is none."""


async def nothing() -> AsyncIterator[bytes]:
    """Yield no piece: for answers that make theirs later."""
    none: tuple[bytes, ...] = ()
    for piece in none:
        yield piece


async def pump(response: StreamingResponse, out: Out) -> None:
    """Send a stream. Raises StreamBroken after its head was sent, before that whatever its iterator raises."""
    origin.set(origin.get()._replace(deadline=None))
    async with _beating(response, out):
        try:
            await _send(response, out)
            await out.end()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not out.is_ending or task is None:
                raise
            task.uncancel()
            await out.end()
        except Exception as problem:
            if out.started and not isinstance(problem, ClientGone):
                raise StreamBroken from problem
            raise


async def _send(response: StreamingResponse, out: Out) -> None:
    iterator = aiter(response.chunks)
    try:
        async with _until(response):
            async for piece in iterator:
                if not isinstance(piece, bytes):
                    raise TypeError(f"the stream yields {type(piece).__name__}, not bytes")
                for start in range(0, len(piece), _PIECE):
                    await out.write(piece[start : start + _PIECE] if len(piece) > _PIECE else piece)
    finally:
        closing: Any = getattr(iterator, "aclose", None)
        if closing is not None:
            await closing()


@contextlib.asynccontextmanager
async def _until(response: StreamingResponse) -> Any:
    """End an endless answer after the time that its route has, if it has one."""
    seconds = getattr(response, "seconds", 0)
    limit = asyncio.timeout(seconds or None)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise


@contextlib.asynccontextmanager
async def _beating(response: StreamingResponse, out: Out) -> Any:
    """Begin an endless answer soon, and send comments while it is silent: who has left is noticed, proxies wait on."""
    if not response.is_endless:
        yield
        return
    beating = asyncio.create_task(_beats(out, getattr(response, "heartbeat", None) or 0))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.wait((beating,))  # what it writes to ends with the stream
        if not beating.cancelled() and beating.exception() is not None:
            _LOG.debug("no comment could be sent to the client of a stream: %s", beating.exception())


async def _beats(out: Out, every: float) -> None:
    await asyncio.sleep(_FIRST)
    await out.start()
    while every > 0:
        await asyncio.sleep(every)
        await out.beat(b": \n\n")
