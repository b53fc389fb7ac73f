"""An exchange under another server: its answers as ASGI messages, and the client that leaves during a stream."""

import asyncio
import contextlib
from collections.abc import MutableMapping
from typing import Any

from mallgen_runtime.http.conf import WebSocketConf
from mallgen_runtime.http.links import MessageLink
from mallgen_runtime.http.messages import Context, Receive, Response, Scope, Send
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.sending import has_body, pairs_of
from mallgen_runtime.http.streaming import StreamingResponse

_AGAIN = 0.1  # seconds between messages that say nothing, of servers that do not wait


class AsgiStreams:
    """The answers without an end that are being sent; `end` ends them cleanly, when the service stops."""

    def __init__(self) -> None:
        self._running: set[AsgiExchange] = set()
        self._is_over = False

    def begin(self, exchange: "AsgiExchange") -> None:
        """Keep a stream; one that begins while the service stops ends at once."""
        self._running.add(exchange)
        if self._is_over:
            asyncio.get_running_loop().call_soon(exchange.end_stream)

    def done(self, exchange: "AsgiExchange") -> None:
        """Forget a stream that has ended."""
        self._running.discard(exchange)

    def end(self) -> None:
        """End all."""
        self._is_over = True
        for exchange in tuple(self._running):
            exchange.end_stream()


class AsgiExchange:
    """One request of an ASGI server. `receive` and `put` are what the application reads and answers with."""

    start_kind, body_kind = "http.response.start", "http.response.body"

    def __init__(self, scope: Scope, receive: Receive, send: Send, streams: AsgiStreams) -> None:
        self.started = self.is_ending = False
        self._scope = scope
        self._receive = receive
        self._send = send
        self._gone = False
        self._is_read = not any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
        self._head: tuple[Context, Response] | None = None
        self._turn = asyncio.Lock()
        self._streams = streams
        self._task: asyncio.Task[Any] | None = None

    def has_gone(self) -> bool:
        """Return whether the client left during a stream; ASGI servers do not tell of it otherwise."""
        return self._gone

    async def receive(self) -> MutableMapping[str, Any]:
        """Return the next message of the server."""
        message = await self._receive()
        self._is_read = self._is_read or not message.get("more_body", False)
        return message

    async def put(self, ctx: Context, response: Response) -> None:
        """Send an answer, or a stream of which the client takes the pieces."""
        self._head = (ctx, response)
        with_body = has_body(response, ctx.method)
        if isinstance(response, StreamingResponse) and with_body:
            return await self._stream(response)
        await self.start()
        await self._send({"type": self.body_kind, "body": response.body if with_body else b""})

    async def _stream(self, response: StreamingResponse) -> None:
        assert self._head is not None
        self._task = task = asyncio.current_task()
        watching = asyncio.create_task(self._watch(task)) if task is not None and self._is_read else None
        if response.is_endless:
            self._streams.begin(self)
        try:
            await response.sent_over(self._head[0], self)
        finally:
            self._streams.done(self)
            if watching is not None:
                watching.cancel()

    async def _watch(self, task: asyncio.Task[Any]) -> None:
        """Cancel the stream when its client leaves."""
        while (await self._receive())["type"] != "http.disconnect":
            await asyncio.sleep(_AGAIN)
        self._gone = True
        task.cancel()

    def end_stream(self) -> None:
        """End an answer that has no end of its own, cleanly."""
        if self._task is not None and not (self._gone or self.is_ending or self._task.done()):
            self.is_ending = True
            self._task.cancel()

    async def start(self) -> None:
        """Send the head, once."""
        async with self._turn:
            await self._start()

    async def _start(self) -> None:
        if not self.started and self._head is not None:
            self.started = True
            ctx, response = self._head
            headers = pairs_of(response, ctx.told_id)
            await self._send({"type": self.start_kind, "status": response.status, "headers": headers})

    async def write(self, piece: bytes) -> None:
        """Send a piece; the server waits until the client can take more."""
        async with self._turn:
            await self._start()
            await self._send({"type": self.body_kind, "body": piece, "more_body": True})
        await asyncio.sleep(0)

    async def beat(self, piece: bytes) -> None:
        """Send a piece beside what is written."""
        if not self._turn.locked():
            with contextlib.suppress(OSError):
                await self.write(piece)

    async def end(self) -> None:
        """Say that this was all."""
        async with self._turn:
            await self._start()
            await self._send({"type": self.body_kind, "body": b"", "more_body": False})

    def link(self, ctx: Context, response: StreamingResponse, limits: WebSocketConf) -> MessageLink:
        """Refuse: a server that has told of a plain request cannot make a WebSocket of it."""
        ctx.log.error("this server does not know WebSockets: install `mallgen-runtime[ws]` beside it")
        raise ApiError(501, "no_websockets", "the service cannot answer with a WebSocket here")
