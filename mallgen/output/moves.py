"""Moves: new paths of user files when the routes of their contract have changed. Pure.

mallgen.lock says which route a file was written for. Rules find this route in the contract of today: by its role
(`logic GET /v1/x`), else by the name of its handler and its types, else by its types and its position in the contract.
A move that they leave open is in doubt until the user has answered.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import eq
from typing import NamedTuple, TypeVar

from mallgen.output.records import DOUBT, GONE, Origin, Record, Renamed, Role, Shape, Unplaced


class SignedFile(NamedTuple):
    """A user file that the contract expects: its path, its role, and the shape of its route."""

    path: str
    role: Role
    shape: Shape


class Moves(NamedTuple):
    """Moves of user files: `origins` and `doubts` map an expected path to the present path of its file.

    In `doubts` are moves that the user has to confirm, as the route may also be a new one. `lost` are paths of files
    whose route was not found, while another route has their path now.
    """

    origins: Mapping[str, str]
    doubts: Mapping[str, str]
    lost: Collection[str]

    def without(self, filled: Collection[str]) -> "Moves":
        """Return the moves without those to the paths in `filled`."""
        origins, doubts = (
            {new: old for new, old in pairs.items() if new not in filled} for pairs in (self.origins, self.doubts)
        )
        return Moves(origins, doubts, self.lost)

    def origin(self, path: str) -> Origin | None:
        """Return the file that moves to `path`, None when that is for a new one."""
        if path in self.origins:
            return Origin(self.origins[path], True)
        return Origin(self.doubts[path], False) if path in self.doubts else None


Types = tuple[str, str]
_WORD = re.compile(r"[A-Za-z_]\w*")


class _Facts(NamedTuple):
    """Input of the rules: the expected files of today, the records of the lock, the new names of types."""

    signed: Sequence[SignedFile]
    known: Mapping[str, Record]
    renamed: Mapping[str, str]

    def types(self, old: Record) -> Types:
        """Return request and result type of a record, by their current names."""
        request, returns = old.shape.types if old.shape else ("", "")
        return self._today(request), self._today(returns)

    def _today(self, text: str) -> str:
        return _WORD.sub(lambda word: self.renamed.get(word.group(), word.group()), text)


def moves(
    left: Iterable[Record],
    signed: Iterable[SignedFile],
    known: Mapping[str, Record],
    renamed: Iterable[Renamed],
    present: Collection[str],
) -> Moves:
    """Match `left`, files that are not where the contract expects them, with `signed`, the expected user files.

    Such a file's path is no longer expected, or is expected for another route. `known` are the records of all files,
    `present` the paths on disk.
    """
    olds = [record for record in left if record.path.endswith(".py") and record.shape]
    if not olds:
        return Moves({}, {}, frozenset())
    short = {line.old.rpartition(".")[2]: line.new.rpartition(".")[2] for line in renamed}
    matching = _Matching(_Facts(tuple(signed), known, short), olds)
    matching.by_record()
    matching.without_rivals(present)
    matching.by_role()
    matching.without_strays()
    matching.by_name()
    matching.by_place()
    return matching.found()


class _Matching:
    """Rules that match records with expected files; each looks only at those that the rules before it have left."""

    def __init__(self, contract: _Facts, olds: Sequence[Record]) -> None:
        self._contract = contract
        self._here = {file.path for file in contract.signed}
        self._olds = list(olds)
        self._strays = {old.path for old in olds if old.path in self._here}
        self._origins: dict[str, str] = {}
        self._doubts: dict[str, str] = {}

    def found(self) -> Moves:
        """Return the moves that the rules have found."""
        return Moves(self._origins, self._doubts, self._strays - self._taken())

    def by_record(self) -> None:
        """Keep the matches that an earlier run has recorded, when the expected path was new."""
        paths = {old.path: old for old in self._olds}
        for file in self._contract.signed:
            record = self._contract.known.get(file.path)
            if record is None or record.was is None:
                continue
            old = paths.get(record.was.path)
            if old and file.role in _roles_then(record, old):
                self._add(file.path, old.path, record.was.is_sure)

    def without_rivals(self, present: Collection[str]) -> None:
        """Drop the records that are matched, and those whose role another file on disk has."""
        held = [r for r in self._contract.known.values() if r.path in present and not r.is_gone]
        owned, placed = ({r.role for r in records} for records in (held, (r for r in held if r.path in self._here)))
        taken = self._taken()
        self._olds = [
            old
            for old in self._olds
            if old.path not in taken and (old.path in self._here or old.role not in (owned if old.is_gone else placed))
        ]

    def by_role(self) -> None:
        """Match records with their route's new path, unless they stay for the route that has their path now."""
        for new, was, goes in _by_role(self._olds, self._free(), self._contract):
            if goes is False:
                self._strays.remove(was)
            else:
                self._add(new, was, goes is True)

    def without_strays(self) -> None:
        """Drop the records whose path is another route's: no later rule moves them."""
        self._olds = [old for old in self._olds if old.path not in self._here]

    def by_name(self) -> None:
        """Match a route with another URL, or in another group: its handler's name and types are the same."""
        for old, file in self._pairs(
            lambda old: (_file_name(old.path), old.role.layer, self._contract.types(old)),
            lambda file: (_file_name(file.path), file.role.layer, file.shape.types),
        ):
            self._add(file.path, old.path, True)

    def by_place(self) -> None:
        """Match a route with another name and URL: its position in the contract and its types are the same.

        The match is sure where no other route has these types and the HTTP method is the same.
        """
        specific = _specific(self._contract.signed)
        for old, file in self._pairs(
            lambda old: (old.shape and old.shape.position, old.role.layer, self._contract.types(old)),
            lambda file: (file.shape.position, file.role.layer, file.shape.types),
        ):
            self._add(file.path, old.path, file in specific and file.role.method == old.role.method)

    def _pairs(
        self, old_key: Callable[[Record], object], new_key: Callable[[SignedFile], object]
    ) -> list[tuple[Record, SignedFile]]:
        """Return the unmatched records and expected files with equal keys, where each has no other partner."""
        taken = self._taken()
        before: dict[object, list[Record]] = {}
        after: dict[object, list[SignedFile]] = {}
        for old in self._olds:
            if old.path not in taken:
                before.setdefault(old_key(old), []).append(old)
        for file in self._free():
            if file.path not in self._contract.known:
                after.setdefault(new_key(file), []).append(file)
        found = [(same, after.get(value, [])) for value, same in before.items()]
        return [(same[0], there[0]) for same, there in found if len(same) == len(there) == 1]

    def _add(self, new: str, old: str, is_sure: bool) -> None:
        (self._origins if is_sure else self._doubts)[new] = old

    def _taken(self) -> set[str]:
        return {*self._origins.values(), *self._doubts.values()}

    def _free(self) -> list[SignedFile]:
        return [p for p in self._contract.signed if p.path not in self._origins and p.path not in self._doubts]


