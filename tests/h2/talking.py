"""Helpers for tests of our own transport: connections without sockets, servers with them, callers that break rules."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NamedTuple

from mallgen_runtime.process.address import listening
from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc import RpcClientConf
from mallgen_runtime.rpc.connection import Connection
from mallgen_runtime.rpc.grpcio import GrpcConnection
from mallgen_runtime.rpc.h2 import frames, grpc
from mallgen_runtime.rpc.h2.budgets import ServerBudget
from mallgen_runtime.rpc.h2.call import ServerCall
from mallgen_runtime.rpc.h2.frames import ConnectionFault
from mallgen_runtime.rpc.h2.hpack import indexed, literal
from mallgen_runtime.rpc.h2.limits import Budget, Limits
from mallgen_runtime.rpc.h2.pool import H2Connection
from mallgen_runtime.rpc.h2.server_connection import ServerConnection
from mallgen_runtime.rpc.h2.server_transport import MethodRoute, TransportServer
from mallgen_runtime.rpc.methods import RpcContext

ECHO = "/test.Echo/Echo"
HELLO = frames.PREFACE + frames.settings(())
HEAD = b"".join(
    (
        indexed(3),
        indexed(6),
        literal(b":path", ECHO.encode()),
        literal(b":authority", b"x"),
        literal(b"te", b"trailers"),
        literal(b"content-type", b"application/grpc"),
    )
)


def data(stream: int, payload: bytes, *, end: bool = True) -> bytes:
    """Return a DATA frame."""
    return frames.frame(frames.DATA, frames.END_STREAM if end else 0, stream, payload)


def call(stream: int, message: bytes = b"hi", more: bytes = b"") -> bytes:
    """Return the frames of a whole call; `more` are header fields encoded as HPACK."""
    return frames.headers(stream, HEAD + more, end=False) + data(stream, grpc.framed(message))


class Echo:
    """A server connection without a socket that returns each message; `hello` is its greeting, `out` the rest."""

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.out = bytearray()
        self.calls: list[tuple[bytes, bytes]] = []
        self.closed_calls = 0
        self.fault: ConnectionFault | None = None
        self.kept = ServerBudget(limits.kept)
        self.core = ServerConnection(self.out.extend, self, limits, self.kept, Budget(limits.kept))
        self.core.greet()
        self.hello = bytes(self.out)
        self.out.clear()

    def settled(self) -> None:
        """Do nothing, since the echo has no timers."""

    def opened(self, call: ServerCall) -> None:
        """Do nothing, since the echo has no timers."""

    def called(self, call: ServerCall, message: bytes) -> None:
        """Answer a call with its message."""
        self.calls.append((call.request.path, message))
        self.core.reply(call, message)

    def closed(self, call: ServerCall) -> None:
        """Count a call that is over."""
        self.closed_calls += 1

    def ended(self, fault: ConnectionFault) -> None:
        """Keep the fault that ended the connection."""
        self.fault = fault

    def empty(self) -> None:
        """Do nothing when the last call is over."""


class Frame(NamedTuple):
    """One frame sent by a server."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def cut(data: bytes) -> tuple[list[Frame], bytes]:
    """Return the frames in some bytes, and the bytes that are left."""
    found, at = [], 0
    while len(data) - at >= frames.HEAD_SIZE:
        high, low, kind, flags, stream = frames.HEAD.unpack_from(data, at)
        stop = at + frames.HEAD_SIZE + (high << 8 | low)
        if stop > len(data):
            break
        found.append(Frame(kind, flags, stream, data[at + frames.HEAD_SIZE : stop]))
        at = stop
    return found, data[at:]


async def echo(ctx: RpcContext, data: bytes) -> bytes:
    """Answer the message, or obey it: `sleep 0.5` waits, `fail 5 text` fails, `size 9` answers with so many bytes."""
    word, _, rest = data[:100].partition(b" ")
    if word == b"sleep":
        await asyncio.sleep(float(rest))
    elif word == b"fail":
        code, _, text = rest.partition(b" ")
        raise RpcError(Code(int(code)), text.decode())
    elif word == b"size":
        return b"x" * int(rest)
    elif word == b"boom":
        raise ValueError("mysql://root:pw@db")
    return data


class Serving(NamedTuple):
    """A running server and its port."""

    server: TransportServer
    port: int

    @property
    def address(self) -> str:
        """Return the server's address as `host:port`."""
        return f"127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    answer: Any = echo, limits: Limits | None = None, *, limit: float | None = 2.0, idle: float = 0.0, port: int = 0
) -> AsyncIterator[Serving]:
    """Start a server of one method, whose deadline is `limit` seconds."""
    bound = listening("127.0.0.1", port)
    server = TransportServer({ECHO.encode(): MethodRoute(ECHO, answer, limit)}, limits or Limits(), idle)
    await server.start(bound)
    try:
        yield Serving(server, bound.getsockname()[1])
    finally:
        await server.stop(0.5)


