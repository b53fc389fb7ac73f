"""Read an output folder and apply a plan to it: all or nothing. An edge."""

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator

from mallgen.diagnostics import Diagnostic
from mallgen.lock import NAME, Lock, parse
from mallgen.tree import Disk, File, Kind, Owner, Plan, Step

HOUSE = ".mallgen"
_NEVER = 0o222
_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Refused(Exception):
    """The folder cannot take the files: what stands in the way. Nothing was written."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics


class Folder:
    """An output folder. `root` is as the user wrote it; it need not exist."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._real = os.path.realpath(root)

    def lock_text(self) -> str:
        """The text of mallgen.lock, empty when there is none; raises Refused when the folder cannot be one of ours."""
        problems = tuple(self._root_problems())
        if problems:
            raise Refused(*problems)
        data = self._content(NAME)
        if data is None:
            return ""
        try:
            return data.decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise Refused(_damaged(self.shown(NAME), "it is not UTF-8")) from None

    def shown(self, path: str) -> str:
        """A file of this folder as the user would name it."""
        return os.path.normpath(os.path.join(self.root, path))

    def survey(self, files: Iterable[File], lock: Lock, lock_text: str) -> Disk:
        """What is there of `files` and of what the lock records; raises Refused with all that stands in the way."""
        due = tuple(files)
        problems = [problem for file in due for problem in self._file_problems(file)]
        if problems:
            raise Refused(*dict.fromkeys(problems))
        names = {file.path for file in due} | {record.path for record in lock.files}
        present = {name for name in names if os.path.lexists(os.path.join(self._real, name))}
        contents = {}
        for file in due:
            if file.owner is Owner.ALWAYS and file.path in present:
                contents[file.path] = self._content(file.path) or b""
        return Disk(contents, frozenset(present | set(self._backups())), lock_text)

    def apply(self, plan: Plan) -> None:
        """Carry out the steps; on any failure the folder is as it was and Refused is raised."""
        if not plan.writes and plan.lock is None:
            return
        problems = tuple(dict.fromkeys(self._read_only(plan)))
        if problems:
            raise Refused(*problems)
        try:
            with _Transaction(self._real) as work:
                for step in plan.writes:
                    work.write(step)
                if plan.lock is not None:
                    work.replace(NAME, plan.lock.encode())
        except OSError as problem:
            raise Refused(_failed(problem, self.root)) from problem

    def _backups(self) -> Iterator[str]:
        top = os.path.join(self._real, HOUSE, "backup")
        for folder, _, names in os.walk(top):
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self._real).replace(os.sep, "/")

    def _content(self, path: str) -> bytes | None:
        try:
            with open(os.path.join(self._real, path), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise Refused(_failed(problem, self.shown(path))) from problem

    def _root_problems(self) -> Iterator[Diagnostic]:
        path = self._real
        while not os.path.lexists(path):
            path = os.path.dirname(path)
        if not os.path.isdir(path):
            message = f"`{os.path.relpath(path)}` is a file, the output needs a folder there"
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

    def _file_problems(self, file: File) -> Iterator[Diagnostic]:
        path = os.path.join(self._real, file.path)
        yield from self._folder_problems(file.path)
        try:
            mode = os.lstat(path).st_mode
        except OSError:
            return
        shown = self.shown(file.path)
        if stat.S_ISDIR(mode):
            yield Diagnostic("in-the-way", f"`{shown}` is a folder, a file is due there", hint="move it away")
        elif file.owner is Owner.ONCE:
            return
        elif not stat.S_ISREG(mode):
            kind = "a link" if stat.S_ISLNK(mode) else "not a regular file"
            message = f"`{shown}` is {kind}, and mallgen would replace it"
            yield Diagnostic("in-the-way", message, hint="move it away and run again")

    def _folder_problems(self, path: str) -> Iterator[Diagnostic]:
        """Every folder on the way must be one, and inside the root."""
        parts = path.split("/")[:-1]
        here = self._real
        for count, part in enumerate(parts, 1):
            here = os.path.join(here, part)
            shown = self.shown("/".join(parts[:count]))
            if not os.path.lexists(here):
                return
            if not os.path.isdir(here):
                yield Diagnostic("in-the-way", f"`{shown}` is a file, a folder is due there", hint="move it away")
                return
            real = os.path.realpath(here)
            if os.path.commonpath([real, self._real]) != self._real:
                message = f"`{shown}` leads out of the output folder, to `{real}`"
                yield Diagnostic("leads-outside", message, hint="generate into that folder itself, or remove the link")
                return

    def _read_only(self, plan: Plan) -> Iterator[Diagnostic]:
        """The files and folders that the plan changes and that are not to be written to."""
        paths = [step.file.path for step in plan.writes] + [NAME, f"{HOUSE}/stage"]
        for path in paths:
            here = os.path.join(self._real, path)
            if os.path.lexists(here) and not _writable(here):
                yield _read_only(self.shown(path), "file")
            while not os.path.lexists(here := os.path.dirname(here)):
                continue
            if not _writable(here):
                yield _read_only(os.path.relpath(here), "folder")


def read_lock(folder: Folder) -> tuple[Lock, str]:
    """The lock of a folder and its text; raises Refused when it is damaged."""
    from mallgen.lock import BadLock

    text = folder.lock_text()
    try:
        return parse(text), text
    except BadLock as problem:
        raise Refused(_damaged(f"{folder.shown(NAME)}:{problem.line}", problem.message)) from None


def _writable(path: str) -> bool:
    """Whether the mode and the system allow it; root too respects a mode that forbids everybody."""
    return bool(os.stat(path).st_mode & _NEVER) and os.access(path, os.W_OK)


def _damaged(where: str, what: str) -> Diagnostic:
    hint = "restore it from version control, or delete it: edited generated files will then be backed up"
    return Diagnostic("bad-lock", f"`{where}`: {what}", hint=hint)


def _read_only(shown: str, kind: str) -> Diagnostic:
    return Diagnostic("read-only", f"the {kind} `{shown}` is read-only", hint="allow writing to it", environment=True)


def _failed(problem: OSError, shown: str) -> Diagnostic:
    where = shown if problem.filename is None else os.path.relpath(problem.filename)
    code = "disk-full" if problem.errno in _SPACE else "cannot-write"
    hint = "make room and run again" if code == "disk-full" else "check the folder's permissions"
    return Diagnostic(code, f"`{where}`: {problem.strerror}", hint=hint, environment=True)


class _Transaction(contextlib.AbstractContextManager["_Transaction"]):
    """Stages each file beside the target, then moves it; an exception takes every move back."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._undo: list[tuple[str, str | None]] = []
        self._made: list[str] = []
        self._stage = ""
        self._count = 0

    def __enter__(self) -> "_Transaction":
        house = os.path.join(self._root, HOUSE)
        try:
            self._folder(house)
            ignore = os.path.join(house, ".gitignore")
            if not os.path.lexists(ignore):
                self._undo.append((ignore, None))
                self._save(ignore, b"*\n")
            self._stage = tempfile.mkdtemp(prefix="stage-", dir=house)
        except OSError:
            self._roll_back()
            raise
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is not None:
            self._roll_back()
        if self._stage:
            _remove_all(self._stage)
        if kind is not None:
            for folder in reversed(self._made):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)

    def write(self, step: Step) -> None:
        """Carry out one step of a plan."""
        if step.backup:
            self._copy(step.file.path, step.backup)
        if step.kind is Kind.CREATE:
            self._create(step.file.path, step.file.text.encode())
        else:
            self.replace(step.file.path, step.file.text.encode())

    def replace(self, path: str, data: bytes) -> None:
        """Put `data` where `path` is, keeping its mode; or make it."""
        target = os.path.join(self._root, path)
        if not os.path.lexists(target):
            self._create(path, data)
            return
        staged, old = self._staged(data), self._name()
        os.chmod(staged, stat.S_IMODE(os.stat(target).st_mode))
        _link(target, old)
        self._undo.append((target, old))
        os.replace(staged, target)

    def _create(self, path: str, data: bytes) -> None:
        target = os.path.join(self._root, path)
        self._folder(os.path.dirname(target))
        staged = self._staged(data)
        _link(staged, target)
        self._undo.append((target, None))
        os.unlink(staged)

    def _copy(self, path: str, backup: str) -> None:
        with open(os.path.join(self._root, path), "rb") as file:
            self._create(backup, file.read())

    def _name(self) -> str:
        self._count += 1
        return os.path.join(self._stage, str(self._count))

    def _staged(self, data: bytes) -> str:
        path = self._name()
        self._save(path, data)
        return path

    @staticmethod
    def _save(path: str, data: bytes) -> None:
        with open(path, "xb") as file:
            file.write(data)

    def _folder(self, path: str) -> None:
        missing = []
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        for folder in reversed(missing):
            os.mkdir(folder)
            self._made.append(folder)

    def _roll_back(self) -> None:
        for target, old in reversed(self._undo):
            with contextlib.suppress(OSError):
                if old is None:
                    os.unlink(target)
                else:
                    os.replace(old, target)


def _link(source: str, target: str) -> None:
    """A second name for a file, failing when the target exists; a copy where links are not supported."""
    try:
        os.link(source, target)
    except OSError as problem:
        if problem.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES, errno.EXDEV):
            raise
        with open(source, "rb") as file, open(target, "xb") as copy:
            copy.write(file.read())


def _remove_all(folder: str) -> None:
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    os.rmdir(folder)
