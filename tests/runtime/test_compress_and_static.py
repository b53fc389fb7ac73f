"""Answers packed as gzip, and files of folders, by settings."""

import asyncio
import gzip
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from mallgen_runtime import App, ConfigError, Context, Response, RestConf, Route, ServiceBase, StreamingResponse
from mallgen_runtime.http.static import folders_of
from mallgen_runtime.process.conf import parse
from mallgen_runtime.testing import Answer, Client, context
from tests.runtime.wire import Got, serving

TEXT = b'{"a": "' + b"x" * 2000 + b'"}'
KINDS = {
    "json": {"content-type": "application/json", "etag": '"1"', "vary": "Origin"},
    "problem": {"content-type": "application/problem+json"},
    "svg": {"content-type": "image/svg+xml; charset=utf-8"},
    "png": {"content-type": "image/png"},
    "none": {},
    "encoded": {"content-type": "text/plain", "content-encoding": "br"},
    "fixed": {"content-type": "text/plain", "cache-control": "private, no-transform"},
}


async def _answer(ctx: Context, svc: object) -> Response:
    kind, _, size = ctx.params["kind"].partition("-")
    return Response(TEXT[: int(size)] if size else TEXT, 200, dict(KINDS[kind]))


def asked(settings: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """Return the answer of a service with these settings."""
    conf = parse(RestConf, f"Name: a\nPort: 1\n{settings}", "a.yaml").config
    sent = {name.replace("_", "-"): value for name, value in headers.items()}

    async def run() -> Answer:
        routes = [Route("GET", "/k/:kind", _answer), Route("POST", "/a.txt", _answer)]
        async with Client(App(conf, ServiceBase(conf), routes)) as client:
            return await client.request(method, path, headers=sent)

    return asyncio.run(run())


ON = "Compress: {Enabled: true}"


def test_what_a_client_takes_is_packed_and_its_tag_becomes_weak() -> None:
    answer = asked(ON, "/k/json", accept_encoding="br, gzip")
    assert gzip.decompress(answer.body) == TEXT
    assert {name: answer.headers.get(name) for name in ("content-encoding", "vary", "etag", "content-length")} == {
        "content-encoding": "gzip",
        "vary": "Origin, Accept-Encoding",
        "etag": 'W/"1"',
        "content-length": str(len(answer.body)),
    }
    plain = asked(ON, "/k/json")
    assert (plain.body, plain.headers["etag"], plain.headers["vary"]) == (TEXT, '"1"', "Origin, Accept-Encoding")
    off = asked("", "/k/json", accept_encoding="gzip")
    assert (off.body, off.headers["vary"]) == (TEXT, "Origin")


@pytest.mark.parametrize(
    ("kind", "packs"),
    [
        *(("problem", True), ("svg", True), ("png", False), ("none", False), ("encoded", False), ("fixed", False)),
        *(("json-1024", True), ("json-1023", False)),
    ],
)
def test_only_text_of_some_size_is_packed(kind: str, packs: bool) -> None:
    answer = asked(ON, f"/k/{kind}", accept_encoding="gzip")
    assert (answer.headers.get("content-encoding") == "gzip") is packs
    assert ("Accept-Encoding" in answer.headers.get("vary", "")) is packs


BOTH = "Compress: {Enabled: true, Brotli: true}"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        *(("gzip", "gzip"), ("GZIP;q=0.5", "gzip"), ("*", "br"), ("identity, *;q=0.1", ""), ("x-gzip", "gzip")),
        *(("", ""), ("deflate", ""), ("gzip;q=0", ""), ("gzip;q=0.000", ""), ("*, gzip;q=0", "br"), ("*;q=0", "")),
        *(("gzip;q=x", ""), ("notgzip", ""), ("br", "br"), ("gzip, br", "br"), ("br;q=0.5, gzip;q=0.5", "br")),
        *(("br;q=0.4, gzip;q=0.5", "gzip"), ("br;q=0, *", "gzip"), ("gzip;q=0.1, identity", "")),
        *(("gzip, deflate, br, zstd", "br"), ("br;q=1.0, gzip;q=0.8, *;q=0.1", "br"), ("identity;q=0, gzip", "gzip")),
    ],
)
def test_weights_count(accepted: str, coding: str) -> None:
    answer = asked(BOTH, "/k/json", accept_encoding=accepted)
    assert (answer.headers.get("content-encoding", ""), answer.headers["vary"]) == (coding, "Origin, Accept-Encoding")
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[coding]
    assert unpack(answer.body) == TEXT


