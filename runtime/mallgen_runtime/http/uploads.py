"""Uploads: `multipart/form-data` read as it comes. Files go to a spool, so that memory does not grow with them."""

import io
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mallgen_runtime.http.conf import UploadsConf
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.spool import Spool

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PIECE = 256 << 10
FIELD_BYTES = 10 << 20  # as Go's ParseMultipartForm: the text fields of a form beside its files


class UploadLimits(NamedTuple):
    """The bounds of a route's forms; sizes in bytes, 0: no limit of its own. A part is a file or a field."""

    file_bytes: int = 0
    part_bytes: int = 0
    parts: int = UploadsConf().max_parts
    memory_bytes: int = UploadsConf().memory_bytes
    folder: str = ""


def limits_of(conf: UploadsConf, parts: int | None, part_bytes: int | None) -> UploadLimits:
    """Return the limits of a route: those of the contract, where it has some, in the place of the settings'."""
    most = conf.max_parts if parts is None else parts
    file_bytes = conf.max_file_bytes if part_bytes is None else part_bytes
    return UploadLimits(file_bytes, part_bytes or 0, most, conf.memory_bytes, conf.folder)


class UploadedFile:
    """A file of a form, until its request is answered.

    `name` is the form field's. `filename` is what the client calls the file, without any folders: a label to show,
    never a path to open. `content_type` is what the client says of it. `size` in bytes.
    """

    def __init__(self, spool: Spool, start: int, name: str, filename: str, content_type: str) -> None:
        self.name = name
        self.filename = filename
        self.content_type = content_type
        self.size = 0
        self._spool = spool
        self._start = start
        self._at = 0

    def __repr__(self) -> str:
        return f"UploadedFile({self.name!r}, {self.filename!r}, {self.content_type!r}, {self.size} bytes)"

    async def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, all that is left by default; b"" at the end."""
        left = self.size - self._at
        wanted = left if size < 0 else min(size, left)
        found = await self._spool.read(self._start + self._at, wanted) if wanted else b""
        self._at += len(found)
        return found

    async def chunks(self, size: int = _PIECE) -> AsyncIterator[bytes]:
        """Yield the file in pieces, from where reading has come to."""
        while piece := await self.read(size):
            yield piece

    async def whole(self) -> bytes:
        """Return all of the file, wherever reading has come to."""
        return await self._spool.read(self._start, self.size) if self.size else b""

    def seek(self, position: int) -> None:
        """Read on from a byte; `seek(0)` begins again."""
        self._at = min(max(position, 0), self.size)

    @property
    def file(self) -> io.BufferedReader:
        """A binary file object with a position of its own, for libraries; its reading blocks, so use it in a thread."""
        return io.BufferedReader(_Section(self))

    def piece(self, at: int, size: int) -> bytes:
        """Return bytes from a position, read where the caller is."""
        wanted = min(size, self.size - at)
        return self._spool.take(self._start + at, wanted) if wanted > 0 else b""

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file to a path of yours, whole or not at all: what is there is replaced when all is written.

        Its permissions are those of any new file: 0666 less the umask of the process.
        Make the path from your own names and ids, not from `filename`. Raises OSError.
        """
        await self._spool.work(self._save, Path(path))

    def _save(self, path: Path) -> None:
        name = path.parent / f".upload-{secrets.token_hex(8)}"
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)  # less what umask takes away
        try:
            with os.fdopen(handle, "wb") as target:
                at = 0
                while piece := self.piece(at, _PIECE):
                    at += target.write(piece)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise


class _Section(io.RawIOBase):
    """A file of a spool as Python's own kind of file."""

    def __init__(self, source: UploadedFile) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._source.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, target: "Buffer", /) -> int:
        view = memoryview(target)
        found = self._source.piece(self._at, len(view))
        view[: len(found)] = found
        self._at += len(found)
        return len(found)


