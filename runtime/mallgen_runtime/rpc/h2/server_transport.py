"""The server of our own transport on asyncio: sockets, tasks, deadlines, graceful stop."""

import asyncio
import contextlib
import logging
import math
import socket
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, NamedTuple

from mallgen_runtime.process.address import HANDSHAKE_SECONDS, Entering, close_door, peer_name
from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.process.memory import give_back
from mallgen_runtime.process.tls import TlsFiles
from mallgen_runtime.process.tracing import sound_ids, state_in
from mallgen_runtime.rpc.h2.budgets import ServerBudget
from mallgen_runtime.rpc.h2.call import ServerCall
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason
from mallgen_runtime.rpc.h2.grpc import DecodedMetadata
from mallgen_runtime.rpc.h2.limits import Budget, Limits, most_connections
from mallgen_runtime.rpc.h2.scheduler import MOST_BEHIND, Scheduler
from mallgen_runtime.rpc.h2.server_connection import ServerConnection
from mallgen_runtime.rpc.h2.timers import Timer, TimerWheel
from mallgen_runtime.rpc.methods import RpcContext

Handler = Callable[[RpcContext, bytes], Coroutine[Any, Any, bytes]]
_LOG = logging.getLogger("mallgen.service")
_LINGER, _EVERY, _TIDY = 1.0, 60.0, 0.5
_LATE = RpcError(Code.DEADLINE_EXCEEDED, "the call took too long")
_UNKNOWN = RpcError(Code.UNIMPLEMENTED, "Method not found!")  # as grpc words it


class MethodRoute(NamedTuple):
    """A method: its path, its handler, the seconds it may take, None: no limit.

    `each` answers, at once, every message of a stream in both directions; there is no task then.
    """

    wire: str
    answer: Handler
    limit: float | None
    each: Callable[[bytes], bytes] | None = None


class TransportServer:
    """Answers calls on a listening socket. `idle` seconds without a call close a connection, 0: never."""

    def __init__(
        self, routes: Mapping[bytes, MethodRoute], limits: Limits, idle: float = 0.0, tls: TlsFiles | None = None
    ) -> None:
        self.routes = routes
        self.limits = limits
        self.idle = idle
        self._tls = tls.context if tls else None
        self.kept = ServerBudget(limits.kept)
        self.waiting = Budget(limits.kept)
        self.tasks: set[asyncio.Task[None]] = set()
        self.connections: set[ServerTransport] = set()
        self._stalled: dict[ServerTransport, int] = {}
        self._stuck = 0
        self.leaving = False
        self._tidying = Timer()
        self._gone = asyncio.Event()
        self._told = -_EVERY
        self._most = most_connections(limits.connections)
        make = partial(ServerTransport, self)
        self._entering = Entering(make) if tls else make
        self._server: asyncio.Server | None = None
        self._bound: socket.socket | None = None

    async def start(self, bound: socket.socket) -> None:
        """Accept calls on a socket."""
        loop = asyncio.get_running_loop()
        self.wheel = TimerWheel(loop)
        self.scheduler = Scheduler(loop)
        self._bound = bound
        patience = HANDSHAKE_SECONDS if self._tls else None
        self._server = await loop.create_server(
            self._entering, sock=bound, backlog=2048, ssl=self._tls, ssl_handshake_timeout=patience
        )

    async def stop(self, patience: float | None) -> None:
        """Take no new calls, finish those in flight; after `patience` seconds they are ended, None: never."""
        self.leaving = True
        server, self._server = self._server, None
        if server is not None and self._bound is not None:
            await close_door(self._bound, server.close, self._entering, tls=self._tls)
        for connection in tuple(self.connections):
            connection.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._all_gone()
        for connection in tuple(self.connections):
            connection.end_calls()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                await self._all_gone()
        for connection in tuple(self.connections):
            connection.transport.abort()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=_LINGER)
        self.wheel.close()

    def joined(self, connection: "ServerTransport") -> bool:
        """Take a new connection, unless there are too many."""
        if len(self.connections) >= self._most:
            if time.monotonic() - self._told > _EVERY:
                self._told = time.monotonic()
                _LOG.warning("%s connections are the most this process takes; others are refused", self._most)
            return False
        self.connections.add(connection)
        return True

    def left(self, connection: "ServerTransport") -> None:
        """A connection is closed."""
        self.connections.discard(connection)
        if not self.connections:
            self._gone.set()
        if not self._tidying.slot and not self.leaving:
            self.wheel.add(self._tidying, time.monotonic() + _TIDY, lambda waiter: give_back())

    def stalls(self, connection: "ServerTransport", size: int) -> None:
        """Count bytes that a caller does not take; when all are too many, cut off the one stalled longest."""
        self._stuck += size - self._stalled.pop(connection, 0)
        if size:
            self._stalled[connection] = size
        if self._stuck > self.limits.kept:
            next(iter(self._stalled)).transport.abort()

    async def _all_gone(self) -> None:
        while self.connections:
            self._gone.clear()
            await self._gone.wait()


