"""The client side: a channel that generated clients call through."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple, TypeVar

from mallgen_runtime.discovery import Resolver, resolver
from mallgen_runtime.process import metrics, spans
from mallgen_runtime.process.breaker import Breaker, NoBreaker
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import Code, ConfigError, RpcError
from mallgen_runtime.process.interceptors import (
    ClientInterceptor,
    NextStream,
    OutgoingCall,
    around_reply,
    around_stream,
)
from mallgen_runtime.process.origin import origin, remaining
from mallgen_runtime.rpc import traced
from mallgen_runtime.rpc.conf import RpcClientConf
from mallgen_runtime.rpc.connection import Connection, Metadata
from mallgen_runtime.rpc.methods import Wire
from mallgen_runtime.rpc.transport import connection_to

R = TypeVar("R")
_LOG = logging.getLogger("mallgen.service")
_START = "; start it, or set NonBlock: true"
ATTEMPTS, TOKENS, REFUND, READY = 3, 100.0, 0.1, 1.0


Connect = Callable[[tuple[str, ...]], Awaitable[Connection]]


class _CalledMethod(NamedTuple):
    breaker: Breaker
    observe: metrics.Observe
    dropped: Callable[[str], None]


class _CountedConnection:
    """A connection and the number of calls on it; closes itself when it is retired and empty."""

    def __init__(self, connection: Connection, addresses: tuple[str, ...]) -> None:
        self.connection = connection
        self.addresses = addresses
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> Connection:
        self._calls += 1
        self._idle.clear()
        return self.connection

    def __exit__(self, *problem: object) -> None:
        self._calls -= 1
        if not self._calls:
            self._idle.set()

    async def retire(self) -> None:
        """Close after the last call."""
        await self._idle.wait()
        await self.connection.close()


class Channel:
    """Calls a service through its running instances, which it follows in the registry. The first call opens it.

    `connect` makes a connection to some addresses; an empty tuple of them stands for the configured target.
    """

    def __init__(self, conf: RpcClientConf, key: str, connect: Connect) -> None:
        self._conf = conf
        self.key = key
        self._connect = connect
        self._resolver: Resolver = resolver(key, conf.etcd, conf.static, conf.pods)
        self._pool: _CountedConnection | None = None
        self._methods: dict[str, _CalledMethod] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._swapping = False
        self._opened = False
        self._starting: asyncio.Task[None] | None = None
        self._tokens = TOKENS
        self._interceptors: tuple[ClientInterceptor, ...] = ()

    def intercept(self, interceptors: Sequence[ClientInterceptor]) -> None:
        """Put interceptors around every call, the first one outermost."""
        self._interceptors = tuple(interceptors)

    @property
    def state(self) -> str:
        """`ok`, or why the service may not be found."""
        return "ok" if self._conf.dialled else self._resolver.state

    async def start(self) -> None:
        """Look for instances. With `NonBlock: false` one must be reached in time, else ConfigError."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(), name=f"open {self.key}")
        await asyncio.shield(self._starting)
        self._opened = True

    async def unary(
        self, wire: str, request: Wire, reply: type[R], timeout: float | None = None, *, idempotent: bool = False
    ) -> R:
        """Call a method; `timeout` in seconds, None: the configured one. An `idempotent` call is tried again when no
        instance could be reached. Raises RpcError."""
        if not self._interceptors:
            return await self._replied(OutgoingCall(self.key, wire, timeout), request, reply, idempotent)

        async def last(asked: OutgoingCall, request: Wire) -> R:
            return await self._replied(asked, request, reply, idempotent)

        found: R = await around_reply(self._interceptors, last)(OutgoingCall(self.key, wire, timeout), request)
        return found

    async def _replied(self, asked: OutgoingCall, request: Wire, reply: type[R], idempotent: bool) -> R:
        wire = asked.method
        limit = remaining(self._conf.limit if asked.timeout is None else asked.timeout)
        data = request.SerializeToString()
        if not self._opened:
            await self.start()
        with self._made(asked, limit) as call:
            found = await self._unary(call, wire, data, idempotent)
            return _read(reply, found)

    def server_stream(self, wire: str, request: Wire, reply: type[R], timeout: float | None = None) -> AsyncIterator[R]:
        """One request, many replies. Raises RpcError."""

        async def last(asked: OutgoingCall, request: Wire) -> AsyncIterator[R]:
            with await self._call(asked) as call, self._open() as connection:
                data = request.SerializeToString()
                found = connection.stream(wire, data, call.left(), call.metadata)
                async with aclosing(found) as items:  # type: ignore[type-var]
                    async for item in items:
                        yield _read(reply, item)

        return self._streamed(OutgoingCall(self.key, wire, timeout), request, last)

    async def client_stream(
        self, wire: str, requests: AsyncIterable[Wire], reply: type[R], timeout: float | None = None
    ) -> R:
        """Many requests, one reply. Raises RpcError."""

        async def last(asked: OutgoingCall, requests: AsyncIterable[Wire]) -> R:
            with await self._call(asked) as call, self._open() as connection:
                return _read(reply, await connection.collect(wire, _written(requests), call.left(), call.metadata))

        found: R = await around_reply(self._interceptors, last)(OutgoingCall(self.key, wire, timeout), requests)
        return found

    def two_way(
        self, wire: str, requests: AsyncIterable[Wire], reply: type[R], timeout: float | None = None
    ) -> AsyncIterator[R]:
        """Many requests, many replies. Raises RpcError."""

        async def last(asked: OutgoingCall, requests: AsyncIterable[Wire]) -> AsyncIterator[R]:
            with await self._call(asked) as call, self._open() as connection:
                found = connection.two_way(wire, _written(requests), call.left(), call.metadata)
                async with aclosing(found) as items:  # type: ignore[type-var]
                    async for item in items:
                        yield _read(reply, item)

        return self._streamed(OutgoingCall(self.key, wire, timeout), requests, last)

    async def close(self) -> None:
        """Finish what is in flight and close."""
        await self._resolver.close()
        for task in tuple(self._tasks):
            task.cancel()
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(READY):
                    await pool.retire()
            except TimeoutError:
                await pool.connection.close()

    async def _unary(self, call: "_ChannelCall", wire: str, data: bytes, idempotent: bool) -> bytes:
        attempt = 1
        while True:
            pool = self._open()
            try:
                with pool as connection:
                    found = await connection.unary(wire, data, call.left(), call.metadata)
                self._tokens = min(TOKENS, self._tokens + REFUND)
                return found
            except RpcError as problem:
                if problem.code is not Code.UNAVAILABLE or not idempotent or attempt >= ATTEMPTS or not self._token():
                    raise
            await asyncio.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311
            attempt += 1

    def _token(self) -> bool:
        """Return whether another attempt is allowed: gRFC A6's bucket keeps retries to a tenth of the calls."""
        self._tokens -= 1
        return self._tokens > TOKENS / 2

    def _streamed(self, call: OutgoingCall, request: Any, last: NextStream) -> AsyncIterator[Any]:
        return around_stream(self._interceptors, last)(call, request) if self._interceptors else last(call, request)

    async def _call(self, asked: OutgoingCall) -> "_ChannelCall":
        limit = remaining(asked.timeout)
        if not self._opened:
            await self.start()
        return self._made(asked, limit)

    def _made(self, asked: OutgoingCall, limit: float | None) -> "_ChannelCall":
        wire = asked.method
        method = self._methods.get(wire)
        if method is None:
            wanted = self._conf.middlewares
            breaker, labels = Breaker() if wanted.breaker else NoBreaker(), (("method", wire),)
            method = _CalledMethod(breaker, metrics.nothing, metrics.drop_nothing)
            if wanted.prometheus:
                observe, dropped = metrics.observer("rpc_client", labels), metrics.drops("rpc_client", labels)
                method = method._replace(observe=observe, dropped=dropped)
            self._methods[wire] = method
        more = tuple(asked.metadata.items()) if asked.metadata else ()
        return _ChannelCall(method, wire, limit, (*self._conf.credentials, *more))

    def _open(self) -> _CountedConnection:
        if self._pool is None:
            raise RpcError(Code.UNAVAILABLE, f"no instance of {self.key} is known")
        return self._pool

    async def _start(self) -> None:
        await self._resolver.start(self._changed)
        await self._swap()
        if self._conf.non_block:
            return
        patience = self._conf.timeout / 1000 or READY
        if self._pool is None or not await self._pool.connection.ready(patience):
            why = f"; {self.state}" if self._conf.pods and self.state != "ok" else ""
            raise ConfigError(f"{self.key} cannot be reached within {patience:g} s{why or _START}")

    def _changed(self) -> None:
        if not self._swapping:
            self._swapping = True
            self._later(self._swap_all())

    async def _swap_all(self) -> None:
        try:
            while self._resolver.addresses and (self._pool is None or self._resolver.addresses != self._pool.addresses):
                await self._swap()
        finally:
            self._swapping = False

    async def _swap(self) -> None:
        """Replace the connection by one to the present instances; calls on the old one finish there.

        An empty list keeps the old connection: better a refused call than a forgotten service.
        """
        addresses = () if self._conf.dialled else self._resolver.addresses
        old = self._pool
        if not addresses and (old is not None or not self._conf.dialled):
            return
        connection = await self._connect(addresses)
        if old is not None and old.connection.connected:
            await connection.ready(READY)
        self._pool = _CountedConnection(connection, addresses)
        if old is not None:
            self._later(old.retire())

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _LOG.warning("%s: %s", self.key, task.exception())


