"""Files as answers, over a socket: ranges, conditions, names, and no memory for large ones."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from mallgen_runtime import Context, FileResponse, Response
from mallgen_runtime.http.files import content_disposition, content_type_of, opened
from mallgen_runtime.http.problems import ApiError
from tests.runtime.wire import Got, Wires, serving

DATA = bytes(range(256)) * 4
TIME = 1_700_000_000
DATE = formatdate(TIME, usegmt=True)


@asynccontextmanager
async def _folder(path: Path, under: str = "mallgen") -> AsyncIterator[Wires]:
    (path / "a.txt").write_bytes(DATA)
    os.utime(path / "a.txt", (TIME, TIME))
    (path / "empty").write_bytes(b"")

    async def file(ctx: Context, svc: Any) -> Response:
        answer = FileResponse(path / ctx.form.first("name"), filename=ctx.form.first("as"))
        answer.set_cookie("seen", "1")
        return answer

    async with serving({"/file": file}, under=under) as client:
        yield client


def _ask(path: Path, *asked: dict[str, str], method: str = "GET", name: str = "a.txt") -> list[Got]:
    async def run() -> list[Got]:
        async with _folder(path) as client:
            first = await client.get("/file?name=a.txt")
            tag = first.headers["etag"]
            return [
                await client.ask(method, f"/file?name={name}", **{k: v.replace("TAG", tag) for k, v in one.items()})
                for one in asked
            ]

    return asyncio.run(run())


@pytest.mark.parametrize("under", ["mallgen", "uvicorn"])
def test_a_file_is_sent_with_what_caches_need(tmp_path: Path, under: str) -> None:
    async def run() -> None:
        async with _folder(tmp_path, under) as client:
            got = await client.get("/file?name=a.txt&as=%E6%8A%A5%E5%91%8A.txt")
            assert (got.status, got.body) == (200, DATA)
            assert got.headers["content-type"] == "text/plain; charset=utf-8"
            assert got.headers["last-modified"] == DATE
            assert got.headers["accept-ranges"] == "bytes"
            assert got.headers["content-length"] == str(len(DATA))
            name = "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.txt"
            assert got.headers["content-disposition"] == name
            head = await client.ask("HEAD", "/file?name=a.txt", range="bytes=0-1")
            assert (head.status, head.headers["content-length"], head.body) == (200, str(len(DATA)), b"")
            assert (await client.get("/file?name=empty")).body == b""
            assert [(await client.get(f"/file?name={name}")).status for name in ("none", ".", "a.txt/b", "%00")] == [
                404
            ] * 4

    asyncio.run(run())


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=1000-", 1000, 1023),
        ("bytes=1000-99999", 1000, 1023),
        ("bytes=-4", 1020, 1023),
        ("bytes=-5000", 0, 1023),
        ("BYTES=1-2", 1, 2),
        ("bytes=1-4,3-9", 1, 9),
        ("bytes= 1-2 , 5000-6000", 1, 2),
    ],
)
def test_a_range_is_sent(tmp_path: Path, asked: str, first: int, last: int) -> None:
    [got] = _ask(tmp_path, {"range": asked})
    assert (got.status, got.body) == (206, DATA[first : last + 1])
    assert got.headers["content-range"] == f"bytes {first}-{last}/1024"


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=-0", "bytes=2000-3000,-0"])
def test_a_range_that_is_not_there_is_a_416(tmp_path: Path, asked: str) -> None:
    [got] = _ask(tmp_path, {"range": asked})
    assert (got.status, got.body, got.headers["content-range"]) == (416, b"", "bytes */1024")
    assert "content-type" not in got.headers
    [empty] = _ask(tmp_path, {"range": "bytes=0-"}, name="empty")
    assert (empty.status, empty.headers["content-range"]) == (416, "bytes */0")


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-4",
        "bytes=-",
        "bytes=",
        "bytes=a-b",
        "lines=1-2",
        "bytes=1-2-3",
        "bytes=" + "1-2,4-5," * 9,
        "bytes=0-9,1-",
        "bytes=1-1023,0-0 x",
        "bytes=512-1023,0-600",
    ],
)
def test_a_range_that_says_nothing_sends_everything(tmp_path: Path, asked: str) -> None:
    [got] = _ask(tmp_path, {"range": asked})
    whole = asked in ("bytes=0-9,1-", "bytes=512-1023,0-600")
    assert (got.status, got.body) == (206 if whole else 200, DATA), "ranges that overlap are one"


def test_several_ranges_are_parts(tmp_path: Path) -> None:
    [got] = _ask(tmp_path, {"range": "bytes=900-901,0-2"})
    boundary = got.headers["content-type"].removeprefix("multipart/byteranges; boundary=")
    kind = "content-type: text/plain; charset=utf-8"
    parts = [
        f"--{boundary}\r\n{kind}\r\ncontent-range: bytes 900-901/1024\r\n\r\n".encode() + DATA[900:902],
        f"--{boundary}\r\n{kind}\r\ncontent-range: bytes 0-2/1024\r\n\r\n".encode() + DATA[:3],
        f"--{boundary}--\r\n".encode(),
    ]
    assert (got.status, got.body) == (206, b"\r\n".join(parts))


EARLIER, LATER = formatdate(TIME - 1, usegmt=True), formatdate(TIME + 1, usegmt=True)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"if_none_match": "TAG"}, 304),
        ({"if_none_match": 'W/TAG, "x"'}, 304),
        ({"if_none_match": "*"}, 304),
        ({"if_none_match": '"x", "y"'}, 200),
        ({"if_none_match": '"x"', "if_modified_since": DATE}, 200),
        ({"if_modified_since": DATE}, 304),
        ({"if_modified_since": LATER}, 304),
        ({"if_modified_since": EARLIER}, 200),
        ({"if_modified_since": "soon"}, 200),
        ({"if_match": "TAG"}, 200),
        ({"if_match": "W/TAG"}, 412),
        ({"if_match": '"x"'}, 412),
        ({"if_match": "*"}, 200),
        ({"if_unmodified_since": EARLIER}, 412),
        ({"if_unmodified_since": DATE}, 200),
        ({"range": "bytes=0-0", "if_range": "TAG"}, 206),
        ({"range": "bytes=0-0", "if_range": "W/TAG"}, 200),
        ({"range": "bytes=0-0", "if_range": '"x"'}, 200),
        ({"range": "bytes=0-0", "if_range": DATE}, 206),
        ({"range": "bytes=0-0", "if_range": LATER}, 200),
        ({"range": "bytes=0-0", "if_none_match": "TAG"}, 304),
    ],
)
def test_conditions_are_answered(tmp_path: Path, asked: dict[str, str], status: int) -> None:
    got, head = _ask(tmp_path, asked)[0], _ask(tmp_path, asked, method="HEAD")[0]
    assert got.status == status
    assert head.status == (200 if status == 206 else status), "HEAD has no ranges"
    if status == 304:
        assert got.headers["etag"]
        assert got.headers["set-cookie"].startswith("seen=1")
        assert "content-length" not in got.headers


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a b.pdf", 'attachment; filename="a b.pdf"'),
        ("caf\xe9.pdf", "attachment; filename=\"caf_.pdf\"; filename*=UTF-8''caf%C3%A9.pdf"),
        ('a"b.pdf', "attachment; filename=\"a'b.pdf\"; filename*=UTF-8''a%22b.pdf"),
        ("50%.pdf", "attachment; filename=\"50_.pdf\"; filename*=UTF-8''50%25.pdf"),
        ("a\r\nset-cookie: b=c", 'attachment; filename="a__set-cookie: b=c"'),
        ("../../etc/passwd", 'attachment; filename=".._.._etc_passwd"'),
        ("..\\a", 'attachment; filename=".._a"'),
        ("\udcff", "attachment; filename=\"_\"; filename*=UTF-8''%3F"),
    ],
)
def test_any_name_makes_a_header(name: str, found: str) -> None:
    assert content_disposition(name) == found
    assert Response(headers={"content-disposition": found}).headers


def test_the_type_follows_from_the_name() -> None:
    names = ("a.html", "a.json", "a.tar.gz", "a", "a.png")
    kinds = ["text/html; charset=utf-8", "application/json", "application/octet-stream"]
    assert [content_type_of(name) for name in names] == [*kinds, "application/octet-stream", "image/png"]


def test_a_file_that_is_replaced_is_not_mixed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        path = tmp_path / "big"
        path.write_bytes(bytes(8 << 20))

        async def file(ctx: Context, svc: Any) -> Response:
            return FileResponse(path)

        async with serving({"/file": file}) as client:
            wire = await client.open()
            await wire.send("GET", "/file")
            await wire.head()
            os.truncate(path, 1 << 20)
            got = await asyncio.wait_for(wire.reader.read(-1), 10)
            assert len(got) < 8 << 20

    asyncio.run(run())
    assert "became shorter while it was answered" in caplog.text


@pytest.mark.parametrize("under", ["mallgen", "uvicorn"])
def test_a_large_file_takes_no_memory_and_leaves_nothing_open(tmp_path: Path, under: str) -> None:
    size = 64 << 20

    async def run() -> None:
        path = tmp_path / "large"
        with path.open("wb") as file:
            file.truncate(size)

        async def answer(ctx: Context, svc: Any) -> Response:
            return FileResponse(path)

        async with serving({"/file": answer}, under=under) as client:
            await client.get("/file", range="bytes=0-0")
            before, opened = _resident(), len(os.listdir("/proc/self/fd"))
            wire = await client.open()
            await wire.send("GET", "/file")
            await wire.head()
            left, most = size, 0
            while left:
                left -= len(await asyncio.wait_for(wire.reader.read(1 << 16), 10))
                most = max(most, _resident())
            wire.close()
            half = await client.open()
            await half.send("GET", "/file")
            await half.head()
            half.close()
            assert most - before < 24 << 20
            for _ in range(200):
                if len(os.listdir("/proc/self/fd")) <= opened:
                    return
                await asyncio.sleep(0.02)
            raise AssertionError("a file is still open")

    asyncio.run(run())


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "here/x", "round/x"])
def test_a_name_that_no_file_can_have_is_a_404(name: str, tmp_path: Path) -> None:
    (tmp_path / "here").touch()
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(ApiError, match="no such file") as found:
        opened(f"{tmp_path}/{name}")
    assert found.value.status == 404


def test_a_pipe_is_no_file_and_nobody_waits_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ApiError, match="no such file"):
        opened(f"{tmp_path}/pipe")


def test_what_is_answered_without_its_file_leaves_nothing_open(tmp_path: Path) -> None:
    async def run() -> None:
        async with _folder(tmp_path) as client:
            tag = (await client.get("/file?name=a.txt")).headers["etag"]
            await asyncio.sleep(0.1)
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(20):
                assert (await client.ask("HEAD", "/file?name=a.txt")).status == 200
                assert (await client.get("/file?name=a.txt", if_none_match=tag)).status == 304
                assert (await client.get("/file?name=a.txt", range="bytes=5000-")).status == 416
                assert (await client.get("/file?name=empty")).status == 200
            for _ in range(100):
                if len(os.listdir("/proc/self/fd")) <= before:
                    return
                await asyncio.sleep(0.02)
            raise AssertionError("a file is still open")

    asyncio.run(run())
