"""Write a new service into the workspace around: its contract, its block in mallgen.toml, and what is made of it."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mallgen.cli.console import ENVIRONMENT, FINE, report, say
from mallgen.cli.writing import WriteOptions, write_made
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.target import Made, Target
from mallgen.loading.borders import is_inside
from mallgen.workspace import config
from mallgen.workspace.meeting import find_clashes
from mallgen.workspace.targets import all_targets, make

_END = "; nothing was written"


class NewService(NamedTuple):
    """A new service of a workspace: its name and folder, its files by path, and its block of mallgen.toml.

    `adapt` makes a new service's target of an ordinary one, `settle` has the last word on what was made of it.
    """

    name: str
    folder: str
    files: Mapping[str, str]
    block: str
    adapt: Callable[[Target], Target]
    settle: Callable[[Made], Made]


def join(workspace: config.Workspace, new: NewService, quiet: bool) -> int:
    """Add a service to a workspace, or nothing at all; return the exit code."""
    if problems := [*_in_the_way(workspace, new)]:
        return report(problems, {}, _END)
    before = _Before(workspace.path, new.folder)
    code = ENVIRONMENT
    try:
        for path, text in new.files.items():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path, "x", encoding="utf-8", newline="\n") as file:
                before.written.append(path)
                file.write(text)
        before.append(new.block)
        code, count = _generate(workspace.path, new)
    except config.BadWorkspace as problem:
        code = report(problem.diagnostics, problem.sources, _END)
    except OSError as problem:
        hint = "check the folder's permissions and the space that is left"
        message = f"cannot add {new.name} to the workspace: {problem.strerror}"
        report([Diagnostic("cannot-write", message, hint=hint, environment=True)], {}, _END)
    finally:
        if code != FINE:
            before.restore()
    if code == FINE and not quiet:
        say(f"{new.name}: {len(new.files) + count} files; {os.path.relpath(workspace.path)} has its block")
    return code


def _in_the_way(workspace: config.Workspace, new: NewService) -> Iterator[Diagnostic]:
    if any(member.name == new.name for member in workspace.members):
        message = f"the workspace has a service `{new.name}`"
        yield Diagnostic("in-the-way", message, hint="choose another name")
    is_free = os.path.isdir(new.folder) and not os.path.islink(new.folder) and not os.listdir(new.folder)
    if os.path.lexists(new.folder) and not is_free:
        message = f"`{new.folder}` exists and is not an empty folder"
        yield Diagnostic("in-the-way", message, hint="choose another one by -dir")
    for path in new.files:
        if os.path.lexists(path) and not is_inside(os.path.realpath(path), os.path.realpath(new.folder)):
            yield Diagnostic("in-the-way", f"`{path}` exists", hint="move it away, or choose another name")


def _generate(path: str, new: NewService) -> tuple[int, int]:
    """Generate the service that mallgen.toml has now; return the exit code and how many files there are."""
    workspace = config.read(path)
    found = [(target, make(target, prove=False)) for target in all_targets(workspace) if target.service != new.name]
    target = new.adapt(next(target for target in all_targets(workspace) if target.service == new.name))
    made = new.settle(make(target))
    clashes = find_clashes(workspace, [*found, (target, made)])
    mine = [problem for problem in clashes.problems if new.name in problem.message]
    code = report([*made.diagnostics, *mine], {**made.sources, **clashes.sources}, _END)
    if code == FINE:
        code = write_made(target, made, WriteOptions(dry_run=False, quiet=True))
    return code, len(made.files)


class _Before:
    """The state before: the bytes of mallgen.toml, and whether the service had a folder."""

    def __init__(self, path: str, folder: str) -> None:
        self._path = os.path.realpath(path)
        with open(path, "rb") as file:
            self._bytes = file.read()
        self._folder = folder
        self._had_folder = os.path.isdir(folder)
        self._is_changed = False
        self.written: list[str] = []

    def append(self, block: str) -> None:
        """Add a block to mallgen.toml, with the line ends of the file."""
        end = b"\r\n" if b"\r\n" in self._bytes else b"\n"
        _replace(self._path, self._bytes.rstrip() + end * 2 + block.encode().replace(b"\n", end))
        self._is_changed = True

    def restore(self) -> None:
        """Put everything back; a failure at one of the files leaves no other one behind."""
        for path in self.written:
            with contextlib.suppress(OSError):
                os.unlink(path)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._had_folder:
            os.makedirs(self._folder, exist_ok=True)
        if self._is_changed:
            _replace(self._path, self._bytes)


def _replace(path: str, data: bytes) -> None:
    """Write a file beside its place and put it there when it is complete."""
    number, staged = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".mallgen.")
    try:
        with open(number, "wb") as file:
            file.write(data)
        shutil.copymode(path, staged)
        os.replace(staged, path)
    except OSError:
        os.unlink(staged)
        raise
