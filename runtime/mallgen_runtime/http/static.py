"""Folders whose files are answered where no route is: go-zero's `WithFileServer`."""

import asyncio
import os
from collections.abc import Sequence
from typing import NamedTuple

from mallgen_runtime.http.answers import Response
from mallgen_runtime.http.conf import StaticConf
from mallgen_runtime.http.files import FileResponse
from mallgen_runtime.http.messages import Context, Next
from mallgen_runtime.process.errors import ConfigError


class StaticFolder(NamedTuple):
    """A folder that is served below a path; both are absolute, the path without a slash at its end."""

    path: str
    folder: str
    front: str
    fallback: str
    max_age: int

    def file(self, url_path: str) -> str:
        """Return the file of a URL's path, empty where there is none; no `..`, dotfile or link leads out."""
        rest = url_path[len(self.path) :]
        if rest and not rest.startswith("/"):
            return ""
        parts = [part for part in rest.split("/") if part]
        if any(part.startswith(".") or "\0" in part or "\\" in part for part in parts):
            return ""
        found = self._inside(*parts)
        if found and os.path.isdir(found):
            found = self._inside(*parts, self.front) if self.front else ""
        if not found and self.fallback and "." not in (parts[-1] if parts else ""):
            found = self._inside(self.fallback)
        return found if found and os.path.isfile(found) else ""

    def _inside(self, *parts: str) -> str:
        """Return the real path of a file or folder, empty where it is not there, or not below this folder."""
        try:
            found = os.path.realpath(os.path.join(self.folder, *parts), strict=True)
        except (OSError, ValueError):
            return ""
        return found if found == self.folder or found.startswith(self.folder + os.sep) else ""


def folders_of(given: Sequence[StaticConf]) -> tuple[StaticFolder, ...]:
    """Return the folders of the settings, the longest path first. Raises ConfigError with all that are not there."""
    missing = [f"Static: {one.folder} is no folder" for one in given if not os.path.isdir(one.folder)]
    if missing:
        raise ConfigError(*missing)
    made = [
        StaticFolder(one.path.rstrip("/"), os.path.realpath(one.folder), one.index, one.fallback, one.max_age)
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
                found = await asyncio.to_thread(one.file, ctx.url_path)
                if found:
                    kept = f"public, max-age={one.max_age}" if one.max_age else "no-cache"
                    return FileResponse(found, headers={"cache-control": kept, "x-content-type-options": "nosniff"})
        return await run(ctx)

    return answered
