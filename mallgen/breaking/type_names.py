"""The types of two versions by their names: which are called differently, which only one version has."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from mallgen.breaking.api_pairs import RoutePair
from mallgen.breaking.struct_pairs import StructPair, written
from mallgen.model import Contract, Type, named


class RenamedType(NamedTuple):
    """A type that is called differently."""

    old: Type
    new: Type


class TypeNames(NamedTuple):
    """The types whose names only one version has.

    `users` are the routes that both versions have and whose old version leads to a type, by the type's old name.
    """

    renamed: tuple[RenamedType, ...]
    gone: tuple[Type, ...]
    added: tuple[Type, ...]
    users: dict[str, tuple[RoutePair, ...]]


def type_names(old: Contract, new: Contract, routes: Sequence[RoutePair], structs: Iterable[StructPair]) -> TypeNames:
    """Compare the names of types: two at one place of a route are one type, and two with the same fields."""
    gone, added = _without(old, new), _without(new, old)
    placed = _at_one_place(gone, added, structs)
    settled = {one.new.name for one in placed.values()}
    others = {name: one for name, one in gone.items() if name not in placed}
    renamed = {**placed, **_of_one_form(others, {name: one for name, one in added.items() if name not in settled})}
    taken = {one.new.name for one in renamed.values()}
    left = tuple(one for name, one in gone.items() if name not in renamed)
    fresh = tuple(one for name, one in added.items() if name not in taken)
    return TypeNames(tuple(renamed.values()), left, fresh, _users(old, gone, routes))


def _without(contract: Contract, other: Contract) -> dict[str, Type]:
    known = {one.name for one in other.types}
    return {one.name: one for one in contract.types if one.name not in known}


def _at_one_place(
    gone: dict[str, Type], added: dict[str, Type], structs: Iterable[StructPair]
) -> dict[str, RenamedType]:
    found: dict[str, RenamedType] = {}
    taken: set[str] = set()
    for pair in structs:
        then, now = pair.old.name, pair.new.name
        if then in gone and now in added and then not in found and now not in taken and _is_alike(pair):
            found[then] = RenamedType(gone[then], added[now])
            taken.add(now)
    return found


def _of_one_form(gone: dict[str, Type], added: dict[str, Type]) -> dict[str, RenamedType]:
    left, right = _by_fields(gone.values()), _by_fields(added.values())
    return {old.name: RenamedType(old, right[fields]) for fields, old in left.items() if fields in right}


def _is_alike(pair: StructPair) -> bool:
    """Return whether half of an old struct's fields are in the new one."""
    kept = sum(1 for field in pair.fields if field.old is not None and field.new is not None)
    return 2 * kept >= len(pair.old.fields)


def _by_fields(types: Iterable[Type]) -> dict[Hashable, Type]:
    """Return types by their fields, those whose fields no other one has."""
    keys = [(tuple(map(written, one.fields)), one) for one in types if one.fields]
    counts = Counter(key for key, _ in keys)
    return {key: one for key, one in keys if counts[key] == 1}


def _users(contract: Contract, names: Collection[str], routes: Sequence[RoutePair]) -> dict[str, tuple[RoutePair, ...]]:
    """Return the routes that lead to types, by the names of the types."""
    if not names:
        return {}
    above: dict[str, list[str]] = {}
    for one in contract.types:
        for ref in (ref for member in one.members for ref in named(member.type)):
            above.setdefault(ref.name, []).append(one.name)
    direct: dict[str, list[RoutePair]] = {}
    for pair in routes:
        for name in _carried(pair):
            direct.setdefault(name, []).append(pair)
    return {name: tuple(_led(name, above, direct)) for name in names}


def _led(name: str, above: dict[str, list[str]], direct: dict[str, list[RoutePair]]) -> Iterator[RoutePair]:
    seen, waiting = {name}, [name]
    routes: dict[int, RoutePair] = {}
    while waiting:
        here = waiting.pop()
        routes.update((id(pair), pair) for pair in direct.get(here, ()))
        fresh = [one for one in above.get(here, ()) if one not in seen]
        seen.update(fresh)
        waiting += fresh
    return iter(routes.values())


def _carried(pair: RoutePair) -> Iterator[str]:
    if pair.old is not None and pair.is_compared:
        for ref in (pair.old.route.request, pair.old.route.message, pair.old.route.response):
            yield from (one.name for one in named(ref)) if ref is not None else ()
