"""Call an RPC service or a piece of its logic in a test, without a socket.

async with Local(create_app(config)) as channel:
    reply = await OrderClient(channel).orders(OrdersRequest(user_id=123))

logic = OrdersLogic(rpc_context(), svc)
"""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self, TypeVar

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.process.tracing import ids_of
from mallgen_runtime.rpc.app import RpcApp
from mallgen_runtime.rpc.channel import Channel
from mallgen_runtime.rpc.conf import RpcClientConf
from mallgen_runtime.rpc.connection import Metadata
from mallgen_runtime.rpc.methods import Method, RpcContext

T = TypeVar("T")
PEER = "in-process"


class Local(Channel):
    """A channel to an application of this process, for its generated clients.

    Messages are serialized on the way, the deadline and the ids of the request travel as metadata, and a call runs in
    a task of its own: what works here works over a socket. `timeout` in milliseconds of one unary call (0: none).
    Entering it starts the service context, leaving it closes it.
    """

    def __init__(self, app: RpcApp, *, timeout: int = 2000) -> None:
        async def connect(addresses: tuple[str, ...]) -> "_LocalConnection":
            return _LocalConnection(app)

        super().__init__(RpcClientConf(endpoints=[f"{PEER}:0"], timeout=timeout), app.config.name, connect)
        self._app = app

    async def __aenter__(self) -> Self:
        await self._app.svc.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        await self._app.svc.shut()


def rpc_context(
    method: str = "",
    *,
    metadata: Mapping[str, str] | None = None,
    timeout: float | None = None,
    request_id: str = "",
) -> RpcContext:
    """A context for calling logic directly; `timeout` are the seconds that are left for the call, None: no limit."""
    sent = {name.lower(): value for name, value in (metadata or {}).items()}
    return _context(method, sent, timeout, request_id)


def _context(method: str, metadata: dict[str, str], timeout: float | None, request_id: str = "") -> RpcContext:
    ids = ids_of(metadata.get("traceparent", ""), request_id or metadata.get("x-request-id", ""))
    return RpcContext(
        method,
        tuple(metadata.items()),
        ids,
        peer=lambda: PEER,
        deadline=None if timeout is None else time.monotonic() + timeout,
    )


class _LocalConnection:
    """Runs the methods of an application, each call in a task and in variables of its own."""

    connected = True

    def __init__(self, app: RpcApp) -> None:
        self._app = app
        self._methods = {method.wire: method for service in app.services for method in service.methods}

    async def ready(self, seconds: float) -> bool:
        """Return at once: there is nothing to connect."""
        return True

    async def unary(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> bytes:
        """One request, one reply."""
        call = _LocalCall(self._app, self._method(wire), timeout, metadata)
        return await call.answer(call.read(data))

    async def collect(self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata) -> bytes:
        """Many requests, one reply."""
        call = _LocalCall(self._app, self._method(wire), timeout, metadata)
        async with _Pipe(data) as requests:
            return await call.answer(call.each(requests))

    async def stream(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> AsyncIterator[bytes]:
        """One request, many replies."""
        call = _LocalCall(self._app, self._method(wire), timeout, metadata)
        async with _Pipe(call.answers(call.read(data)), contextvars.Context()) as replies:
            while (reply := await call.waited(replies.next())) is not None:
                yield reply

    async def two_way(
        self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata
    ) -> AsyncIterator[bytes]:
        """Many requests, many replies."""
        call = _LocalCall(self._app, self._method(wire), timeout, metadata)
        async with _Pipe(data) as requests, _Pipe(call.answers(call.each(requests)), contextvars.Context()) as replies:
            while (reply := await call.waited(replies.next())) is not None:
                yield reply

    async def close(self) -> None:
        """There is nothing to close."""

    def _method(self, wire: str) -> Method[Any]:
        found = self._methods.get(wire)
        if found is None:
            raise RpcError(Code.UNIMPLEMENTED, "Method not found!")  # as grpc words it
        return found


class _LocalCall:
    """One call: the server's side of it, and the client's wait for it."""

    def __init__(self, app: RpcApp, method: Method[Any], timeout: float | None, metadata: Metadata) -> None:
        self._app = app
        self._method = method
        self._timeout = timeout
        self._ctx = _context(method.wire, dict(metadata), timeout)

    async def answer(self, request: Any) -> bytes:
        """The reply of a method that gives one."""
        task = asyncio.create_task(self._answer(request), context=contextvars.Context())
        try:
            return await self.waited(task)
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            raise RpcError(Code.CANCELED, f"{self._method.wire} was cancelled") from None
        finally:
            await _ended(task)

    async def answers(self, request: Any) -> AsyncIterator[bytes]:
        """The replies of a method that gives many."""
        async with aclosing(self._app.answers(self._method, self._ctx, request)) as replies:  # type: ignore[type-var]
            async for reply in replies:
                yield self._fitting(reply)

    async def waited(self, work: Awaitable[T]) -> T:
        """Wait for the result until the deadline. Raises RpcError."""
        deadline = self._ctx.deadline if self._timeout is not None else None
        try:
            async with asyncio.timeout(None if deadline is None else max(0.0, deadline - time.monotonic())) as limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise
            raise RpcError(Code.DEADLINE_EXCEEDED, "Deadline Exceeded") from None

    def read(self, data: bytes) -> Any:
        """Read a request. Raises RpcError."""
        fitting = self._fitting(data)
        try:
            return self._method.request.FromString(fitting)
        except Exception:
            raise RpcError(Code.INTERNAL, f"the request is not a {self._method.request.__name__}") from None

    async def each(self, requests: "_Pipe") -> AsyncIterator[Any]:
        """The requests of a stream."""
        while (data := await requests.next()) is not None:
            yield self.read(data)

    async def _answer(self, request: Any) -> bytes:
        return self._fitting(await self._app.answer(self._method, self._ctx, request))

    def _fitting(self, data: bytes) -> bytes:
        most = self._app.config.max_message
        if len(data) > most:
            raise RpcError(Code.RESOURCE_EXHAUSTED, f"a message has {len(data)} bytes, at most {most} are taken")
        return data


class _Pipe:
    """A stream that one task writes and another reads, one message at a time.

    What ends the writer ends the reader; leaving the pipe ends the writer.
    """

    def __init__(self, source: AsyncIterator[bytes], context: contextvars.Context | None = None) -> None:
        self._source = source
        self._context = context
        self._queue: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(1)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._fill(), context=self._context)
        return self

    async def __aexit__(self, *problem: object) -> None:
        await _ended(self._task)

    async def next(self) -> bytes | None:
        """The next message, None at the end."""
        item = await self._queue.get()
        if isinstance(item, RpcError):
            raise item
        if isinstance(item, Exception):
            raise RpcError(Code.CANCELED, f"the stream of requests broke off: {item!r}") from item
        return item

    async def _fill(self) -> None:
        end: Exception | None = None
        try:
            async with aclosing(self._source) as source:  # type: ignore[type-var]
                async for item in source:
                    await self._queue.put(item)
        except asyncio.CancelledError:
            if _is_cancelled():
                raise
            end = RpcError(Code.CANCELED, "the call was cancelled")
        except Exception as problem:
            end = problem
        await self._queue.put(end)


def _is_cancelled() -> bool:
    """Return whether the running task is cancelled, rather than what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _ended(task: "asyncio.Task[Any]") -> None:
    """Cancel what still runs and wait for its end."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
