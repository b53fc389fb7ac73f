"""Our client and server together with grpc.aio's, over real sockets: the same answers in all four pairs."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import grpc
import grpc.aio
import pytest

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.h2.limits import Limits, limits_for
from mallgen_runtime.rpc.methods import RpcContext
from tests.h2.talking import CLIENTS, ECHO, calling, echo, serving
from tests.run.discovering import run, until

_STATUS = {status.value[0]: status for status in grpc.StatusCode}
Ask = Callable[..., Awaitable[bytes]]


@asynccontextmanager
async def grpc_serving() -> AsyncIterator[str]:
    """Start a server of grpc.aio with the same method, and yield its address."""

    async def answer(data: bytes, call: Any) -> bytes:
        try:
            return await echo(RpcContext(ECHO, (), ("", "", "")), data)  # type: ignore[arg-type]
        except RpcError as problem:
            await call.abort(_STATUS[problem.code], problem.detail)
        raise AssertionError("abort raises")

    options = [("grpc.max_receive_message_length", 4 << 20), ("grpc.so_reuseport", 0)]
    server = grpc.aio.server(options=options)
    handlers: dict[str, Any] = {"Echo": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


class Pair(NamedTuple):
    """A connected client."""

    ask: Ask


@asynccontextmanager
async def paired(name: str) -> AsyncIterator[Pair]:
    """Connect a client to a server, for example ours to grpc.aio's as `own-grpc`."""
    client, server = name.split("-")
    made: Any = serving() if server == "own" else grpc_serving()
    async with made as found:
        address = found if isinstance(found, str) else found.address
        async with CLIENTS[client](address) as connection:

            async def ask(data: bytes, timeout: float | None = 5.0, wire: str = ECHO, **metadata: str) -> bytes:
                reply: bytes = await connection.unary(wire, data, timeout, tuple(metadata.items()))
                return reply

            yield Pair(ask)


pairs = pytest.mark.parametrize("pair", ["own-own", "own-grpc", "grpc-own", "grpc-grpc"])


async def failure(work: Awaitable[bytes]) -> tuple[Code, str]:
    """Return the code and the detail with which a call failed."""
    with pytest.raises(RpcError) as problem:
        await work
    return problem.value.code, problem.value.detail


