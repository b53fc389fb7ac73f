"""A WebSocket on our own server: frames by the library `websockets`; all memory and time of a client is bounded."""

import asyncio
from typing import Any

from websockets.utils import accept_key

from mallgen_runtime.http.answering import (
    ANSWER_RATE,
    ANSWER_SECONDS,
    BODY_SECONDS,
    NEVER,
    SPILL_BYTES,
    STALL_SECONDS,
    AnsweringConnection,
)
from mallgen_runtime.http.conf import WebSocketConf
from mallgen_runtime.http.links import (
    ABNORMAL,
    GOING_AWAY,
    INTERNAL,
    LEAVE_SECONDS,
    REFUSED,
    TRY_LATER,
    Close,
    SocketClosed,
)
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.sending import pairs_of
from mallgen_runtime.http.sockets.frames import Frames
from mallgen_runtime.http.streaming import StreamingResponse
from mallgen_runtime.http.tracker import ConnectionTracker

READ_BYTES = 64 << 10
CLOSE_SECONDS = 5.0  # what a client gets to answer a close, and to take what was sent before
LINGER_SECONDS = 2.0
_BODY_RATE = 4 << 10
_VIEW = memoryview(bytearray(READ_BYTES))
_OWN = (b"connection", b"upgrade", b"content-length", b"content-type", b"sec-websocket-accept")


