"""Write changes to the disk: stage, commit, carry out, and complete an interrupted run. An edge.

New content is written below `.mallgen/stage`, new folders as one piece. Then one rename makes the journal: from here on
the run counts as done, and the next run completes it if this one dies. Carrying a line out twice is the same as once.
A file is compared before it is replaced or removed: content that the plan has not seen stays. Nothing is flushed to
the disk: a process may die, but a power failure may lose files.
"""

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mallgen.disk import journal, seal
from mallgen.disk.cleanup import remove_empty_folders
from mallgen.disk.filelock import Signals
from mallgen.disk.journal import Move
from mallgen.disk.sandbox import Root
from mallgen.output.digest import digest
from mallgen.output.house import BACKUP, HOUSE, JOURNAL, STAGE

_DRAFT = f"{HOUSE}/journal-draft"
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR)


class PathChange(NamedTuple):
    """The change of one path. `before` is the sha256 of the old content, "" for a new file; `data` None removes it.

    `kept` is the path that the old content is moved to, "" when mallgen wrote it and can make it again.
    """

    path: str
    data: bytes | None
    before: str = ""
    kept: str = ""


class Outcome(NamedTuple):
    """The deviations from the plan: paths that another process changed meanwhile, pairs of a path and its backup."""

    changed: tuple[str, ...]
    saved: tuple[tuple[str, str], ...]


