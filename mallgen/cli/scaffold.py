"""Write a new project into a temporary folder beside its path, and move it there when it is complete."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from typing import NamedTuple

from mallgen.cli.console import ENVIRONMENT, FINE, USAGE, report, say
from mallgen.cli.writing import WriteOptions, write_made
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.target import Made, Target
from mallgen.workspace.targets import make

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_QUIETLY = WriteOptions(dry_run=False, quiet=True)


class NewProject(NamedTuple):
    """A new project: files that are written unchanged, the targets of its folder, lines about what to do next."""

    files: Mapping[str, str]
    targets: Callable[[str], list[Target]]
    next_steps: tuple[str, ...]


def bad_name(name: str, command: str) -> int:
    """Report a word that cannot be a project's name and return USAGE; return FINE for a good name."""
    if _NAME.fullmatch(name):
        return FINE
    say(f"error[usage] `{name}` cannot be a project's name")
    say(f"  = help: use letters, digits and single dashes, a letter first: mallgen {command} my-shop")
    return USAGE


def write(name: str, project: NewProject, quiet: bool) -> int:
    """Make the folder `name` with the project's files and what its targets generate; return the exit code."""
    if os.path.lexists(name) and not (os.path.isdir(name) and not os.listdir(name)):
        problem = Diagnostic("in-the-way", f"`{name}` exists and is not an empty folder", hint="choose another name")
        return report([problem], {}, _QUIETLY.end)
    try:
        stage = tempfile.mkdtemp(prefix=f".{name}-", dir=".")
        os.chmod(stage, 0o777 & ~_umask())
    except OSError as problem:
        return _report_failure(name, problem)
    try:
        for path, text in project.files.items():
            _write(os.path.join(stage, path), text)
        generated = [(target, make(target)) for target in project.targets(stage)]
        code = max(_generate(target, made) for target, made in generated)
        if code == FINE:
            os.rename(stage, name)
    except OSError as problem:
        code = _report_failure(name, problem)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    if code == FINE and not quiet:
        count = len(project.files) + sum(len(made.files) for _, made in generated)
        say(f"{name}: {count} files")
    return code


def _generate(target: Target, made: Made) -> int:
    assert all(one.severity != "error" for one in made.diagnostics), made.diagnostics
    return write_made(target, made, _QUIETLY)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _report_failure(name: str, problem: OSError) -> int:
    hint = "check the folder's permissions and the space that is left"
    message = f"cannot make `{name}` here: {problem.strerror}"
    report([Diagnostic("cannot-write", message, hint=hint, environment=True)], {}, _QUIETLY.end)
    return ENVIRONMENT


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found
