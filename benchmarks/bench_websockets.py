"""Echoed messages of a WebSocket beside the bare library's own server, and the memory of a thousand idle sockets.

Client and servers share this process and its loop, and take turns in each round, so that a busy machine slows both.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "runtime")]

import msgspec  # noqa: E402
from websockets.asyncio.client import connect  # noqa: E402
from websockets.asyncio.server import ServerConnection, serve  # noqa: E402
from websockets.exceptions import ConnectionClosed  # noqa: E402

from mallgen_runtime import App, Context, Response, RestConf, Route, ServiceBase, WebSocket  # noqa: E402
from mallgen_runtime.http.connection import HttpConnection  # noqa: E402
from mallgen_runtime.http.tracker import ConnectionTracker  # noqa: E402
from mallgen_runtime.process.conf import LogConf  # noqa: E402

ROUNDS, MESSAGES, SOCKETS = 15, 400, 1000


class Said(msgspec.Struct):
    """A message."""

    text: str


async def _endpoint(ctx: Context, svc: Any) -> Response:
    socket: WebSocket[Said, Said] = WebSocket(ctx, Said, Said)

    async def run() -> None:
        async for message in socket:
            await socket.send(message)

    return socket.answer(run)


async def _bare(connection: ServerConnection) -> None:
    decoder = msgspec.json.Decoder(Said)
    with contextlib.suppress(ConnectionClosed):
        async for text in connection:
            await connection.send(msgspec.json.encode(decoder.decode(text)), text=True)


async def spent(port: int, text: str) -> float:
    """Return the processor microseconds of a message there and back, the client's included."""
    async with connect(f"ws://127.0.0.1:{port}/", proxy=None, compression=None) as client:
        started = time.process_time_ns()
        for _ in range(MESSAGES):
            await client.send(text)
            await client.recv()
        return (time.process_time_ns() - started) / 1000 / MESSAGES


def _resident() -> int:
    """Return the resident bytes of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def idle(port: int) -> float:
    """Return the KiB that an idle socket takes in the server."""
    head = (
        "GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    made: list[Any] = []
    before = 0
    for number in range(SOCKETS + 100):
        if number == 100:  # what the first ones load is not theirs
            before = _resident()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode())
        await reader.readuntil(b"\r\n\r\n")
        made.append((reader, writer))
    taken = (_resident() - before) / SOCKETS / 1024
    for _, writer in made:
        writer.transport.abort()
    await asyncio.sleep(0.2)
    return taken


async def _measured(work: Callable[[int, int], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    conf = RestConf(name="a", port=0, log=LogConf(access=False))
    tracker = ConnectionTracker(loop)
    app = App(conf, ServiceBase(conf), [Route("GET", "/", _endpoint, websocket=True)])
    server = await loop.create_server(lambda: HttpConnection(app, tracker), "127.0.0.1", 0)
    async with serve(_bare, "127.0.0.1", 0, compression=None) as bare:
        ports = [one.sockets[0].getsockname()[1] for one in (server, bare)]
        await work(ports[0], ports[1])
    server.close()


async def _compare(ours: int, bare: int) -> None:
    for size in (20, 1000, 30_000):
        text = msgspec.json.encode(Said("a" * size)).decode()
        rounds = [(await spent(ours, text), await spent(bare, text)) for _ in range(ROUNDS)]
        mine, other = min(one for one, _ in rounds), min(one for _, one in rounds)
        print(f"{size:6} bytes: {mine:6.0f} us, bare {other:6.0f} us, {mine / other:.2f} times")
    print(f"idle: {await idle(ours):.1f} KiB a socket, its client in this process included")


if __name__ == "__main__":
    asyncio.run(_measured(_compare))
