"""Callers that break rules or ask too much: each is stopped, and an honest call right after is answered in time."""

import asyncio
import contextlib
import resource
import time
from collections.abc import Awaitable, Callable

import pytest

from mallgen_runtime.rpc.h2 import frames, grpc
from mallgen_runtime.rpc.h2.frames import HEAD_SIZE, PREFACE, Reason
from mallgen_runtime.rpc.h2.hpack import literal
from mallgen_runtime.rpc.h2.limits import Limits
from tests.h2.talking import ECHO, HEAD, HELLO, Raw, call, calling, data, good_call, kinds, serving
from tests.run.discovering import run, until

CALM = Reason.ENHANCE_YOUR_CALM
PROMPT = 2.0  # it takes milliseconds; the machine may be busy
Abuse = Callable[[Raw], Awaitable[None]]


async def rapid_reset(raw: Raw) -> None:
    for number in range(1, 8000, 2):
        if not await raw.send(frames.headers(number, HEAD, end=False) + frames.reset(number, Reason.CANCEL)):
            return


async def made_you_reset(raw: Raw) -> None:
    for number in range(1, 8000, 2):
        if not await raw.send(frames.headers(number, HEAD, end=False) + frames.credit(number, 0)):
            return


async def endless_head(raw: Raw) -> None:
    await raw.send(frames.frame(frames.HEADERS, 0, 1, HEAD))
    for _ in range(100):
        if not await raw.send(frames.frame(frames.CONTINUATION, 0, 1, literal(b"x", b"y" * 4000))):
            return


async def empty_continuations(raw: Raw) -> None:
    await raw.send(frames.frame(frames.HEADERS, 0, 1, HEAD))
    await raw.send(frames.frame(frames.CONTINUATION, 0, 1) * 10_000)


async def index_bomb(raw: Raw) -> None:
    entry = b"\x40" + literal(b"x", b"v" * 3900)[1:]
    await raw.send(frames.headers(1, HEAD + entry, end=False))
    await raw.send(frames.headers(3, HEAD + b"\xbe" * 16_000, end=False))


async def pings(raw: Raw) -> None:
    await raw.send(frames.frame(frames.PING, 0, 0, b"12345678") * 10_000)


async def settings(raw: Raw) -> None:
    await raw.send(frames.settings([(frames.INITIAL_WINDOW, 1000)]) * 10_000)


async def empty_data(raw: Raw) -> None:
    await raw.send(frames.headers(1, HEAD, end=False) + data(1, b"", end=False) * 10_000)


async def unknown_frames(raw: Raw) -> None:
    await raw.send(frames.frame(77, 0, 0, b"x") * 10_000)


async def priorities(raw: Raw) -> None:
    await raw.send(frames.frame(frames.PRIORITY, 0, 1, b"\0\0\0\0\1") * 10_000)


async def small_credits(raw: Raw) -> None:
    await raw.send(frames.credit(0, 1) * 10_000)


@pytest.mark.parametrize(
    "abuse",
    [
        rapid_reset,
        made_you_reset,
        endless_head,
        empty_continuations,
        index_bomb,
        pings,
        settings,
        empty_data,
        unknown_frames,
        priorities,
        small_credits,
    ],
)
def test_floods_end_the_connection(abuse: Abuse) -> None:
    async def work() -> None:
        async with serving() as server:
            raw = await Raw.to(server.port)
            spent = time.process_time()
            started = asyncio.ensure_future(abuse(raw))
            assert await raw.until_closed() in (CALM, None)
            await started
            assert time.process_time() - spent < 2.0
            assert await good_call(server) < PROMPT
            await raw.close()

    run(work)


def test_who_asks_and_never_reads_is_not_read_any_more() -> None:
    limits = Limits(stalled=0.5)

    async def work() -> None:
        async with serving(limits=limits) as server:
            raw = await Raw.to(server.port, HELLO + frames.credit(0, 2**30) + frames.settings([(4, 2**30)]))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            sent = 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    for number in range(1, 100_000, 2):
                        if not await raw.send(call(number, b"x" * 10_000)):
                            break
                        sent += 1
            assert sent < 40_000
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
            assert await good_call(server) < PROMPT
            await until(lambda: not server.server.connections, 15, "the connection is given up")
            await raw.close()

    run(work)


