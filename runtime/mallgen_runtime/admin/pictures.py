"""Pictures that people upload: known by their bytes, named by their content, kept behind a small interface."""

import asyncio
import hashlib
import os
import re
import secrets
import threading
import time
from typing import Protocol

from mallgen_runtime.admin.conf import PicturesConf
from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError, invalid
from mallgen_runtime.schema.errors import FieldError

_FIELD = "picture"  # of the form
_COUNT_AGAIN = 60.0  # seconds
_KINDS = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif"}
_STARTS = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpg", re.compile(rb"\xff\xd8\xff")),
    ("gif", re.compile(rb"GIF8[79]a")),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("avif", re.compile(rb"\0\0\0.ftypavi[fs]", re.DOTALL)),
)
_NAME = re.compile(rf"[0-9a-f]{{40}}\.({'|'.join(_KINDS)})")
_HEADERS = {
    "cache-control": "private, max-age=31536000, immutable",  # another picture has another name
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
}


class PictureStorage(Protocol):
    """A place for pictures: a folder, or a bucket of yours. Names are those that `Pictures` makes."""

    async def keep(self, name: str, content: bytes, content_type: str) -> None:
        """Keep a picture; one of that name is the same picture."""

    async def find(self, name: str) -> bytes | None:
        """Return a picture, None where there is none."""


class PictureFolder:
    """Keeps pictures as files of a folder, which is made with the first one; all have `most` bytes together, 0: any."""

    def __init__(self, folder: str, most: int = 0) -> None:
        self._folder = folder
        self._most = most
        self._lock = threading.Lock()
        self._used = 0
        self._counted = float("-inf")

    async def keep(self, name: str, content: bytes, content_type: str) -> None:
        """Write the file, whole or not at all. Raises OSError, and a 413 when the folder is full."""
        await asyncio.to_thread(self._write, name, content)

    async def find(self, name: str) -> bytes | None:
        """Read the file."""
        return await asyncio.to_thread(self._read, name)

    def _write(self, name: str, content: bytes) -> None:
        os.makedirs(self._folder, exist_ok=True)
        path = os.path.join(self._folder, name)
        if os.path.exists(path):
            return
        self._take(len(content))
        part = os.path.join(self._folder, f".{secrets.token_hex(8)}")
        try:
            with open(part, "xb") as file:
                file.write(content)
            os.replace(part, path)
        except BaseException:
            if os.path.exists(part):
                os.unlink(part)
            raise

    def _take(self, size: int) -> None:
        """Count a new picture. Raises a 413 when the folder is full; others may delete files, so it is counted anew."""
        with self._lock:
            if self._most and time.monotonic() - self._counted >= _COUNT_AGAIN:
                with os.scandir(self._folder) as files:
                    self._used = sum(_size(file) for file in files)
                self._counted = time.monotonic()
            if self._most and self._used + size > self._most:
                detail = "there is no more room for pictures: an administrator can remove old ones, or allow more"
                raise ApiError(413, "pictures_full", detail)
            self._used += size

    def _read(self, name: str) -> bytes | None:
        try:
            with open(os.path.join(self._folder, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None


def _size(file: os.DirEntry[str]) -> int:
    try:
        return file.stat(follow_symlinks=False).st_size
    except FileNotFoundError:  # deleted in this moment
        return 0


class Pictures:
    """Takes pictures from the page and shows them; `storage` replaces the folder of the settings."""

    def __init__(self, config: PicturesConf, storage: PictureStorage | None = None) -> None:
        self._url = config.url.rstrip("/")
        self._storage = storage or PictureFolder(config.folder, config.total_bytes)

    async def keep(self, ctx: Context) -> str:
        """Keep the picture of a form and return its URL. Raises a 400 for what is no picture."""
        content = await (await ctx.file(_FIELD)).whole()
        kind = next((kind for kind, start in _STARTS if start.match(content)), "")
        if not kind:
            raise invalid([FieldError("form", _FIELD, "must be a picture: PNG, JPEG, GIF, WebP or AVIF")])
        name = f"{hashlib.sha256(content).hexdigest()[:40]}.{kind}"
        await self._storage.keep(name, content, _KINDS[kind])
        return f"{self._url}/{name}"

    async def show(self, name: str) -> Response:
        """Answer with a picture. Raises a 404 for a name that was not made here."""
        found = await self._storage.find(name) if _NAME.fullmatch(name) else None
        if found is None:
            raise ApiError(404, "not_found", "there is no such picture")
        return Response(found, 200, {"content-type": _KINDS[name.rpartition(".")[2]], **_HEADERS})
