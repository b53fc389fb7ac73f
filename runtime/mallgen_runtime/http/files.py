"""Files as answers: read in a thread piece by piece, with the ranges and conditions that clients ask for."""

import asyncio
import errno
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
from mallgen_runtime.http.headers import Headers
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.ranges import outcome, ranges_of
from mallgen_runtime.http.streaming import StreamingResponse

_PIECE = 128 << 10
_READERS = 8
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
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

    __slots__ = ("_file", "_path")

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
        self._file: OpenFile | None = None
        kind = content_type or content_type_of(filename or self._path)
        super().__init__(_nothing(), 200, headers, content_type=kind)
        if filename:
            self.headers["content-disposition"] = content_disposition(filename, disposition)

    @classmethod
    def of_open(cls, file: "OpenFile", name: str, headers: Mapping[str, str]) -> "FileResponse":
        """Return the answer of a file that is open already; its type follows from `name`."""
        made = cls(file.path, headers=headers, content_type=content_type_of(name))
        made._file = file
        return made

    async def prepared(self, ctx: Context) -> Response:
        """Return the answer to a request: the file, parts of it, or that it has not changed. Raises a 404."""
        given, self._file = self._file, None
        file = await _in_thread(opened, self._path) if given is None else given
        response = self._answer(ctx, file, file.found)
        if not response.in_pieces or ctx.method == "HEAD":
            _readers().submit(file.close)
        return response

    def _answer(self, ctx: Context, file: "OpenFile", found: os.stat_result) -> Response:
        modified, size = int(found.st_mtime), found.st_size
        headers = Headers(self.headers)
        tag = headers.setdefault("etag", f'"{found.st_mtime_ns:x}-{size:x}"')
        headers.setdefault("last-modified", formatdate(modified, usegmt=True))
        headers.setdefault("accept-ranges", "bytes")
        status = outcome(ctx.headers, tag, modified, reads=ctx.method in ("GET", "HEAD"))
        if status != 200:
            return self._without_body(status, headers)
        ranges = ranges_of(ctx.headers, tag, modified, size) if ctx.method == "GET" else None
        if ranges is None:
            return self._with([(0, size - 1)] if size else [], self.status, headers, file)
        if not ranges:
            headers["content-range"] = f"bytes */{size}"
            return self._without_body(416, headers)
        if len(ranges) == 1:
            headers["content-range"] = f"bytes {ranges[0][0]}-{ranges[0][1]}/{size}"
            return self._with(ranges, 206, headers, file)
        return self._with(_in_parts(ranges, size, headers), 206, headers, file)

    def _without_body(self, status: int, headers: Headers) -> Response:
        answer = Response(b"", status, {name: value for name, value in headers.items() if name not in _OF_BODY})
        answer.cookies = self.cookies
        return answer

    def _with(self, pieces: Sequence[Piece], status: int, headers: Headers, file: "OpenFile") -> Response:
        sizes = (len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] + 1 for piece in pieces)
        headers["content-length"] = str(sum(sizes))
        answer = StreamingResponse(_read(file, pieces), status, headers)
        answer.cookies = self.cookies
        return answer


def _in_parts(ranges: Sequence[tuple[int, int]], size: int, headers: Headers) -> list[Piece]:
    """Return the parts of a multipart/byteranges body, and set its content type."""
    boundary = os.urandom(12).hex()
    kind = headers["content-type"]
    headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
    pieces: list[Piece] = []
    for first, last in ranges:
        head = f"--{boundary}\r\ncontent-type: {kind}\r\ncontent-range: bytes {first}-{last}/{size}\r\n\r\n"
        pieces += [(b"\r\n" if pieces else b"") + head.encode("latin-1"), (first, last)]
    return [*pieces, f"\r\n--{boundary}--\r\n".encode()]


async def _nothing() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for piece in nothing:
        yield piece


async def _read(file: "OpenFile", pieces: Sequence[Piece]) -> AsyncIterator[bytes]:
    """Yield the pieces of a body, those of the file while the next one is read."""
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
                if at <= last:
                    reading = _readers().submit(file.read, at, min(_PIECE, last + 1 - at))
                yield found
    finally:
        _readers().submit(file.close)


class OpenFile:
    """An open file. It is read and closed in threads, by one at a time: a cancelled reader's thread may still read.

    `found` is its state when it was opened. One that nobody reads, of an answer that another took the place of, is
    closed when it is forgotten.
    """

    def __init__(self, number: int, path: str) -> None:
        self.path = path
        self.found = os.fstat(number)
        self._lock = threading.Lock()
        self._number: int | None = number

    def read(self, at: int, size: int) -> bytes:
        """Return some bytes, at most `size`. Raises OSError when the file has become shorter."""
        with self._lock:
            if self._number is None:
                return b""
            found = os.pread(self._number, size, at)
        if not found:
            raise OSError(f"{self.path} became shorter while it was answered")
        return found

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._number is not None:
                os.close(self._number)
                self._number = None

    def __del__(self) -> None:
        if getattr(self, "_number", None) is not None:
            self.close()


def opened(path: str, folder: int | None = None, flags: int = 0) -> OpenFile:
    """Open a regular file, of a path or of a name in an open folder. Raises a 404."""
    try:  # without waiting: a pipe would have no writer
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | flags, dir_fd=folder)
    except (OSError, ValueError) as problem:  # ValueError: a path with a null character
        if isinstance(problem, OSError) and problem.errno not in _NO_FILE:
            raise
        raise ApiError(404, "not_found", "there is no such file") from None
    found = OpenFile(number, path)
    if not stat.S_ISREG(found.found.st_mode):
        found.close()
        raise ApiError(404, "not_found", "there is no such file")
    return found


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


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_READERS, "mallgen-files")


async def _in_thread(work: Callable[..., T], *args: Any) -> T:
    return await asyncio.wrap_future(_readers().submit(work, *args))