def test_answers_wait_for_a_window_and_not_for_ever() -> None:
    async def work() -> None:
        async with serving(limits=Limits(kept=1 << 20, stalled=0.5)) as server:
            raw = await Raw.to(server.port, PREFACE + frames.settings([(frames.INITIAL_WINDOW, 0)]))
            for number in range(1, 801, 2):
                await raw.send(call(number, b"size 20000"))
            found = await raw.until(lambda found: len(kinds(found, frames.HEADERS, ended=True)) > 300)
            assert not kinds(found, frames.DATA)
            assert server.server.waiting.held < (1 << 20) + 40_000
            assert await good_call(server) < PROMPT
            await until(lambda: server.server.waiting.held == 0, 15, "what nobody takes is dropped")
            await raw.close()

    run(work)


def test_refusals_wait_for_a_window_and_not_for_ever() -> None:
    """A request that is no call of gRPC has no task, and its answer needs a time limit of its own."""
    get = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"a")]

    async def work() -> None:
        async with serving(limits=Limits(request=0.3, stalled=0.3)) as server:
            raw = await Raw.to(server.port, PREFACE + frames.settings([(frames.INITIAL_WINDOW, 0)]))
            head = b"".join(literal(name, value) for name, value in get)
            for number in range(1, 201, 2):
                await raw.send(frames.headers(number, head, end=True))
            await raw.until(lambda found: len(kinds(found, frames.HEADERS)) == 100)
            await until(lambda: not any(one.core.streams for one in server.server.connections), 15, "nothing waits")
            await raw.close()

    run(work)


def test_who_reads_slowly_gets_the_answer_of_a_handler_that_was_in_time() -> None:
    async def work() -> None:
        async with serving(limit=0.2) as server:
            raw = await Raw.to(server.port, PREFACE + frames.settings([(frames.INITIAL_WINDOW, 0)]))
            await raw.send(call(1, b"size 2000"))
            await raw.until(lambda found: kinds(found, frames.HEADERS))
            await asyncio.sleep(0.4)
            await raw.send(frames.credit(1, 3000))
            found = await raw.until(lambda found: kinds(found, frames.DATA))
            assert [len(frame.payload) for frame in found if frame.kind == frames.DATA] == [2005]
            await raw.close()

    run(work)


def test_the_greediest_loses_when_requests_fill_the_memory() -> None:
    limits = Limits(kept=1 << 20, message=1 << 20)

    async def work() -> None:
        async with serving(limits=limits) as server:
            raw = await Raw.to(server.port)
            start = grpc.PREFIX.pack(0, 500_000)
            for number in range(1, 21, 2):
                body = start + b"x" * 200_000
                parts = [data(number, body[at : at + 16_000], end=False) for at in range(0, len(body), 16_000)]
                await raw.send(frames.headers(number, HEAD, end=False) + b"".join(parts))
            await raw.until(lambda found: len(kinds(found, frames.HEADERS)) >= 5)
            assert server.server.kept.held <= limits.kept
            async with calling(server.address) as connection:
                assert len(await connection.unary(ECHO, b"y" * 300_000, 5.0, ())) == 300_000
            await raw.close()
            await until(lambda: server.server.kept.held == 0, 15, "what was held is let go")

    run(work)


def test_a_request_that_does_not_come_in_time() -> None:
    async def work() -> None:
        async with serving(limits=Limits(request=0.3)) as server:
            raw = await Raw.to(server.port)
            await raw.send(frames.headers(1, HEAD, end=False) + data(1, b"\0", end=False))
            found = await raw.until(lambda found: kinds(found, frames.HEADERS))
            block = next(frame.payload for frame in found if frame.kind == frames.HEADERS)
            assert b"grpc-status\x014" in block
            assert await good_call(server) < PROMPT
            await raw.close()

    run(work)


