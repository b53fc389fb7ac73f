"""A WebSocket as logic has it: typed messages in, typed messages out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar

from mallgen_runtime.http.links import (
    CLOSED,
    INTERNAL,
    INVALID,
    NORMAL,
    REFUSED,
    UNSUPPORTED,
    MessageLink,
    SocketClosed,
    fitting,
)
from mallgen_runtime.http.messages import Context, WrongAnswer
from mallgen_runtime.http.offload import offload
from mallgen_runtime.http.problems import ApiError, ClientGone
from mallgen_runtime.http.sockets.rules import SocketRules
from mallgen_runtime.http.streaming import Out, StreamingResponse, nothing
from mallgen_runtime.process.origin import origin
from mallgen_runtime.schema.decoding import Wrong, decode
from mallgen_runtime.schema.encoding import NotFinite
from mallgen_runtime.schema.errors import FieldError
from mallgen_runtime.schema.validation import wrong_fields

In = TypeVar("In")
Out_ = TypeVar("Out_")
P = ParamSpec("P")
_BEGIN = 0.25  # seconds after which the handshake is answered if the logic has not used the socket


class WebSocket(Generic[In, Out_]):
    """A socket whose messages are JSON: `In` comes, `Out_` goes; None stands for nothing.

    `async for message in socket` ends when the socket is closed; `code` and `reason` then say why. The handshake is
    answered when the socket is first used, or a moment after the logic has begun: an ApiError before that is the
    answer in its place.
    """

    def __init__(self, ctx: Context, receives: type[In] | None, sends: type[Out_] | None) -> None:
        """Take the handshake of a request. Raises ApiError when it is none."""
        rules: SocketRules = ctx.matched.bound.sockets
        rules.check(ctx)
        self._ctx = ctx
        self._rules = rules
        self._receives: Any = receives
        self._sends: Any = sends
        self._link: MessageLink | None = None
        self._turn = asyncio.Lock()
        self.is_accepted = False

    @property
    def code(self) -> int:
        """The code that the socket was closed with, 0 while it is open."""
        return self._link.closed.code if self._link is not None and self._link.closed is not None else 0

    @property
    def reason(self) -> str:
        """The reason that came with it."""
        return self._link.closed.reason if self._link is not None and self._link.closed is not None else ""

    def __aiter__(self) -> AsyncIterator[In]:
        return self

    async def __anext__(self) -> In:
        try:
            return await self.receive()
        except SocketClosed:
            raise StopAsyncIteration from None

    async def receive(self) -> In:
        """Return the next message. Raises SocketClosed behind the last, also when one does not fit its type."""
        link = await self.accept()
        data = await link.receive()
        if data is not None:
            message = await self._read(data)
            if link.closed is None or not link.closed.is_ours:
                return message
        assert link.closed is not None, "it gives no message only when it is closed"
        raise SocketClosed(link.closed)

    async def _read(self, data: bytes) -> In:
        """Return a message; close for one that is none."""
        if self._receives is None:
            await self.close(UNSUPPORTED, "this socket takes no messages")
        else:
            try:
                made = await offload(len(data), decode, data, self._receives)
                found = wrong_fields(made)
                if not found:
                    return made  # type: ignore[no-any-return]
            except Wrong as problem:
                found = problem.errors
            await self._refuse(found)
        return None  # type: ignore[return-value]

    async def _refuse(self, found: list[FieldError]) -> None:
        first = f"{found[0].name} {found[0].reason}".strip()
        self._ctx.log.info("a message of %s does not fit: %s", self._ctx.url_path, first)
        await self.close(INVALID, first)

    async def send(self, message: Out_) -> None:
        """Send a message; wait until the client takes it. Raises SocketClosed, and ValueError for what no JSON has."""
        if self._sends is None:
            raise WrongAnswer("a message was sent, but the contract has no `returns` for this socket")
        link = await self.accept()
        try:
            data = self._ctx.event_data(message, self._sends)
        except NotFinite as problem:
            raise ValueError(f"a message has {problem}: JSON has no such number") from None
        await link.send(data)

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the socket; nothing happens when it is closed already."""
        link = await self.accept()
        await link.close(code, fitting(reason))

    async def accept(self) -> MessageLink:
        """Answer the handshake, once. Raises ClientGone."""
        link = self._link
        if link is None:
            raise RuntimeError("the socket is not connected: its route has not answered yet")
        if not self.is_accepted:
            async with self._turn:
                if not self.is_accepted:
                    await link.accept()
                    self.is_accepted = True
        return link

    def connect(self, link: MessageLink) -> None:
        """Take the way to the client."""
        self._link = link

    def answer(
        self, run: Callable[P, Awaitable[None]], *args: P.args, **named: P.kwargs
    ) -> "WebSocketResponse[In, Out_]":
        """Return the answer of a route: the socket, for as long as `run` works with it."""
        return WebSocketResponse(self._ctx, self, self._rules, lambda: run(*args, **named))


class WebSocketResponse(StreamingResponse, Generic[In, Out_]):
    """The answer that becomes a WebSocket once middlewares and guards have let it through."""

    __slots__ = ("_rules", "_run", "_socket")
    is_socket: ClassVar[bool] = True
    says_length = False

    def __init__(
        self, ctx: Context, socket: WebSocket[In, Out_], rules: SocketRules, run: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(nothing())
        del self.headers["content-type"]
        self._socket = socket
        self._rules = rules
        self._run = run

    async def sent_over(self, ctx: Context, out: Out) -> None:
        """Run the logic; close when it ends. Raises what it raises before the handshake is answered."""
        origin.set(origin.get()._replace(deadline=None))
        socket = self._socket
        link = out.link(ctx, self, self._rules.limits)
        socket.connect(link)
        self._rules.open += 1
        beginning = asyncio.create_task(_begin(socket))
        try:
            await self._run()
            await socket.close()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if link.closed is None or task is None:
                raise
            task.uncancel()
        except ClientGone:
            if not socket.is_accepted:
                raise
        except Exception as problem:
            if not socket.is_accepted:
                raise
            await self._failed(ctx, problem)
        finally:
            self._rules.open -= 1
            beginning.cancel()
            link.stop()
        if link.closed is not None:
            self.status = 101
            ctx.scope[CLOSED] = link.closed.code

    async def _failed(self, ctx: Context, problem: Exception) -> None:
        """Close a socket whose logic has ended with an exception."""
        if isinstance(problem, ApiError) and problem.status < 500:
            return await self._socket.close(REFUSED, problem.detail or problem.code)
        ctx.log.error("%s %s: the socket broke off", ctx.method, ctx.url_path, exc_info=problem)
        await self._socket.close(INTERNAL)


async def _begin(socket: WebSocket[Any, Any]) -> None:
    await asyncio.sleep(_BEGIN)
    with contextlib.suppress(ClientGone):
        await socket.accept()
