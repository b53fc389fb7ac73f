"""WebSockets behind another server, by ASGI's messages."""

import asyncio
from collections import deque
from collections.abc import MutableMapping
from typing import Any

from mallgen_runtime.http.asgi import AsgiExchange, AsgiStreams
from mallgen_runtime.http.conf import WebSocketConf
from mallgen_runtime.http.links import (
    ABNORMAL,
    GOING_AWAY,
    LEAVE_SECONDS,
    NO_STATUS,
    REFUSED,
    TOO_BIG,
    UNSUPPORTED,
    Close,
    SocketClosed,
)
from mallgen_runtime.http.messages import Context, Receive, Response, Scope, Send
from mallgen_runtime.http.sending import pairs_of
from mallgen_runtime.http.streaming import StreamingResponse

_DENIAL = "websocket.http.response"
_MESSAGES = 16
_NOT_SENT = (b"connection", b"upgrade", b"content-length", b"sec-websocket-accept")


class SocketExchange(AsgiExchange):
    """A handshake that another server has read; an answer that is no socket denies it."""

    start_kind, body_kind = f"{_DENIAL}.start", f"{_DENIAL}.body"

    def __init__(self, scope: Scope, receive: Receive, send: Send, streams: AsgiStreams) -> None:
        super().__init__(scope, receive, send, streams)
        self.scope = scope
        self._is_connected = self._is_read = False  # what is read behind the handshake is the socket's
        self._link: AsgiLink | None = None

    async def receive(self) -> MutableMapping[str, Any]:
        """Return the body of the handshake, which has none."""
        return {"type": "http.request", "body": b"", "more_body": False}

    async def put(self, ctx: Context, response: Response) -> None:
        """Send an answer that denies the handshake, or run the socket."""
        if not self._is_connected:
            self._is_connected = True
            await self._receive()  # websocket.connect
        if isinstance(response, StreamingResponse) and response.is_socket:
            self._streams.begin(self)
            try:
                await response.sent_over(ctx, self)
            finally:
                self._streams.done(self)
        elif _DENIAL in self._scope.get("extensions", {}):
            await super().put(ctx, response)
        else:
            await self._send({"type": "websocket.close", "code": REFUSED})

    def link(self, ctx: Context, response: StreamingResponse, limits: WebSocketConf) -> "AsgiLink":
        """Return the way of a WebSocket's messages."""
        self._link = AsgiLink(ctx, response, limits, self._receive, self._send)
        return self._link

    def end_stream(self) -> None:
        """Close the socket: the service stops."""
        if self._link is not None:
            self._link.shut()


class AsgiLink:
    """The way of a socket's messages through another server, which frames them and asks for signs of life.

    A task reads ahead, so that a client that leaves is noticed whatever the logic does.
    """

    def __init__(
        self, ctx: Context, response: StreamingResponse, limits: WebSocketConf, receive: Receive, send: Send
    ) -> None:
        self.closed: Close | None = None
        self._ctx = ctx
        self._response = response
        self._limits = limits
        self._receive = receive
        self._send = send
        self._messages: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._logic = asyncio.current_task()
        self._reader: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._leave_by = 0.0

    async def accept(self) -> None:
        """Answer the handshake."""
        headers = [pair for pair in pairs_of(self._response, self._ctx.told_id) if pair[0] not in _NOT_SENT]
        await self._send({"type": "websocket.accept", "headers": headers})
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """Take messages from the server until the socket is closed."""
        while self.closed is None:
            self._room.clear()
            if len(self._messages) >= _MESSAGES:
                await self._room.wait()
                continue
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._end(Close(message.get("code") or NO_STATUS, message.get("reason") or ""))
                await self._watch_logic()
            elif message["type"] == "websocket.receive" and self.closed is None:
                await self._take(message.get("text"))

    async def _take(self, text: str | None) -> None:
        if text is None:
            return await self._fail(Close(UNSUPPORTED, "messages are text"))
        data = text.encode()
        if len(data) > self._limits.max_message_bytes:
            return await self._fail(Close(TOO_BIG, f"over size limit ({self._limits.max_message_bytes} bytes)"))
        self._messages.append(data)
        self._news.set()

    async def _fail(self, how: Close) -> None:
        await self._say(how)
        await self._watch_logic()

    async def _watch_logic(self) -> None:
        """Give the logic a moment to end, then cancel it."""
        loop = asyncio.get_running_loop()
        self._leave_by = loop.time() + LEAVE_SECONDS
        while (left := self._leave_by - loop.time()) > 0:
            await asyncio.sleep(left)
        if self._logic is not None:
            self._logic.cancel()

    def _end(self, how: Close) -> None:
        self.closed = self.closed or how
        self._news.set()
        self._room.set()

    async def receive(self) -> bytes | None:
        """Return the next message, None behind the last one."""
        if self._leave_by:
            self._leave_by = asyncio.get_running_loop().time() + LEAVE_SECONDS
        await asyncio.sleep(0)
        while not self._messages:
            if self.closed is not None:
                return None
            self._news.clear()
            await self._news.wait()
        self._room.set()
        return None if self.closed is not None and self.closed.is_ours else self._messages.popleft()

    async def send(self, data: bytes) -> None:
        """Send a message; the server waits until the client takes it. Raises SocketClosed."""
        if self.closed is not None:
            raise SocketClosed(self.closed)
        try:
            await self._send({"type": "websocket.send", "text": data.decode()})
        except OSError:
            self._end(Close(ABNORMAL))
            raise SocketClosed(Close(ABNORMAL)) from None
        await asyncio.sleep(0)

    async def close(self, code: int, reason: str) -> None:
        """Close, unless it is closed."""
        if self.closed is None:
            await self._say(Close(code, reason, is_ours=True))

    async def _say(self, how: Close) -> None:
        self._end(how)
        self.stop()  # granian closes nothing while it waits for a message
        try:
            await self._send({"type": "websocket.close", "code": how.code, "reason": how.reason})
        except OSError:
            self._ctx.log.debug("the client of a socket left before it was closed")

    def shut(self) -> None:
        """Close: the service stops."""
        if self.closed is None and self._reader is not None:
            self._closing = asyncio.create_task(self._say(Close(GOING_AWAY, "the service is stopping")))

    def stop(self) -> None:
        """Read no more: the logic has ended."""
        if self._reader is not None and self._reader is not asyncio.current_task():
            self._reader.cancel()