def test_gzip_alone_is_offered_unless_brotli_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(ON, "/k/json", accept_encoding="br").body == TEXT
    assert asked(ON, "/k/json", accept_encoding="br, gzip;q=0.1").headers["content-encoding"] == "gzip"
    with pytest.raises(ConfigError, match="Brotli is true, but Enabled is not"):
        asked("Compress: {Brotli: true}", "/k/json")
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(
        ConfigError, match=r"a.yaml.*Compress: Brotli needs its library: pip install 'mallgen-runtime\[br"
    ):
        asked(BOTH, "/k/json")


def test_events_and_streams_go_as_they_are() -> None:
    async def run() -> None:
        conf = parse(RestConf, f"Name: a\nHost: 127.0.0.1\nPort: 0\n{BOTH}", "a.yaml").config
        async with serving({"/lines": _lines, "/text": _answer_text}, conf) as wires:
            lines = await wires.get("/lines", accept_encoding="br, gzip")
            assert (lines.body, lines.headers.get("content-encoding")) == (b"line\n" * 1000, None)
            text = await wires.get("/text", accept_encoding="br, gzip")
            assert brotli.decompress(text.body) == TEXT
            assert text.headers["content-encoding"] == "br"
            head = await wires.ask("HEAD", "/text", accept_encoding="br")
            assert head.headers["content-length"] == text.headers["content-length"]

    asyncio.run(run())


async def _lines(ctx: Context, svc: object) -> Response:
    async def made() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"line\n"

    return StreamingResponse(made(), content_type="text/plain")


