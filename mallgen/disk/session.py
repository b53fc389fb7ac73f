"""One run in an output folder: read mallgen.lock, survey the folder, apply a plan, all or nothing. An edge."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Overtaken, Refused
from mallgen.disk.recovery import carry_out, changed_meanwhile, locked
from mallgen.disk.refusals import busy, damaged, failed, interrupted
from mallgen.disk.sandbox import Root
from mallgen.disk.survey import survey_folder
from mallgen.output.digest import digest
from mallgen.output.files import File
from mallgen.output.house import HOUSE, IGNORE, JOURNAL, LOCK
from mallgen.output.manifest import NAME, BadLock, Lock, NewerLock, parse
from mallgen.output.plan import Plan
from mallgen.output.recognise import Survey

if TYPE_CHECKING:  # only a run that writes imports it
    from mallgen.disk.filelock import Signals


@contextlib.contextmanager
def session(folder: Folder, shared: bool = False) -> Iterator[Session]:
    """Keep other processes out of a folder during the block, and complete an interrupted run first.

    `shared` is for a caller that only reads: it completes nothing, since a journal may have come with a clone. In a
    folder that mallgen never wrote to there is no lock file yet: `apply` takes the lock then. Raises Refused.
    """
    folder.check()
    root = folder.opened()
    with contextlib.ExitStack() as stack:
        is_locked = root is not None and root.status(LOCK if shared else HOUSE) is not None
        if root is not None and is_locked:
            stack.enter_context(locked(folder, root, shared))
        if root is not None and shared and root.status(JOURNAL) is not None:
            raise Refused(interrupted(folder.shown(".")))
        yield Session(folder, is_locked)


class Session:
    """One run's hold on an output folder; `is_locked` while it has the folder's lock."""

    def __init__(self, folder: Folder, is_locked: bool) -> None:
        self.folder = folder
        self._is_locked = is_locked
        self._lock_text = ""

    def lock_text(self) -> str:
        """Return the text of mallgen.lock, empty when there is none. Raises Refused when it is damaged."""
        data = self.folder.content(NAME)
        try:
            self._lock_text = (data or b"").decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise Refused(damaged(self.folder.shown(NAME), "it is not UTF-8")) from None
        return self._lock_text

    def read_lock(self) -> tuple[Lock, str]:
        """Return the lock and its text. Raises Refused when it is damaged, or a newer mallgen has written it."""
        text, shown = self.lock_text(), self.folder.shown(NAME)
        try:
            return parse(text), text
        except NewerLock:
            hint = "install a newer mallgen from where you have this one"
            message = f"a newer mallgen has written `{shown}`"
            raise Refused(Diagnostic("made-by-newer-mallgen", message, hint=hint)) from None
        except BadLock as problem:
            raise Refused(damaged(f"{shown}:{problem.line}", problem.message)) from None

    def survey(self, files: Iterable[File], lock: Lock, theirs: bool = False) -> Survey:
        """Return what is on disk of `files` and of the recorded files. Raises Refused with all that is in the way.

        `theirs`: also read the user files, and the modules in the generated packages that mallgen never wrote.
        """
        return survey_folder(self.folder, tuple(files), lock, theirs)._replace(lock=self._lock_text)

    def apply(self, plan: Plan) -> tuple[Diagnostic, ...]:
        """Carry out the steps: all of them or, when Refused is raised, none.

        Return a warning for each file that another process saved during the run; such a file is left unchanged.
        """
        if not plan.writes and plan.lock is None:
            return ()
        paths = [*(step.file.path for step in plan.writes), *(s.source for s in plan.writes if s.source)]
        problems = tuple(dict.fromkeys(self.folder.read_only(paths)))
        if problems:
            raise Refused(*problems)
        from mallgen.disk.filelock import Signals

        with contextlib.ExitStack() as stack:
            signals = stack.enter_context(Signals().deferred())
            made: list[str] = []
            try:
                root = self._lock_for_writing(stack, made)
                self._commit(root, plan, signals)
            except BaseException as problem:
                _remove_made(made, os.path.join(self.folder.real, HOUSE) if self._is_locked else "")
                if isinstance(problem, OSError):
                    raise Refused(failed(problem, self.folder.root)) from problem
                raise
            outcome = carry_out(self.folder, root)
            signals.state = "everything was written"
        return changed_meanwhile(self.folder, outcome)

    def _lock_for_writing(self, stack: contextlib.ExitStack, made: list[str]) -> Root:
        """Return the root, made if missing, and locked until `stack` ends; folders made for it are added to `made`."""
        made += _make_all(self.folder.real)
        root = self.folder.opened()
        if root is None:
            raise FileNotFoundError(errno.ENOENT, "the folder has gone", self.folder.root)
        if root.status(HOUSE) is None:
            with contextlib.suppress(FileExistsError):
                root.make(HOUSE)
                made.append(os.path.join(self.folder.real, HOUSE))
        if not self._is_locked:
            seen = self._lock_text
            stack.enter_context(self._locked(root))
            if self.lock_text() != seen:
                raise Overtaken(busy(self.folder.root, "another mallgen has just written into it"))
        if root.status(IGNORE) is None:
            root.save(IGNORE, b"*\n")
        return root

    @contextlib.contextmanager
    def _locked(self, root: Root) -> Iterator[None]:
        with locked(self.folder, root, False):
            self._is_locked = True
            try:
                yield
            finally:
                self._is_locked = False

    def _commit(self, root: Root, plan: Plan, signals: Signals) -> None:
        from mallgen.disk.transaction import PathChange, Staging

        changes = [PathChange(s.file.path, s.content, s.before, s.backup) for s in plan.writes]
        written = {change.path for change in changes}
        changes += [PathChange(s.source, None, s.taken) for s in plan.writes if s.source and s.source not in written]
        if plan.lock is not None:
            old = self.folder.content(NAME)
            changes.append(PathChange(NAME, plan.lock.encode(), "" if old is None else digest(old)))
        staging = Staging(root)
        try:
            staging.commit(changes, signals)
        except BaseException:
            with contextlib.suppress(OSError):  # the next session removes it; the first error is the one to report
                staging.discard()
            raise


def _make_all(path: str) -> list[str]:
    """Make a folder and those above it; return those that were missing, the outer first."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    made = []
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder)
            made.append(folder)
    return made


def _remove_made(made: list[str], house: str) -> None:
    """Remove the folders that were made for a run that failed.

    `house` is mallgen's own among them, "" where another process may have its lock.
    """
    with contextlib.suppress(OSError):
        for folder in reversed(made):
            if folder == house:
                for name in (IGNORE, LOCK):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(os.path.join(os.path.dirname(folder), name))
            os.rmdir(folder)