def carried(
    contract: str,
    signed: Iterable[SignedFile],
    known: Mapping[str, Record],
    renamed: Iterable[Renamed],
    present: Collection[str],
) -> dict[str, str]:
    """Return the new expected paths to which the user has already moved a file, each with the path of its record."""
    away = [record for record in known.values() if record.contract == contract and record.path not in present]
    found = moves(away, signed, known, renamed, present)
    pairs = {**found.doubts, **found.origins}
    return {new: old for new, old in pairs.items() if new in present and new not in known}


def displaced(records: Iterable[Record], here: Mapping[str, Role]) -> tuple[Record, ...]:
    """Return the records whose path is another route's today, while their own route has another path.

    Records that were not at their expected path before count too. `here` has the role of each expected path.
    """
    there = set(here.values())
    other = (record for record in records if here.get(record.path, record.role) != record.role)
    return tuple(record for record in other if record.role in there or not record.is_placed)


def forgotten(record: Record) -> Record:
    """Return the record of a file whose route is gone: a later route at its position is another one."""
    return record.at(GONE)


def unplaced(record: Record) -> Record:
    """Return the record of a file that is not at its expected path: its position must not be compared later."""
    return record if record.is_gone else record.at(DOUBT)


def _by_role(
    olds: Sequence[Record], signed: Sequence[SignedFile], contract: _Facts
) -> list[tuple[str, str, bool | None]]:
    """Return for each file its route's new path, its own path, and whether it moves there; None where that is open.

    A file that does not move stays for the route that has its path now.
    """
    count = Counter(old.role for old in olds)
    there = {file.role: file for file in signed}
    here = {file.path: file for file in signed}
    found = [(old, there[old.role]) for old in olds if count[old.role] == 1 and old.role in there]
    sure: dict[str, bool] = {}
    likely: dict[str, bool] = {}
    for old, file in found:
        name = here.get(old.path)
        by_role, by_name = (_alike(old, other, contract) for other in (file, name or file))
        if name is None or (by_role != by_name and 2 in (by_role, by_name)):
            sure[old.path] = name is None or by_role > by_name
        elif by_role != by_name:
            likely[old.path] = by_role > by_name
        elif by_role and (goes := _in_order(old, file, name, signed, contract.known)) is not None:
            likely[old.path] = goes
    settled = _settled({old.path: file.path for old, file in found}, sure, likely)
    return [(file.path, old.path, settled[old.path]) for old, file in found]


