"""The half of a connection that answers: whole answers and streams, and the time that a client may take for them."""

import asyncio
import socket
import struct
from abc import ABC, abstractmethod
from typing import Any

from mallgen_runtime.http.body import NOTHING, Incoming
from mallgen_runtime.http.conf import WebSocketConf
from mallgen_runtime.http.head import Head
from mallgen_runtime.http.links import MessageLink
from mallgen_runtime.http.messages import Context, Response
from mallgen_runtime.http.problems import ClientGone
from mallgen_runtime.http.sending import has_body, head_of
from mallgen_runtime.http.streaming import StreamingResponse
from mallgen_runtime.http.tracker import ConnectionTracker

STALL_SECONDS, ANSWER_SECONDS, ANSWER_RATE = 10.0, 30.0, 64 << 10
BODY_SECONDS = 10.0
SPILL_BYTES = 1 << 20
NEVER = float("inf")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s
_CHUNKED = b"transfer-encoding: chunked\r\n"
HEAD, IDLE, RUN, STREAM, DRAIN, REST, SPILL, LEFT = range(8)


class AnsweringConnection(asyncio.BufferedProtocol, ABC):
    """Writes answers. `_untaken` bytes of one wait for the client; a stream waits for `_drained`."""

    def __init__(self, tracker: ConnectionTracker) -> None:
        self.deadline = NEVER
        self._tracker = tracker
        self._transport: Any = None
        self._buffer = bytearray()
        self._state = HEAD
        self._head: Head | None = None
        self._body: Incoming = NOTHING
        self._ended = self._lost = self._stuck = self._leaving = self._shut = False
        self._untaken = 0
        self._limit = 0.0
        self._drained: asyncio.Future[None] | None = None
        self._out: ConnectionOut | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether it waits for a request."""
        return self._state in (IDLE, HEAD)

    @abstractmethod
    def cancel(self) -> None:
        """Cancel the request: the service cannot wait any longer."""

    @abstractmethod
    def shutdown(self, hurried: bool = False) -> None:
        """Close soon: the server listens no more."""

    @abstractmethod
    def expired(self, now: float) -> None:
        """End what the connection is at: its deadline has passed."""

    @abstractmethod
    def _close(self) -> None:
        """Close once all is written."""

    @abstractmethod
    def _answered(self) -> None:
        """Go on behind an answer that is written."""

    def pause_writing(self) -> None:
        """Wait for a client that does not take its answer as fast as it is written."""
        self._stuck = True

    def resume_writing(self) -> None:
        """Go on: the client has taken everything."""
        self._stuck = False
        if self._untaken:
            self._untaken = 0
            self._tracker.taken(self)
        if self._state == DRAIN:
            self._answered()
        elif self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _put(self, ctx: Context, response: Response) -> Any:
        """Write the answer; the connection is kept when both sides want it and the body has been read."""
        head = self._head
        if self._lost or head is None:
            return None
        with_body = has_body(response, head.method)
        if response.in_pieces and with_body:
            assert isinstance(response, StreamingResponse), "others are not in pieces"
            self._out = ConnectionOut(self, ctx, response)
            return response.sent_over(ctx, self._out)
        start = self._begin_answer(ctx, response, head)
        self._state = DRAIN
        self._finish(start + b"\r\n" + response.body if with_body else start + b"\r\n")
        return None

    def _begin_answer(self, ctx: Context, response: Response, head: Head) -> bytes:
        """Return status line and headers; decide whether the connection is kept."""
        headers = response.headers
        keep = head.keep and not self._leaving and not (self._ended and not self._buffer)
        keep = keep and headers.get("connection", "").lower() != "close"
        if not self._body.complete and (head.expects or self._body.left > SPILL_BYTES):
            keep = False
        framing = b""
        if response.in_pieces and "content-length" not in headers and has_body(response, head.method):
            framing = _CHUNKED if head.version == "1.1" else b""
            keep = keep and bool(framing)
        self._leaving = self._leaving or not keep
        if not keep and "connection" in headers:
            headers["connection"] = "close"
        start = head_of(response, ctx.told_id, self._tracker.date())
        if "connection" not in headers and not keep:
            start += b"connection: close\r\n"
        elif "connection" not in headers and head.version == "1.0":
            start += b"connection: keep-alive\r\n"
        return start + framing

    def _finish(self, data: bytes) -> None:
        """Write the end of an answer, and go on when it is taken."""
        self._transport.write(data)
        if self._stuck:
            self._wait_for_client(len(data))
        elif not self._lost:
            self._answered()

    def _wait_for_client(self, size: int) -> None:
        self._untaken = size
        now = self._tracker.loop.time()
        self._limit = now + ANSWER_SECONDS + size / ANSWER_RATE
        self.deadline = min(now + STALL_SECONDS, self._limit)
        self._tracker.untaken(self, size)

    def begin_stream(self, ctx: Context, response: Response) -> bool:
        """Write the head of a stream; return whether it goes in chunks. Raises ClientGone."""
        head = self._head
        if self._lost or head is None:
            raise ClientGone
        start = self._begin_answer(ctx, response, head)
        self._state = STREAM
        self._transport.write(start + b"\r\n")
        if self._shut:
            self._tracker.loop.call_soon(self.end_stream)
        return start.endswith(_CHUNKED)

    async def write_piece(self, data: bytes) -> None:
        """Write a piece of a stream and wait until it is taken. Raises ClientGone."""
        if self._lost:
            raise ClientGone
        self._transport.write(data)
        if not self._stuck:
            return await asyncio.sleep(0)
        self._wait_for_client(len(data))
        self._drained = self._tracker.loop.create_future()
        try:
            await self._drained
        finally:
            self._drained = None
        self.deadline = NEVER if self._body.complete else self._tracker.now + BODY_SECONDS

    def write_beside(self, data: bytes) -> None:
        """Write a piece of a stream, unless others wait to be taken."""
        if not (self._stuck or self._lost):
            self._transport.write(data)

    def finish_stream(self, data: bytes) -> None:
        """Write the end of a stream. Raises ClientGone."""
        if self._lost:
            raise ClientGone
        self._out = None
        self._state = DRAIN
        self._finish(data)

    def end_stream(self) -> None:
        """End an answer that has no end of its own, cleanly."""
        if self._out is not None and self._out.is_endless and not self._out.is_ending:
            self._out.is_ending = True
            self.cancel()

    def hand_over(self) -> tuple[Any, ConnectionTracker, bytes, bool]:
        """Leave the transport to a WebSocket; return it, the tracker, the bytes behind the request, whether to close.

        Raises ClientGone.
        """
        if self._lost or self._ended:
            raise ClientGone
        self._state = LEFT
        self.deadline = NEVER
        rest = bytes(self._buffer)
        self._let_go()
        return self._transport, self._tracker, rest, self._shut

    @abstractmethod
    def link(self, ctx: Context, response: StreamingResponse, limits: WebSocketConf) -> MessageLink:
        """Return the way of a WebSocket's messages."""

    @abstractmethod
    def _let_go(self) -> None:
        """Hold nothing for the client any more."""

    def _break_off(self) -> None:
        """Close behind a part of an answer; where only the end of the connection ends it, that is a reset."""
        if self._out is not None and self._out.started and not self._out.is_framed:
            found = self._transport.get_extra_info("socket")
            if found is not None:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.give_up()
        else:
            self._close()

    def _not_taken(self, now: float) -> None:
        """Bound an answer that its client does not take, by a least rate and a time for all of it."""
        left = self._transport.get_write_buffer_size()
        if now >= self._limit or left >= self._untaken:
            return self.give_up()
        self._untaken = left
        self._tracker.untaken(self, left)
        self.deadline = min(now + STALL_SECONDS, self._limit)

    def give_up(self) -> None:
        """Abort the connection with its answer."""
        self._tracker.taken(self)
        self._transport.abort()