class ServerTransport(asyncio.Protocol):
    """A caller's connection; the timer wheel waits for its greeting and its idle time."""

    transport: asyncio.Transport

    def __init__(self, server: TransportServer) -> None:
        self.server = server
        self.slot = 0
        self.queued = self.entered = False
        self._held = False
        self._loop = asyncio.get_running_loop()
        self._stall = Timer()
        self._seen = 0
        self._peer = ""
        self._expire = self._expired
        self._begun: list[tuple[ServerCall, float]] = []

    # asyncio's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Send our settings, and wait for the caller's."""
        self.transport = transport
        self.entered = True
        server = self.server
        self.core = ServerConnection(transport.write, self, server.limits, server.kept, server.waiting)
        if not server.joined(self):
            self.core.end(ConnectionFault(Reason.ENHANCE_YOUR_CALM, "too many connections"))
            transport.abort()
            return
        self._peer = peer_name(transport.get_extra_info("peername"))
        patience = _LINGER if server.leaving else server.limits.greeting
        server.wheel.add(self, time.monotonic() + patience, self._silent)
        self.core.greet()
        if server.leaving:
            self.leave()

    def data_received(self, data: bytes) -> None:
        """Process received bytes; those beyond a share wait for the scheduler."""
        core, scheduler = self.core, self.server.scheduler
        core.receive(data, scheduler.share)
        self._watch_begun()
        if core.behind:
            if self.waits:
                scheduler.add(self)
            if core.unread > MOST_BEHIND:
                self._held = True
                self._pause_or_resume()

    @property
    def waits(self) -> bool:
        """Return whether bytes are left to process; not while the caller does not take our answers."""
        return self.core.behind and not (self.core.out.paused and self.core.over is None)

    def work(self, share: int) -> int:
        """Process what is left of the received bytes."""
        spent = self.core.work(share)
        self._watch_begun()
        if self._held and not self.core.behind:
            self._held = False
            self._pause_or_resume()
        return spent

    def give_up(self) -> None:
        """End the connection after a failure of our own code."""
        self.core.end(ConnectionFault(Reason.INTERNAL_ERROR, "internal error"))
        self.transport.abort()

    def pause_writing(self) -> None:
        """Stop reading while the caller does not read."""
        self.core.out.pause()
        self._pause_or_resume()
        self.server.wheel.add(self._stall, time.monotonic() + self.server.limits.stalled, self._cut_off)
        self.server.stalls(self, self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Read and write again."""
        self.server.wheel.remove(self._stall)
        self.server.stalls(self, 0)
        self.core.out.resume()
        self._pause_or_resume()
        if self.waits:
            self.server.scheduler.add(self)

    def connection_lost(self, problem: Exception | None) -> None:
        """End the calls of a connection that is closed."""
        self.server.wheel.remove(self)
        self.server.wheel.remove(self._stall)
        self.server.stalls(self, 0)
        self.core.end(ConnectionFault(Reason.CANCEL, "the connection is closed"))
        self.server.left(self)

    # the core's side

    def settled(self) -> None:
        """Wait for idleness instead of the greeting, which has come."""
        if not self.server.leaving:
            self.server.wheel.remove(self)
            self._stay()

    def opened(self, call: ServerCall) -> None:
        """Bound the time for the rest of a request, whatever deadline its caller allows."""
        now = time.monotonic()
        timeout = call.request.timeout
        route = call.route = self.server.routes.get(call.request.path)
        if route is not None and route.each is not None:
            call.open = True
        when = math.inf if call.open else now + self.server.limits.request
        if timeout is not None:
            call.deadline = now + timeout
            when = min(when, call.deadline)
        if when < math.inf:
            self._begun.append((call, when))

    def called(self, call: ServerCall, message: bytes) -> None:
        """Answer a call in a task of its own."""
        server = self.server
        route: MethodRoute | None = call.route
        if route is None:
            self.core.refuse(call, _UNKNOWN)
            return
        if route.each is not None:
            self._each(call, route.each, message)
            return
        now = time.monotonic()
        deadline = None if route.limit is None else now + route.limit
        if call.deadline is None or (deadline is not None and deadline < call.deadline):
            call.deadline = deadline
        if call.deadline is None:
            server.wheel.remove(call)
        else:
            server.wheel.add(call, call.deadline, self._expire)
        task = call.task = self._loop.create_task(self._answer(call, route, message, now))
        server.tasks.add(task)

    def closed(self, call: ServerCall) -> None:
        """Stop the timer and the task of a call that is over."""
        self.server.wheel.remove(call)
        task, call.task = call.task, None
        if task is not None:
            task.cancel()
            task.add_done_callback(self.server.tasks.discard)  # a task that has not begun does not run its own end

    def ended(self, fault: ConnectionFault) -> None:
        """Close, and cut off a caller that does not close in time. The scheduler ends its calls."""
        self.server.scheduler.add(self)
        if not self.transport.is_closing():
            self.transport.close()
            self.server.wheel.add(self, time.monotonic() + _LINGER, self._cut_off)

    def empty(self) -> None:
        """Close after a while unless the caller does: every call is answered."""
        self.server.wheel.add(self, time.monotonic() + _LINGER, self._hang_up)

    # the graceful stop

    def leave(self) -> None:
        """Announce that the server leaves; calls on their way are still taken, for a second at most."""
        self.core.leave()
        self.server.wheel.add(self, time.monotonic() + _LINGER, self._shut)

    def end_calls(self) -> None:
        """Fail the calls in flight: the time for the stop is over."""
        for call in tuple(self.core.streams.values()):
            self.core.fail(call, RpcError(Code.UNAVAILABLE, "the server stopped before the call was done"))
        self.core.end(ConnectionFault(Reason.NO_ERROR, "the server has stopped"))

    async def _answer(self, call: ServerCall, route: MethodRoute, message: bytes, arrived: float) -> None:
        task, request = call.task, call.request
        ids = sound_ids(request.traceparent, request.request_id)
        ctx = RpcContext(route.wire, DecodedMetadata(request.metadata), ids, peer=self._name, deadline=call.deadline)
        ctx.trace_state = state_in(request.metadata) if request.traceparent else ""
        ctx.arrived = arrived
        try:
            reply = await route.answer(ctx, message)
        except RpcError as problem:
            self._fail(call, problem)
        except asyncio.CancelledError:
            self._fail(call, RpcError(Code.CANCELED, f"{route.wire} was cancelled"))
        except Exception:
            _LOG.exception("%s failed", route.wire)
            self._fail(call, RpcError(Code.INTERNAL, "internal error"))
        else:
            call.task = None
            self.core.reply(call, reply)
            if call.pending:  # the handler was in time; a slow caller ends the call when it likes
                self.server.wheel.add(call, time.monotonic() + self.server.limits.stalled, self._expire)
        finally:
            self.server.tasks.discard(task)

    def _watch_begun(self) -> None:
        """Set the time limit of calls without a task; most requests come in one piece and have theirs by now."""
        if self._begun:
            streams, wheel = self.core.streams, self.server.wheel
            for call, when in self._begun:
                if call.task is None and streams.get(call.id) is call:
                    wheel.add(call, when, self._expire)
            self._begun.clear()

    def _each(self, call: ServerCall, each: Callable[[bytes], bytes], message: bytes) -> None:
        try:
            reply = each(message)
        except Exception:
            _LOG.exception("a message of a stream could not be answered")
            self.core.fail(call, RpcError(Code.INTERNAL, "internal error"))
        else:
            self.core.part(call, reply)

    def _pause_or_resume(self) -> None:
        """Read unless the caller does not, or has sent more than we have processed."""
        if self.transport.is_closing():
            return
        if self._held or self.core.out.paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _fail(self, call: ServerCall, problem: RpcError) -> None:
        call.task = None
        self.core.fail(call, problem)

    def _expired(self, call: ServerCall) -> None:
        """End a call whose time is over, in whatever state."""
        if call.pending:
            self.core.abort(call, Reason.CANCEL)
        elif call.whole:
            self.core.fail(call, _LATE)
        else:
            self.core.fail(call, RpcError(Code.DEADLINE_EXCEEDED, "the request did not come in time"))

    def _silent(self, waiter: object) -> None:
        """Close: the greeting did not come in time."""
        self.core.fault(ConnectionFault(Reason.SETTINGS_TIMEOUT, "no greeting in time"))

    def _stay(self) -> None:
        """Check for idleness after a while."""
        self._seen = self.core.highest
        if self.server.idle:
            self.server.wheel.add(self, time.monotonic() + self.server.idle, self._idle)

    def _idle(self, waiter: object) -> None:
        """Leave a connection that had no call for a while."""
        if self.core.streams or self.core.highest != self._seen:
            self._stay()
        else:
            self.leave()

    def _cut_off(self, waiter: object) -> None:
        self.transport.abort()

    def _hang_up(self, waiter: object) -> None:
        self.transport.close()

    def _shut(self, waiter: object) -> None:
        self.core.shut()

    def _name(self) -> str:
        return self._peer
