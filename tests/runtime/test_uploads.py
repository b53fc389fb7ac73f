"""Uploads and streamed bodies over a socket: files, fields, limits, what is left behind, and back-pressure."""

import asyncio
import contextlib
import gzip
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime import App, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.http.conf import UploadsConf
from mallgen_runtime.http.connection import HttpConnection
from mallgen_runtime.http.spool import Spool
from mallgen_runtime.http.tracker import ConnectionTracker
from mallgen_runtime.http.uploads import UploadedFile, base_name
from mallgen_runtime.testing import Answer, Client

Endpoint = Callable[[Context, Any], Awaitable[Response]]
MIB = 1 << 20


def app(endpoint: Endpoint, uploads: UploadsConf | None = None, most: int = 64 * MIB) -> App[ServiceBase[RestConf]]:
    config = RestConf(name="t", port=0, max_bytes=most, uploads=uploads or UploadsConf())
    return App(config, ServiceBase(config), [Route("POST", "/up", endpoint)])


def post(endpoint: Endpoint, uploads: UploadsConf | None = None, most: int = 64 * MIB, **rest: Any) -> Answer:
    async def talk() -> Answer:
        async with Client(app(endpoint, uploads, most)) as client:
            return await client.post("/up", **rest)

    return asyncio.run(talk())


@contextlib.asynccontextmanager
async def served(made: App[Any]) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    loop = asyncio.get_running_loop()
    tracker = ConnectionTracker(loop)
    server = await loop.create_server(lambda: HttpConnection(made, tracker), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()


def head(length: int, kind: str = "multipart/form-data; boundary=b") -> bytes:
    return f"POST /up HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    more = "" if filename is None else f'; filename="{filename}"'
    start = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return start.encode() + content + b"\r\n"


def open_files() -> set[str]:
    """Return the deleted files that this process has open: temporary ones of a spool."""
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    found = set()
    for link in links:
        with contextlib.suppress(OSError):
            found.add(os.readlink(link))
    return {name for name in found if name.endswith("(deleted)")}


def test_files_and_fields_come_together() -> None:
    async def up(ctx: Context, svc: object) -> Response:
        form = await ctx.read_form()
        title = form.string("title")
        files = await ctx.files()
        texts = [f"{f.name}:{f.filename}:{f.content_type}:{f.size}:{(await f.read()).decode()}" for f in files]
        assert (await ctx.file("b")).filename == "two.txt"
        assert [f.filename for f in await ctx.files("a")] == ["one.txt"]
        return Response(f"{title} {' '.join(texts)}".encode())

    sent = {"a": ("one.txt", b"1", "text/plain"), "b": ("two.txt", b"22")}
    answer = post(up, data={"title": "hello"}, files=sent)
    assert answer.body == b"hello a:one.txt:text/plain:1:1 b:two.txt:application/octet-stream:2:22"


def test_a_file_that_is_not_there_is_a_wrong_field() -> None:
    async def up(ctx: Context, svc: object) -> Response:
        return Response((await ctx.file("photo")).filename.encode())

    answer = post(up, files={"other": b"x"})
    assert answer.status == 400
    assert answer.json()["errors"] == [{"source": "form", "name": "photo", "reason": "must be a file"}]
    assert post(up, json={}).status == 400


def test_a_field_for_files_that_nobody_filled_is_an_empty_text() -> None:
    async def up(ctx: Context, svc: object) -> Response:
        form = await ctx.read_form()
        return Response(f"{len(await ctx.files())}{form.string('photo', 'none')}".encode())

    body = part("photo", b"", "") + b"--b--\r\n"
    assert post(up, data=body, headers={"content-type": "multipart/form-data; boundary=b"}).body == b"0none"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.txt", "a.txt"),
        ("/abs/x", "x"),
        ("..", ""),
        (".", ""),
        ("a/", ""),
        ("n\0ul\n.png", "nul.png"),
        ("名 字.png", "名 字.png"),
    ],
)
def test_a_file_name_has_no_folders(given: str, kept: str) -> None:
    assert base_name(given) == kept


@pytest.mark.parametrize("size", [10, 3 * MIB])
def test_a_file_is_read_in_many_ways(size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256 + 1)

    async def up(ctx: Context, svc: object) -> Response:
        first, second = await ctx.files()
        assert b"".join([piece async for piece in second.chunks(20_000)]) == content[::-1]
        assert await second.read() == b""
        second.seek(5)
        assert await second.read(3) == content[::-1][5:8]
        await asyncio.gather(first.save(tmp_path / "first"), second.save(str(tmp_path / "second")))
        with first.file as file:
            file.seek(-2, os.SEEK_END)
            assert (file.read(), file.tell()) == (content[-2:], len(content))
        assert "UploadedFile('a'" in repr(first)
        return Response()

    assert post(up, files={"a": content, "b": content[::-1]}).status == 200
    assert (tmp_path / "first").read_bytes() == content
    assert (tmp_path / "second").read_bytes() == content[::-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]