class Staging:
    """The stage of one folder; the caller holds the folder's lock."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._pieces: dict[str, str] = {}
        self._folders: set[str] = {""}
        self._count = 0
        self._changed: list[str] = []
        self._saved: list[tuple[str, str]] = []

    def commit(self, changes: Iterable[PathChange], signals: Signals) -> None:
        """Stage the changes and write the journal. Raises OSError or Stopped, with the folder unchanged."""
        self.discard()
        self._root.make(STAGE)
        self._folders.add(STAGE)
        moves: list[Move] = []
        for change in changes:
            signals.check()
            moves += self._stage_change(change)
        self._root.save(_DRAFT, journal.text(moves, seal.key()).encode())
        self._root.forget()
        self._root.move(_DRAFT, JOURNAL)

    def carry_out(self) -> Outcome:
        """Carry out the journal, or the rest of it that an interrupted run left. Raises OSError and BadJournal."""
        content = self._root.read(JOURNAL)
        assert content is not None
        moves = journal.parse(content.decode("utf-8", "replace"), seal.key())
        for move in moves:
            if move.verb == "add":
                self._add(f"{STAGE}/{move.staged}", move.path)
            elif move.verb == "replace":
                self._replace(move)
            else:
                self._remove(move)
        with contextlib.suppress(OSError):  # an empty folder does no harm, and must not stop the run
            remove_empty_folders(self._root, [move.path for move in moves if move.verb == "remove"])
        self._root.remove(JOURNAL)
        self.discard()
        return Outcome(tuple(self._changed), tuple(self._saved))

    def discard(self) -> None:
        """Remove the stage, which is of no use without a journal."""
        self._root.remove(_DRAFT)
        if self._root.status(STAGE) is not None:
            self._root.forget()
            self._remove_below(STAGE)
            self._root.forget()
            self._root.remove_folder(STAGE)

    def _stage_change(self, change: PathChange) -> list[Move]:
        path, data, before, kept = change
        if data is None:
            return [Move("remove", self._next_name(), path, before, kept)]
        if before:
            status = self._root.status(path)
            name = self._next_name()
            self._root.save(f"{STAGE}/{name}", data, stat.S_IMODE(status.st_mode) if status else None)
            return [Move("replace", name, path, before, kept)]
        piece = self._new_part(path)
        known = self._pieces.get(piece)
        name = self._pieces[piece] = known or self._next_name()
        staged = f"{STAGE}/{name}{path.removeprefix(piece)}"
        self._make_staged(staged.rpartition("/")[0])
        self._root.save(staged, data)
        return [] if known else [Move("add", name, piece)]

    def _new_part(self, path: str) -> str:
        """Return the first part of `path` that does not exist yet: a new folder is moved into place as a whole."""
        end = path.find("/")
        while end >= 0:
            folder = path[:end]
            if folder not in self._folders:
                if folder in self._pieces or self._root.status(folder) is None:
                    return folder
                self._folders.add(folder)
            end = path.find("/", end + 1)
        return path

    def _make_staged(self, path: str) -> None:
        if path not in self._folders:
            self._make_staged(path.rpartition("/")[0])
            self._root.make(path)
            self._folders.add(path)

    def _next_name(self) -> str:
        self._count += 1
        return str(self._count)

    def _add(self, staged: str, path: str) -> None:
        """Move a new file or folder into place; into a folder that exists by now, move its parts."""
        status = self._root.status(staged)
        if status is None:
            return
        if not stat.S_ISDIR(status.st_mode):
            self._add_file(staged, path)
            return
        self._root.make_all(path.rpartition("/")[0])
        try:
            self._root.move(staged, path)
        except OSError as problem:
            if problem.errno not in _TAKEN:
                raise
            self._merge(staged, path)

    def _merge(self, staged: str, path: str) -> None:
        there = self._root.status(path)
        if there is None or not (stat.S_ISDIR(there.st_mode) or stat.S_ISLNK(there.st_mode)):
            self._changed.append(path)
            return
        for name in self._root.names(staged):
            self._add(f"{staged}/{name}", f"{path}/{name}")

    def _add_file(self, staged: str, path: str) -> None:
        self._root.make_all(path.rpartition("/")[0])
        try:
            self._root.link(staged, path)
        except FileExistsError:
            if self._digest(path) != self._digest(staged):
                self._changed.append(path)
        self._root.remove(staged)

    def _replace(self, move: Move) -> None:
        staged = f"{STAGE}/{move.staged}"
        if self._root.status(staged) is None:
            self._drop_old(move)
            return
        now = self._digest(move.path)
        if now == "":
            self._add_file(staged, move.path)
        elif now != move.before:
            if now != self._digest(staged):
                self._changed.append(move.path)
            self._root.remove(staged)
        else:
            self._keep_old(move)
            self._root.move(staged, move.path)
            self._drop_old(move)

    def _remove(self, move: Move) -> None:
        now = self._digest(move.path)
        if now == move.before:
            self._keep_old(move)
            self._root.remove(move.path)
        elif now:
            self._changed.append(move.path)
        self._drop_old(move)

    def _keep_old(self, move: Move) -> None:
        """Give the old content a second name before the first is replaced; no byte is copied."""
        if not move.kept:
            self._root.remove(_old_path(move))
            self._root.link(move.path, _old_path(move))
            return
        now = self._root.status(move.path)
        for kept in _numbered(move.kept):
            there = self._root.status(kept)
            if there is None:
                self._root.make_all(kept.rpartition("/")[0])
                self._root.link(move.path, kept)
            if there is None or (now is not None and os.path.samestat(there, now)):
                if kept != move.kept:
                    self._saved.append((move.path, kept))
                return

    def _drop_old(self, move: Move) -> None:
        """Remove the old content; keep it as a backup if another process saved it between the check and the rename."""
        old = _old_path(move)
        if self._root.status(old) is None:
            return
        if self._digest(old) == move.before:
            self._root.remove(old)
            return
        kept = next(name for name in _numbered(f"{BACKUP}/{move.path}") if self._root.status(name) is None)
        self._root.make_all(kept.rpartition("/")[0])
        self._root.move(old, kept)
        self._saved.append((move.path, kept))

    def _digest(self, path: str) -> str:
        """Return the sha256 of a file, "" when it is missing, "-" when it cannot be read as a regular file."""
        try:
            data = self._root.read(path)
        except OSError:
            return "-"
        return "" if data is None else digest(data)

    def _remove_below(self, path: str) -> None:
        for name in self._root.names(path):
            inner = f"{path}/{name}"
            status = self._root.status(inner)
            if status is not None and stat.S_ISDIR(status.st_mode):
                self._remove_below(inner)
                self._root.remove_folder(inner)
            else:
                self._root.remove(inner)


def _old_path(move: Move) -> str:
    """Return the path of the old content while the new one replaces it."""
    return f"{STAGE}/{move.staged}-old"


def _numbered(name: str) -> Iterator[str]:
    """Yield `name`, `name-2`, `name-3` …"""
    yield name
    for count in itertools.count(2):
        yield f"{name}-{count}"
