"""Folders whose files are answered where no route is: go-zero's `WithFileServer`."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from mallgen_runtime.http.answers import Redirect, Response
from mallgen_runtime.http.conf import StaticConf
from mallgen_runtime.http.encodings import chosen_for
from mallgen_runtime.http.files import FileResponse, OpenFile, opened
from mallgen_runtime.http.messages import Context, Next
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.vary import vary
from mallgen_runtime.process.errors import ConfigError

_CODINGS = {"br": ".br", "gzip": ".gz"}  # the best one first


class Served(NamedTuple):
    """An open file under the name that was asked for, packed as `coding` or plain. `varies`: it is there as both."""

    file: OpenFile
    name: str
    coding: str
    varies: bool


class StaticFolder(NamedTuple):
    """A folder that is served below a path; both are absolute, the path without a slash at its end."""

    path: str
    folder: str
    front: str
    fallback: str
    max_age: int
    packed: bool

    def answer(self, ctx: Context) -> Response | None:
        """Return the answer to a URL's path, None where there is no file; no `..`, dotfile or link leads out."""
        rest = ctx.url_path[len(self.path) :]
        if rest and not rest.startswith("/"):
            return None
        parts = [part for part in rest.split("/") if part]
        if any(part.startswith(".") or "\0" in part or "\\" in part for part in parts):
            return None
        found = self._inside(*parts)
        if found and os.path.isdir(found):
            found = self._inside(*parts, self.front) if self.front else ""
            if found and not ctx.url_path.endswith("/"):
                return _to_folder(ctx)  # else its links would be those of the folder above
        if not found and self.fallback and "." not in (parts[-1] if parts else ""):
            found = self._inside(self.fallback)
        served = self._opened(found, ctx) if found else None
        return self._response(served) if served is not None else None

    def _response(self, served: Served) -> Response:
        kept = f"public, max-age={self.max_age}" if self.max_age else "no-cache"
        headers = {"cache-control": kept, "x-content-type-options": "nosniff"}
        if served.coding:
            headers["content-encoding"] = served.coding
        response = FileResponse.of_open(served.file, served.name, headers)
        if served.varies:
            vary(response, "Accept-Encoding")
        return response

    def _inside(self, *parts: str) -> str:
        """Return the real path of a file or folder, empty where it is not there, or not below this folder."""
        try:
            found = os.path.realpath(os.path.join(self.folder, *parts), strict=True)
        except (OSError, ValueError):
            return ""
        return found if found == self.folder or found.startswith(self.folder + os.sep) else ""

    def _opened(self, real: str, ctx: Context) -> Served | None:
        """Open a file or its packed form beside it, unless that is older."""
        plain = self._beneath(real)
        if plain is None:
            return None
        codings = {}
        if self.packed and not real.endswith(tuple(_CODINGS.values())):
            codings = {name: found for name, end in _CODINGS.items() if (found := self._beneath(real + end))}
        fresh = [name for name, found in codings.items() if found.found.st_mtime_ns >= plain.found.st_mtime_ns]
        coding = chosen_for(ctx, fresh)
        chosen = codings[coding] if coding else plain
        for one in (plain, *codings.values()):
            if one is not chosen:
                one.close()
        return Served(chosen, real, coding, bool(fresh))

    def _beneath(self, real: str) -> OpenFile | None:
        """Open a file of this folder, and no link: a name that has become one since it was looked at is not there."""
        *folders, name = os.path.relpath(real, self.folder).split(os.sep)
        with contextlib.ExitStack() as stack:
            try:
                number = _entered(stack, self.folder, None)
                for part in folders:
                    number = _entered(stack, part, number)
                return opened(name, number, os.O_NOFOLLOW)
            except (ApiError, OSError):
                return None


def _entered(stack: contextlib.ExitStack, name: str, above: int | None) -> int:
    """Open a folder, below one that is open where nobody may have made a link of it, until the stack ends."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if above is not None else 0)
    number = os.open(name, flags, dir_fd=above)
    stack.callback(os.close, number)
    return number


def _to_folder(ctx: Context) -> Response:
    """Send a client to the same path with a slash at its end, relative to it: who stands in front may have cut it."""
    name = quote(ctx.url_path.rpartition("/")[2], safe="")
    query = ctx.scope.get("query_string", b"").decode("latin-1")
    return Redirect(f"./{name}/{'?' if query else ''}{query}", 301)


def folders_of(given: Sequence[StaticConf]) -> tuple[StaticFolder, ...]:
    """Return the folders of the settings, the longest path first. Raises ConfigError with all that are not there."""
    missing = [f"Static: {one.folder} is no folder" for one in given if not os.path.isdir(one.folder)]
    if missing:
        raise ConfigError(*missing)
    made = [
        StaticFolder(
            one.path.rstrip("/"), os.path.realpath(one.folder), one.index, one.fallback, one.max_age, one.packed
        )
        for one in given
    ]
    return tuple(sorted(made, key=lambda one: len(one.path), reverse=True))


def served(run: Next, folders: Sequence[StaticFolder]) -> Next:
    """Put files behind the routes: what no route knows is looked for in the folders, then refused as ever."""

    async def answered(ctx: Context) -> Response:
        if ctx.matched is None and ctx.method in ("GET", "HEAD"):
            for one in folders:
                if not ctx.url_path.startswith(one.path):
                    continue
                found = await asyncio.to_thread(one.answer, ctx)
                if found is not None:
                    return found
        return await run(ctx)

    return answered