def test_what_cannot_be_saved_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    async def up(ctx: Context, svc: object) -> Response:
        await (await ctx.file("a")).save(tmp_path / "folder")
        return Response()

    assert post(up, files={"a": b"x"}).status == 500
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


LIMITS = UploadsConf(max_file_bytes=100, max_parts=3, memory_bytes=10)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (part("a", b"x" * 100, "f") + b"--b--\r\n", 200, ""),
        (part("a", b"x" * 101, "f") + b"--b--\r\n", 413, "file_too_large"),
        (part("a", b"x" * 101) * 3 + b"--b--\r\n", 200, ""),
        (part("a", b"x") * 4 + b"--b--\r\n", 413, "too_many_parts"),
        (part("a", b"x", "f") * 3 + part("a", b"x" * 500) + b"--b--\r\n", 413, "too_many_parts"),
        (part("a", b"x" * 3000) + b"--b--\r\n", 413, "body_too_large"),
        (part("a" * 5000, b"x") + b"--b--\r\n", 413, "body_too_large"),
        (part("a" * 1700, b"x") + b"--b--\r\n", 200, ""),
        (part("a", b"\xff") + b"--b--\r\n", 400, "bad_request"),
        (part("a", b"x"), 400, "bad_request"),
        (b"--c\r\n", 400, "bad_request"),
        (b"", 400, "bad_request"),
        (part("a", b"x", "f") + b"--b--\r\nmore", 200, ""),
    ],
)
def test_limits(body: bytes, status: int, code: str) -> None:
    async def up(ctx: Context, svc: object) -> Response:
        return Response(str(len(await ctx.files())).encode())

    before = open_files()
    answer = post(up, LIMITS, 2000, data=body, headers={"content-type": "multipart/form-data; boundary=b"})
    assert (answer.status, answer.json()["code"] if status >= 400 else "") == (status, code)
    assert open_files() == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (part("a", b"x" * 300, "f") + part("b", b"x" * 300) + b"--b--\r\n", 200, ""),
        (part("a", b"x" * 301, "f") + b"--b--\r\n", 413, "file_too_large"),
        (part("a", b"x" * 301) + b"--b--\r\n", 413, "field_too_large"),
        (part("a", b"x") * 2 + part("a", b"x", "f") + b"--b--\r\n", 413, "too_many_parts"),
    ],
)
def test_a_route_has_limits_of_its_own(body: bytes, status: int, code: str) -> None:
    async def up(ctx: Context, svc: object) -> Response:
        return Response(str(len(await ctx.files())).encode())

    config = RestConf(name="t", port=0, uploads=LIMITS)
    routes = [Route("POST", "/up", up, max_parts=2, max_part_bytes=300), Route("POST", "/other", up)]

    async def talk() -> None:
        async with served(App(config, ServiceBase(config), routes)) as (reader, writer):
            writer.write(head(len(body)) + body)
            found = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert found.startswith(f"HTTP/1.1 {status} ".encode())
            assert code.encode() in await asyncio.wait_for(reader.read(400), 5)
        other = part("a", b"x", "f") * 3 + b"--b--\r\n"
        async with served(App(config, ServiceBase(config), routes)) as (reader, writer):
            writer.write(head(len(other)).replace(b"/up", b"/other") + other)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")

    asyncio.run(talk())


def test_a_file_is_gone_when_its_request_is_answered() -> None:
    kept: list[UploadedFile] = []
    inside: list[set[str]] = []

    async def up(ctx: Context, svc: object) -> Response:
        kept.append(await ctx.file("a"))
        inside.append(open_files())
        return Response()

    before = open_files()
    assert post(up, UploadsConf(memory_bytes=10), files={"a": b"x" * 100}).status == 200
    assert len(inside[0] - before) == 1
    assert open_files() == before
    with pytest.raises(ValueError, match="the request has ended"):
        asyncio.run(kept[0].read())


