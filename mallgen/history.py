"""What a contract was: which of its classes and routes have other names now, told by what mallgen.lock remembers."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import eq
from typing import NamedTuple

from mallgen.lock import Class, Lock, Record, Renamed
from mallgen.signature import ClassShape

_ALIKE = 0.5


def remembered(
    contract: str, shapes: Iterable[ClassShape], lock: Lock
) -> tuple[tuple[Class, ...], tuple[Renamed, ...]]:
    """The classes and the renames that mallgen.lock keeps of a contract from now on."""
    now = tuple(Class(contract, shape.full, shape.members) for shape in shapes)
    before = [found for found in lock.classes if found.contract == contract]
    fresh = {old.name: new.name for old, new in _pairs(before, now)}
    fresh |= dict(_fields(before, now, fresh))
    chains = {line.old: line.new for line in lock.renamed if line.contract == contract}
    chains = {_today(old, fresh): new for old, new in chains.items()} | chains
    renamed = {**{old: _today(new, fresh) for old, new in chains.items()}, **fresh}
    names = {name for found in now for name in (found.name, *(f"{found.name}:{field}" for field in _names(found)))}
    kept = {(o, n) for o, n in renamed.items() if (n in names and o not in names) or is_package(o)}
    return now, tuple(Renamed(contract, o, n) for o, n in sorted(kept))


def _today(name: str, fresh: Mapping[str, str]) -> str:
    """The name that a class, or a field of one, has now."""
    around, sign, field = name.partition(":")
    return fresh.get(name) or f"{fresh.get(around, around)}{sign}{field}"


def _fields(before: Iterable[Class], now: Iterable[Class], fresh: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The fields that have another name and the same key, as `module.Class:field`, old and new."""
    today = {found.name: found for found in now}
    for old in before:
        new = today.get(fresh.get(old.name, old.name))
        if new is None or new.fields == old.fields:
            continue
        keys, names = _keys(new), _names(new)
        for key, name in _keys(old).items():
            if name not in names and key in keys and keys[key] not in _names(old):
                yield f"{new.name}:{name}", f"{new.name}:{keys[key]}"


def _names(found: Class) -> tuple[str, ...]:
    """The names of a class's fields."""
    return tuple(field.partition("=")[0] for field in found.fields.split(",")) if found.fields else ()


def _keys(found: Class) -> dict[str, str]:
    """The field of each key, of those that only one field has."""
    pairs = [(key if sign else name, name) for name, sign, key in (f.partition("=") for f in found.fields.split(","))]
    count = Counter(key for key, _ in pairs)
    return {key: name for key, name in pairs if key and count[key] == 1}


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
        new = _moved(old, come) or _only(old, [found for found in come if _module(found) == _module(old)], rivals)
        if new is not None:
            pairs.append((old, new))
    taken = [new for _, new in pairs]
    return [pair for pair in pairs if taken.count(pair[1]) == 1]


def _moved(old: Class, come: Sequence[Class]) -> Class | None:
    """The class as it was, in another module: a message that another proto has now."""
    same = [new for new in come if (_short(new), _names(new)) == (_short(old), _names(old))]
    return same[0] if len(same) == 1 else None


def _only(old: Class, come: Sequence[Class], gone: Sequence[Class]) -> Class | None:
    """The one class that `old` has become: the only one with its fields, else the only one much like it."""
    same = [new for new in come if _names(new) == _names(old)]
    twins = [other for other in gone if _names(other) == _names(old)]
    if same and old.fields:
        return same[0] if len(same) == len(twins) == 1 else _closest(old, same)
    like = [new for new in come if _likeness(old, new) > _ALIKE]
    if len(like) == 1:
        return like[0]
    return come[0] if not like and len(come) == len(gone) == 1 and _names(old) == _names(come[0]) else None


def _closest(old: Class, same: Sequence[Class]) -> Class | None:
    """Of several with equal fields the one whose name is nearest, when it is nearer than all others."""
    from difflib import SequenceMatcher  # only where there is doubt

    ranked = sorted(same, key=lambda new: -SequenceMatcher(None, old.name, new.name).ratio())
    scores = [SequenceMatcher(None, old.name, new.name).ratio() for new in ranked[:2]]
    return ranked[0] if len(scores) == 1 or scores[0] > scores[1] + 0.1 else None


def _likeness(old: Class, new: Class) -> float:
    """The share of fields that both have."""
    mine, theirs = set(_names(old)), set(_names(new))
    return len(mine & theirs) / len(mine | theirs) if mine or theirs else 1.0


def _module(found: Class) -> str:
    return found.name.rpartition(".")[0]


def _short(found: Class) -> str:
    return found.name.rpartition(".")[2]


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
    """`origins`: where the file of a due path is now. `doubts`: the same, where it may as well be something new.

    `lost` are files whose route is not to be found, while another one has their name now.
    """

    origins: Mapping[str, str]
    doubts: Mapping[str, str]
    lost: Collection[str]

    def without(self, filled: Collection[str]) -> "Moves":
        """The moves without those into places that have their file."""
        origins, doubts = (
            {new: old for new, old in pairs.items() if new not in filled} for pairs in (self.origins, self.doubts)
        )
        return Moves(origins, doubts, self.lost)


