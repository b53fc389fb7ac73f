"""Files as answers: read in a thread piece by piece, with the ranges and conditions that clients ask for."""

import asyncio
import os
import re
import stat
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import cache
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.ranges import outcome, ranges_of
from mallgen_runtime.http.streaming import StreamingResponse

_PIECE = 128 << 10
_READERS = 8
_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\]")
_OF_BODY = ("content-type", "content-length", "content-disposition")
T = TypeVar("T")
Disposition = Literal["attachment", "inline"]
Piece = bytes | tuple[int, int]


class FileResponse(StreamingResponse):
    """A file. `filename` is what the client may save it as, any text; without it no Content-Disposition is sent.

    The content type follows from the name's ending unless given. Ranges, ETag, Last-Modified and the conditions on
    them are answered as RFC 9110 says. A file that is not there is a 404. The path is trusted: never make it of what a
    client sent without looking at it.
    """

    __slots__ = ("_found", "_path")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        filename: str = "",
        disposition: Disposition = "attachment",
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._path = os.fspath(path)
        self._found: os.stat_result | None = None
        kind = content_type or content_type_of(filename or self._path)
        super().__init__(self._pieces(()), 200, headers, content_type=kind)
        if filename:
            self.headers["content-disposition"] = content_disposition(filename, disposition)

    async def prepared(self, ctx: Context) -> Response:
        """Return the answer to a request: the file, parts of it, or that it has not changed. Raises a 404."""
        found = self._found = await _in_thread(_stat, self._path)
        modified = int(found.st_mtime)
        tag = self.headers.setdefault("etag", f'"{found.st_mtime_ns:x}-{found.st_size:x}"')
        self.headers.setdefault("last-modified", formatdate(modified, usegmt=True))
        self.headers.setdefault("accept-ranges", "bytes")
        reads = ctx.method in ("GET", "HEAD")
        status = outcome(ctx.headers, tag, modified, reads=reads)
        if status != 200:
            return self._without_body(status)
        ranges = ranges_of(ctx.headers, tag, modified, found.st_size) if ctx.method == "GET" else None
        if ranges is None:
            return self._with([(0, found.st_size - 1)] if found.st_size else [])
        self.status = 206
        if not ranges:
            answer = self._without_body(416)
            answer.headers["content-range"] = f"bytes */{found.st_size}"
            return answer
        if len(ranges) == 1:
            self.headers["content-range"] = f"bytes {ranges[0][0]}-{ranges[0][1]}/{found.st_size}"
            return self._with(ranges)
        return self._with(self._in_parts(ranges, found.st_size))

    def _without_body(self, status: int) -> Response:
        left = {name: value for name, value in self.headers.items() if name not in _OF_BODY}
        answer = Response(b"", status, left)
        answer.cookies = self.cookies
        return answer

    def _with(self, pieces: Sequence[Piece]) -> Response:
        sizes = (len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] + 1 for piece in pieces)
        self.headers["content-length"] = str(sum(sizes))
        self.chunks = self._pieces(pieces)
        return self

    def _in_parts(self, ranges: Sequence[tuple[int, int]], size: int) -> list[Piece]:
        """Return the parts of a multipart/byteranges body."""
        boundary = os.urandom(12).hex()
        kind = self.headers["content-type"]
        self.headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
        pieces: list[Piece] = []
        for first, last in ranges:
            head = f"--{boundary}\r\ncontent-type: {kind}\r\ncontent-range: bytes {first}-{last}/{size}\r\n\r\n"
            pieces += [(b"\r\n" if pieces else b"") + head.encode("latin-1"), (first, last)]
        return [*pieces, f"\r\n--{boundary}--\r\n".encode()]

    async def _pieces(self, pieces: Sequence[Piece]) -> AsyncIterator[bytes]:
        file = _File(self._path, self._found)
        try:
            for piece in pieces:
                if isinstance(piece, bytes):
                    yield piece
                    continue
                at, last = piece
                reading = _readers().submit(file.read, at, min(_PIECE, last + 1 - at))
                while at <= last:
                    found = await asyncio.wrap_future(reading)
                    at += len(found)
                    if at <= last:  # the next piece is read while this one is sent
                        reading = _readers().submit(file.read, at, min(_PIECE, last + 1 - at))
                    yield found
        finally:
            _readers().submit(file.close)


class _File:
    """An open file. It is read and closed in threads, by one at a time: a cancelled reader's thread may still read."""

    def __init__(self, path: str, expected: os.stat_result | None) -> None:
        self._path = path
        self._expected = expected
        self._lock = threading.Lock()
        self._file: int | None = None
        self._closed = False

    def read(self, at: int, size: int) -> bytes:
        """Return some bytes, at most `size`. Raises OSError when the file is another one than its answer says."""
        with self._lock:
            if self._closed:
                return b""
            if self._file is None:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
                if _state(os.fstat(self._file)) != _state(self._expected):
                    raise OSError(f"{self._path} was replaced while it was answered")
            found = os.pread(self._file, size, at)
        if not found:
            raise OSError(f"{self._path} became shorter while it was answered")
        return found

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                os.close(self._file)


def content_type_of(name: str) -> str:
    """Return the content type for a file's name; text is taken for UTF-8."""
    import mimetypes

    kind, encoding = mimetypes.guess_type(name, strict=False)
    if kind is None or encoding is not None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def content_disposition(filename: str, disposition: Disposition = "attachment") -> str:
    """Return the header for a file name of any characters (RFC 6266, RFC 8187); folders do not go along."""
    name = _IN_NAMES.sub("_", filename)
    plain = "".join(char if " " <= char <= "~" else "_" for char in name).replace('"', "'").replace("%", "_")
    found = f'{disposition}; filename="{plain}"'
    if plain == name:
        return found
    return f"{found}; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~', errors='replace')}"


def _stat(path: str) -> os.stat_result:
    """Return the state of a regular file. Raises a 404."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise ApiError(404, "not_found", "there is no such file") from None
    if not stat.S_ISREG(found.st_mode):
        raise ApiError(404, "not_found", "there is no such file")
    return found


def _state(found: os.stat_result | None) -> tuple[int, ...]:
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found is not None else ()


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_READERS, "mallgen-files")


async def _in_thread(work: Callable[..., T], *args: Any) -> T:
    return await asyncio.wrap_future(_readers().submit(work, *args))
