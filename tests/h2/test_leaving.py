"""Servers that stop, die, hang and come back: calls in flight, repeated calls, and the time until it is noticed."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable

import pytest

from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.rpc.connection import Connection
from mallgen_runtime.rpc.h2 import frames
from mallgen_runtime.rpc.h2.frames import Reason
from mallgen_runtime.rpc.h2.grpc import framed
from mallgen_runtime.rpc.h2.limits import Limits
from mallgen_runtime.rpc.h2.pool import H2Connection
from mallgen_runtime.rpc.methods import RpcContext
from tests.h2.talking import CLIENTS, ECHO, HEAD, HELLO, Frame, Raw, call, calling, data, kinds, scripted, serving
from tests.run.discovering import run, until

Figure = Callable[[str, object], None]


async def load(connection: Connection, over: asyncio.Event, lost: list[str]) -> int:
    """Call without a pause until `over`, and return the number of calls that were answered."""
    done = 0
    while not over.is_set():
        try:
            await connection.unary(ECHO, b"x", 5.0, ())
            done += 1
        except RpcError as problem:
            lost.append(str(problem))
    return done


clients = pytest.mark.parametrize("client", CLIENTS)


@clients
@pytest.mark.slow
def test_servers_are_replaced_under_load(client: str, record_property: Figure) -> None:
    """Each stop is graceful, and one of two instances always runs."""

    async def work() -> None:
        over = asyncio.Event()
        lost: list[str] = []
        async with contextlib.AsyncExitStack() as stack:
            stays = await stack.enter_async_context(serving())
            first = await stack.enter_async_context(serving())
            connection = await stack.enter_async_context(CLIENTS[client]([stays.address, first.address]))
            callers = [asyncio.create_task(load(connection, over, lost)) for _ in range(16)]
            turns = 8
            for _ in range(turns):
                await asyncio.sleep(0.15)
                await first.server.stop(5.0)
                first = await stack.enter_async_context(serving(port=first.port))
            over.set()
            calls = sum(await asyncio.gather(*callers))
        record_property("figure", f"{turns} graceful stops under load from {client}: {calls} calls, {len(lost)} lost")
        assert not lost, Counter(lost)
        assert calls > 100

    run(work)


@clients
def test_what_is_in_flight_is_finished_and_then_it_ends(client: str) -> None:
    async def work() -> None:
        async with serving() as server, CLIENTS[client](server.address) as connection:
            asked = [asyncio.ensure_future(connection.unary(ECHO, b"sleep 0.5", 5.0, ())) for _ in range(20)]
            await until(lambda: len(server.server.tasks) == 20, 10, "they are there")
            started = time.monotonic()
            await server.server.stop(5.0)
            assert 0.1 < time.monotonic() - started < 4.5
            assert set(await asyncio.gather(*asked)) == {b"sleep 0.5"}

    run(work)


def test_a_stop_has_its_end() -> None:
    async def work() -> None:
        async with serving(limit=None) as server, calling(server.address) as connection:
            asked = asyncio.ensure_future(connection.unary(ECHO, b"sleep 30", None, ()))
            await until(lambda: bool(server.server.tasks), 10, "it is there")
            started = time.monotonic()
            await server.server.stop(0.3)
            assert time.monotonic() - started < 10
            with pytest.raises(RpcError) as problem:
                await asked
            assert problem.value.code is Code.UNAVAILABLE
            assert not server.server.tasks

    run(work)


def test_a_call_on_its_way_to_a_server_that_leaves_is_answered() -> None:
    """The first GOAWAY excludes no call; the second one names the last call that was taken."""

    async def work() -> None:
        async with serving() as server:
            raw = await Raw.to(server.port)
            await raw.send(call(1, b"first"))
            await raw.until(lambda found: kinds(found, frames.HEADERS, ended=True) == [1])
            stop = asyncio.create_task(server.server.stop(3.0))
            first = await raw.until(lambda found: kinds(found, frames.PING))
            goaways = [frame for frame in first if frame.kind == frames.GOAWAY]
            assert [frames.LONG.unpack_from(frame.payload)[0] for frame in goaways] == [2**31 - 1]
            ping = next(frame for frame in first if frame.kind == frames.PING)
            pong = frames.frame(frames.PING, frames.ACK, 0, ping.payload)
            await raw.send(call(3, b"second") + pong + call(5, b"late"))
            second = await raw.until(lambda found: len(kinds(found, frames.GOAWAY)) == 2)
            goaways = [frame for frame in second if frame.kind == frames.GOAWAY]
            assert [frames.LONG.unpack_from(frame.payload)[0] for frame in goaways] == [2**31 - 1, 3]
            await raw.until(lambda found: kinds(found, frames.HEADERS, ended=True) == [1, 3])
            assert not kinds(await raw.read(0.1), frames.DATA)
            await raw.close()
            await stop

    run(work)


def test_who_has_connected_when_the_door_closes_is_served() -> None:
    async def work() -> None:
        async with serving() as server:
            raws = [await Raw.to(server.port, b"") for _ in range(20)]
            stop = asyncio.create_task(server.server.stop(3.0))
            for raw in raws:
                await raw.send(HELLO + call(1))
            for raw in raws:
                await raw.until(lambda found: kinds(found, frames.DATA) == [1])
                await raw.close()
            await stop

    run(work)


@pytest.mark.parametrize("how", ["refused", "goaway"])
def test_what_was_not_begun_with_is_made_again(how: str) -> None:
    """A call that the server refused or never began is repeated, even if it is not idempotent."""
    seen: list[int] = []

    def refuse(frame: Frame, writer: asyncio.StreamWriter) -> None:
        if frame.kind == frames.HEADERS:
            seen.append(frame.stream)
            refused = frames.reset(frame.stream, Reason.REFUSED_STREAM)
            writer.write(refused if how == "refused" else frames.goaway(0, Reason.NO_ERROR))

    async def work() -> None:
        async with scripted(refuse) as bad, serving() as good, calling([bad, good.address]) as connection:
            await until(lambda: len(connection._endpoints.connections) == 2, 2, "both are there")
            for _ in range(10):
                assert await connection.unary(ECHO, b"x", 2.0, ()) == b"x"
            assert seen

    run(work)


def test_what_may_have_been_begun_with_is_not_made_again() -> None:
    def die(frame: Frame, writer: asyncio.StreamWriter) -> None:
        if frame.kind == frames.DATA:
            writer.close()

    async def work() -> None:
        async with scripted(die) as bad, serving() as good, calling([bad, good.address]) as connection:
            await until(lambda: len(connection._endpoints.connections) == 2, 2, "both are there")
            found: Counter[object] = Counter()
            for _ in range(6):
                try:
                    found[await connection.unary(ECHO, b"x", 2.0, ())] += 1
                except RpcError as problem:
                    found[problem.code] += 1
            assert found[Code.UNAVAILABLE] >= 1
            assert found[b"x"] >= 3

    run(work)


def test_a_reset_at_the_deadline_is_the_deadline() -> None:
    """grpc-go's client and server both reset a stream whose deadline has passed."""

    def cancel(frame: Frame, writer: asyncio.StreamWriter) -> None:
        if frame.kind == frames.DATA:
            late = time.sleep if frame.stream == 3 else None
            if late:
                late(0.12)
            writer.write(frames.reset(frame.stream, Reason.CANCEL))

    async def work() -> None:
        async with scripted(cancel) as address, calling(address) as connection:
            codes = []
            for timeout in (5.0, 0.1):
                with pytest.raises(RpcError) as problem:
                    await connection.unary(ECHO, b"x", timeout, ())
                codes.append(problem.value.code)
            assert codes == [Code.CANCELED, Code.DEADLINE_EXCEEDED]

    run(work)