def _alike(old: Record, file: SignedFile, contract: _Facts) -> int:
    """Return how many of the request and result types are the same: 0 to 2."""
    return sum(map(eq, contract.types(old), file.shape.types))


def _in_order(
    old: Record, there: SignedFile, here: SignedFile, signed: Sequence[SignedFile], known: Mapping[str, Record]
) -> bool | None:
    """Return whether a file follows its role, not its path: whichever reorders fewer routes; None for a tie."""
    layer = [
        record
        for record in known.values()
        if record.role.layer == there.role.layer and record.contract == old.contract and record.is_placed
    ]
    if old not in layer:
        return None
    others = [record for record in layer if record is not old]
    by_role = _passed(old, there, {file.role: file for file in signed}, ((r, r.role) for r in others))
    by_name = _passed(old, here, {file.path: file for file in signed}, ((r, r.path) for r in others))
    return None if by_role == by_name else by_role < by_name


def _settled(ways: Mapping[str, str], sure: Mapping[str, bool], likely: Mapping[str, bool]) -> dict[str, bool | None]:
    """Return whether each file moves, so that none stays at a path to which another moves; None where that is open."""
    found: dict[str, bool | None] = {}
    for known in (sure, likely):
        found = {**known, **found}
        for old in [old for old, goes in found.items() if goes and found.get(ways[old]) is False]:
            found[old] = found[ways[old]] = None
        while fresh := dict(_forced(ways, found)):
            found |= fresh
    return {old: found.get(old) for old in ways}


def _forced(ways: Mapping[str, str], found: Mapping[str, bool | None]) -> Iterator[tuple[str, bool]]:
    goals = {ways[old] for old, goes in found.items() if goes}
    kept = {old for old, goes in found.items() if goes is False}
    for old in ways.keys() - found.keys():
        if (old in goals) != (ways[old] in kept):
            yield old, old in goals


Id = TypeVar("Id", str, Role)


def _passed(old: Record, now: SignedFile, signed: Mapping[Id, SignedFile], others: Iterable[tuple[Record, Id]]) -> int:
    """Return how many other routes would have changed their order with `old`, if it had become `now`."""
    was, is_ = _position(old.shape), _position(now.shape)
    pairs = ((_position(r.shape), _position(signed[key].shape)) for r, key in others if key in signed)
    return sum((before < was) != (after < is_) for before, after in pairs)


def _position(shape: Shape | None) -> int:
    return 0 if shape is None or isinstance(shape.position, Unplaced) else shape.position


def _roles_then(record: Record, old: Record) -> tuple[Role, ...]:
    """Return the roles of an expected path for which its match with `old` still holds; in doubt, `old`'s role alone."""
    is_in_doubt = record.shape is not None and record.shape.position is DOUBT
    return (old.role,) if is_in_doubt else (record.role, old.role)


def _specific(signed: Sequence[SignedFile]) -> set[SignedFile]:
    """Return the expected files whose types no other of the layer has; middlewares never count, they are all alike."""
    alike = Counter((file.role.layer, file.shape.types) for file in signed)
    named = [file for file in signed if file.role.layer != "middleware" and file.shape.types != ("", "None")]
    return {file for file in named if alike[file.role.layer, file.shape.types] == 1}


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]
