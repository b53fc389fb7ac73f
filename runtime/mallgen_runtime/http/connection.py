"""One HTTP/1.1 connection: a request at a time; all memory and time that a client may take is bounded."""

import asyncio
import contextlib
import socket
from time import monotonic
from typing import Any

from mallgen_runtime.http.answering import (
    BODY_SECONDS,
    DRAIN,
    HEAD,
    IDLE,
    NEVER,
    REST,
    RUN,
    SPILL,
    SPILL_BYTES,
    STREAM,
    AnsweringConnection,
)
from mallgen_runtime.http.app import App
from mallgen_runtime.http.body import NOTHING, Incoming
from mallgen_runtime.http.conf import WebSocketConf
from mallgen_runtime.http.guards import ARRIVED
from mallgen_runtime.http.head import HEAD_BYTES, Head, Refusal, address, never_a_head, read_head, scope_of, too_long
from mallgen_runtime.http.links import MessageLink
from mallgen_runtime.http.messages import Context, Scope
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.streaming import StreamingResponse
from mallgen_runtime.http.tracker import ConnectionTracker

READ_BYTES = 64 << 10
HEAD_SECONDS, IDLE_SECONDS = 10.0, 5.0
LINGER_SECONDS, FIRST_SECONDS = 0.3, 2.0
BODY_RATE = 4 << 10
SPILL_SECONDS = 2.0
_PROBE_AFTER = 0.25
_EMPTY_LINES = 4
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_VIEW = memoryview(bytearray(READ_BYTES))
_BETWEEN, _AT_WORK = (IDLE, HEAD), (RUN, STREAM, DRAIN)