class UploadForm:
    """The parts of a request: `fields` are texts by name, `files` in the order in which they came."""

    def __init__(self, limits: UploadLimits) -> None:
        self.fields: dict[str, list[str]] = {}
        self.files: list[UploadedFile] = []
        self.limits = limits
        self.spool = Spool(limits.memory_bytes, limits.folder)
        self._parts: list[tuple[list[tuple[str, str]], UploadedFile | bytes]] = []
        self._boundary = ""
        self._head: list[tuple[str, str]] = []
        self._text: bytearray | None = None
        self._left = FIELD_BYTES
        self._file: UploadedFile | None = None
        self._name = ""

    async def receive(self, chunks: AsyncIterator[bytes], content_type: str) -> None:
        """Read all parts. Raises a 400 for a body that is no form, a 413 for one that is too large."""
        from multipart import MultipartError, ParserLimitReached, PushMultipartParser, parse_options_header  # type: ignore[import-untyped]

        self._boundary = parse_options_header(content_type)[1].get("boundary", "")
        if not self._boundary:
            raise ApiError(400, "bad_request", "multipart/form-data without a boundary")
        try:
            with PushMultipartParser(self._boundary, max_segment_count=self.limits.parts) as parser:
                async for chunk in chunks:
                    for event in parser.parse(chunk):
                        await self._take(event)
        except ParserLimitReached as problem:
            raise self._beyond(str(problem)) from None
        except (MultipartError, UnicodeDecodeError, LookupError):
            raise ApiError(400, "bad_request", "the body is not multipart/form-data in UTF-8") from None
        await self.spool.complete()

    async def _take(self, event: Any) -> None:
        """Take a part's head, some of its content, or its end."""
        if event is None:
            self._end()
        elif isinstance(event, bytes | bytearray):
            await self._content(event)
        else:
            self._begin(event)

    def _begin(self, head: Any) -> None:
        self._name, self._head = head.name, head.headerlist
        if not head.name:  # as Go, which skips it
            return
        if not head.filename:  # as in Go: a field for files that nobody has filled is an empty text
            self._text = bytearray()
            return
        kind = head.content_type or "application/octet-stream"
        self._file = UploadedFile(self.spool, self.spool.size, head.name, base_name(head.filename), kind)

    async def _content(self, data: bytes | bytearray) -> None:
        if self._text is not None:
            self._left -= len(data)
            if self._left < 0:
                raise ApiError(413, "body_too_large", f"the fields of the form have more than {FIELD_BYTES} bytes")
            self._text += data
            if len(self._text) > self.limits.part_bytes > 0:
                raise self._too_large("field_too_large", "field", self.limits.part_bytes)
            return
        if self._file is None:
            return
        self._file.size += len(data)
        if self._file.size > self.limits.file_bytes > 0:
            raise self._too_large("file_too_large", "file of", self.limits.file_bytes)
        await self.spool.add(bytes(data))

    def _too_large(self, code: str, what: str, most: int) -> ApiError:
        return ApiError(413, code, f"the {what} `{self._name}` has more than {most} bytes")

    def _end(self) -> None:
        if self._text is not None:
            self.fields.setdefault(self._name, []).append(self._text.decode("utf-8"))
            self._parts.append((self._head, bytes(self._text)))
        elif self._file is not None:
            self.files.append(self._file)
            self._parts.append((self._head, self._file))
        self._text = self._file = None

    def _beyond(self, text: str) -> ApiError:
        if "count" in text and "header" not in text:
            return ApiError(413, "too_many_parts", f"the form has more than {self.limits.parts} parts")
        return ApiError(400, "bad_request", "the head of a part of the form is too long")

    async def written(self) -> bytes:
        """Return the form as a body again, in memory: the same parts, for code that reads multipart by itself."""
        lines = []
        for head, content in self._parts:
            data = content if isinstance(content, bytes) else await content.whole()
            texts = "".join(f"{name}: {value}\r\n" for name, value in head)
            lines.append(f"--{self._boundary}\r\n{texts}\r\n".encode() + data + b"\r\n")
        return b"".join([*lines, f"--{self._boundary}--\r\n".encode()])

    def close(self) -> None:
        """Forget the files."""
        self.spool.close()


def base_name(text: str) -> str:
    """Return a client's file name without folders and control characters; "" when nothing is left."""
    last = text.replace("\\", "/").rpartition("/")[2]
    plain = "".join(char for char in last if char.isprintable()).strip()
    return "" if plain in (".", "..") else plain


async def receive_form(chunks: AsyncIterator[bytes], content_type: str, limits: UploadLimits) -> UploadForm:
    """Read a form with its files; what it has kept is given back when that fails."""
    form = UploadForm(limits)
    try:
        await form.receive(chunks, content_type)
    except BaseException:
        form.close()
        raise
    return form
