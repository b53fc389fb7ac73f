"""A server of our own in the test's loop, and a client that sends and reads plain bytes."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import uvicorn

from mallgen_runtime import App, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.http.connection import HttpConnection
from mallgen_runtime.http.tracker import ConnectionTracker

Endpoint = Callable[[Context, Any], Awaitable[Response]]


class Got(NamedTuple):
    """An answer as it came; `is_whole` is whether its framing ended."""

    status: int
    pairs: list[tuple[str, str]]
    body: bytes
    is_whole: bool

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers; of several with one name the last."""
        return dict(self.pairs)


class Wire:
    """One connection to the server of a test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, method: str, path: str, version: str = "1.1", **headers: str) -> None:
        """Send a request without a body; `if_match` is the header if-match."""
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"{method} {path} HTTP/{version}\r\nhost: a\r\n{lines}\r\n".encode())
        await self.writer.drain()

    async def head(self) -> Got:
        """Read a status line and headers."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = [(name, value) for name, _, value in (line.partition(": ") for line in lines[1:-2])]
        return Got(int(lines[0].split()[1]), pairs, b"", False)

    async def answer(self, method: str = "GET") -> Got:
        """Read an answer to its end."""
        got = await self.head()
        if method == "HEAD" or got.status in (204, 304):
            return got._replace(is_whole=True)
        if got.headers.get("transfer-encoding") == "chunked":
            pieces = []
            while piece := await self.chunk():
                pieces.append(piece)
            return got._replace(body=b"".join(pieces), is_whole=piece is not None)
        if "content-length" not in got.headers:
            return got._replace(body=await self.reader.read(), is_whole=True)
        try:
            return got._replace(body=await self.reader.readexactly(int(got.headers["content-length"])), is_whole=True)
        except asyncio.IncompleteReadError as problem:
            return got._replace(body=problem.partial)

    async def chunk(self) -> bytes | None:
        """Read a chunk, b"" for the last; None when the connection ends without one."""
        try:
            size = int((await self.reader.readuntil(b"\r\n"))[:-2], 16)
            return (await self.reader.readexactly(size + 2))[:-2]
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    def close(self) -> None:
        """Reset the connection."""
        self.writer.transport.abort()


class Wires:
    """Makes connections to the server of a test."""

    def __init__(self, app: App[Any], tracker: ConnectionTracker, port: int) -> None:
        self.app = app
        self.tracker = tracker
        self.port = port

    async def open(self) -> Wire:
        """Return a new connection."""
        return Wire(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16))

    async def get(self, path: str, **headers: str) -> Got:
        """Return the answer to a GET on a connection of its own."""
        return await self.ask("GET", path, **headers)

    async def ask(self, method: str, path: str, version: str = "1.1", **headers: str) -> Got:
        """Return the answer to a request on a connection of its own."""
        wire = await self.open()
        await wire.send(method, path, version, **headers)
        got = await asyncio.wait_for(wire.answer(method), 20)
        wire.close()
        return got


@contextlib.asynccontextmanager
async def serving(
    endpoints: Mapping[str, Endpoint],
    config: RestConf | None = None,
    *,
    under: str = "mallgen",
    method: str = "GET",
    **more: Any,
) -> AsyncIterator[Wires]:
    """Serve routes of one method in this loop, on a port of the system's choice, by our server or `under` uvicorn.

    `more` are arguments of all routes.
    """
    loop = asyncio.get_running_loop()
    conf = config or RestConf(name="t", host="127.0.0.1", port=0)
    app = App(conf, ServiceBase(conf), [Route(method, path, endpoint, **more) for path, endpoint in endpoints.items()])
    tracker = ConnectionTracker(loop)
    if under == "uvicorn":
        async with _uvicorn(app) as port:
            yield Wires(app, tracker, port)
        return
    server = await loop.create_server(lambda: HttpConnection(app, tracker), "127.0.0.1", 0)
    try:
        yield Wires(app, tracker, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for connection in list(tracker.connections):
            connection.give_up()


@contextlib.asynccontextmanager
async def _uvicorn(app: App[Any]) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server._serve([listening]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task
