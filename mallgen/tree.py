"""Files as values, and the plan that leads from what is on disk to what is due."""

import hashlib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

from mallgen.lock import Lock, Record
from mallgen.model import Span


class Owner(Enum):
    """Who may change a file after it was written: mallgen (always) or the user (once)."""

    ALWAYS = "always"
    ONCE = "once"


class File(NamedTuple):
    """A generated file: its path below the output folder with `/`, its text, and what it is for (`logic GET /v1/x`).

    One without an identity is not recorded: a contract that `api new` writes is the user's from the start.
    `span` is the place in the contract that it comes from, for messages.
    """

    path: str
    text: str
    owner: Owner
    identity: str
    span: Span | None = None


class Kind(Enum):
    """What a step does to a file. IGNORE and KEEP touch nothing."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    IGNORE = "exists, ignored generation"


class Step(NamedTuple):
    """One file's part of a plan; `backup` says where the present content goes first, when it is not ours.

    `before` is the sha256 of the content that the plan has seen: any other one is somebody's work and stays.
    """

    kind: Kind
    file: File
    backup: str = ""
    before: str = ""


class Plan(NamedTuple):
    """The steps in the order of the files; `lock` is what mallgen.lock becomes, None when it stays as it is.

    `left` are files of this contract that are on disk but no longer due.
    """

    steps: tuple[Step, ...]
    left: tuple[Record, ...]
    lock: str | None

    @property
    def writes(self) -> tuple[Step, ...]:
        """The steps that touch the disk."""
        return tuple(step for step in self.steps if step.kind in (Kind.CREATE, Kind.UPDATE))


class Disk(NamedTuple):
    """What stands in the output folder: contents of always-files, names of all files, the lock's text."""

    contents: Mapping[str, bytes]
    present: frozenset[str]
    lock: str


def digest(data: bytes) -> str:
    """The sha256 that mallgen.lock records, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def plan(files: Iterable[File], disk: Disk, lock: Lock, contract: str) -> Plan:
    """What has to be done so that the folder holds `files`, the output of `contract`."""
    due = tuple(files)
    known = {record.path: record for record in lock.files}
    taken = set(disk.present)
    steps = tuple(_step(file, disk, known.get(file.path), taken) for file in due)
    paths = {file.path for file in due}
    left = tuple(
        record
        for record in lock.files
        if record.contract == contract and record.path not in paths and record.path in disk.present
    )
    records = [Record(contract, step.file.path, *_signature(step, known)) for step in steps if step.file.identity]
    text = lock.replace(contract, [*records, *left]).text()
    return Plan(steps, left, None if text == disk.lock else text)


def _signature(step: Step, known: Mapping[str, Record]) -> tuple[str, str, str]:
    """Owner, identity and sha256 of what mallgen wrote: for an ignored file that is what was recorded then."""
    file = step.file
    before = known.get(file.path)
    sha = digest(file.text.encode())
    if step.kind is Kind.IGNORE:
        sha = before.sha256 if before else "-"
    return file.owner.value, file.identity, sha


def _step(file: File, disk: Disk, record: Record | None, taken: set[str]) -> Step:
    if file.path not in disk.present:
        return Step(Kind.CREATE, file)
    if file.owner is Owner.ONCE:
        return Step(Kind.IGNORE, file)
    content = disk.contents[file.path]
    due = file.text.encode()
    if content == due or content.replace(b"\r\n", b"\n") == due:
        return Step(Kind.KEEP, file)
    before = digest(content)
    if record is not None and record.sha256 in (before, digest(content.replace(b"\r\n", b"\n"))):
        return Step(Kind.UPDATE, file, "", before)
    return Step(Kind.UPDATE, file, _free(f".mallgen/backup/{file.path}", taken), before)


def _free(path: str, taken: set[str]) -> str:
    """`path`, or `path-2`, `path-3` … when it is taken; the answer is taken from now on."""
    found, count = path, 1
    while found in taken:
        count += 1
        found = f"{path}-{count}"
    taken.add(found)
    return found