def test_a_file_is_not_closed_while_a_thread_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that was closed may be that of another file by then: the thread would read that one."""
    reading, goes_on = threading.Event(), threading.Event()

    def pread(number: int, count: int, at: int) -> bytes:
        reading.set()
        goes_on.wait(0.2)
        os.fstat(number)
        return b"x" * count

    async def run() -> bytes:
        spool = Spool(1)
        await spool.add(b"12345")
        monkeypatch.setattr("mallgen_runtime.http.spool.os.pread", pread)
        found = asyncio.create_task(asyncio.to_thread(spool.take, 0, 5))
        while not reading.is_set():
            await asyncio.sleep(0.001)
        spool.close()
        goes_on.set()
        return await found

    assert asyncio.run(run()) == b"xxxxx"


def test_nothing_stays_when_the_client_leaves_or_the_service_fails() -> None:
    seen: list[str] = []

    async def up(ctx: Context, svc: object) -> Response:
        try:
            await ctx.files()
        except BaseException as problem:
            seen.append(type(problem).__name__)
            raise
        raise RuntimeError("after the upload")

    async def talk() -> None:
        before = open_files()
        async with served(app(up, UploadsConf(memory_bytes=10))) as (_, writer):
            writer.write(head(MIB) + part("a", b"x" * 300_000, "f"))
            await writer.drain()
            while not open_files() - before:
                await asyncio.sleep(0.01)
            writer.transport.abort()
            while not seen or open_files() - before:
                await asyncio.sleep(0.01)
        body = part("a", b"x" * 300_000, "f") + b"--b--\r\n"
        async with served(app(up, UploadsConf(memory_bytes=10))) as (reader, writer):
            writer.write(head(len(body)) + body)
            assert b" 500 " in await reader.readline()
        assert open_files() == before

    asyncio.run(asyncio.wait_for(talk(), 20))
    assert seen in (["ClientGone"], ["CancelledError"])


def test_a_body_that_was_read_as_a_form_is_written_again_for_who_reads_it_raw() -> None:
    async def up(ctx: Context, svc: object) -> Response:
        (await ctx.read_form()).string("title")
        await (await ctx.file("a")).read(1)
        return Response(await ctx.raw_body())

    body = part("title", b"t") + part("a", b"content", "f.txt") + b"--b--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert post(up, data=body, headers=headers).body == body


async def gather(ctx: Context, svc: object) -> Response:
    return Response(b"|".join([piece async for piece in ctx.stream()]))


def test_a_body_comes_as_a_stream() -> None:
    assert post(gather, data=b"hello").body == b"hello"
    assert post(gather).body == b""


def test_a_stream_is_unpacked_and_bounded() -> None:
    packed = {"content-encoding": "gzip"}
    assert post(gather, data=gzip.compress(b"hello"), headers=packed).body == b"hello"
    assert post(gather, most=100, data=b"x" * 101).json()["code"] == "body_too_large"
    bomb = gzip.compress(b"0" * MIB)
    assert post(gather, most=2000, data=bomb, headers=packed).json()["code"] == "body_too_large"
    assert post(gather, data=bomb[:-9], headers=packed).json()["detail"] == "the body is not gzip: it ends too early"
    assert post(gather, data=b"hello", headers=packed).json()["detail"] == "the body is not gzip"
    assert post(gather, data=b"hello", headers={"content-encoding": "br"}).status == 415
    assert len(post(gather, data=bomb, headers=packed).body) > MIB


def test_a_stream_is_taken_once() -> None:
    async def up(ctx: Context, svc: object) -> Response:
        async for _ in ctx.stream():
            pass
        for again in (ctx.raw_body(), ctx.stream().__anext__()):
            with pytest.raises(RuntimeError, match="as a stream already"):
                await again
        return Response(b"once")

    assert post(up, data=b"x").body == b"once"


def test_a_body_that_was_read_before_is_a_stream_too() -> None:
    async def up(ctx: Context, svc: object) -> Response:
        assert await ctx.raw_body() == b"x"
        return await gather(ctx, svc)

    assert post(up, data=b"x").body == b"x"


def test_a_client_sends_no_faster_than_the_stream_is_taken() -> None:
    """24 MiB are offered; what is not taken stays with the client, apart from the buffers of the sockets."""
    go = asyncio.Event()
    taken = 0

    async def up(ctx: Context, svc: object) -> Response:
        nonlocal taken
        async for piece in ctx.stream():
            await go.wait()
            taken += len(piece)
        return Response(str(taken).encode())

    async def talk() -> bytes:
        async with served(app(up)) as (reader, writer):
            writer.write(head(24 * MIB, "application/octet-stream"))
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 24 * MIB:
                    writer.write(b"x" * 65536)
                    sent += 65536
                    await asyncio.wait_for(writer.drain(), 0.3)
            assert sent < 16 * MIB
            go.set()
            await writer.drain()
            for _ in range((24 * MIB - sent) // 65536):
                writer.write(b"x" * 65536)
                await writer.drain()
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
            return await reader.readexactly(8)

    assert asyncio.run(asyncio.wait_for(talk(), 30)) == b"25165824"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_saved_file_has_the_permissions_of_any_new_one(tmp_path: Path, mask: int, mode: int) -> None:
    async def up(ctx: Context, svc: object) -> Response:
        await (await ctx.file("a")).save(tmp_path / "kept")
        return Response()

    before = os.umask(mask)
    try:
        assert post(up, files={"a": b"content"}).status == 200
    finally:
        os.umask(before)
    assert (tmp_path / "kept").stat().st_mode & 0o777 == mode
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