@pytest.mark.parametrize("first", [b"", PREFACE[:10], PREFACE, PREFACE + frames.settings(())[:5]])
def test_who_does_not_greet_is_closed(first: bytes) -> None:
    async def work() -> None:
        async with serving(limits=Limits(greeting=0.3)) as server:
            raw = await Raw.to(server.port, first)
            assert await raw.until_closed() == Reason.SETTINGS_TIMEOUT
            assert await good_call(server) < PROMPT
            await raw.close()

    run(work)


def test_http_1_is_told_what_this_is() -> None:
    async def work() -> None:
        async with serving() as server:
            raw = await Raw.to(server.port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await raw.until_closed() == Reason.PROTOCOL_ERROR
            assert b"gRPC" in raw.frames[-1].payload
            await raw.close()

    run(work)


def test_the_most_connections() -> None:
    async def work() -> None:
        async with serving(limits=Limits(connections=5)) as server:
            raws = [await Raw.to(server.port) for _ in range(5)]
            await until(lambda: len(server.server.connections) == 5, 10, "all are there")
            late = await Raw.to(server.port)
            assert await late.until_closed() is None
            await raws[0].close()
            await until(lambda: len(server.server.connections) == 4, 10, "one has gone")
            assert await good_call(server) < PROMPT
            for raw in (*raws[1:], late):
                await raw.close()

    run(work)


def test_the_most_streams() -> None:
    async def work() -> None:
        async with serving(limits=Limits(streams=10)) as server:
            raw = await Raw.to(server.port)
            for number in range(1, 31, 2):
                await raw.send(call(number, b"sleep 0.6"))
            found = await raw.until(lambda found: len(kinds(found, frames.DATA)) == 10)
            assert kinds(found, frames.RST_STREAM) == list(range(21, 31, 2))
            await raw.close()

    run(work)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (frames.frame(frames.PING, 0, 0, b"short"), Reason.FRAME_SIZE_ERROR),
        (frames.frame(frames.DATA, 0, 1, b"x"), Reason.PROTOCOL_ERROR),
        (frames.headers(2, HEAD, end=True), Reason.PROTOCOL_ERROR),
        (frames.headers(1, b"\xff\xff\xff\xff\xff\xff", end=True), Reason.COMPRESSION_ERROR),
        (frames.credit(0, 2**31 - 1), Reason.FLOW_CONTROL_ERROR),
        (b"\xff\xff\xff" + b"\0" * (HEAD_SIZE - 3), Reason.FRAME_SIZE_ERROR),
        (frames.headers(1, HEAD, end=False) + frames.reset(1, Reason.CANCEL) + call(1), Reason.STREAM_CLOSED),
    ],
)
def test_what_breaks_the_rules_ends_the_connection(sent: bytes, reason: Reason) -> None:
    async def work() -> None:
        async with serving() as server:
            raw = await Raw.to(server.port)
            await raw.send(sent)
            assert await raw.until_closed() == reason
            assert await good_call(server) < PROMPT
            await raw.close()

    run(work)


def test_an_idle_connection_is_closed_and_one_with_a_call_is_not() -> None:
    async def work() -> None:
        async with serving(idle=0.4, limit=None) as server:
            raw = await Raw.to(server.port)
            await raw.send(call(1, b"sleep 1.5"))
            idle = await Raw.to(server.port)
            await idle.until(lambda found: kinds(found, frames.GOAWAY))
            found = await raw.until(lambda found: kinds(found, frames.DATA))
            assert not kinds(found, frames.GOAWAY)
            await raw.close()
            await idle.close()

    run(work)


def test_honest_load_is_no_flood() -> None:
    async def work() -> None:
        async with serving() as server, calling(server.address) as connection:

            async def ask(number: int) -> None:
                for _ in range(number):
                    await connection.unary(ECHO, b"x" * 2000, 5.0, (("traceparent", "x"),))

            await asyncio.gather(*(ask(200) for _ in range(30)))

    run(work)
