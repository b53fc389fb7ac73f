"""Deadlines of connections after a pause of the whole process, as on a machine that runs something else."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from mallgen_runtime import Context, Response
from mallgen_runtime.http.tracker import TICK
from tests.pauses import standing_still
from tests.runtime.wire import serving

REQUEST = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


async def said(ctx: Context, svc: Any) -> Response:
    return Response(b"said")


async def asked(client: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(client, 4096)


@asynccontextmanager
async def soon_idle() -> AsyncIterator[socket.socket]:
    """Yield a client that got one answer; its kept connection is closed as idle after the next tick."""
    async with serving({"/": said}) as wires:
        with socket.create_connection(("127.0.0.1", wires.port)) as client:
            client.setblocking(False)
            client.send(REQUEST)
            assert (await asked(client)).startswith(b"HTTP/1.1 200")
            (connection,) = wires.tracker.connections
            connection.deadline = time.monotonic() + TICK
            yield client


def test_a_request_that_came_while_the_process_stood_still_is_answered() -> None:
    """The loop calls its timers first: the connection would be closed as idle before what it has received is read."""

    async def run() -> bytes:
        async with soon_idle() as client:
            await standing_still(4 * TICK, lambda: client.send(REQUEST))
            return await asked(client)

    assert uvloop.run(run()).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("turn", [0.0, 3 * TICK], ids=["free", "busy"])
def test_who_is_silent_is_let_go_however_long_turns_take(turn: float) -> None:
    async def run() -> bytes:
        async with soon_idle() as client:
            closed = asyncio.ensure_future(asked(client))
            for _ in range(4):
                time.sleep(turn)
                await asyncio.sleep(0.01)
            return await asyncio.wait_for(closed, 5)

    assert uvloop.run(run()) == b""
