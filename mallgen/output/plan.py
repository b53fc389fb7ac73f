"""Plans: the steps that turn the files on disk into the expected ones. Pure.

One plan serves all commands: `generate` applies the steps for generated files, `sync` also those for user files,
`prune` deletes orphans; `check`, `diff` and `status` only read the plan.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from mallgen.output.digest import digest
from mallgen.output.files import ExpectedFiles, File
from mallgen.output.house import BACKUP
from mallgen.output.manifest import Lock
from mallgen.output.moves import Moves, SignedFile, displaced, forgotten, moves, unplaced
from mallgen.output.recognise import Survey, is_known, recorded
from mallgen.output.records import FIRST_TEST, SETTINGS, Owner, Record
from mallgen.output.renames import remembered


class StepKind(Enum):
    """Action of a step. IGNORE and KEEP touch nothing; PATCH, MOVE and DELETE are applied by sync and prune only."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    IGNORE = "exists, ignored generation"
    PATCH = "patch"
    MOVE = "move"
    DELETE = "delete"


GENERATED = frozenset({StepKind.CREATE, StepKind.UPDATE})
FOLLOWED = GENERATED | {StepKind.PATCH, StepKind.MOVE}
_THEIRS = frozenset({StepKind.IGNORE, StepKind.PATCH, StepKind.MOVE})


class Step(NamedTuple):
    """One file's part of a plan; `backup` is the path to which present content that the user has edited is moved first.

    `before` is the sha256 of the content that the plan has seen: a file that differs was edited meanwhile and stays.
    PATCH and MOVE write `data`; MOVE removes the file `source`, whose sha256 is `taken`. `name` is the function's
    qualified name in `data`, where that differs from the signature's.
    """

    kind: StepKind
    file: File
    backup: str = ""
    before: str = ""
    data: bytes | None = None
    source: str = ""
    taken: str = ""
    name: str = ""

    @property
    def content(self) -> bytes | None:
        """Return the file's content after the step; None when it is deleted."""
        if self.kind is StepKind.DELETE:
            return None
        return self.file.text.encode() if self.data is None else self.data


class Plan(NamedTuple):
    """Steps in the order of the expected files; `lock` is the new text of mallgen.lock, None when it does not change.

    `does` are the kinds of steps to apply. `left` are this contract's orphans. `elsewhere` are user files that stay
    but belong to another path: each with that path ("" if none is known) and whether that is sure. `waiting` are
    expected files whose user file is at another path, each with that path. `renamed`: types or fields have new names.
    """

    steps: tuple[Step, ...]
    left: tuple[Record, ...]
    lock: str | None
    does: frozenset[StepKind] = GENERATED
    elsewhere: tuple[tuple[str, str, bool], ...] = ()
    waiting: tuple[tuple[File, str], ...] = ()
    renamed: bool = False

    @property
    def writes(self) -> tuple[Step, ...]:
        """Return the steps that touch the disk."""
        return tuple(step for step in self.steps if step.kind in self.does)


class Change(NamedTuple):
    """A change of a user file: its new content, its present path in `source` if it moves, its function's name.

    `name` is empty where the function has the name of the signature.
    """

    data: bytes
    source: str = ""
    name: str = ""


