"""Survey an output folder: the expected files that are on disk, and what is in their way. An edge."""

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
from mallgen.output.house import BACKUP, TRASH
from mallgen.output.manifest import Lock
from mallgen.output.recognise import Survey
from mallgen.output.records import Owner

_ABSENT = object()


def survey_folder(folder: Folder, files: tuple[File, ...], lock: Lock, theirs: bool) -> Survey:
    """Return what is on disk of `files` and of the recorded files. Raises Refused with everything that is in the way.

    `theirs`: also read the user files, and the modules in the generated packages that mallgen never wrote.
    """
    on_disk = _FolderSurvey(folder.opened(), folder.shown)
    problems = tuple(problem for file in files for problem in on_disk.problems(file))
    if problems:
        raise Refused(*dict.fromkeys(problems))
    names = {file.path for file in files} | {record.path for record in lock.files}
    present = {name for name in names if on_disk.holds(name)}
    contents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    for file in files:
        if file.owner is Owner.ALWAYS and file.path in present:
            contents[file.path] = folder.content(file.path) or b""
    if theirs:
        present |= {path for path in on_disk.modules(files) if path in present or on_disk.holds(path)}
        more = [path for path in sorted(present - contents.keys()) if not path.endswith(MODULES[1:])]
    else:
        more = [path for path, count in Counter(record.path for record in lock.files).items() if count > 1]
    contents |= {path: data for path in more if (data := folder.peek(path, links)) is not None}
    kept = {path for folder in (BACKUP, TRASH) for path in on_disk.below(folder)}
    return Survey(contents, frozenset(present | kept), "", links)


class _FolderSurvey:
    """One survey of a folder; each path is looked up once. `shown` names a path as the user would."""

    def __init__(self, root: Root | None, shown: Callable[[str], str]) -> None:
        self._root = root
        self._shown = shown
        self._statuses: dict[str, os.stat_result | None] = {}
        self._folders: dict[str, object] = {"": None if root is not None else _ABSENT}

    def problems(self, file: File) -> Iterator[Diagnostic]:
        """Yield an error when the file cannot be written."""
        wrong = paths.trouble(file.path)
        if wrong:
            yield Diagnostic("bad-file-name", f"`{file.path[:80]}` cannot be written: {wrong}", file.span)
            return
        found = self._folder_state(file.path.rpartition("/")[0])
        if isinstance(found, Diagnostic):
            yield found
        elif found is not _ABSENT:
            yield from self._in_the_way(file)

    def holds(self, path: str) -> bool:
        """Return whether something is at `path`; anything behind a link that leads out does not count."""
        if paths.trouble(path) or self._folder_state(path.rpartition("/")[0]) is not None:
            return False
        return self._status(path) is not None

    def below(self, folder: str) -> Iterator[str]:
        """Yield the path of every file below a folder."""
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
        """Yield the modules in the packages of `files`, those that mallgen never wrote included."""
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
        if path not in self._statuses:
            assert self._root is not None
            self._statuses[path] = self._root.status(path)
        return self._statuses[path]

    def _folder_state(self, path: str) -> object:
        """Return None for a folder that exists, _ABSENT for a missing one, or the diagnostic of what is in its way."""
        if path not in self._folders:
            above = self._folder_state(path.rpartition("/")[0])
            self._folders[path] = self._look_up_folder(path) if above is None else above
        return self._folders[path]

    def _look_up_folder(self, path: str) -> object:
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