Key = Callable[[str, str, str, tuple[str, str]], tuple[object, ...]]
_WORD = re.compile(r"[A-Za-z_]\w*")
DOUBT = "?"


def moves(
    left: Iterable[Record],
    due: Iterable[Place],
    known: Mapping[str, Record],
    renamed: Iterable[Renamed],
    present: Collection[str],
) -> Moves:
    """Match files that are not where they are due, `left`, with the places of today, `due`; `known` are the records.

    Such a file has no place any more, or its place is that of another route, which has its name now.
    """
    olds = [record for record in left if record.path.endswith(".py") and record.shape]
    if not olds:
        return Moves({}, {}, frozenset())
    places = list(due)
    come = [place for place in places if place.path not in known]
    origins, doubts = _remembered(olds, places, known)
    short = {line.old.rpartition(".")[2]: line.new.rpartition(".")[2] for line in renamed}
    here = {place.path for place in places}
    held = [record for record in known.values() if record.path in present and not _is_gone(record)]
    strays = {old.path for old in olds if old.path in here}
    owned, placed = ({record.identity for record in found} for found in (held, (r for r in held if r.path in here)))
    olds = [o for o in olds if o.path in here or o.identity not in (owned if _is_gone(o) else placed)]
    olds = [old for old in olds if old.path not in (*origins.values(), *doubts.values())]
    free = [place for place in places if place.path not in (*origins, *doubts)]
    for new, was, goes in _by_route(olds, free, known, short):
        if goes is False:
            strays.remove(was)
        else:
            (doubts if goes is None else origins)[new] = was
    olds = [old for old in olds if old.path not in here]
    specific = _specific(places)
    for key in (_same_name, _same_place):
        taken = {*origins.values(), *doubts.values()}
        free = [place for place in come if place.path not in origins and place.path not in doubts]
        for old, place in _unique([o for o in olds if o.path not in taken], free, key, short):
            sure = key is not _same_place or (place in specific and _method(place.identity) == _method(old.identity))
            (origins if sure else doubts)[place.path] = old.path
    return Moves(origins, doubts, strays - {*origins.values(), *doubts.values()})


def carried(
    contract: str,
    due: Iterable[Place],
    known: Mapping[str, Record],
    renamed: Iterable[Renamed],
    present: Collection[str],
) -> dict[str, str]:
    """Files that the user has moved to a place that is due and new, each with the path of its record."""
    away = [record for record in known.values() if record.contract == contract and record.path not in present]
    found = moves(away, due, known, renamed, present)
    pairs = {**found.doubts, **found.origins}
    return {new: old for new, old in pairs.items() if new in present and new not in known}


def displaced(records: Iterable[Record], here: Mapping[str, str]) -> tuple[Record, ...]:
    """The records whose place is another route's today, while their own route has another place, or they
    had none before.

    `here` is what each path is for today.
    """
    there = set(here.values())
    other = (record for record in records if here.get(record.path, record.identity) != record.identity)
    return tuple(record for record in other if record.identity in there or not _is_placed(record))


def forgotten(record: Record) -> Record:
    """The record of a file that is no longer due, without a position: what stands there later is something else."""
    return record._replace(shape=f";{record.shape.partition(';')[2]}") if record.shape else record


def unplaced(record: Record) -> Record:
    """The record of a file that is not where it belongs: the order of the next contract says nothing of it."""
    if not record.shape or _is_gone(record):
        return record
    return record._replace(shape=f"{DOUBT};{record.shape.partition(';')[2]}")


def _by_route(
    olds: Sequence[Record], places: Sequence[Place], known: Mapping[str, Record], short: Mapping[str, str]
) -> list[tuple[str, str, bool | None]]:
    """The place that each file's route has now, the file, and whether it goes there; None: who knows.

    What else it may do is to stay where it is, with its name, on another path.
    """
    count = Counter(old.identity for old in olds)
    here = {place.path: place for place in places}
    there = {place.identity: place for place in places}
    found = [(old, there[old.identity]) for old in olds if count[old.identity] == 1 and old.identity in there]
    sure: dict[str, bool] = {}
    likely: dict[str, bool] = {}
    for old, place in found:
        name = here.get(old.path)
        by_route, by_name = (_alike(old, other, short) for other in (place, name or place))
        if name is None or (by_route != by_name and 2 in (by_route, by_name)):
            sure[old.path] = name is None or by_route > by_name
        elif by_route != by_name:
            likely[old.path] = by_route > by_name
        elif by_route and (goes := _in_order(old, place, name, places, known)) is not None:
            likely[old.path] = goes
    settled = _settled({old.path: place.path for old, place in found}, sure, likely)
    return [(place.path, old.path, settled[old.path]) for old, place in found]


