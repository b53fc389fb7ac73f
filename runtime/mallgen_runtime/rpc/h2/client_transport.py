"""One connection to a server, on asyncio."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Protocol

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2.client_connection import ClientCall, ClientConnection
from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason
from mallgen_runtime.rpc.h2.limits import Limits
from mallgen_runtime.rpc.h2.scheduler import MOST_BEHIND, Scheduler
from mallgen_runtime.rpc.h2.timers import Timer, TimerWheel

PROBE, MOST_PROBES = 5.0, 2  # grpc-go ends a connection at the fourth PING without an answer in between
_USER_TIMEOUT_MS = 20_000
_CLOCKS = 0.002


class Owner(Protocol):
    """The pool that a connection belongs to."""

    def usable(self) -> None:
        """The connection has room for calls."""


class ClientTransport(asyncio.Protocol):
    """A connection. `greeted` is done when the server's settings have come; `over` when no more calls may be made.

    A server that sends nothing until a call's time is over is sent a PING; without an answer in 5 s the connection is
    ended. With `alive` seconds a PING is also sent that often while calls wait.
    """

    transport: asyncio.Transport

    def __init__(self, owner: Owner, limits: Limits, wheel: TimerWheel, scheduler: Scheduler, alive: float) -> None:
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.over: asyncio.Future[str] = loop.create_future()
        self.suspect = False
        self._owner = owner
        self._limits = limits
        self._wheel = wheel
        self._scheduler = scheduler
        self.queued = self._held = False
        self._stall = Timer()
        self._alive = alive
        self._future = loop.create_future
        self._chunks = 0
        self._probed_at = self._alive_at = -1
        self._probes = self._answers = 0
        self._expire = self._expired
        self._probing, self._living = Timer(), Timer()

    # asyncio's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Send the preface and our settings."""
        self.transport = transport
        self.core = ClientConnection(transport.write, self, self._limits)
        _watch(transport.get_extra_info("socket"), self._alive)
        self.core.greet()
        self._look_again()

    def data_received(self, data: bytes) -> None:
        """Process received bytes; those beyond a share wait for the scheduler."""
        self._chunks += 1
        core, scheduler = self.core, self._scheduler
        core.receive(data, scheduler.share)
        if core.behind:
            scheduler.add(self)
            if core.unread > MOST_BEHIND and not self.transport.is_closing():
                self._held = True
                self.transport.pause_reading()

    @property
    def waits(self) -> bool:
        """Return whether received bytes are left to process."""
        return self.core.behind

    def work(self, share: int) -> int:
        """Process what is left of the received bytes."""
        spent = self.core.work(share)
        if self._held and not self.core.behind and not self.transport.is_closing():
            self._held = False
            self.transport.resume_reading()
        return spent

    def give_up(self) -> None:
        """End the connection after a failure of our own code."""
        self.core.end(ConnectionFault(Reason.INTERNAL_ERROR, "internal error"))
        self.transport.abort()

    def pause_writing(self) -> None:
        """Stop writing; a server that does not read for a minute is cut off."""
        self.core.out.pause()
        self._wheel.add(self._stall, time.monotonic() + self._limits.stalled, self._cut_off)

    def resume_writing(self) -> None:
        """Write again."""
        self._wheel.remove(self._stall)
        self.core.out.resume()
        self._owner.usable()

    def connection_lost(self, problem: Exception | None) -> None:
        """Fail the calls in flight."""
        self._wheel.remove(self._probing)
        self._wheel.remove(self._living)
        self._wheel.remove(self._stall)
        self.core.end(ConnectionFault(Reason.CANCEL, f"the connection broke: {problem or 'closed by the server'}"))

    # calls

    @property
    def room(self) -> bool:
        """Return whether a call can be made now."""
        return self.core.room

    def call(self, head: bytes, message: bytes, deadline: float | None) -> ClientCall:
        """Make a call."""
        call = self.core.call(head, message, self._future())
        call.heard = self._chunks
        if deadline is not None:
            call.deadline = deadline
            self._wheel.add(call, deadline, self._expire)
        return call

    def cancel(self, call: ClientCall) -> None:
        """Reset a call whose answer is not awaited any more."""
        self.core.cancel(call)
        if call.future.done() and not call.future.cancelled():
            call.future.exception()  # mark the exception as retrieved

    def retire(self) -> None:
        """Take no new calls; close after the last one."""
        self.core.leaving = True
        self.leaving()

    def close(self) -> None:
        """Close now."""
        self.core.close()

    # the core's side

    def settled(self) -> None:
        """Take the server's settings: calls may begin."""
        if not self.greeted.done():
            self.greeted.set_result(None)
        self._owner.usable()

    def answered(self, call: ClientCall) -> None:
        """Stop the timer of a call that is over, and offer its room."""
        if call.slot:
            self._wheel.remove(call)
        if self.core.leaving:
            self._close_when_empty()
        else:
            self._owner.usable()

    def late(self, call: ClientCall) -> bool:
        """Return whether a call's time is over, by the clock of either side."""
        return call.deadline is not None and time.monotonic() >= call.deadline - _CLOCKS

    def leaving(self) -> None:
        """Take no new calls: the server is leaving."""
        if not self.over.done():
            self.over.set_result("the server is leaving")
        self._close_when_empty()

    def ponged(self) -> None:
        """Trust the server again: it answered a PING."""
        self.suspect = False
        self._wheel.remove(self._probing)

    def ended(self, fault: ConnectionFault) -> None:
        """Report the end and close."""
        if not self.greeted.done():
            self.greeted.set_exception(RpcError(Code.UNAVAILABLE, str(fault)))
            self.greeted.exception()
        if not self.over.done():
            self.over.set_result(str(fault))
        if not self.transport.is_closing():
            self.transport.close()

    def _close_when_empty(self) -> None:
        if not self.core.streams:
            asyncio.get_running_loop().call_soon(self._close_if_empty)

    def _close_if_empty(self) -> None:
        if not self.core.streams:
            self.core.close()

    def _expired(self, call: ClientCall) -> None:
        """End a call whose time is over; a server that sent nothing since its start may be gone."""
        if not call.future.done():
            call.future.set_exception(RpcError(Code.DEADLINE_EXCEEDED, "the call took too long"))
        self.core.cancel(call)
        if call.heard == self._chunks:
            self._probe(PROBE)

    def _probe(self, patience: float) -> None:
        core = self.core
        if self._answers != core.answers:
            self._answers, self._probes = core.answers, 0
        if self._probing.slot or self._probes >= MOST_PROBES or core.over is not None:
            return
        self._probes += 1
        self._probed_at = self._chunks
        self.suspect = True
        core.ping()
        self._wheel.add(self._probing, time.monotonic() + patience, self._probed)

    def _cut_off(self, waiter: object) -> None:
        self.core.end(ConnectionFault(Reason.CANCEL, "the server does not read"))
        self.transport.abort()

    def _probed(self, waiter: object) -> None:
        self.suspect = False
        if self._probed_at == self._chunks:
            self.core.end(ConnectionFault(Reason.CANCEL, "the server does not answer"))
            self.transport.abort()

    def _look_again(self, waiter: object = None) -> None:
        """Probe a server that has been silent for a while although calls wait."""
        if not self._alive:
            return
        if self._alive_at == self._chunks and self.core.streams:
            self._probe(max(PROBE, min(self._alive, 20.0)))
        self._alive_at = self._chunks
        self._wheel.add(self._living, time.monotonic() + self._alive, self._look_again)


Made = Callable[[], ClientTransport]


async def opened(
    made: Made, host: str, port: int, patience: float, tls: ssl.SSLContext | None = None, name: str = ""
) -> ClientTransport:
    """Open a connection and wait for the server's settings. Raises OSError, TimeoutError, RpcError.

    With `tls` the server's certificate must be for `name`, or for the host without one.
    """
    async with asyncio.timeout(patience):
        _, connection = await asyncio.get_running_loop().create_connection(
            made, host, port, ssl=tls, server_hostname=(name or host) if tls else None
        )
        try:
            await asyncio.shield(connection.greeted)
        except BaseException:
            connection.transport.abort()
            raise
    return connection


def _watch(found: socket.socket | None, alive: float) -> None:
    """Let the kernel notice a machine that is gone, by unacknowledged data and by probes while idle."""
    if found is None:
        return
    with contextlib.suppress(OSError):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
        if alive and hasattr(socket, "TCP_KEEPIDLE"):
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, int(alive)))
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, int(alive)))
