"""An output folder: its path, its files, and the obstacles to writing there. An edge."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping

from mallgen.diagnostics import Diagnostic
from mallgen.disk.refusals import failed, read_only
from mallgen.disk.sandbox import LeadsOutside, Root
from mallgen.loading.borders import is_writable
from mallgen.output.house import HOUSE
from mallgen.output.manifest import NAME


class Refused(Exception):
    """The files cannot be written, `diagnostics` says why. Nothing was written, unless the run is `begun`.

    A run that is begun is in the journal: the next command that writes into the folder completes it. `sources` are
    texts for code frames.
    """

    def __init__(self, *diagnostics: Diagnostic, begun: bool = False, sources: Mapping[str, str] | None = None) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics
        self.begun = begun
        self.sources = sources or {}


class Overtaken(Refused):
    """Another process has written into the folder since it was surveyed: survey and plan again."""


class Folder:
    """An output folder, which need not exist. `root` is its path as the user wrote it; `tell` prints for the user."""

    def __init__(self, root: str, tell: Callable[[str], None] = lambda line: None) -> None:
        self.root = root
        self.real = os.path.realpath(root)
        self.tell = tell
        self._open: Root | None = None

    def shown(self, path: str) -> str:
        """Return the name of a file of this folder as the user would write it."""
        return os.path.normpath(os.path.join(self.root, path))

    def opened(self) -> Root | None:
        """Return the root of the folder, None while it does not exist."""
        if self._open is None and os.path.isdir(self.real):
            self._open = Root(self.real)
        return self._open

    def content(self, path: str) -> bytes | None:
        """Return the content of a generated file, None when it is missing. Raises Refused when it cannot be read."""
        root = self.opened()
        try:
            return None if root is None else root.read(path)
        except OSError as problem:
            raise Refused(failed(problem, self.shown(path))) from problem

    def contents(self, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of files by path; those that cannot be read, or are links, are left out."""
        links: dict[str, str] = {}
        return {p: data for p in paths if (data := self.peek(p, links)) is not None and p not in links}

    def peek(self, path: str, links: dict[str, str]) -> bytes | None:
        """Return the content of a file, through a link that stays inside of the folder; None when it cannot be read.

        A link is added to `links` with the path that it leads to, "" when that is outside of the folder.
        """
        root = self.opened()
        assert root is not None, "what is present is in a folder"
        with contextlib.suppress(OSError):
            return root.read(path)
        try:
            target = root.target(path)
        except OSError as problem:
            links[path] = "" if isinstance(problem, LeadsOutside) else path
            return None
        if target != path:
            links[path] = target
            with contextlib.suppress(OSError):
                return root.read(target)
        return None

    def check(self) -> None:
        """Raise Refused when this cannot be an output folder."""
        problems = tuple(self._problems())
        if problems:
            raise Refused(*problems)

    def _problems(self) -> Iterator[Diagnostic]:
        path = _nearest_existing(self.real)
        if not os.path.isdir(path):
            message = f"`{os.path.relpath(path)}` is a file, the output needs a folder there"
            yield Diagnostic("not-a-folder", message, hint="name another folder with `-dir`")
        elif self.real == os.path.dirname(self.real):
            message = "the root of the file system is no place for a project: its `etc` is the system's"
            yield Diagnostic("not-a-folder", message, hint="name another folder with `-dir`")
        else:
            for name in (NAME, HOUSE):
                yield from self._blocked_by_other(name)

    def _blocked_by_other(self, name: str) -> Iterator[Diagnostic]:
        path = os.path.join(self.real, name)
        if not os.path.lexists(path):
            return
        mode = os.lstat(path).st_mode
        if not (stat.S_ISDIR(mode) if name == HOUSE else stat.S_ISREG(mode)):
            message = f"`{self.shown(name)}` is in the way: mallgen keeps its records there"
            yield Diagnostic("in-the-way", message, hint="move it away and run again")

    def read_only(self, paths: Iterable[str]) -> Iterator[Diagnostic]:
        """Yield an error for each file of `paths`, and each folder that they are in, that is not writable."""
        folders = {os.path.join(self.real, HOUSE)}
        for path in (*paths, NAME):
            here = os.path.join(self.real, path)
            if os.path.lexists(here) and not is_writable(here):
                yield read_only(self.shown(path), "file")
            folders.add(os.path.dirname(here))
        for folder in sorted({_nearest_existing(folder) for folder in folders}):
            if not is_writable(folder):
                yield read_only(os.path.relpath(folder), "folder")


def _nearest_existing(path: str) -> str:
    """Return the path, or the nearest one above it that exists."""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return path