def plan(
    expected: ExpectedFiles, disk: Survey, lock: Lock, changes: Mapping[str, Change] = MappingProxyType({})
) -> Plan:
    """Return the steps after which the folder has the expected files; `changes` are those of user files, by path."""
    known = recorded(lock, disk)
    taken = set(disk.present)
    leaving = {change.source for change in changes.values() if change.source}
    rest = disk._replace(present=disk.present - leaving)
    steps = [_step(file, rest, known.get(file.path), taken, changes.get(file.path)) for file in expected.files]
    paths = {file.path for file in expected.files}
    others = [File(path, "", Owner.ONCE, None) for path in sorted(changes) if path not in paths]
    steps += [_changed(file, disk, changes[file.path]) for file in others]
    left = tuple(r for r in orphans(expected, disk, known) if r.path not in leaving)
    away = tuple(r for r in astray(expected, disk, known) if r.path not in leaving)
    classes, renamed = remembered(expected.contract, expected.classes, lock)
    filled = {step.file.path for step in steps if step.kind is StepKind.MOVE}
    moved = moves((*left, *away), signed_files(expected), known, renamed, disk.present).without(filled)
    records = filter(None, (_record(expected.contract, step, disk, known, moved) for step in steps))
    text = lock.replace(expected.contract, [*records, *map(forgotten, left)], classes, renamed).text()
    kinds = FOLLOWED if changes else GENERATED
    waiting = tuple(_waiting(steps, moved, away))
    saved = None if text == disk.lock else text
    fresh = not {*renamed} <= {*lock.renamed}
    return Plan(tuple(steps), left, saved, kinds, _elsewhere((*away, *left), moved), waiting, fresh)


def _waiting(steps: Iterable[Step], moved: Moves, away: Iterable[Record]) -> Iterator[tuple[File, str]]:
    """Yield the files that would answer with a stub or another route's code, each with the path of its route's file.

    A middleware in doubt counts as well, as its stub lets every request pass. So does a route that is still in the
    contract, though its file may be for the route that has its path now.
    """
    expected = {step.file.path: step for step in steps}
    strays = {record.path: record.role for record in away} if any(s.kind in GENERATED for s in steps) else {}
    sure = dict(moved.origins)
    for new, old in moved.doubts.items():
        file = expected[new].file
        if file.layer == "middleware" or (file.role and strays.get(old) == file.role):
            sure[new] = old
    for new, old in sure.items():
        if expected[new].kind is StepKind.CREATE or (
            expected[new].kind in (StepKind.IGNORE, StepKind.PATCH) and old in strays
        ):
            yield expected[new].file, old


def orphans(expected: ExpectedFiles, disk: Survey, known: Mapping[str, Record]) -> tuple[Record, ...]:
    """Return the files on disk that the contract no longer produces, except the first test, which is the user's."""
    paths = {file.path for file in expected.files}
    alike = (record for record in known.values() if record.contract == expected.contract)
    mine = (record for record in alike if record.role != FIRST_TEST)
    return tuple(record for record in mine if record.path not in paths and record.path in disk.present)


def astray(expected: ExpectedFiles, disk: Survey, known: Mapping[str, Record]) -> tuple[Record, ...]:
    """Return the user files whose path is another route's today, while their own route has another path."""
    mine = (record for record in known.values() if record.contract == expected.contract and record.path in disk.present)
    return displaced(mine, {file.path: file.role for file in signed_files(expected)})


def _elsewhere(away: Iterable[Record], moved: Moves) -> tuple[tuple[str, str, bool], ...]:
    to = dict.fromkeys(moved.lost, ("", True))
    to |= {old: (new, False) for new, old in moved.doubts.items()}
    to |= {old: (new, True) for new, old in moved.origins.items()}
    return tuple((record.path, *to[record.path]) for record in away if record.path in to)


def signed_files(expected: ExpectedFiles) -> Iterator[SignedFile]:
    """Yield the expected user files that have a signature to follow."""
    for file in expected.files:
        if file.signature and file.role:
            yield SignedFile(file.path, file.role, file.signature.shape)


