"""Read an output folder and apply a plan to it: all or nothing. An edge."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mallgen.confine import LeadsOutside, Root
from mallgen.diagnostics import Diagnostic
from mallgen.lock import NAME, Lock, parse
from mallgen.look import Look
from mallgen.records import Owner
from mallgen.refusals import busy, damaged, failed, interrupted, read_only
from mallgen.tree import MODULES, Disk, File, Plan, digest

if TYPE_CHECKING:  # only what writes needs them
    from mallgen.staging import Outcome
    from mallgen.turn import Signals, Turn

HOUSE = ".mallgen"
_JOURNAL, _LOCK, _IGNORE, _STAGE = (f"{HOUSE}/{name}" for name in ("journal", "lock", ".gitignore", "stage"))
_NEVER = 0o222


class Refused(Exception):
    """The folder cannot take the files: what stands in the way. Nothing was written, unless it is `begun`.

    What is begun is in the journal: the next command that touches the folder completes it. `sources` are texts for
    code frames.
    """

    def __init__(self, *diagnostics: Diagnostic, begun: bool = False, sources: Mapping[str, str] | None = None) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics
        self.begun = begun
        self.sources = sources or {}


class Overtaken(Refused):
    """Another process has written into the folder since it was surveyed: survey and plan again."""


class Folder:
    """An output folder. `root` is as the user wrote it; it need not exist. `tell` is given lines for the user.

    What belongs together is done in one `turn`: reading the lock, surveying, planning, applying.
    """

    def __init__(self, root: str, tell: Callable[[str], None] = lambda line: None) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._tell = tell
        self._open: Root | None = None
        self._held = False
        self._seen = ""

    @contextlib.contextmanager
    def turn(self, shared: bool = False) -> Iterator[None]:
        """Keep other processes out, and complete what an interrupted run has left.

        `shared` is for those who only read: they complete nothing, a journal may have come with a clone. Where mallgen
        never wrote there is nothing to lock yet: then `apply` does it. Raises Refused.
        """
        self._check_root()
        with contextlib.ExitStack() as stack:
            root = self._opened()
            if root is not None and not self._held and root.status(_LOCK if shared else HOUSE) is not None:
                self._take(root, stack, shared)
            if root is not None and shared and root.status(_JOURNAL) is not None:
                raise Refused(interrupted(self.shown(".")))
            yield

    def lock_text(self) -> str:
        """The text of mallgen.lock, empty when there is none; raises Refused when the folder cannot be one of ours."""
        self._check_root()
        data = self._content(NAME)
        try:
            self._seen = (data or b"").decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise Refused(damaged(self.shown(NAME), "it is not UTF-8")) from None
        return self._seen

    def shown(self, path: str) -> str:
        """A file of this folder as the user would name it."""
        return os.path.normpath(os.path.join(self.root, path))

    def survey(self, files: Iterable[File], lock: Lock, lock_text: str, theirs: bool = False) -> Disk:
        """What is there of `files` and of what the lock records; raises Refused with all that stands in the way.

        `theirs`: the user's files are read too, those beside the generated modules that mallgen never wrote as well.
        """
        due = tuple(files)
        root = self._opened()
        look = Look(root, self.shown)
        problems = tuple(problem for file in due for problem in look.problems(file))
        if problems:
            raise Refused(*dict.fromkeys(problems))
        names = {file.path for file in due} | {record.path for record in lock.files}
        present = {name for name in names if look.holds(name)}
        contents: dict[str, bytes] = {}
        links: dict[str, str] = {}
        for file in due:
            if file.owner is Owner.ALWAYS and file.path in present:
                contents[file.path] = self._content(file.path) or b""
        if theirs:
            present |= {path for path in self._modules(due, look) if path in present or look.holds(path)}
            for path in sorted(present - contents.keys()):
                data = None if path.endswith(MODULES[1:]) else self._peek(path, links)
                if data is not None:
                    contents[path] = data
        elif len(lock.files) != len({record.path for record in lock.files}):
            twice = [path for path, count in Counter(r.path for r in lock.files).items() if count > 1]
            contents |= {path: data for path in twice if (data := self._peek(path, links)) is not None}
        return Disk(contents, frozenset(present | set(look.below(f"{HOUSE}/backup"))), lock_text, links)

    def contents(self, paths: Iterable[str]) -> dict[str, bytes]:
        """What is in some files; those that cannot be read, or are links, are left out."""
        links: dict[str, str] = {}
        return {p: data for p in paths if (data := self._peek(p, links)) is not None and p not in links}

    def _modules(self, due: Iterable[File], look: Look) -> Iterator[str]:
        """The modules in the packages, whoever wrote them."""
        for package in {file.path.partition("/")[0] for file in due if file.path.endswith(".py")}:
            yield from (path for path in look.below(package) if path.endswith(MODULES) and "/." not in path)

    def _peek(self, path: str, links: dict[str, str]) -> bytes | None:
        """The content of a file that may be read, through a link that stays inside; None for whatever else is there."""
        root = self._opened_root()
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

    def _opened_root(self) -> Root:
        root = self._opened()
        assert root is not None, "what is present is in a folder"
        return root

    def apply(self, plan: Plan) -> tuple[Diagnostic, ...]:
        """Carry out the steps: all of them or, when Refused is raised, none.

        The answer names the files that somebody saved while this ran; they are left as they are.
        """
        if not plan.writes and plan.lock is None:
            return ()
        problems = tuple(dict.fromkeys(self._not_writable(plan)))
        if problems:
            raise Refused(*problems)
        from mallgen.turn import Signals

        with contextlib.ExitStack() as stack:
            signals = stack.enter_context(Signals().deferred())
            made: list[str] = []
            try:
                root = self._ready(stack, made)
                self._commit(root, plan, signals)
            except BaseException as problem:
                self._leave(made)
                if isinstance(problem, OSError):
                    raise Refused(failed(problem, self.root)) from problem
                raise
            outcome = self._carry_out(root)
            signals.state = "everything was written"
        return self._told(outcome)

    def _ready(self, stack: contextlib.ExitStack, made: list[str]) -> Root:
        """The root, made where it is missing, and locked; `made` are the folders that were made for it."""
        made += _made_all(self._real)
        root = self._opened()
        if root is None:
            raise FileNotFoundError(errno.ENOENT, "the folder has gone", self.root)
        if root.status(HOUSE) is None:
            with contextlib.suppress(FileExistsError):
                root.make(HOUSE)
                made.append(os.path.join(self._real, HOUSE))
        if not self._held:
            seen = self._seen
            self._take(root, stack, False)
            if self.lock_text() != seen:
                raise Overtaken(busy(self.root, "another mallgen has just written into it"))
        if root.status(_IGNORE) is None:
            root.save(_IGNORE, b"*\n")
        return root

    def _take(self, root: Root, stack: contextlib.ExitStack, shared: bool) -> None:
        """Wait for the turn; it is given back with the stack. Completes what an interrupted run has left."""
        from mallgen.turn import Busy, Turn

        turn = Turn(root, lambda line: self._tell(f"{line} into {self.shown('.')}"))
        try:
            turn.take(shared)
            stack.callback(self._give_back, turn)
            self._held = True
        except Busy as problem:
            raise Refused(busy(self.root, f"{problem} is writing into it")) from None
        except OSError as problem:
            raise Refused(failed(problem, self.shown(HOUSE))) from problem
        if root.status(_JOURNAL) is not None and not shared:
            self._recover(root)
        elif not shared and root.status(_STAGE) is not None:
            self._discard(root)

    def _give_back(self, turn: Turn) -> None:
        self._held = False
        turn.give_back()

    def _recover(self, root: Root) -> None:
        from mallgen.turn import Signals

        with Signals().deferred() as signals:
            outcome = self._carry_out(root)
            signals.state = "what an earlier run had begun is complete"
        self._tell(f"completed in {self.shown('.')} what an interrupted run had begun")
        for problem in self._told(outcome):
            self._tell(f"{problem.message}; {problem.hint}")

    def _discard(self, root: Root) -> None:
        """Remove what a run that was ended before its commit has staged."""
        from mallgen.staging import Staging

        try:
            Staging(root).discard()
        except OSError as problem:
            raise Refused(failed(problem, self.shown(_STAGE))) from problem

    def _commit(self, root: Root, plan: Plan, signals: Signals) -> None:
        from mallgen.staging import Change, Staging

        changes = [Change(s.file.path, s.content, s.before, s.backup) for s in plan.writes]
        written = {change.path for change in changes}
        changes += [Change(s.source, None, s.taken) for s in plan.writes if s.source and s.source not in written]
        if plan.lock is not None:
            old = self._content(NAME)
            changes.append(Change(NAME, plan.lock.encode(), "" if old is None else digest(old)))
        staging = Staging(root)
        try:
            staging.commit(changes, signals)
        except BaseException:
            with contextlib.suppress(OSError):  # the next turn removes it; the first error is the one to report
                staging.discard()
            raise

    def _carry_out(self, root: Root) -> Outcome:
        from mallgen.journal import BadJournal
        from mallgen.staging import Staging

        try:
            return Staging(root).carry_out()
        except BadJournal as problem:
            hint = f"delete `{self.shown(_JOURNAL)}` and run again"
            raise Refused(Diagnostic("bad-journal", f"`{self.shown(_JOURNAL)}`: {problem}", hint=hint)) from None
        except OSError as problem:
            raise Refused(failed(problem, self.root), begun=True) from problem

    def _told(self, outcome: Outcome) -> tuple[Diagnostic, ...]:
        for path, kept in outcome.saved:
            self._tell(f"{self.shown(path)} was saved while mallgen wrote: moved that version to {self.shown(kept)}")
        return tuple(
            Diagnostic(
                "changed-meanwhile",
                f"`{self.shown(path)}` was saved while mallgen ran, and is left as it is",
                hint="run again",
            )
            for path in outcome.changed
        )

    def _leave(self, made: list[str]) -> None:
        """After a failure no folder stays that was made for nothing."""
        house = os.path.join(self._real, HOUSE)
        with contextlib.suppress(OSError):
            if house in made:
                for name in (_IGNORE, _LOCK):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(os.path.join(self._real, name))
            for folder in reversed(made):
                os.rmdir(folder)

    def _opened(self) -> Root | None:
        if self._open is None and os.path.isdir(self._real):
            self._open = Root(self._real)
        return self._open

    def _content(self, path: str) -> bytes | None:
        root = self._opened()
        try:
            return None if root is None else root.read(path)
        except OSError as problem:
            raise Refused(failed(problem, self.shown(path))) from problem

    def _check_root(self) -> None:
        problems = tuple(self._root_problems())
        if problems:
            raise Refused(*problems)

    def _root_problems(self) -> Iterator[Diagnostic]:
        path = self._real
        while not os.path.lexists(path):
            path = os.path.dirname(path)
        if not os.path.isdir(path):
            message = f"`{os.path.relpath(path)}` is a file, the output needs a folder there"
            yield Diagnostic("not-a-folder", message, hint="name another folder with `-dir`")
        elif self._real == os.path.dirname(self._real):
            message = "the root of the file system is no place for a project: its `etc` is the system's"
            yield Diagnostic("not-a-folder", message, hint="name another folder with `-dir`")
        else:
            for name in (NAME, HOUSE):
                yield from self._own_problems(name)

    def _own_problems(self, name: str) -> Iterator[Diagnostic]:
        path = os.path.join(self._real, name)
        if not os.path.lexists(path):
            return
        mode = os.lstat(path).st_mode
        if not (stat.S_ISDIR(mode) if name == HOUSE else stat.S_ISREG(mode)):
            message = f"`{self.shown(name)}` is in the way: mallgen keeps its records there"
            yield Diagnostic("in-the-way", message, hint="move it away and run again")

    def _not_writable(self, plan: Plan) -> Iterator[Diagnostic]:
        """The files and folders that the plan changes and that are not to be written to."""
        folders = {os.path.join(self._real, HOUSE)}
        for path in [*(step.file.path for step in plan.writes), *(s.source for s in plan.writes if s.source), NAME]:
            here = os.path.join(self._real, path)
            if os.path.lexists(here) and not _writable(here):
                yield read_only(self.shown(path), "file")
            folders.add(os.path.dirname(here))
        for folder in sorted({_existing(folder) for folder in folders}):
            if not _writable(folder):
                yield read_only(os.path.relpath(folder), "folder")


def read_lock(folder: Folder) -> tuple[Lock, str]:
    """The lock of a folder and its text; raises Refused when it is damaged."""
    from mallgen.lock import BadLock, NewerLock

    text = folder.lock_text()
    try:
        return parse(text), text
    except NewerLock:
        hint = "install a newer mallgen from where you have this one"
        message = f"a newer mallgen has written `{folder.shown(NAME)}`"
        raise Refused(Diagnostic("made-by-newer-mallgen", message, hint=hint)) from None
    except BadLock as problem:
        raise Refused(damaged(f"{folder.shown(NAME)}:{problem.line}", problem.message)) from None


def _made_all(path: str) -> list[str]:
    """Make a folder and those above it; gives those that were missing, the outer first."""
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


def _existing(path: str) -> str:
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return path


def _writable(path: str) -> bool:
    """Whether the mode and the system allow it; root too respects a mode that forbids everybody."""
    return bool(os.stat(path).st_mode & _NEVER) and os.access(path, os.W_OK)
