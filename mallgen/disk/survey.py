"""Survey an output folder: what is there of the files that a contract makes, and what is in their way. An edge."""

import errno
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator

from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Refused
from mallgen.disk.sandbox import LeadsOutside, Root
from mallgen.output import paths
from mallgen.output.files import MODULES, File
from mallgen.output.house import BACKUP
from mallgen.output.manifest import Lock
from mallgen.output.recognise import Survey
from mallgen.output.records import Owner

_ABSENT = object()


def surveyed(folder: Folder, files: tuple[File, ...], lock: Lock, theirs: bool) -> Survey:
    """Return what is on disk of `files` and of what the lock records. Raises Refused with all that is in the way.

    `theirs`: the user's files are read too, those beside the generated modules that mallgen never wrote as well.
    """
    look = _Look(folder.opened(), folder.shown)
    problems = tuple(problem for file in files for problem in look.problems(file))
    if problems:
        raise Refused(*dict.fromkeys(problems))
    names = {file.path for file in files} | {record.path for record in lock.files}
    present = {name for name in names if look.holds(name)}
    contents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    for file in files:
        if file.owner is Owner.ALWAYS and file.path in present:
            contents[file.path] = folder.content(file.path) or b""
    if theirs:
        present |= {path for path in look.modules(files) if path in present or look.holds(path)}
        more = [path for path in sorted(present - contents.keys()) if not path.endswith(MODULES[1:])]
    else:
        more = [path for path, count in Counter(record.path for record in lock.files).items() if count > 1]
    contents |= {path: data for path in more if (data := folder.peek(path, links)) is not None}
    return Survey(contents, frozenset(present | set(look.below(BACKUP))), "", links)


class _Look:
    """One look at a folder, each of its folders once. `shown` names a path as the user would."""

    def __init__(self, root: Root | None, shown: Callable[[str], str]) -> None:
        self._root = root
        self._shown = shown
        self._seen: dict[str, os.stat_result | None] = {}
        self._folders: dict[str, object] = {"": None if root is not None else _ABSENT}

    def problems(self, file: File) -> Iterator[Diagnostic]:
        """What keeps a file from being written."""
        wrong = paths.trouble(file.path)
        if wrong:
            yield Diagnostic("bad-file-name", f"`{file.path[:80]}` cannot be written: {wrong}", file.span)
            return
        found = self._folder(file.path.rpartition("/")[0])
        if isinstance(found, Diagnostic):
            yield found
        elif found is not _ABSENT:
            yield from self._in_the_way(file)

    def holds(self, path: str) -> bool:
        """Whether something is at `path`; what a link leads out to is not."""
        if paths.trouble(path) or self._folder(path.rpartition("/")[0]) is not None:
            return False
        return self._status(path) is not None

    def below(self, folder: str) -> Iterator[str]:
        """Every file below a folder, as paths."""
        if self._root is None or self._root.status(folder) is None:
            return
        for name in self._root.names(folder):
            path = f"{folder}/{name}"
            status = None if name.endswith(".py") else self._root.status(path)
            if status is not None and stat.S_ISDIR(status.st_mode):
                yield from self.below(path)
            else:
                yield path

    def modules(self, files: tuple[File, ...]) -> Iterator[str]:
        """Yield the modules in the packages of `files`, whoever wrote them."""
        for package in {file.path.partition("/")[0] for file in files if file.path.endswith(".py")}:
            yield from (path for path in self.below(package) if path.endswith(MODULES) and "/." not in path)

    def _in_the_way(self, file: File) -> Iterator[Diagnostic]:
        status = self._status(file.path)
        if status is None or stat.S_ISREG(status.st_mode):
            return
        shown = self._shown(file.path)
        if stat.S_ISDIR(status.st_mode):
            yield Diagnostic("in-the-way", f"`{shown}` is a folder, and a file belongs there", hint="move it away")
        elif file.owner is not Owner.ONCE:
            kind = "a link" if stat.S_ISLNK(status.st_mode) else "not a regular file"
            message = f"`{shown}` is {kind}, and mallgen would replace it"
            yield Diagnostic("in-the-way", message, hint="move it away and run again")

    def _status(self, path: str) -> os.stat_result | None:
        if path not in self._seen:
            assert self._root is not None
            self._seen[path] = self._root.status(path)
        return self._seen[path]

    def _folder(self, path: str) -> object:
        """None for a folder that is there, _ABSENT, or what is in its way."""
        if path not in self._folders:
            above = self._folder(path.rpartition("/")[0])
            self._folders[path] = self._state(path) if above is None else above
        return self._folders[path]

    def _state(self, path: str) -> object:
        assert self._root is not None
        shown = self._shown(path)
        try:
            if self._root.is_folder(path):
                return None
        except LeadsOutside as link:
            message = f"`{shown}` leads out of the output folder, to `{link.target}`"
            hint = "generate into that folder itself, or remove the link"
            return Diagnostic("leads-outside", message, hint=hint)
        except OSError as problem:
            if problem.errno != errno.EACCES:
                raise
            return Diagnostic("cannot-read", f"`{shown}`: {problem.strerror}", environment=True)
        if self._root.status(path) is None:
            return _ABSENT
        return Diagnostic("in-the-way", f"`{shown}` is a file, and a folder belongs there", hint="move it away")