class SocketConnection(asyncio.BufferedProtocol):
    """The connection of a socket, from the answer to its handshake on. A server that stops waits for its logic, too.

    `_unread` bytes have come and wait for a place among the messages that the logic has not taken; meanwhile nothing is
    read. Deadlines: `_ping_at` for the next question, `_message_by` for a message that has begun, `_taken_by` for what
    was sent, `_closed_by` for the client's end of a close, `_leave_by` for logic whose client has left.
    """

    def __init__(self, logic: AnsweringConnection, limits: WebSocketConf, tracker: ConnectionTracker) -> None:
        self.deadline = NEVER
        self.closed: Close | None = None
        self._logic = logic
        self._limits = limits
        self._tracker = tracker
        self._transport: Any = None
        self._frames = Frames(limits.max_message_bytes)
        self._unread = bytearray()
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._paused = self._lost = self._asked = self._is_ending = self._is_left = False
        self._kept = self._untaken = self._spilt = 0
        self._limit = 0.0
        self._message_by = self._taken_by = self._closed_by = self._leave_by = NEVER
        self._ping_at = self._next_ping()

    @property
    def is_idle(self) -> bool:
        """Return False: no other connection gets its place."""
        return False

    def begin(self, transport: Any, head: bytes, rest: bytes, closing: bool) -> None:
        """Take the connection over from the request; `rest` came behind it."""
        self._transport = transport
        transport.set_protocol(self)
        self._tracker.add(self)
        transport.write(head)
        self._unread += rest
        self._read()
        if closing:
            self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the logic end: its client has gone."""
        self._lost = True
        self._closed_by = self._taken_by = NEVER
        self._tracker.taken(self)
        self._unread.clear()
        self._count()
        self._end(Close(ABNORMAL))
        self._watch_logic()
        if self._is_left:
            self._tracker.connections.pop(self, None)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer that all sockets share; its content is taken out at once."""
        return _VIEW

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        self._asked = False
        self._ping_at = self._next_ping()
        if self._is_ending:
            return self._read_over(nbytes)
        self._unread += _VIEW[:nbytes]
        self._read()

    def eof_received(self) -> bool:
        """Close: a client that sends no more can no longer close the socket properly."""
        self._end(Close(ABNORMAL))
        return False

    def pause_writing(self) -> None:
        """Wait for a client that does not take what is sent; nothing that would be answered is read meanwhile."""
        self._writable.clear()
        if self._taken_by == NEVER:
            self._wait_for_client()

    def resume_writing(self) -> None:
        """Go on: the client has taken everything."""
        self._taken_by = NEVER
        self._tracker.taken(self)
        self._writable.set()
        self._read()

    def shutdown(self, hurried: bool = False) -> None:
        """Close: the service stops."""
        self._close(Close(GOING_AWAY, "the service is stopping"))

    def cancel(self) -> None:
        """Cancel the logic: the service cannot wait any longer."""
        self._logic.cancel()

    def give_up(self) -> None:
        """Abort the connection."""
        self._tracker.taken(self)
        self._transport.abort()

    async def receive(self) -> bytes | None:
        """Return the next message, None behind the last one."""
        if self._leave_by != NEVER:
            self._leave_by = self._tracker.loop.time() + LEAVE_SECONDS
        await asyncio.sleep(0)  # logic that awaits nothing else would hold the loop while messages come
        while not self._frames.messages:
            if self.closed is not None:
                return None
            self._news.clear()
            await self._news.wait()
        found = self._frames.take()
        self._read()
        return None if self.closed is not None and self.closed.is_ours else found

    async def send(self, data: bytes) -> None:
        """Send a message and wait until the client takes it. Raises SocketClosed."""
        while not self._writable.is_set() and self.closed is None:
            await self._writable.wait()
        if self.closed is not None:
            raise SocketClosed(self.closed)
        self._frames.send(data)
        self._write()
        if self._writable.is_set():
            return await asyncio.sleep(0)
        await self._writable.wait()
        if self._lost:
            raise SocketClosed(self.closed or Close(ABNORMAL))

    async def close(self, code: int, reason: str) -> None:
        """Close, unless it is closed."""
        self._close(Close(code, reason, is_ours=True))

    def stop(self) -> None:
        """Note that the logic has ended."""
        self._is_left = True
        self._leave_by = NEVER
        self._set_deadline()
        if self._lost:
            self._tracker.connections.pop(self, None)

    def _close(self, how: Close) -> None:
        if self.closed is None and not self._lost:
            self._frames.close(how)
            self._write()
            self._end(how)
            self._closed_by = self._tracker.loop.time() + CLOSE_SECONDS
            self._unread.clear()
            self._frames.drop()
            self._read()

    def _fail(self, how: Close) -> None:
        """Close and read no more: the client has broken a rule or does not answer."""
        if not self._is_ending and not self._lost:
            self._frames.fail(how)
            self._end(how)
            self._write()
            self._watch_logic()

    def _end(self, how: Close) -> None:
        """Note how the socket was closed, and wake who waits for it."""
        self.closed = self.closed or how
        self._ping_at = self._message_by = NEVER
        self._news.set()
        if self._lost:
            self._writable.set()
        self._set_deadline()

    def _watch_logic(self) -> None:
        """Give the logic a moment to end."""
        if self._is_left:
            return
        if self._leave_by == NEVER:
            self._leave_by = self._tracker.loop.time() + LEAVE_SECONDS
        self._set_deadline()

    def _read(self) -> None:
        """Look at what has come, as far as there is room for messages; read on or pause."""
        frames = self._frames
        while self._unread and not frames.is_full and self._writable.is_set() and not self._is_ending:
            frames.feed(self._unread)
            self._write()
            if frames.ended is not None:
                self._end(frames.ended)
                self._watch_logic()
        if frames.messages:
            self._news.set()
        self._pause(bool(self._unread) and not self._is_ending)
        begun = frames.has_begun and self.closed is None
        if begun and self._message_by == NEVER:
            self._message_by = self._tracker.loop.time() + BODY_SECONDS + self._limits.max_message_bytes / _BODY_RATE
        elif not begun:
            self._message_by = NEVER
        if not self._count() and self.closed is None:
            self._fail(Close(TRY_LATER, "the service is busy"))
        self._set_deadline()

    def _write(self) -> None:
        """Write what the protocol has to say; behind its end the connection closes when the client has read it."""
        for data in self._frames.to_send():
            self._untaken += len(data)
            self._transport.write(data)
        if self._frames.is_over and not self._is_ending:
            self._is_ending = True
            self._unread.clear()
            self._closed_by = self._tracker.loop.time() + LINGER_SECONDS
            if self._transport.can_write_eof() and not self._transport.is_closing():
                self._transport.write_eof()
            elif not self._transport.is_closing():
                self._transport.close()
        if self._writable.is_set():
            self._untaken = 0

    def _read_over(self, nbytes: int) -> None:
        self._spilt += nbytes
        if self._spilt > SPILL_BYTES:
            self._transport.abort()

    def _wait_for_client(self) -> None:
        size = self._transport.get_write_buffer_size()
        now = self._tracker.loop.time()
        self._untaken = size
        self._limit = now + ANSWER_SECONDS + size / ANSWER_RATE
        self._taken_by = min(now + STALL_SECONDS, self._limit)
        self._tracker.untaken(self, size)
        self._set_deadline()

    def _not_taken(self, now: float) -> None:
        """Bound what a client does not take, by a least rate and a time for all of it."""
        left = self._transport.get_write_buffer_size()
        if now >= self._limit or left >= self._untaken:
            return self.give_up()
        self._untaken = left
        self._tracker.untaken(self, left)
        self._taken_by = min(now + STALL_SECONDS, self._limit)

    def expired(self, now: float) -> None:
        """End or ask: a deadline has passed."""
        if now >= self._taken_by:
            self._not_taken(now)
        if now >= self._closed_by:
            return self._transport.abort()  # type: ignore[no-any-return]
        if now >= self._leave_by:
            self._leave_by = NEVER
            self._logic.cancel()
        if now >= self._message_by:
            self._fail(Close(REFUSED, "the message did not come in time"))
        if now >= self._ping_at:
            self._ask(now)
        self._set_deadline()

    def _ask(self, now: float) -> None:
        """Ask a silent client for a sign of life; fail without one. While nothing is read, none can be seen."""
        if self._asked and not self._paused:
            return self._fail(Close(INTERNAL, "no sign of life"))
        if not self._paused:
            self._asked = True
            self._frames.ping()
            self._write()
        self._ping_at = now + self._limits.pong_seconds

    def _next_ping(self) -> float:
        every = self._limits.ping_seconds
        return self._tracker.loop.time() + every if every and self.closed is None else NEVER

    def _set_deadline(self) -> None:
        self.deadline = min(self._ping_at, self._message_by, self._taken_by, self._closed_by, self._leave_by)

    def _pause(self, wanted: bool) -> None:
        if wanted is not self._paused and not self._lost and not self._transport.is_closing():
            self._paused = wanted
            if wanted:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _count(self) -> bool:
        """Count what is kept for this client; return False when the process keeps too much."""
        size = 0 if self._lost else len(self._unread) + self._frames.kept
        change, self._kept = size - self._kept, size
        return self._tracker.keep(change) or change <= 0