async def _answer_text(ctx: Context, svc: object) -> Response:
    return Response(TEXT, 200, {"content-type": "text/plain"})


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a folder with files, a dotfile and a link that leads out."""
    folder = tmp_path / "site"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site-secret").mkdir()
    (tmp_path / "site-secret" / "a.txt").write_text("secret")
    for name in ("index.html", "a.txt", "sub/index.html", ".env", "with space.txt"):
        (folder / name).write_text(name)
    os.symlink(tmp_path / "secret.txt", folder / "out.txt")
    os.symlink(folder / "a.txt", folder / "within.txt")
    return folder


@pytest.mark.parametrize(
    ("path", "body"),
    [
        *(("/", "index.html"), ("/a.txt", "a.txt"), ("/sub/", "sub/index.html")),
        *(("/within.txt", "a.txt"), ("/with space.txt", "with space.txt"), ("//a.txt", "a.txt")),
        *(("/none.txt", None), ("/.env", None), ("/out.txt", None), ("/../secret.txt", None)),
        *(("/sub/../../secret.txt", None), ("/a.txt\0", None), ("/..\\secret.txt", None), ("/a.txt/b", None)),
    ],
)
def test_files_stand_behind_the_routes(site: Path, path: str, body: str | None) -> None:
    answer = asked(f"Static:\n  - Folder: {site}\n", path)
    assert (answer.status, answer.body.decode() if body else None) == (200 if body else 404, body)


def test_a_folder_below_a_path_is_no_other_path(site: Path) -> None:
    settings = f"Static:\n  - Path: /files/\n    Folder: {site}\n    MaxAge: 60\n    Fallback: index.html\n"
    answer = asked(settings, "/files/a.txt")
    assert (answer.headers["cache-control"], answer.headers["content-type"]) == (
        "public, max-age=60",
        "text/plain; charset=utf-8",
    )
    again = asked(settings, "/files/a.txt", if_none_match=answer.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    part = asked(settings, "/files/a.txt", range="bytes=2-4")
    assert (part.status, part.body) == (206, b"txt")
    head = asked(settings, "/files/a.txt", "HEAD")
    assert (head.status, head.headers["content-length"]) == (200, "5")
    assert asked(settings, "/files/deep/page").body == b"index.html"
    assert asked(settings, "/files/deep/none.js").status == 404
    assert asked(settings, "/filesa.txt").status == 404
    assert asked(settings, "/a.txt").status == 405
    assert asked(settings, "/files/a.txt", "POST").status == 404


@pytest.mark.parametrize(
    ("path", "query", "to"),
    [
        *(("/sub", "", "./sub/"), ("/sub", "a=1&b=%20", "./sub/?a=1&b=%20"), ("//sub", "", "./sub/")),
        *(("/a:b", "", "./a%3Ab/"), ("/%23 x", "", "./%23%20x/"), ("/sub/", "", None), ("/bare", "", None)),
    ],
)
def test_a_folder_is_answered_with_a_slash_at_its_end(site: Path, path: str, query: str, to: str | None) -> None:
    """Without it the links of its page would be those of the folder above."""
    for name in ("a:b", "# x", "bare"):
        (site / name).mkdir()
    for name in ("a:b", "# x"):
        (site / name / "index.html").touch()
    got = over_a_socket(f"Static:\n  - Folder: {site}\n", path.replace(" ", "%20") + (f"?{query}" if query else ""))
    assert (got.status, got.headers.get("location")) == (301 if to else 404 if path == "/bare" else 200, to)
    if path == "/sub":
        below = over_a_socket(f"Static:\n  - Path: /files\n    Folder: {site}\n", "/files")
        assert (below.status, below.headers["location"]) == (301, "./files/")


def over_a_socket(settings: str, path: str, method: str = "GET", **headers: str) -> Got:
    """Return the answer to a request over a socket."""
    conf = parse(RestConf, f"Name: a\nHost: 127.0.0.1\nPort: 0\n{settings}", "a.yaml").config

    async def run() -> Got:
        async with serving({}, conf) as wires:
            return await wires.ask(method, path, **headers)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0.1, gzip", "gzip"),
        ("", ""),
        ("identity, br;q=0.5", ""),
        ("zstd", ""),
    ],
)
def test_a_packed_file_beside_the_plain_one_is_sent(site: Path, accepted: str, coding: str) -> None:
    page = b"<p>" + b"x" * 500
    (site / "p.html").write_bytes(page)
    (site / "p.html.gz").write_bytes(gzip.compress(page))
    (site / "p.html.br").write_bytes(brotli.compress(page))
    settings = f"Static:\n  - Folder: {site}\n"
    got = over_a_socket(settings, "/p.html", accept_encoding=accepted)
    assert (got.status, got.headers.get("content-encoding", "")) == (200, coding)
    assert {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[coding](got.body) == page
    assert (got.headers["content-type"], got.headers["vary"]) == ("text/html; charset=utf-8", "Accept-Encoding")
    again = over_a_socket(settings, "/p.html", accept_encoding=accepted, if_none_match=got.headers["etag"])
    assert again.status == 304
    if coding:
        other = over_a_socket(settings, "/p.html", if_none_match=got.headers["etag"])
        assert (other.status, other.body) == (200, page), "each form has a tag of its own"
    itself = over_a_socket(settings, "/p.html.gz", accept_encoding="gzip, br")
    assert (gzip.decompress(itself.body), "content-encoding" in itself.headers) == (page, False)


def test_a_packed_file_that_is_older_or_not_wanted_is_not_sent(site: Path) -> None:
    (site / "a.txt.gz").write_bytes(gzip.compress(b"before"))
    os.utime(site / "a.txt.gz", (1, 1))
    old = over_a_socket(f"Static:\n  - Folder: {site}\n", "/a.txt", accept_encoding="gzip")
    assert (old.body, "vary" in old.headers) == (b"a.txt", False)
    os.utime(site / "a.txt.gz")
    off = over_a_socket(f"Static:\n  - Folder: {site}\n    Packed: false\n", "/a.txt", accept_encoding="gzip")
    assert off.body == b"a.txt"
    os.symlink(site.parent / "secret.txt", site / "a.txt.br")
    assert over_a_socket(f"Static:\n  - Folder: {site}\n", "/a.txt", accept_encoding="br").body == b"a.txt"


@pytest.mark.parametrize("swapped", ["a.txt", "sub"])
def test_a_file_that_becomes_a_link_after_it_was_looked_at_is_not_followed(
    site: Path, swapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = parse(RestConf, f"Name: a\nPort: 1\nStatic:\n  - Folder: {site}\n", "a.yaml").config
    (folder,) = folders_of(conf.static)
    outside = site.parent / "site-secret"
    (outside / "index.html").write_text("secret")
    looked = os.path.realpath

    def then_swap(path: str, **rest: bool) -> str:
        found = looked(path, **rest)
        if found.endswith(("a.txt", "sub/index.html")) and not (site / swapped).is_symlink():
            (site / swapped).rename(site / "was")
            (site / swapped).symlink_to(outside / "a.txt" if swapped == "a.txt" else outside)
        return found

    monkeypatch.setattr(os.path, "realpath", then_swap)
    ctx = context()
    ctx.scope["path"] = "/a.txt" if swapped == "a.txt" else "/sub/"
    assert folder.answer(ctx) is None
    assert (site / swapped).is_symlink(), "the swap took place"


def test_folders_that_are_not_there_keep_the_service_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none-here is no folder"):
        asked(f"Static:\n  - Folder: {tmp_path}/none-here\n", "/")
    with pytest.raises(ConfigError, match="with a slash in front"):
        asked(f"Static:\n  - Folder: {tmp_path}\n    Path: files\n", "/")