@pairs
@pytest.mark.parametrize("size", [0, 1, 700, 16_379, 16_380, 65_530, 300_000, (4 << 20)])
def test_messages_of_any_size(pair: str, size: int) -> None:
    async def work() -> None:
        async with paired(pair) as found:
            message = (b"0123456789abcdef" * (size // 16 + 1))[:size]
            assert await found.ask(message) == message

    run(work)


@pairs
def test_every_code_with_its_text(pair: str) -> None:
    async def work() -> None:
        async with paired(pair) as found:
            for code in Code:
                if code is not Code.OK:
                    text = f"没有 100% \x7f\n {code.name}"
                    assert await failure(found.ask(f"fail {int(code)} {text}".encode())) == (code, text)

    run(work)


@pairs
def test_a_deadline(pair: str) -> None:
    async def work() -> None:
        async with paired(pair) as found:
            started = time.monotonic()
            assert (await failure(found.ask(b"sleep 3", 0.2)))[0] is Code.DEADLINE_EXCEEDED
            assert 0.19 < time.monotonic() - started < 2.5
            assert await found.ask(b"after") == b"after"

    run(work)


@pairs
def test_methods_that_nobody_has(pair: str) -> None:
    async def work() -> None:
        async with paired(pair) as found:
            for path in ("/test.Echo/Nope", "/other.Thing/Echo"):
                assert (await failure(found.ask(b"", wire=path)))[0] is Code.UNIMPLEMENTED

    run(work)


@pairs
def test_messages_beyond_the_limit(pair: str) -> None:
    async def work() -> None:
        async with paired(pair) as found:
            for asked in (b"x" * ((4 << 20) + 1), b"size %d" % ((4 << 20) + 1)):
                assert (await failure(found.ask(asked)))[0] is Code.RESOURCE_EXHAUSTED
                assert await found.ask(b"after") == b"after"

    run(work)


def test_messages_that_settings_allow_to_be_very_large() -> None:
    most = -1  # gRPC's way to say: no limit

    async def work() -> None:
        async with serving(limits=limits_for(most)) as server, calling(server.address, max_message=most) as connection:
            message = b"0123456789" * 7_000_000
            assert await connection.unary(ECHO, message, 20.0, ()) == message
            assert server.server.kept.held == 0

    run(work)


@pairs
def test_many_at_once(pair: str) -> None:
    async def work() -> None:
        async with paired(pair) as found:
            started = time.monotonic()
            replies = await asyncio.gather(*(found.ask(b"sleep 0.3") for _ in range(300)))
            assert set(replies) == {b"sleep 0.3"}
            assert time.monotonic() - started < 30  # in sequence they would take 90 s
            big = await asyncio.gather(*(found.ask(bytes([n]) * 300_000) for n in range(40)))
            assert [(item[0], len(item)) for item in big] == [(n, 300_000) for n in range(40)]

    run(work)


def test_an_exception_does_not_reach_the_wire() -> None:
    async def work() -> None:
        async with serving() as server, calling(server.address) as connection:
            code, text = await failure(connection.unary(ECHO, b"boom", 1.0, ()))
            assert (code, "mysql" in text) == (Code.INTERNAL, False)

    run(work)


@pytest.mark.parametrize("client", ["own", "grpc"])
def test_what_a_handler_is_told(client: str) -> None:
    seen: list[RpcContext] = []

    async def look(ctx: RpcContext, data: bytes) -> bytes:
        seen.append(ctx)
        return data

    async def work() -> None:
        async with (
            serving(look) as server,
            CLIENTS[client](server.address) as connection,
        ):
            parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            sent: Any = (("traceparent", parent), ("x-request-id", "r1"), ("key-bin", b"\0\xff\x01"), ("a", "b c"))
            before = time.monotonic()
            await connection.unary(ECHO, b"", 1.5, sent)
            ctx = seen[0]
            assert (ctx.trace_id, ctx.trace_flags, ctx.request_id) == (parent[3:35], "01", "r1")
            assert (ctx.metadata["a"], ctx.metadata["traceparent"]) == ("b c", parent)
            assert "key-bin" not in ctx.metadata
            assert ctx.binary == {"key-bin": b"\0\xff\x01"}
            assert ctx.peer.startswith("ipv4:127.0.0.1:")
            assert ctx.deadline is not None
            assert 1.3 < ctx.deadline - before < 1.6
            await connection.unary(ECHO, b"", None, ())
            assert seen[1].deadline is not None
            assert 1.8 < seen[1].deadline - time.monotonic() <= 2.0

    run(work)


def test_a_caller_that_leaves_cancels_the_handler() -> None:
    ended: list[str] = []

    async def wait(ctx: RpcContext, data: bytes) -> bytes:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append(data.decode())
            raise
        return data

    async def work() -> None:
        async with serving(wait, limit=None) as server:
            for name, client in CLIENTS.items():
                async with client(server.address) as connection:
                    task = asyncio.ensure_future(connection.unary(ECHO, name.encode(), None, ()))
                    await until(lambda: bool(server.server.tasks), 10, "the call is there")
                    task.cancel()
                    await asyncio.wait([task])
                    assert task.cancelled()
                    await until(lambda name=name: name in ended, 10, "the handler is cancelled")  # type: ignore[misc]
            await until(lambda: not server.server.tasks, 10, "nothing is left")

    run(work)


def test_gzip_from_a_caller_and_from_a_server() -> None:
    async def packed(request: bytes, call: Any) -> bytes:
        return request * 2

    async def work() -> None:
        async with serving() as server:
            async with grpc.aio.insecure_channel(server.address, compression=grpc.Compression.Gzip) as channel:
                ask: Any = channel.unary_unary(ECHO)
                assert await ask(b"z" * 100_000) == b"z" * 100_000
                bomb = b"\0" * ((4 << 20) + 1)
                with pytest.raises(grpc.aio.AioRpcError) as problem:
                    await ask(bomb)
                assert problem.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            async with grpc.aio.insecure_channel(server.address, compression=grpc.Compression.Deflate) as channel:
                ask = channel.unary_unary(ECHO)
                with pytest.raises(grpc.aio.AioRpcError) as problem:
                    await ask(b"z" * 100_000)
                assert problem.value.code() is grpc.StatusCode.UNIMPLEMENTED
        other = grpc.aio.server(compression=grpc.Compression.Gzip)
        handlers: dict[str, Any] = {"Echo": grpc.unary_unary_rpc_method_handler(packed)}
        other.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
        port = other.add_insecure_port("127.0.0.1:0")
        await other.start()
        async with calling(f"127.0.0.1:{port}") as connection:
            assert await connection.unary(ECHO, b"z" * 50_000, 5.0, ()) == b"z" * 100_000
        await other.stop(None)

    run(work)


def test_metadata_of_nine_and_of_twenty_thousand_bytes() -> None:
    async def work() -> None:
        async with serving(limits=Limits()) as server:
            for client in CLIENTS.values():
                async with client(server.address) as connection:
                    assert await connection.unary(ECHO, b"x", 5.0, (("long", "v" * 9000),)) == b"x"
                    code, _ = await failure(connection.unary(ECHO, b"x", 5.0, (("long", "v" * 20_000),)))
                    assert code is Code.RESOURCE_EXHAUSTED
                    code, _ = await failure(
                        connection.unary(ECHO, b"x", 5.0, tuple((f"k{n}", "v") for n in range(300)))
                    )
                    assert code is Code.RESOURCE_EXHAUSTED
                    assert await connection.unary(ECHO, b"y", 5.0, ()) == b"y"

    run(work)
