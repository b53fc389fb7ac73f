"""The contract that each generated file belongs to: two contracts of one folder cannot both make a file."""

import os
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, Note
from mallgen.kinds.target import Target, of_line
from mallgen.output.files import ExpectedFiles, File
from mallgen.output.manifest import Lock
from mallgen.output.records import ContractLine, Owner
from mallgen.text.span import Span
from mallgen.workspace.targets import make


class Settled(NamedTuple):
    """The lock in which a target owns its files, or the problems; `sources` are texts for code frames."""

    lock: Lock
    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


def settle(lock: Lock, target: Target, expected: ExpectedFiles) -> Settled:
    """Give the target its files in the lock; report each other contract of the folder that makes one of them.

    Files of a contract that is missing on disk belong to the one that makes them now: the contract was moved. So do
    those of the contract that the target's service had before in mallgen.toml, where a service has one.
    """
    line = target.line
    alike = [known for known in lock.contracts if known.kind == line.kind]
    if len(alike) == 1 and _is_former(alike[0], target, lock):
        lock = adopted(lock, line)
    problems = []
    sources: dict[str, str] = {}
    for other, file in _contested(expected, lock).items():
        other_line = next((known for known in lock.contracts if known.path == other), None)
        if _is_former(other_line or ContractLine(line.kind, other), target, lock):
            lock = reassigned(lock, other, expected.contract)
            continue
        made = make(of_line(other_line, target.folder), prove=False) if other_line is not None else None
        place = None
        if made is not None:
            sources |= made.sources
            place = next((known.span for known in made.files if known.path == file.path), None)
        problems.append(_refusal(file, os.path.join(target.folder, other), place, target))
    return Settled(lock, tuple(problems), sources)


def _is_former(known: ContractLine, target: Target, lock: Lock) -> bool:
    """Return whether a contract of the lock is the one that the target has replaced.

    One whose file is still there has been replaced only if the lock says that it was made for the same service, and
    not by a contract that the folder has files of already.
    """
    if not os.path.isfile(os.path.join(target.folder, known.path)):
        return True
    is_new = all(one.path != target.line.path for one in lock.contracts)
    before = of_line(known, target.folder)
    return is_new and bool(target.service) and (before.kind, before.service) == (target.kind, target.service)


def reassigned(lock: Lock, old: str, new: str) -> Lock:
    """Return the lock with everything of the contract `old` given to `new`."""
    return Lock(
        tuple(known for known in lock.contracts if known.path != old),
        tuple(r._replace(contract=new) if r.contract == old else r for r in lock.files),
        tuple(c._replace(contract=new) if c.contract == old else c for c in lock.classes),
        tuple(r._replace(contract=new) if r.contract == old else r for r in lock.renamed),
    )


def adopted(lock: Lock, line: ContractLine) -> Lock:
    """Return the lock with the files of the only contract of a kind given to its new path, when that has changed."""
    same_kind = [known for known in lock.contracts if known.kind == line.kind]
    if len(same_kind) != 1 or same_kind[0].path == line.path:
        return lock
    return reassigned(lock, same_kind[0].path, line.path)


def _contested(expected: ExpectedFiles, lock: Lock) -> dict[str, File]:
    """Return each other contract, with the first generated file of `expected` that is recorded as its own."""
    mine = {file.path: file for file in expected.files if file.owner is Owner.ALWAYS}
    theirs = [r for r in lock.files if r.owner is Owner.ALWAYS and r.contract != expected.contract and r.path in mine]
    return {record.contract: mine[record.path] for record in reversed(theirs)}


def _refusal(file: File, other: str, place: Span | None, target: Target) -> Diagnostic:
    old = os.path.normpath(other)
    message = f"`{file.path}` is made from `{old}` too: the two would overwrite each other"
    notes = (Note(place, "the other one"),) if place is not None else ()
    hint = "give one of the services another name, or generate it into another folder: -dir"
    if not target.service:
        new = os.path.normpath(target.contract)
        hint += f"; if {new} replaces {old}, move {old} away, or make {new} the contract of its service in mallgen.toml"
    return Diagnostic("two-owners", message, file.span, hint, notes)