class _ChannelCall:
    """Around one call: breaker, metrics, deadline."""

    __slots__ = ("_credentials", "_deadline", "_method", "_span", "_started", "_wire", "metadata")

    def __init__(self, method: _CalledMethod, wire: str, limit: float | None, credentials: Metadata) -> None:
        self._method = method
        self._wire = wire
        self._started = time.monotonic()
        self._deadline = None if limit is None else self._started + limit
        self._credentials = credentials
        self.metadata: Metadata = ()

    def __enter__(self) -> "_ChannelCall":
        if not self._method.breaker.allows():
            self._method.observe(Code.UNAVAILABLE, 0.0)
            self._method.dropped("breaker")
            raise RpcError(Code.UNAVAILABLE, f"too many calls of {self._wire} fail; this one was not made")
        self._span = None if spans.active is None else traced.call(self._wire)
        here = origin.get() if self._span is None else self._span.origin
        self.metadata = (*here.metadata(), *self._credentials)
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: object) -> None:
        code = Code.OK if problem is None else problem.code if isinstance(problem, RpcError) else Code.CANCELED
        self._method.breaker.done(code)
        self._method.observe(code, time.monotonic() - self._started)
        if self._span is not None:
            traced.end(self._span, code, code is not Code.OK)

    def left(self) -> float | None:
        """Return the seconds that are left. Raises RpcError when there are none."""
        if self._deadline is None:
            return None
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise RpcError(Code.DEADLINE_EXCEEDED, "no time was left for the call")
        return left


def _read(reply: type[R], data: bytes) -> R:
    try:
        made: R = reply.FromString(data)  # type: ignore[attr-defined]
    except Exception:
        raise RpcError(Code.INTERNAL, f"the reply is not a {reply.__name__}") from None
    return made


async def _written(requests: AsyncIterable[Wire]) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request.SerializeToString()


def connect(conf: RpcClientConf, key: str) -> Channel:
    """Return a channel to the service registered under `key`, unless the settings name another. Raises ConfigError."""
    seconds(conf.keepalive_time, f"KeepaliveTime for {key}")  # check it now: it is used only when an instance comes

    async def made(addresses: tuple[str, ...]) -> Connection:
        return await connection_to(addresses, conf)

    return Channel(conf, conf.key or key, made)
