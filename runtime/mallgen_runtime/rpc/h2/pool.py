"""The client of our own transport: calls go to the instances in turn."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from mallgen_runtime.process.address import split
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.process.tls import client_tls
from mallgen_runtime.rpc.conf import RpcClientConf
from mallgen_runtime.rpc.h2.client_connection import Unprocessed
from mallgen_runtime.rpc.h2.client_transport import ClientTransport
from mallgen_runtime.rpc.h2.endpoints import IN_CLEAR, PATIENCE, ClientTls, Endpoints, is_numeric
from mallgen_runtime.rpc.h2.grpc import check_size, metadata_fields, timeout_field
from mallgen_runtime.rpc.h2.hpack import indexed, literal
from mallgen_runtime.rpc.h2.limits import limits_for
from mallgen_runtime.rpc.h2.scheduler import Scheduler
from mallgen_runtime.rpc.h2.timers import Timer, TimerWheel

Metadata = tuple[tuple[str, str], ...]
AGENT = b"mallgen-python"
_TRIES = 4
_LATE = 0.05  # seconds; the alarm of a loop that stood still comes later than that
_NO_TIME = "no time was left for the call"


def _tls(addresses: Sequence[str], conf: RpcClientConf) -> ClientTls:
    """Return the TLS that the settings ask for; names are looked up before, so the first one stands for the host."""
    if not conf.tls:
        return IN_CLEAR
    context = client_tls(conf.ca_cert_file, conf.cert_file, conf.key_file, ["h2"])
    named = [split(address)[0] for address in addresses if not is_numeric(address)]
    return ClientTls(context, conf.server_name or next(iter(named), ""))


class H2Connection:
    """Connections to some addresses, `host:port` each; unary calls only."""

    def __init__(self, addresses: Sequence[str], conf: RpcClientConf) -> None:
        self._limits = limits_for(conf.max_message)
        self._wheel = TimerWheel(asyncio.get_running_loop())
        self._scheduler = Scheduler(asyncio.get_running_loop())
        self._alive = seconds(conf.keepalive_time, "KeepaliveTime")
        self._heads: dict[str, bytes] = {}
        self._authority = addresses[0].encode() if addresses else b""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._turn = random.randrange(1 << 16)  # noqa: S311 - many clients must not all begin with the same instance
        self._changes = asyncio.Event()
        self._endpoints = Endpoints(addresses, self._made, self._changed, _tls(addresses, conf))

    @property
    def connected(self) -> bool:
        """Return whether an instance can be reached now."""
        return bool(self._endpoints.connections)

    async def ready(self, seconds: float) -> bool:
        """Wait until one can be reached; False when none can in this time."""
        try:
            async with asyncio.timeout(seconds):
                while not self._endpoints.connections:
                    self._changes.clear()
                    self._endpoints.hope()
                    await self._changes.wait()
        except TimeoutError:
            return False
        return True

    async def unary(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> bytes:
        """One request, one reply. A call that the server did not begin with is made again."""
        if len(data) > self._limits.message:
            check_size(len(data), self._limits.message)
        deadline = None if timeout is None else time.monotonic() + timeout
        head = self._heads.get(wire) or self._head(wire)
        tail = metadata_fields(metadata) if metadata else b""
        for _ in range(_TRIES):
            connection = self._next() or await self._room(deadline)
            limit = b"" if deadline is None else timeout_field(deadline - time.monotonic())
            call = connection.call(head + limit + tail, data, deadline)
            try:
                return await call.future
            except asyncio.CancelledError:
                connection.cancel(call)
                raise
            except Unprocessed as problem:
                refused = problem
        raise refused

    async def close(self) -> None:
        """Close."""
        await self._endpoints.close()
        self._wheel.close()

    def usable(self) -> None:
        """Let the first call that waits go on: a connection has room."""
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                return

    def _made(self) -> ClientTransport:
        return ClientTransport(self, self._limits, self._wheel, self._scheduler, self._alive)

    def _changed(self) -> None:
        self._changes.set()
        waiting, self._waiting = self._waiting, deque()
        for each in waiting:
            if not each.done():
                each.set_result(None)

    def _next(self) -> ClientTransport | None:
        """Return the next connection with room, one that is not suspect if there is any."""
        connections = self._endpoints.connections
        second: ClientTransport | None = None
        for _ in range(len(connections)):
            self._turn = turn = (self._turn + 1) % len(connections)
            connection = connections[turn]
            if connection.room:
                if not connection.suspect:
                    return connection
                second = connection
        return second

    async def _room(self, deadline: float | None) -> ClientTransport:
        """Wait for a connection with room. Raises RpcError when none can be expected, or the time is over."""
        alarm = Timer()
        stood_still = False
        while True:
            connection = self._next()
            if connection is not None:
                self.usable()  # there may be room for one more
                return connection
            if not self._endpoints.connections and not self._endpoints.hope() and not stood_still:
                raise RpcError(Code.UNAVAILABLE, f"no instance can be reached: {self._endpoints.problem}")
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            soon = time.monotonic() + PATIENCE
            self._wheel.add(alarm, soon if deadline is None else min(soon, deadline), partial(_over, turn))
            try:
                await turn
            except asyncio.CancelledError:
                self._pass_on(turn)
                raise
            finally:
                self._wheel.remove(alarm)
            now = time.monotonic()
            stood_still = now > soon + _LATE and not stood_still  # the loop has yet to read what has come since
            if deadline is not None and now >= deadline:
                self._pass_on(turn)
                raise RpcError(Code.DEADLINE_EXCEEDED, _NO_TIME)

    def _pass_on(self, turn: "asyncio.Future[None]") -> None:
        """Pass on the turn of a call that is cancelled."""
        if turn.done() and not turn.cancelled():
            self.usable()

    def _head(self, wire: str) -> bytes:
        """Return the part of a head that is the same in every call of a method."""
        found = self._heads[wire] = b"".join(
            (
                indexed(3),
                indexed(6),
                literal(b":path", wire.encode()),
                literal(b":authority", self._authority),
                literal(b"te", b"trailers"),
                literal(b"content-type", b"application/grpc"),
                literal(b"user-agent", AGENT),
                literal(b"grpc-accept-encoding", b"identity,gzip"),
            )
        )
        return found


def _over(turn: "asyncio.Future[None]", waiter: object) -> None:
    """Wake a call whose wait for a connection is over."""
    if not turn.done():
        turn.set_result(None)
