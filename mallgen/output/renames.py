"""Renames of classes and fields since mallgen.lock was written. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mallgen.output.manifest import Lock
from mallgen.output.records import Class, Renamed
from mallgen.output.signature import ClassShape

_ALIKE = 0.5


def remembered(
    contract: str, shapes: Iterable[ClassShape], lock: Lock
) -> tuple[tuple[Class, ...], tuple[Renamed, ...]]:
    """Return the classes and the renames that mallgen.lock should have of a contract."""
    now = tuple(Class(contract, shape.full, shape.members) for shape in shapes)
    before = [found for found in lock.classes if found.contract == contract]
    fresh = {old.name: new.name for old, new in _pairs(before, now)}
    fresh |= dict(_fields(before, now, fresh))
    chains = {line.old: line.new for line in lock.renamed if line.contract == contract}
    chains = {_today(old, fresh): new for old, new in chains.items()} | chains
    renamed = {**{old: _today(new, fresh) for old, new in chains.items()}, **fresh}
    names = {name for found in now for name in (found.name, *(f"{found.name}:{field}" for field in found.names))}
    lines = (Renamed(contract, old, new) for old, new in sorted(renamed.items()))
    kept = (line for line in lines if line.is_package or (line.new in names and line.old not in names))
    return now, tuple(kept)


def _today(name: str, fresh: Mapping[str, str]) -> str:
    """Return the current name of a class, or of a field."""
    around, sign, field = name.partition(":")
    return fresh.get(name) or f"{fresh.get(around, around)}{sign}{field}"


def _fields(before: Iterable[Class], now: Iterable[Class], fresh: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield old and new name, as `module.Class:field`, of the fields with another name and the same key."""
    today = {found.name: found for found in now}
    for old in before:
        new = today.get(fresh.get(old.name, old.name))
        if new is None or new.fields == old.fields:
            continue
        keys, names = _keys(new), new.names
        for key, name in _keys(old).items():
            if name not in names and key in keys and keys[key] not in old.names:
                yield f"{new.name}:{name}", f"{new.name}:{keys[key]}"


def _keys(found: Class) -> dict[str, str]:
    """Return the name of the field by key, for keys that only one field has."""
    count = Counter(field.key for field in found.fields)
    return {field.key: field.name for field in found.fields if field.key and count[field.key] == 1}


def _pairs(before: Sequence[Class], now: Sequence[Class]) -> list[tuple[Class, Class]]:
    """Return the classes that are gone, each with the new one that it has become; without those in doubt."""
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
    """Return the same class in another module, as a message that was moved to another proto; None where several fit."""
    same = [new for new in come if (_short(new), new.names) == (_short(old), old.names)]
    return same[0] if len(same) == 1 else None


def _only(old: Class, come: Sequence[Class], gone: Sequence[Class]) -> Class | None:
    """Return the class that `old` has become: the only one with its fields, else the only one that has most of them."""
    same = [new for new in come if new.names == old.names]
    twins = [other for other in gone if other.names == old.names]
    if same and old.fields:
        return same[0] if len(same) == len(twins) == 1 else _closest(old, same)
    like = [new for new in come if _likeness(old, new) > _ALIKE]
    if len(like) == 1:
        return like[0]
    return come[0] if not like and len(come) == len(gone) == 1 and old.names == come[0].names else None


def _closest(old: Class, same: Sequence[Class]) -> Class | None:
    """Return, of several classes with equal fields, the one whose name is clearly the most similar."""
    from difflib import SequenceMatcher  # imported only when names have to decide

    ranked = sorted(same, key=lambda new: -SequenceMatcher(None, old.name, new.name).ratio())
    scores = [SequenceMatcher(None, old.name, new.name).ratio() for new in ranked[:2]]
    return ranked[0] if len(scores) == 1 or scores[0] > scores[1] + 0.1 else None


def _likeness(old: Class, new: Class) -> float:
    """Return the share of fields, from 0 to 1, that both classes have."""
    mine, theirs = set(old.names), set(new.names)
    return len(mine & theirs) / len(mine | theirs) if mine or theirs else 1.0


def _module(found: Class) -> str:
    return found.name.rpartition(".")[0]


def _short(found: Class) -> str:
    return found.name.rpartition(".")[2]