@asynccontextmanager
async def calling(addresses: str | Iterable[str], **settings: Any) -> AsyncIterator[H2Connection]:
    """Connect our client to some addresses."""
    peers = [addresses] if isinstance(addresses, str) else list(addresses)
    connection = H2Connection(peers, RpcClientConf(**settings))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def grpc_calling(addresses: str | Iterable[str]) -> AsyncIterator[Connection]:
    """Connect a client of grpc.aio to some addresses."""
    peers = [addresses] if isinstance(addresses, str) else list(addresses)
    connection = await GrpcConnection.to(peers, RpcClientConf())
    try:
        yield connection
    finally:
        await connection.close()


CLIENTS: dict[str, Callable[..., AbstractAsyncContextManager[Any]]] = {"own": calling, "grpc": grpc_calling}


def kinds(found: list[Frame], kind: int, *, ended: bool = False) -> list[int]:
    """Return the streams of the frames of a kind; with `ended` only of those that end their stream."""
    return [frame.stream for frame in found if frame.kind == kind and (frame.flags & frames.END_STREAM or not ended)]


async def good_call(serving: Serving) -> float:
    """Call as an honest client and return the seconds until the answer, connecting included."""
    started = time.monotonic()
    async with calling(serving.address) as connection:
        assert await connection.unary(ECHO, b"honest", 5.0, ()) == b"honest"
    return time.monotonic() - started


class Raw:
    """A client that sends arbitrary bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.frames: list[Frame] = []
        self._rest = b""

    @classmethod
    async def to(cls, port: int, first: bytes = HELLO) -> "Raw":
        """Connect and send the client's greeting, or `first` in its stead."""
        connected = cls(*await asyncio.open_connection("127.0.0.1", port))
        await connected.send(first)
        return connected

    async def send(self, data: bytes) -> bool:
        """Write; return False when the server has closed the connection."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError:
            return False
        return True

    async def read(self, seconds: float = 0.2) -> list[Frame]:
        """Return the frames that arrive within some seconds, or until the connection closes."""
        found: list[Frame] = []
        try:
            async with asyncio.timeout(seconds):
                while chunk := await self.reader.read(1 << 16):
                    more, self._rest = cut(self._rest + chunk)
                    found += more
        except (TimeoutError, OSError):
            pass
        self.frames += found
        return found

    async def until(self, enough: Callable[[list[Frame]], object], seconds: float = 15.0) -> list[Frame]:
        """Return all frames so far, once `enough` of them accepts; fail when that takes more than `seconds`."""
        end = time.monotonic() + seconds
        while not enough(self.frames):
            assert time.monotonic() < end, self.frames[-5:]
            chunk = await asyncio.wait_for(self.reader.read(1 << 16), seconds)
            assert chunk, "the server has closed the connection"
            more, self._rest = cut(self._rest + chunk)
            self.frames += more
        return self.frames

    async def until_closed(self, seconds: float = 15.0) -> int | None:
        """Return the reason of the GOAWAY with which the server ended the connection, None when there was no GOAWAY.

        Fails when the connection stays open.
        """
        started = time.monotonic()
        await self.read(seconds)
        assert time.monotonic() - started < seconds, "the connection stays"
        reasons = [frames.LONG.unpack_from(item.payload, 4)[0] for item in self.frames if item.kind == frames.GOAWAY]
        return int(reasons[-1]) if reasons else None

    async def close(self) -> None:
        """Close the connection."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            return


OK_HEAD = indexed(8) + literal(b"content-type", b"application/grpc")


def reply(stream: int, message: bytes) -> bytes:
    """Return the frames of a whole answer."""
    start = frames.headers(stream, OK_HEAD, end=False) + data(stream, grpc.framed(message), end=False)
    return start + frames.headers(stream, literal(b"grpc-status", b"0"), end=True)


Behave = Callable[[Frame, asyncio.StreamWriter], None]


@asynccontextmanager
async def scripted(behave: Behave, hello: bytes = frames.settings(())) -> AsyncIterator[str]:
    """Start a server that passes each frame to `behave`, and yield its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readexactly(len(frames.PREFACE))
            writer.write(hello)
            rest = b""
            while chunk := await reader.read(1 << 16):
                found, rest = cut(rest + chunk)
                for frame in found:
                    behave(frame, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