def prune(
    records: Mapping[Record, str], disk: Survey, lock: Lock, cut: Mapping[str, bytes] = MappingProxyType({})
) -> Plan:
    """Return the plan that deletes orphans; the values are paths to move them to, "" for those to delete for good.

    `cut` are user files from which something is removed, with the content that is left.
    """
    taken = set(disk.present)
    steps = []
    for record, aside in records.items():
        kept = _free(aside, taken) if aside else ""
        file = File(record.path, "", record.owner, record.role)
        steps.append(Step(StepKind.DELETE, file, kept, digest(disk.contents[record.path])))
    for path, data in cut.items():
        file = File(path, "", Owner.ONCE, SETTINGS)
        steps.append(Step(StepKind.PATCH, file, before=digest(disk.contents[path]), data=data))
    paths = {(record.contract, record.path) for record in records}
    rest = tuple(record for record in lock.files if (record.contract, record.path) not in paths)
    text = lock._replace(files=rest).text()
    return Plan(tuple(steps), (), None if text == disk.lock else text, frozenset({StepKind.DELETE, StepKind.PATCH}))


def _record(contract: str, step: Step, disk: Survey, known: Mapping[str, Record], moved: Moves) -> Record | None:
    """Return the record of a step's file, None for one that is not recorded.

    The sha256 is that of the text mallgen wrote; the shape has the function's name in the file. A file that belongs to
    another path, or is at a path where another belongs, keeps its record, which says what the content is for, but
    without its position, which must not be compared later.
    """
    file = step.file
    if file.role is None:
        return None
    before = known.get(step.source or file.path)
    was = moved.origin(file.path)
    if _is_at_home(file, known) and was != known[file.path].was:
        was = None
    content = disk.contents.get(file.path) if step.kind is StepKind.IGNORE else step.data
    is_made = content is not None and content.replace(b"\r\n", b"\n") == file.text.encode()
    if (
        before is not None
        and step.kind in (StepKind.IGNORE, StepKind.PATCH)
        and not is_made
        and _is_open(file, before, moved)
    ):
        return unplaced(before)._replace(was=was)
    sha = digest(file.text.encode())
    if step.kind in _THEIRS and not is_made:
        sha = before.sha256 if before else "-"
    name = before.qualname if before is not None and step.kind is StepKind.IGNORE else step.name
    shape = file.signature.shape if file.signature else None
    if shape and name:
        shape = shape._replace(qualname=name)
    return Record(contract, file.path, file.owner, file.role, sha, shape, was)


def _is_at_home(file: File, known: Mapping[str, Record]) -> bool:
    """Return whether the file at an expected path was written for it: then only a recorded move can still be open."""
    record = known.get(file.path)
    return record is not None and record.role == file.role


def _is_open(file: File, before: Record, moved: Moves) -> bool:
    if file.path in (*moved.origins.values(), *moved.doubts.values(), *moved.lost):
        return True
    return before.role != file.role and file.path in moved.origins


def _step(file: File, disk: Survey, record: Record | None, taken: set[str], change: Change | None) -> Step:
    if change is not None:
        return _changed(file, disk, change)
    if file.path not in disk.present:
        return Step(StepKind.CREATE, file, "", _digest(disk.contents.get(file.path)))
    if file.owner is Owner.ONCE:
        return Step(StepKind.IGNORE, file)
    content = disk.contents[file.path]
    expected = file.text.encode()
    if content == expected or content.replace(b"\r\n", b"\n") == expected:
        return Step(StepKind.KEEP, file)
    before = digest(content)
    if is_known(record, content):
        return Step(StepKind.UPDATE, file, "", before)
    return Step(StepKind.UPDATE, file, _free(f"{BACKUP}/{file.path}", taken), before)


def _changed(file: File, disk: Survey, change: Change) -> Step:
    before = _digest(disk.contents.get(file.path))
    if not change.source:
        return Step(StepKind.PATCH, file, "", before, change.data, name=change.name)
    taken = digest(disk.contents[change.source])
    return Step(StepKind.MOVE, file, "", before, change.data, change.source, taken, change.name)


def _digest(content: bytes | None) -> str:
    return "" if content is None else digest(content)


def _free(path: str, taken: set[str]) -> str:
    """Return `path`, or `path-2`, `path-3` … when it is taken, and add the result to `taken`."""
    found, count = path, 1
    while found in taken:
        count += 1
        found = f"{path}-{count}"
    taken.add(found)
    return found