class HttpConnection(AnsweringConnection):
    """Received bytes go into `_buffer`; a request is taken out of it when the one before is answered.

    `_state` is HEAD from a request's first byte, IDLE before it, RUN until it is answered, STREAM while that goes out
    in pieces, DRAIN while the answer is taken, REST while a body comes that nobody has read, SPILL when the connection
    will close: what still comes is read over.
    """

    def __init__(self, app: App, tracker: ConnectionTracker) -> None:
        super().__init__(tracker)
        self._app = app
        self._scanned = 0
        self._task: asyncio.Task[None] | None = None
        self._kept = 0
        self._paused = self._probed = False
        self._spilt = 0
        self._peer: tuple[str, int] | None = None
        self._here: tuple[str, int] | None = None
        self.entered = False
        self._unused = True

    def connection_made(self, transport: Any) -> None:
        """Take a new client, whose first request must begin in time."""
        self._transport = transport
        self.entered = True
        self._scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        transport.set_write_buffer_limits(high=1 if self._is_secure else 0)  # asyncio's TLS would pause at 0 for good
        self._peer, self._here = address(transport.get_extra_info("peername")), address(
            transport.get_extra_info("sockname")
        )
        self._tracker.add(self)
        self.deadline = self._tracker.now + HEAD_SECONDS
        self._state = IDLE

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the request: its client has gone."""
        self._lost = True
        self.deadline = NEVER
        self._tracker.connections.pop(self, None)
        self._tracker.taken(self)
        self._buffer.clear()
        self._count(0)
        self._body.wake()
        if self._task is not None:
            self._task.cancel()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer that all connections share; its content is taken out at once."""
        return _VIEW

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes have come."""
        self._buffer += _VIEW[:nbytes]
        state = self._state
        if state in _BETWEEN:
            self._next()
        elif state in _AT_WORK:
            if not self._body.complete:
                self._take_body()
            if len(self._buffer) > HEAD_BYTES or self._body.waiting > HEAD_BYTES:
                self._pause()
            self._count(len(self._buffer) + self._body.waiting)
        else:
            self._read_over(nbytes)

    @property
    def _is_secure(self) -> bool:
        return self._scheme == "https"

    def eof_received(self) -> bool:
        """Note that the client sends no more; it may still wait for its answer."""
        self._ended = True
        if self._state == STREAM and self._out is not None and self._out.is_endless:
            return False  # nothing but this tells that the reader of a silent stream has left
        if self._state in (HEAD, REST, SPILL) or (self._state == IDLE and not self._buffer):
            return False
        self._body.wake()
        if self._state == RUN:
            self.deadline = min(self.deadline, self._tracker.now + _PROBE_AFTER)
        return not self._is_secure  # TLS has no half-closed connections here

    def shutdown(self, hurried: bool = False) -> None:
        """Close soon: a silent client is given a moment, because its next request may be on the way.

        One that has asked nothing yet has most likely just connected and would not ask again: it is given longer,
        unless the stop is `hurried`.
        """
        self._leaving = self._shut = True
        self.end_stream()
        if self._state == IDLE:
            linger = FIRST_SECONDS if self._unused and not hurried else LINGER_SECONDS
            self.deadline = min(self.deadline, self._tracker.loop.time() + linger)

    def cancel(self) -> None:
        """Cancel the request: the service cannot wait any longer."""
        if self._task is not None:
            self._task.cancel()

    def _next(self) -> None:
        """Begin the next request when its head is complete."""
        buffer = self._buffer
        lines = 0
        while buffer.startswith(b"\r\n"):
            lines += 1
            del buffer[:2]
        if lines > _EMPTY_LINES:
            return self._refuse(400)
        if not buffer or buffer == b"\r":
            return
        end = buffer.find(b"\r\n\r\n", max(self._scanned - 3, 0))
        if end < 0 or end > HEAD_BYTES * 2:
            return self._unfinished()
        data = bytes(buffer[: end + 4])
        del buffer[: end + 4]
        self._scanned = 0
        try:
            head = read_head(data)
        except Refusal as problem:
            return self._refuse(problem.status, problem.why)
        self._begin(head)

    def _unfinished(self) -> None:
        """Bound the time and the length of a head that has begun."""
        if self._state == IDLE:
            self._state = HEAD
            self.deadline = self._tracker.loop.time() + HEAD_SECONDS
        if len(self._buffer) > HEAD_BYTES:
            return self._refuse(too_long(self._buffer))
        if never_a_head(self._buffer, self._scanned):
            return self._refuse(400)
        self._scanned = len(self._buffer)
        if not self._count(self._scanned):
            self._refuse(503)

    def _begin(self, head: Head) -> None:
        self._state = RUN
        self._unused = False
        self._head = head
        self.deadline = NEVER
        self._body = Incoming(head.length) if head.length else NOTHING
        if head.length:
            self.deadline = self._tracker.now + BODY_SECONDS
            self._take_body()
        if self._buffer:
            self._count(len(self._buffer) + self._body.waiting)
        scope = scope_of(head, self._peer, self._here, self._scheme)
        scope[ARRIVED] = monotonic()
        self._task = self._tracker.loop.create_task(self._run(scope))

    async def _run(self, scope: Scope) -> None:
        try:
            await self._app.exchange(scope, self.receive, self._put, self._has_gone)
        except asyncio.CancelledError:
            if not self._lost:
                self._close()
        finally:
            self._task = None
            if self._state in (RUN, STREAM) and not self._lost:  # no answer could be made, or not all of it
                self._break_off()

    def _has_gone(self) -> bool:
        return self._lost

    async def receive(self) -> dict[str, Any]:
        """Return a piece of the body as an ASGI message. Raises ApiError when the body is broken, late or too much."""
        head, body = self._head, self._body
        assert head is not None
        if head.expects and not body.has_news and not self._lost:
            self._head = head._replace(expects=False)
            self._transport.write(_CONTINUE)
        while not body.has_news:
            if self._lost or self._ended:
                return {"type": "http.disconnect"}
            await body.more()
        found = body.read()
        if self._paused and len(self._buffer) <= HEAD_BYTES:
            self._resume()
        return {"type": "http.request", "body": found, "more_body": not body.complete}

    def _take_body(self) -> None:
        """Take what belongs to the body out of the buffer; a client that keeps on sending is given time."""
        body = self._body
        self.deadline += body.take(self._buffer) / BODY_RATE
        if body.complete and not self._untaken:
            self.deadline = NEVER
        self._leaving = self._leaving or body.problem is not None

    def _spoil(self, problem: ApiError) -> None:
        """Mark the rest of the body as unreadable: the connection takes no next request."""
        self._body.spoil(problem)
        self._leaving = True

    def _answered(self) -> None:
        """Begin the next request, or close: the answer is written."""
        if self._leaving:
            return self._spill()
        if not self._body.complete:
            return self._rest()
        self._state = IDLE
        self._head, self._body = None, NOTHING
        self.deadline = self._tracker.now + IDLE_SECONDS
        if self._ended and not self._buffer:
            return self._close()
        if self._kept:
            self._count(len(self._buffer))
        if self._paused:
            self._resume()
        if self._buffer:
            self._tracker.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        """Begin a pipelined request in the loop's next turn, so that other connections come between."""
        if self._state == IDLE and not self._lost:
            self._next()
            if self._ended and self._state in (IDLE, HEAD):
                self._close()

    def _refuse(self, status: int, why: str = "") -> None:
        """Answer a head that cannot be taken; nothing after it is read as a request."""
        self._transport.write(self._app.refusal(status, self._tracker.date(), why))
        self._leaving = True
        self._spill(sure=False)

    def _spill(self, sure: bool = True) -> None:
        """Close, but first discard what still comes for a moment: a reset could lose the answer."""
        all_read = sure and self._body.complete and not self._buffer
        self._buffer.clear()
        self._count(0)
        self._state = SPILL
        if self._ended or (all_read and not self._stuck):
            return self._close()
        self.deadline = self._tracker.loop.time() + SPILL_SECONDS
        self._spilt = 0
        if not self._transport.is_closing():
            with contextlib.suppress(OSError, RuntimeError):
                self._transport.write_eof()
        self._resume()

    def _rest(self) -> None:
        """Discard the rest of a body that was answered before it was read."""
        if self._ended:
            return self._close()
        self._state = REST
        self._spilt = 0
        self.deadline = self._tracker.loop.time() + SPILL_SECONDS
        self._resume()

    def _read_over(self, nbytes: int) -> None:
        self._spilt += nbytes
        if self._spilt > SPILL_BYTES:
            self._close()
        elif self._state == SPILL:
            self._buffer.clear()
        else:
            self._take_body()
            self._body.drop()
            if self._body.complete or self._leaving:
                self._answered()

    def expired(self, now: float) -> None:
        """End what the connection is at: its deadline has passed."""
        if self._state == HEAD:
            self._refuse(408)
        elif self._state == RUN:
            self._late(now)
        elif self._state == DRAIN or (self._state == STREAM and self._untaken):
            self._not_taken(now)
        elif self._state == STREAM:
            self._late_body(now)
        else:
            self._close()

    def _late(self, now: float) -> None:
        if self._ended:
            return self._is_there(now)
        self._late_body(now)

    def _late_body(self, now: float) -> None:
        if self._paused:  # the service takes the body slowly: the client is not late
            self.deadline = now + BODY_SECONDS
            return
        self.deadline = NEVER
        self._spoil(ApiError(408, "timeout", "the body did not come in time"))

    def _is_there(self, now: float) -> None:
        """Probe a client that sends no more: a 100 does not disturb one that waits, and one that has gone resets it."""
        if not self._probed:
            self._probed = True
            if self._head is not None and self._head.version == "1.1":
                self._transport.write(_CONTINUE)
        elif self._is_reset():
            return self._transport.abort()  # type: ignore[no-any-return]
        self.deadline = now + _PROBE_AFTER

    def _is_reset(self) -> bool:
        found = self._transport.get_extra_info("socket")
        return found is not None and found.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0

    def _count(self, size: int) -> bool:
        """Count how much is kept for this client; return False when the process keeps too much."""
        change, self._kept = size - self._kept, size
        if not change:
            return True
        fits = self._tracker.keep(change)
        if not fits and change > 0 and self._state in _AT_WORK:
            self._leaving = True
            if self._body.complete:
                self._buffer.clear()
            else:
                self._spoil(ApiError(503, "too_many_requests", "the service is busy", headers={"retry-after": "1"}))
        return fits

    def link(self, ctx: Context, response: StreamingResponse, limits: WebSocketConf) -> MessageLink:
        """Return the way of a WebSocket's messages."""
        from mallgen_runtime.http.sockets.connection import ConnectionLink  # a library that few services need

        return ConnectionLink(self, ctx, response, limits)

    def _let_go(self) -> None:
        """Hold nothing for the client any more: another protocol has its connection."""
        self._buffer.clear()
        self._count(0)
        self._resume()
        self._tracker.connections.pop(self, None)

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and not self._lost and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def _close(self) -> None:
        self.deadline = NEVER
        if not self._transport.is_closing():
            self._transport.close()
