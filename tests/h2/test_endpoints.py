"""Clients with several instances, with none, with instances that start later, and with instances that hang."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2 import client_transport, frames
from mallgen_runtime.rpc.methods import RpcContext
from tests.h2.talking import ECHO, Frame, calling, scripted, serving
from tests.pauses import standing_still
from tests.run.discovering import run, silent_server, until


def test_calls_go_to_all_instances_in_turn() -> None:
    async def work() -> None:
        found: Counter[int] = Counter()

        def counting(number: int) -> Callable[[RpcContext, bytes], object]:
            async def answer(ctx: RpcContext, data: bytes) -> bytes:
                found[number] += 1
                return data

            return answer

        async with contextlib.AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(serving(counting(n))) for n in range(3)]
            connection = await stack.enter_async_context(calling([server.address for server in servers]))
            await until(lambda: len(connection._endpoints.connections) == 3, 2, "all are there")
            for _ in range(30):
                await connection.unary(ECHO, b"x", 1.0, ())
            assert set(found.values()) == {10}

    run(work)


def test_nobody_there_is_told_at_once_and_who_comes_is_found() -> None:
    async def work() -> None:
        async with serving() as server:
            port = server.port
        async with calling(f"127.0.0.1:{port}") as connection:
            started = time.monotonic()
            with pytest.raises(RpcError) as problem:
                await connection.unary(ECHO, b"x", 5.0, ())
            assert problem.value.code is Code.UNAVAILABLE
            assert f"127.0.0.1:{port}" in problem.value.detail
            assert time.monotonic() - started < 3
            assert not await connection.ready(0.2)
            await asyncio.sleep(2)
            async with serving(port=port):
                await asyncio.sleep(0.1)  # the client may have tried to connect a moment ago
                assert await connection.unary(ECHO, b"x", 5.0, ()) == b"x"
                assert connection.connected

    run(work)


def test_a_pause_of_the_process_while_it_connects_again_costs_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop calls its timers first: the time for connecting is over before it reads that the server has answered."""
    real = client_transport.opened

    async def slowly(*words: Any) -> Any:
        await asyncio.sleep(0.02)  # as to another machine
        return await real(*words)

    async def work() -> None:
        async with serving() as server, calling(server.address) as connection:
            monkeypatch.setattr("mallgen_runtime.rpc.h2.endpoints.opened", slowly)
            assert await connection.unary(ECHO, b"x", 5.0, ()) == b"x"
            for one in tuple(server.server.connections):
                one.transport.abort()
            while connection.connected:
                await asyncio.sleep(0)
            asked = asyncio.ensure_future(connection.unary(ECHO, b"x", 5.0, ()))
            await asyncio.sleep(0)
            await standing_still(1.0, lambda: None)
            assert await asked == b"x"

    run(work)


def test_a_name_stands_for_its_addresses() -> None:
    async def work() -> None:
        async with serving() as server, calling(f"localhost:{server.port}") as connection:
            assert await connection.unary(ECHO, b"x", 5.0, ()) == b"x"
        async with calling("nobody.invalid:80") as connection:
            with pytest.raises(RpcError) as problem:
                await connection.unary(ECHO, b"x", 5.0, ())
            assert problem.value.code is Code.UNAVAILABLE
            assert "nobody.invalid" in problem.value.detail

    run(work)


@pytest.mark.parametrize("address", ["grpc://127.0.0.1:80", "nobody", "127.0.0.1:99999", "a b:80", "x:port", ":"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    """An invalid address in a registry fails its own calls only; other instances are called all the same."""

    async def work() -> None:
        async with calling(address) as connection:
            started = time.monotonic()
            with pytest.raises(RpcError) as problem:
                await connection.unary(ECHO, b"x", 4.0, ())
            assert problem.value.code is Code.UNAVAILABLE
            assert address.rpartition(":")[0] in problem.value.detail
            assert time.monotonic() - started < 4
        async with serving() as server, calling([address, server.address]) as connection:
            assert await connection.unary(ECHO, b"x", 4.0, ()) == b"x"

    run(work)


def test_who_accepts_and_never_greets_costs_a_call_its_deadline_at_most() -> None:
    async def work() -> None:
        with silent_server() as address:
            async with calling(address) as connection:
                started = time.monotonic()
                with pytest.raises(RpcError) as problem:
                    await connection.unary(ECHO, b"x", 0.3, ())
                assert problem.value.code is Code.DEADLINE_EXCEEDED
                assert time.monotonic() - started < 3

    run(work)


@pytest.mark.parametrize("alive", ["", "500ms"])
@pytest.mark.slow
def test_a_server_that_hangs_is_noticed(alive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers gets a PING after the first call that times out, and is dropped when it is silent."""
    monkeypatch.setattr(client_transport, "PROBE", 0.4)

    async def work() -> None:
        async with (
            scripted(lambda frame, writer: None) as hung,
            serving() as good,
            calling([hung, good.address], keepalive_time=alive) as connection,
        ):
            await until(lambda: len(connection._endpoints.connections) == 2, 2, "both are there")
            lost = 0
            started = time.monotonic()
            while time.monotonic() - started < 1.5:
                try:
                    await connection.unary(ECHO, b"x", 0.2, ())
                except RpcError as problem:
                    assert problem.code in (Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE)
                    lost += 1
                await asyncio.sleep(0.01)
            assert 1 <= lost <= 4  # without the PING every other call would be lost

    run(work)


def test_a_slow_server_is_kept() -> None:
    """A server that answers PING is kept although its calls time out; it gets two PINGs in a row at most."""
    pings = 0

    def slow(frame: Frame, writer: asyncio.StreamWriter) -> None:
        nonlocal pings
        if frame.kind == frames.PING and not frame.flags:
            pings += 1
            writer.write(frames.frame(frames.PING, frames.ACK, 0, frame.payload))

    async def work() -> None:
        async with scripted(slow) as address, calling(address) as connection:
            for _ in range(6):
                with pytest.raises(RpcError) as problem:
                    await connection.unary(ECHO, b"x", 0.05, ())
                assert problem.value.code is Code.DEADLINE_EXCEEDED
            assert 1 <= pings <= 2
            assert connection.connected

    run(work)