def _alike(old: Record, place: Place, short: Mapping[str, str]) -> int:
    """How many of request and result are the same."""
    return sum(map(eq, _types(old.shape, short), _types(place.shape, {})))


def _in_order(
    old: Record, there: Place, here: Place, places: Sequence[Place], known: Mapping[str, Record]
) -> bool | None:
    """Two routes that swap their handlers' names and two that swap their paths make the same contract, but for that."""
    layer = [r for r in known.values() if _layer(r) == there.layer and r.contract == old.contract and _is_placed(r)]
    if old not in layer:
        return None
    others = [record for record in layer if record is not old]
    by_route = _passed(old, there, {place.identity: place for place in places}, ((r, r.identity) for r in others))
    by_name = _passed(old, here, {place.path: place for place in places}, ((r, r.path) for r in others))
    return None if by_route == by_name else by_route < by_name


def _settled(ways: Mapping[str, str], sure: Mapping[str, bool], likely: Mapping[str, bool]) -> dict[str, bool | None]:
    """Whether each file goes its way: where another one goes to none stays, and where one stays no other goes."""
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


def _passed(old: Record, now: Place, places: Mapping[str, Place], others: Iterable[tuple[Record, str]]) -> int:
    """How many others a route would have overtaken, or been overtaken by, if it were `now`."""
    was, is_ = _position(old.shape), _position(now.shape)
    pairs = ((_position(r.shape), _position(places[key].shape)) for r, key in others if key in places)
    return sum((before < was) != (after < is_) for before, after in pairs)


def _is_gone(record: Record) -> bool:
    """Whether a file was no longer due when the lock was written: its shape has no position."""
    return record.shape.startswith(";")


def _is_placed(record: Record) -> bool:
    """Whether a file was where it was due, so that its position is that of its route."""
    return not record.shape.startswith((";", DOUBT))


def _position(shape: str) -> int:
    number = shape.partition(";")[0]
    return int(number) if number.isascii() and number.isdigit() else 0


def _remembered(
    olds: Sequence[Record], places: Sequence[Place], known: Mapping[str, Record]
) -> tuple[dict[str, str], dict[str, str]]:
    """What was matched when the place came, which may have been an earlier run."""
    origins: dict[str, str] = {}
    doubts: dict[str, str] = {}
    paths = {old.path: old for old in olds}
    for place in places:
        record = known.get(place.path)
        old = paths.get(record.was.removeprefix(DOUBT)) if record else None
        if record and old and place.identity in _due_then(record, old):
            (doubts if record.was.startswith(DOUBT) else origins)[place.path] = old.path
    return origins, doubts


def _due_then(record: Record, old: Record) -> tuple[str, ...]:
    """What a place was due for when it was matched with `old`; a file that did not belong there tells nothing of it."""
    return (old.identity,) if record.shape.startswith(DOUBT) else (record.identity, old.identity)


def _unique(
    olds: Sequence[Record], places: Sequence[Place], key: Key, short: Mapping[str, str]
) -> list[tuple[Record, Place]]:
    """Pairs with equal keys in which each has no other partner."""
    before: dict[object, list[Record]] = {}
    after: dict[object, list[Place]] = {}
    for old in olds:
        before.setdefault(key(old.path, old.identity, old.shape, _types(old.shape, short)), []).append(old)
    for place in places:
        after.setdefault(key(*place, _types(place.shape, {})), []).append(place)
    found = [(same, after.get(value, [])) for value, same in before.items()]
    return [(same[0], there[0]) for same, there in found if len(same) == len(there) == 1]


def _same_name(path: str, identity: str, shape: str, types: tuple[str, str]) -> tuple[object, ...]:
    """A route with another path, or in another group: the handler's name and the types are the same."""
    return path.rpartition("/")[2], identity.partition(" ")[0], types


def _same_place(path: str, identity: str, shape: str, types: tuple[str, str]) -> tuple[object, ...]:
    """Another name and another path at the same place of the contract, with the same types.

    What has no place was gone before, and matches nothing.
    """
    return shape.partition(";")[0], identity.partition(" ")[0], types


def _specific(places: Sequence[Place]) -> set[Place]:
    """The places whose types no other has: who had them before is this one. Middlewares are all alike."""
    alike = Counter((place.layer, _types(place.shape, {})) for place in places)
    named = [place for place in places if place.layer != "middleware" and _types(place.shape, {}) != ("", "None")]
    return {place for place in named if alike[place.layer, _types(place.shape, {})] == 1}


def _types(shape: str, short: Mapping[str, str]) -> tuple[str, str]:
    """Request and result of a shape, in today's names."""
    _, request, returns, _ = (*shape.split(";"), "", "", "", "")[:4]
    today = [_WORD.sub(lambda word: short.get(word.group(), word.group()), text) for text in (request, returns)]
    return today[0], today[1]


def _method(identity: str) -> str:
    """`POST` of a route, the middle one of three words; an RPC has none."""
    words = identity.split(" ")
    return words[1] if len(words) > 2 else ""


def _layer(record: Record) -> str:
    return record.identity.partition(" ")[0]
