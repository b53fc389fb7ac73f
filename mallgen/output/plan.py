"""Files as values, and the plan that leads from what is on disk to what is due.

One plan serves all commands: `generate` carries out what is mallgen's, `sync` also what follows in the user's files,
`prune` what is no longer due; `check`, `diff` and `status` only look at it.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from mallgen.output.digest import digest
from mallgen.output.files import Due, File
from mallgen.output.house import BACKUP
from mallgen.output.manifest import Lock
from mallgen.output.moves import Expected, Moves, displaced, forgotten, moves, unplaced
from mallgen.output.recognise import Survey, is_known, recorded
from mallgen.output.records import FIRST_TEST, SETTINGS, Owner, Record
from mallgen.output.renames import remembered


class StepKind(Enum):
    """What a step does to a file. IGNORE and KEEP touch nothing; PATCH, MOVE and DELETE are for who asks for them."""

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
    """One file's part of a plan; `backup` says where the present content goes first, when it is not ours.

    `before` is the sha256 of the content that the plan has seen: any other one is somebody's work and stays.
    PATCH and MOVE have their content in `data`, MOVE the file that it takes away in `source`, `taken` is its sha256.
    `name` is that of the function in the content, where it is not the one of the signature.
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
        """What the file holds afterwards; None when it is gone."""
        if self.kind is StepKind.DELETE:
            return None
        return self.file.text.encode() if self.data is None else self.data


class Plan(NamedTuple):
    """The steps in the order of the files; `lock` is what mallgen.lock becomes, None when it stays as it is.

    `left` are files of this contract that are on disk but no longer due; `elsewhere` are users' files that belong to
    another place and stay, each with that place and whether that is sure. `waiting` are places whose route's file is
    elsewhere, each with it. `renamed`: types or fields have other names than they had.
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
        """The steps that touch the disk."""
        return tuple(step for step in self.steps if step.kind in self.does)


class Change(NamedTuple):
    """What becomes of a user's file: its new content, where it is now when it moves, and the name of its function.

    `name` is empty where that is the one of the signature.
    """

    data: bytes
    source: str = ""
    name: str = ""


def plan(due: Due, disk: Survey, lock: Lock, changes: Mapping[str, Change] = MappingProxyType({})) -> Plan:
    """What has to be done so that the folder holds what is due; `changes` are those of users' files, by path."""
    known = recorded(lock, disk)
    taken = set(disk.present)
    leaving = {change.source for change in changes.values() if change.source}
    rest = disk._replace(present=disk.present - leaving)
    steps = [_step(file, rest, known.get(file.path), taken, changes.get(file.path)) for file in due.files]
    paths = {file.path for file in due.files}
    others = [File(path, "", Owner.ONCE, None) for path in sorted(changes) if path not in paths]
    steps += [_changed(file, disk, changes[file.path]) for file in others]
    left = tuple(r for r in orphans(due, disk, known) if r.path not in leaving)
    away = tuple(r for r in astray(due, disk, known) if r.path not in leaving)
    classes, renamed = remembered(due.contract, due.classes, lock)
    filled = {step.file.path for step in steps if step.kind is StepKind.MOVE}
    moved = moves((*left, *away), expected(due), known, renamed, disk.present).without(filled)
    records = filter(None, (_record(due.contract, step, disk, known, moved) for step in steps))
    text = lock.replace(due.contract, [*records, *map(forgotten, left)], classes, renamed).text()
    kinds = FOLLOWED if changes else GENERATED
    waiting = tuple(_waiting(steps, moved, away))
    saved = None if text == disk.lock else text
    fresh = not {*renamed} <= {*lock.renamed}
    return Plan(tuple(steps), left, saved, kinds, _elsewhere((*away, *left), moved), waiting, fresh)


def _waiting(steps: Iterable[Step], moved: Moves, away: Iterable[Record]) -> Iterator[tuple[File, str]]:
    """Places whose route would be answered by a new stub, or by another route's code, while its file is elsewhere.

    A middleware counts even where it may be another one: its stub lets every request pass. A route that is still in
    the contract counts even where its file may be for the route that has its place.
    """
    due = {step.file.path: step for step in steps}
    strays = {record.path: record.role for record in away} if any(s.kind in GENERATED for s in steps) else {}
    sure = dict(moved.origins)
    for new, old in moved.doubts.items():
        file = due[new].file
        if file.layer == "middleware" or (file.role and strays.get(old) == file.role):
            sure[new] = old
    for new, old in sure.items():
        if due[new].kind is StepKind.CREATE or (due[new].kind in (StepKind.IGNORE, StepKind.PATCH) and old in strays):
            yield due[new].file, old


def orphans(due: Due, disk: Survey, known: Mapping[str, Record]) -> tuple[Record, ...]:
    """Files of the contract that are there and no longer due; the first test is the user's alone once it is there."""
    paths = {file.path for file in due.files}
    alike = (record for record in known.values() if record.contract == due.contract)
    mine = (record for record in alike if record.role != FIRST_TEST)
    return tuple(record for record in mine if record.path not in paths and record.path in disk.present)


def astray(due: Due, disk: Survey, known: Mapping[str, Record]) -> tuple[Record, ...]:
    """Users' files whose place is that of another route of the contract today."""
    mine = (record for record in known.values() if record.contract == due.contract and record.path in disk.present)
    return displaced(mine, {place.path: place.role for place in expected(due)})


def _elsewhere(away: Iterable[Record], moved: Moves) -> tuple[tuple[str, str, bool], ...]:
    to = dict.fromkeys(moved.lost, ("", True))
    to |= {old: (new, False) for new, old in moved.doubts.items()}
    to |= {old: (new, True) for new, old in moved.origins.items()}
    return tuple((record.path, *to[record.path]) for record in away if record.path in to)


def expected(due: Due) -> Iterator[Expected]:
    """Yield the user's files that follow the contract."""
    for file in due.files:
        if file.signature and file.role:
            yield Expected(file.path, file.role, file.signature.shape)


def prune(
    records: Mapping[Record, str], disk: Survey, lock: Lock, cut: Mapping[str, bytes] = MappingProxyType({})
) -> Plan:
    """Delete files that are no longer due; the values say where one is put aside, "" for those that are forgotten.

    `cut` are user's files of which something goes, with what is left of them.
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

    Its sha256 is that of what mallgen wrote, and its shape has the name that the function has in the file. A file that
    belongs elsewhere, or is in the place of one, keeps its record, which says what the content is for; it loses its
    position, as the next contract's order says nothing of it.
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
    """Whether the file of a place was made for it: what may come there was told when the place came, or never will."""
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
    due = file.text.encode()
    if content == due or content.replace(b"\r\n", b"\n") == due:
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
    """`path`, or `path-2`, `path-3` … when it is taken; the answer is taken from now on."""
    found, count = path, 1
    while found in taken:
        count += 1
        found = f"{path}-{count}"
    taken.add(found)
    return found