class ConnectionLink:
    """The way of a socket over a connection of our own server; the handshake makes it another protocol."""

    def __init__(
        self, request: AnsweringConnection, ctx: Context, response: StreamingResponse, limits: WebSocketConf
    ) -> None:
        self._request = request
        self._ctx = ctx
        self._response = response
        self._limits = limits
        self._socket: SocketConnection | None = None

    @property
    def closed(self) -> Close | None:
        """The close of the socket, None while it is open."""
        return self._socket.closed if self._socket is not None else None

    async def accept(self) -> None:
        """Answer the handshake. Raises ClientGone."""
        transport, tracker, rest, closing = self._request.hand_over()
        key = self._ctx.headers["sec-websocket-key"][0]
        lines = [(b"upgrade", b"websocket"), (b"connection", b"Upgrade")]
        lines += [(b"sec-websocket-accept", accept_key(key).encode())]
        lines += [pair for pair in pairs_of(self._response, self._ctx.told_id) if pair[0] not in _OWN]
        head = b"".join(b"%b: %b\r\n" % pair for pair in lines)
        self._socket = SocketConnection(self._request, self._limits, tracker)
        whole = b"HTTP/1.1 101 Switching Protocols\r\n%b%b\r\n" % (head, tracker.date())
        self._socket.begin(transport, whole, rest, closing)

    async def receive(self) -> bytes | None:
        """Return the next message, None behind the last one."""
        assert self._socket is not None
        return await self._socket.receive()

    async def send(self, data: bytes) -> None:
        """Send a message and wait until the client takes it. Raises SocketClosed."""
        assert self._socket is not None
        await self._socket.send(data)

    async def close(self, code: int, reason: str) -> None:
        """Close, unless it is closed."""
        assert self._socket is not None
        await self._socket.close(code, reason)

    def stop(self) -> None:
        """Note that the logic has ended."""
        if self._socket is not None:
            self._socket.stop()