def test_no_more_streams_than_the_server_allows() -> None:
    at_once = most = 0

    async def count(ctx: RpcContext, data: bytes) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        return data

    async def work() -> None:
        async with serving(count, Limits(streams=7)) as server, calling(server.address) as connection:
            asked = [connection.unary(ECHO, b"%d" % n, 5.0, ()) for n in range(200)]
            assert await asyncio.gather(*asked) == [b"%d" % n for n in range(200)]
            assert most == 7
            slow = [asyncio.ensure_future(connection.unary(ECHO, b"x", 0.05, ())) for _ in range(100)]
            results = await asyncio.gather(*slow, return_exceptions=True)
            codes = {result.code for result in results if isinstance(result, RpcError)}
            assert codes == {Code.DEADLINE_EXCEEDED}
            assert await connection.unary(ECHO, b"after", 1.0, ()) == b"after"

    run(work)


def test_a_client_that_closes_while_calls_wait() -> None:
    async def work() -> None:
        async with serving() as server:
            connection: H2Connection
            async with calling(server.address) as connection:
                asked = asyncio.ensure_future(connection.unary(ECHO, b"sleep 5", 5.0, ()))
                await until(lambda: bool(server.server.tasks), 10, "it is there")
            with pytest.raises(RpcError) as problem:
                await asked
            assert problem.value.code is Code.UNAVAILABLE
            await until(lambda: not server.server.connections, 2, "it is closed")

    run(work)


def test_stream_numbers_end_and_the_calls_go_on() -> None:
    async def work() -> None:
        async with serving() as server, calling(server.address) as connection:
            assert await connection.unary(ECHO, b"x", 1.0, ()) == b"x"
            connection._endpoints.connections[0].core._next = 2**31 - 21
            found = await asyncio.gather(*(connection.unary(ECHO, b"%d" % n, 2.0, ()) for n in range(50)))
            assert found == [b"%d" % n for n in range(50)]

    run(work)


def test_heads_are_read_while_their_table_changes() -> None:
    """A decoded header block is not reused after the table that it refers to has changed."""

    async def answer(ctx: RpcContext, data: bytes) -> bytes:
        return ctx.metadata["k"].encode()

    async def work() -> None:
        async with serving(answer) as server:
            raw = await Raw.to(server.port)
            first = HEAD + b"\x40\x01k\x01a"
            again = HEAD + b"\xbe"
            other = HEAD + b"\x40\x01k\x01b"
            for number, block in enumerate((first, again, again, other, again)):
                await raw.send(frames.headers(2 * number + 1, block, end=False) + data(2 * number + 1, framed(b"")))
            found = await raw.until(lambda found: len(kinds(found, frames.DATA)) == 5)
            bodies = [frame.payload[-1:] for frame in found if frame.kind == frames.DATA]
            assert bodies == [b"a", b"a", b"a", b"b", b"b"]
            await raw.close()

    run(work)
