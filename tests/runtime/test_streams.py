"""Answers in pieces, over a socket, by our server and under uvicorn: framing, back-pressure, clients that leave."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime import ApiError, Context, Response, RestConf, StreamingResponse
from mallgen_runtime.process.origin import origin
from tests.runtime.wire import Wire, serving

PIECE = bytes(64 << 10)
BOTH = pytest.mark.parametrize("under", ["mallgen", "uvicorn"])


class Source:
    """An endless iterator that counts what was asked of it, and notes when it is closed."""

    def __init__(self, pieces: int = 1 << 30, pause: float = 0) -> None:
        self.left = pieces
        self.made = 0
        self.pause = pause
        self.closed = asyncio.Event()

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            while self.made < self.left:
                await asyncio.sleep(self.pause)
                self.made += 1
                yield PIECE
        finally:
            self.closed.set()


async def words() -> AsyncIterator[bytes]:
    for word in (b"one ", b"", b"two ", b"three"):
        yield word


async def failing(after: int) -> AsyncIterator[bytes]:
    for _ in range(after):
        yield b"x"
    raise ApiError(404, "gone", "it has gone")


async def plain(ctx: Context, svc: Any) -> Response:
    return StreamingResponse(words(), 201, {"x-a": "b"}, content_type="text/plain")


async def early(ctx: Context, svc: Any) -> Response:
    return StreamingResponse(failing(0))


async def late(ctx: Context, svc: Any) -> Response:
    return StreamingResponse(failing(3))


async def text(ctx: Context, svc: Any) -> Response:
    async def pieces() -> AsyncIterator[Any]:
        yield "text"

    return StreamingResponse(pieces())


async def sized(ctx: Context, svc: Any) -> Response:
    return StreamingResponse(words(), headers={"content-length": ctx.form.first("n")})


async def bodied(ctx: Context, svc: Any) -> Response:
    answer = StreamingResponse(words())
    answer.body = b"more"
    return answer


ROUTES = {"/bodied": bodied, "/plain": plain, "/early": early, "/late": late, "/text": text, "/sized": sized}


@BOTH
def test_a_stream_goes_in_chunks_or_until_the_connection_closes(under: str) -> None:
    async def run() -> None:
        async with serving(ROUTES, under=under) as client:
            wire = await client.open()
            for _ in range(2):
                await wire.send("GET", "/plain")
                got = await asyncio.wait_for(wire.answer(), 10)
                assert (got.status, got.body, got.is_whole) == (201, b"one two three", True)
                assert (got.headers["content-type"], got.headers["x-a"]) == ("text/plain", "b")
                assert got.headers["transfer-encoding"] == "chunked"
            known = await client.get("/sized?n=13")
            assert (known.body, known.headers["content-length"]) == (b"one two three", "13")
            if under == "uvicorn":  # it sends chunks to HTTP/1.0 as well
                return
            old = await client.ask("GET", "/plain", "1.0", connection="keep-alive")
            assert (old.status, old.body, "transfer-encoding" in old.headers) == (201, b"one two three", False)
            assert old.headers["connection"] == "close"

    asyncio.run(run())


@BOTH
def test_an_exception_is_an_error_before_the_first_piece_and_a_break_after_it(
    under: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with serving(ROUTES, under=under) as client:
            refused = await client.get("/early")
            assert (refused.status, refused.headers["content-type"]) == (404, "application/problem+json")
            assert b"it has gone" in refused.body
            assert [(await client.get(path)).status for path in ("/text", "/bodied")] == [500, 500]
            broken = await client.get("/late")
            assert (broken.status, broken.body, broken.is_whole) == (200, b"xxx", False)

    asyncio.run(run())
    assert "the stream yields str, not bytes" in caplog.text
    assert "a stream has no other body" in caplog.text
    assert "GET /late: the stream broke off" in caplog.text


def test_a_stream_of_another_length_breaks_off(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with serving(ROUTES) as client:
            for length in ("14", "4"):
                got = await client.get(f"/sized?n={length}")
                assert (got.status, got.is_whole) == (200, length == "4"), "what is too much is not sent"

    asyncio.run(run())
    assert "shorter than its content-length" in caplog.text
    assert "longer than its content-length" in caplog.text


@BOTH
def test_no_piece_is_made_before_the_one_before_is_taken(under: str) -> None:
    async def run() -> None:
        source = Source()

        async def endless(ctx: Context, svc: Any) -> Response:
            return StreamingResponse(source.pieces())

        async with serving({"/endless": endless}, under=under) as client:
            wire = await client.open()
            await wire.send("GET", "/endless")
            await _settled(source)
            first = source.made
            assert first < 400, "no more than what two sockets keep"
            await wire.head()
            for _ in range(first + 50):
                assert await asyncio.wait_for(wire.chunk(), 10) == PIECE
            assert source.made > first
            wire.close()
            await asyncio.wait_for(source.closed.wait(), 10)

    asyncio.run(run())


@BOTH
def test_a_stream_ends_with_its_client(under: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        source = Source(pause=0.01)

        async def endless(ctx: Context, svc: Any) -> Response:
            return StreamingResponse(source.pieces())

        async with serving({"/endless": endless}, under=under) as client:
            wire = await client.open()
            await wire.send("GET", "/endless")
            await wire.head()
            wire.close()
            await asyncio.wait_for(source.closed.wait(), 10)
            made = source.made
            await asyncio.sleep(0.05)
            assert source.made == made

    asyncio.run(run())
    assert "broke off" not in caplog.text


@BOTH
def test_a_large_stream_takes_no_memory(under: str) -> None:
    async def run() -> int:
        source = Source(1000)

        async def large(ctx: Context, svc: Any) -> Response:
            return StreamingResponse(source.pieces())

        async with serving({"/large": large}, under=under) as client:
            wire = await client.open()
            await wire.send("GET", "/large")
            await wire.head()
            before, most, size = _resident(), 0, 0
            while piece := await wire.chunk():
                size += len(piece)
                most = max(most, _resident())
            assert size == 1000 * len(PIECE)
            return most - before

    assert asyncio.run(run()) < 24 << 20


def test_a_stream_has_no_deadline_and_head_asks_for_none_of_it() -> None:
    async def run() -> None:
        source = Source(1)
        seen: list[float | None] = []

        async def pieces() -> AsyncIterator[bytes]:
            seen.append(origin.get().deadline)
            async for piece in source.pieces():
                yield piece

        async def endpoint(ctx: Context, svc: Any) -> Response:
            seen.append(origin.get().deadline)
            return StreamingResponse(pieces())

        async with serving({"/it": endpoint}) as client:
            head = await client.ask("HEAD", "/it")
            assert (head.status, source.made, "transfer-encoding" in head.headers) == (200, 0, False)
            await client.get("/it")
        assert [deadline is None for deadline in seen] == [False, False, True]

    asyncio.run(run())


@BOTH
def test_a_body_is_echoed_while_it_comes(under: str) -> None:
    size = 16 << 20

    async def echo(ctx: Context, svc: Any) -> Response:
        return StreamingResponse(ctx.stream())

    async def run() -> None:
        conf = RestConf(name="t", host="127.0.0.1", port=0, max_bytes=size)
        async with serving({"/echo": echo}, conf, under=under, method="POST") as client:
            for _ in range(2):
                wire = await client.open()
                wire.writer.write(f"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n".encode())
                sending = asyncio.create_task(_send(wire, size))
                got = await asyncio.wait_for(wire.answer(), 20)
                await sending
                assert (got.status, len(got.body), got.is_whole) == (200, size, True)

    asyncio.run(run())


def test_a_request_behind_a_stream_waits_for_its_end() -> None:
    async def run() -> None:
        async with serving(ROUTES) as client:
            wire = await client.open()
            wire.writer.write(b"GET /plain HTTP/1.1\r\nhost: a\r\n\r\n" * 3)
            for _ in range(3):
                assert (await asyncio.wait_for(wire.answer(), 10)).body == b"one two three"

    asyncio.run(run())


def test_who_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mallgen_runtime.http.answering.STALL_SECONDS", 0.2)

    async def run() -> None:
        source = Source()

        async def endless(ctx: Context, svc: Any) -> Response:
            return StreamingResponse(source.pieces())

        async with serving({"/endless": endless}) as client:
            wire = await client.open()
            await wire.send("GET", "/endless")
            await asyncio.wait_for(source.closed.wait(), 10)
            assert not client.tracker.connections
            assert client.tracker.kept == 0

    asyncio.run(run())


def test_a_part_is_not_taken_for_the_whole_by_an_old_client() -> None:
    async def run() -> None:
        async with serving(ROUTES) as client:
            wire = await client.open()
            await wire.send("GET", "/late", "1.0")
            with pytest.raises(ConnectionResetError):
                while True:
                    assert await asyncio.wait_for(wire.reader.read(1 << 16), 10), "it must not end cleanly"

    asyncio.run(run())


async def _send(wire: Wire, size: int) -> None:
    for _ in range(size >> 16):
        wire.writer.write(PIECE)
        await wire.writer.drain()


async def _settled(source: Source) -> None:
    """Wait until a source is asked for no more."""
    made = -1
    while made != source.made or not made:
        made = source.made
        await asyncio.sleep(0.1)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
