"""What a contract was: which of its classes and routes have other names now, told by what mallgen.lock remembers."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from mallgen.lock import Class, Lock, Record, Renamed
from mallgen.signature import ClassShape

_ALIKE = 0.5


def remembered(
    contract: str, shapes: Iterable[ClassShape], lock: Lock
) -> tuple[tuple[Class, ...], tuple[Renamed, ...]]:
    """The classes and the renames that mallgen.lock keeps of a contract from now on."""
    now = tuple(Class(contract, shape.full, ",".join(shape.fields)) for shape in shapes)
    names = {found.name for found in now}
    before = [found for found in lock.classes if found.contract == contract]
    fresh = {old.name: new.name for old, new in _pairs(before, now)}
    chains = {line.old: fresh.get(line.new, line.new) for line in lock.renamed if line.contract == contract}
    renamed = {**chains, **fresh}
    kept = {(o, n) for o, n in renamed.items() if (n in names and o not in names) or is_package(o)}
    return now, tuple(Renamed(contract, o, n) for o, n in sorted(kept))


def is_package(name: str) -> bool:
    """Whether a rename is that of the whole package, for which its own service was renamed."""
    return "." not in name


def _pairs(before: Sequence[Class], now: Sequence[Class]) -> list[tuple[Class, Class]]:
    """Classes that went, each with the one that came in its place; none where there is doubt."""
    here, there = {found.name for found in now}, {found.name for found in before}
    gone = [found for found in before if found.name not in here]
    come = [found for found in now if found.name not in there]
    pairs: list[tuple[Class, Class]] = []
    for old in gone:
        rivals = [other for other in gone if _module(other) == _module(old)]
        new = _only(old, [found for found in come if _module(found) == _module(old)], rivals)
        if new is not None:
            pairs.append((old, new))
    taken = [new for _, new in pairs]
    return [pair for pair in pairs if taken.count(pair[1]) == 1]


def _only(old: Class, come: Sequence[Class], gone: Sequence[Class]) -> Class | None:
    """The one class that `old` has become: the only one with its fields, else the only one much like it."""
    same = [new for new in come if new.fields == old.fields]
    twins = [other for other in gone if other.fields == old.fields]
    if same and old.fields:
        return same[0] if len(same) == len(twins) == 1 else _closest(old, same)
    like = [new for new in come if _likeness(old, new) > _ALIKE]
    if len(like) == 1:
        return like[0]
    return come[0] if not like and len(come) == len(gone) == 1 and old.fields == come[0].fields else None


def _closest(old: Class, same: Sequence[Class]) -> Class | None:
    """Of several with equal fields the one whose name is nearest, when it is nearer than all others."""
    from difflib import SequenceMatcher  # only where there is doubt

    ranked = sorted(same, key=lambda new: -SequenceMatcher(None, old.name, new.name).ratio())
    scores = [SequenceMatcher(None, old.name, new.name).ratio() for new in ranked[:2]]
    return ranked[0] if len(scores) == 1 or scores[0] > scores[1] + 0.1 else None


def _likeness(old: Class, new: Class) -> float:
    """The share of fields that both have."""
    mine, theirs = set(old.fields.split(",")), set(new.fields.split(","))
    return len(mine & theirs) / len(mine | theirs)


def _module(found: Class) -> str:
    return found.name.rpartition(".")[0]


class Place(NamedTuple):
    """A user's file that is due: its path, what it is for, and its shape."""

    path: str
    identity: str
    shape: str

    @property
    def layer(self) -> str:
        """`handler`, `logic` or `middleware`."""
        return self.identity.partition(" ")[0]


class Moves(NamedTuple):
    """`origins`: where the file of a due path is now. `doubts`: the same, where it may as well be something new."""

    origins: Mapping[str, str]
    doubts: Mapping[str, str]


Rule = Callable[[Record, Place, Mapping[str, str]], bool]
_WORD = re.compile(r"[A-Za-z_]\w*")
DOUBT = "?"


def moves(
    left: Iterable[Record], places: Sequence[Place], known: Mapping[str, Record], renamed: Iterable[Renamed]
) -> Moves:
    """Match files that are no longer due, `left`, with places that came since; `known` are the records by path."""
    olds = [record for record in left if record.path.endswith(".py") and record.shape]
    come = [place for place in places if place.path not in known]
    origins, doubts = _remembered(olds, places, known)
    short = {line.old.rpartition(".")[2]: line.new.rpartition(".")[2] for line in renamed}
    rules: tuple[tuple[Rule, Sequence[Place]], ...] = (
        (_same_identity, places),
        (_same_name, come),
        (_same_place, come),
    )
    for rule, candidates in rules:
        taken = {*origins.values(), *doubts.values()}
        free = [place for place in candidates if place.path not in origins and place.path not in doubts]
        for old, place in _unique([o for o in olds if o.path not in taken], free, rule, short):
            sure = rule is not _same_place or _is_specific(place, places)
            (origins if sure else doubts)[place.path] = old.path
    return Moves(origins, doubts)


def _remembered(
    olds: Sequence[Record], places: Sequence[Place], known: Mapping[str, Record]
) -> tuple[dict[str, str], dict[str, str]]:
    """What was matched when the place came, which may have been an earlier run."""
    origins: dict[str, str] = {}
    doubts: dict[str, str] = {}
    paths = {old.path for old in olds}
    for place in places:
        was = known[place.path].was if place.path in known else ""
        if was.removeprefix(DOUBT) in paths:
            (doubts if was.startswith(DOUBT) else origins)[place.path] = was.removeprefix(DOUBT)
    return origins, doubts


def _unique(
    olds: Sequence[Record], places: Sequence[Place], rule: Rule, short: Mapping[str, str]
) -> list[tuple[Record, Place]]:
    """Pairs in which each has no other partner."""
    pairs = [(old, place) for old in olds for place in places if rule(old, place, short)]
    return [
        (old, place)
        for old, place in pairs
        if sum(o is old for o, _ in pairs) == 1 and sum(p is place for _, p in pairs) == 1
    ]


def _same_identity(old: Record, place: Place, short: Mapping[str, str]) -> bool:
    return old.identity == place.identity


def _same_name(old: Record, place: Place, short: Mapping[str, str]) -> bool:
    """A route with another path, or in another group: the handler's name and the types are the same."""
    name = old.path.rpartition("/")[2] == place.path.rpartition("/")[2]
    return name and _layer(old) == place.layer and _types(old.shape, short) == _types(place.shape, {})


def _same_place(old: Record, place: Place, short: Mapping[str, str]) -> bool:
    """Another name and another path at the same place of the contract, with the same types."""
    at = old.shape.partition(";")[0] == place.shape.partition(";")[0]
    return at and _layer(old) == place.layer and _types(old.shape, short) == _types(place.shape, {})


def _is_specific(place: Place, places: Sequence[Place]) -> bool:
    """Whether no other route has these types: then whoever had them is this one. Middlewares are all alike."""
    own = _types(place.shape, {})
    others = (other for other in places if other is not place and other.layer == place.layer)
    return place.layer != "middleware" and own != ("", "None") and all(_types(o.shape, {}) != own for o in others)


def _types(shape: str, short: Mapping[str, str]) -> tuple[str, str]:
    """Request and result of a shape, in today's names."""
    _, request, returns, _ = (*shape.split(";"), "", "", "", "")[:4]
    today = [_WORD.sub(lambda word: short.get(word.group(), word.group()), text) for text in (request, returns)]
    return today[0], today[1]


def _layer(record: Record) -> str:
    return record.identity.partition(" ")[0]
