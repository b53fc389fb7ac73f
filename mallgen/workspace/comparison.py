"""Compare an output folder with its contract, for check, diff, status, sync and prune. An edge."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Overtaken, Refused
from mallgen.disk.session import Session, session
from mallgen.drift.compare import follow
from mallgen.drift.findings import InspectedFolder
from mallgen.kinds.kind import KindError, kind_of_file
from mallgen.kinds.target import Made, Target, kind_or_none, outside
from mallgen.output import package_rename
from mallgen.output.files import ExpectedFiles
from mallgen.output.manifest import NAME, Lock
from mallgen.output.plan import Plan, plan
from mallgen.output.recognise import recorded
from mallgen.text.span import Span
from mallgen.workspace.absent import missing_paths
from mallgen.workspace.surveyed import survey_target
from mallgen.workspace.targets import make

Tell = Callable[[str], None]


class Compared(NamedTuple):
    """A target, the files made of it, and its folder compared with them.

    `service` is None when `problems` kept it from being compared; `moved` when the package has another name now;
    `respells` when classes get their new names in user files, too; `lockless` when the folder has no mallgen.lock.
    """

    target: Target
    made: Made
    problems: tuple[Diagnostic, ...]
    folder: Folder
    expected: ExpectedFiles
    lock: Lock
    service: InspectedFolder | None
    moved: package_rename.PackageRename | None = None
    respells: bool = False
    lockless: bool = False


def compare(
    target: Target, tell: Tell, is_workspace: bool = False, prove: bool = False, respells: bool = False
) -> Compared:
    """Make the files of a target and compare its folder with them; nothing is written.

    `tell` is called with lines for the user. `prove` compiles the files, for a caller that writes them afterwards.
    `respells`: plan the new names of classes in user files, too.
    """
    folder = Folder(target.folder, tell)
    empty = Compared(
        target, Made("", "", (), (), {}), (), folder, ExpectedFiles("", ()), Lock(), None, respells=respells
    )
    gone = missing_paths(target)
    if wrong := outside(target) or gone.problems:
        return empty._replace(made=empty.made._replace(sources=gone.sources), problems=wrong)
    made = make(target, prove)
    if not made.files:
        return empty._replace(made=made, problems=(_invalid_contract(target, made),))
    try:
        with session(folder, shared=True) as here:
            return _compare_locked(here, empty._replace(made=made), is_workspace)
    except Refused as problem:
        seen = made._replace(sources={**made.sources, **problem.sources})
        return empty._replace(made=seen, problems=problem.diagnostics)


def compare_left(target: Target, tell: Tell) -> Compared:
    """Compare a folder whose service is no longer in mallgen.toml: no file is expected in it."""
    folder = Folder(target.folder, tell)
    empty = Compared(target, Made("", "", (), (), {}), (), folder, ExpectedFiles("", ()), Lock(), None)
    try:
        with session(folder, shared=True) as here:
            return _compare_locked(here, empty, True)
    except Refused as problem:
        return empty._replace(problems=problem.diagnostics)


def _compare_locked(here: Session, found: Compared, is_workspace: bool) -> Compared:
    where = "" if is_workspace else f" -dir {found.target.folder}"
    seen = survey_target(here, found.target, found.made, where, theirs=True)
    expected, disk, lock, moved = seen.expected, seen.disk, seen.lock, seen.moved
    if moved is not None:
        if moved.left(disk.present):
            problem = package_rename.problem(moved, disk.present, found.folder.shown, seen.where)
            return found._replace(problems=(problem,))
        lock = package_rename.adopted(lock, moved, expected.contract)
    followed = follow(expected, disk, lock, found.respells)
    lock = followed.lock
    steps = plan(expected, disk, lock, followed.changes)
    service = InspectedFolder(
        os.path.normpath(found.target.contract),
        seen.where,
        found.folder.shown,
        disk,
        recorded(lock, disk),
        steps,
        followed,
    )
    lockless = not seen.text and any(step.file.path in disk.present for step in steps.steps)
    if lockless:
        found.folder.tell(f"{found.folder.shown('.')} has no {NAME}: its files are taken as they are, by their content")
    return found._replace(expected=expected, lock=lock, service=service, moved=moved, lockless=lockless)


def carry_out(
    found: Compared, work: Callable[[Compared], Plan]
) -> tuple[Compared, Plan | None, tuple[Diagnostic, ...]]:
    """Compare again while the folder is locked, and apply the plan that `work` makes.

    Return the comparison, the plan (None when it was not applied) and the problems.
    """
    while True:
        try:
            with session(found.folder) as here:
                seen = _compare_locked(here, found, found.service is not None and not found.service.where)
                if seen.problems:
                    return found, None, seen.problems
                steps = work(seen)
                return seen, steps, here.apply(steps)
        except Overtaken:
            continue
        except Refused as problem:
            return found, None, problem.diagnostics


def _invalid_contract(target: Target, made: Made) -> Diagnostic:
    name = os.path.normpath(target.contract)
    errors = [d for d in made.diagnostics if d.severity == "error"]
    place = _first_span(errors, name)
    command = _validation(target, name, place.file)
    hint = f"run `mallgen {command}`" if command else "see its errors"
    return Diagnostic("contract-invalid", f"nothing can be made of `{name}`", place, hint)


def _validation(target: Target, name: str, file: str) -> str:
    """Return the command that tells the errors of a contract, or of the file that is not of its kind."""
    try:
        kind = kind_of_file(file)
    except KindError:
        return ""
    own = kind_or_none(target.kind)
    if own is None or kind.name == own.name:
        return own.validate.format(contract=name) if own is not None else ""
    return kind.validate.format(contract=file)


def _first_span(errors: Sequence[Diagnostic], name: str) -> Span:
    return next((d.span for d in errors if d.span is not None), Span(name, 1, 1, 1, 2))


def sources(found: Iterable[Compared]) -> dict[str, str]:
    """Return the texts for code frames: contracts, and user files with findings."""
    texts: dict[str, str] = {}
    for one in found:
        texts |= one.made.sources
        if one.service is not None:
            theirs, shown = one.service.followed.texts, one.folder.shown
            texts |= {shown(path): text for path, text in theirs.items()}
            moved = (verdict for verdict in one.service.followed.verdicts if verdict.source in theirs)
            texts |= {shown(verdict.path): theirs[verdict.source] for verdict in moved}
    return texts