class ConnectionOut:
    """The way of a stream to the client of a connection: in chunks, as long as it said, or until it closes."""

    def __init__(self, connection: AnsweringConnection, ctx: Context, response: StreamingResponse) -> None:
        self.started = self.is_ending = False
        self.is_endless = response.is_endless
        self._connection = connection
        self._ctx = ctx
        self._response = response
        self._chunked = False
        length = response.headers.get("content-length")
        self._left = None if length is None else int(length)

    @property
    def is_framed(self) -> bool:
        """Return whether the client can tell a part from the whole."""
        return self._chunked or self._left is not None

    async def start(self) -> None:
        """Write the head, once."""
        self._start()

    def _start(self) -> None:
        if not self.started:
            self.started = True
            self._chunked = self._connection.begin_stream(self._ctx, self._response)

    async def write(self, piece: bytes) -> None:
        """Write a piece and wait until the client has taken it. Raises ValueError beyond the length that was said."""
        self._start()
        if self._left is not None:
            self._left -= len(piece)
            if self._left < 0:
                raise ValueError("the stream is longer than its content-length says")
        if piece:
            await self._connection.write_piece(self._framed(piece))

    async def beat(self, piece: bytes) -> None:
        """Write a piece unless another waits for the client."""
        self._connection.write_beside(self._framed(piece))

    async def end(self) -> None:
        """Write the end. Raises ValueError when the stream is shorter than its content-length says."""
        self._start()
        if self._left:
            raise ValueError("the stream is shorter than its content-length says")
        self._connection.finish_stream(b"0\r\n\r\n" if self._chunked else b"")

    def link(self, ctx: Context, response: StreamingResponse, limits: WebSocketConf) -> MessageLink:
        """Return the way of a WebSocket's messages, which takes the connection over when it is accepted."""
        return self._connection.link(ctx, response, limits)

    def _framed(self, piece: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece
