"""Fields of responses that are in another object than before, known again by their key and type."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mallgen.breaking.struct_pairs import FieldPair, Struct, Structs
from mallgen.contract.wire import WireField
from mallgen.model import spell
from mallgen.text.span import Span


class NewPlace(NamedTuple):
    """A field that is new at its place: that of `added`, or of a struct in it, whose name is `home`."""

    added: FieldPair
    field: WireField
    home: str

    @property
    def span(self) -> Span:
        """Return the place of the field in the contract."""
        return self.field.field.span


def moved_fields(fields: Sequence[FieldPair], versions: Structs) -> list[tuple[FieldPair, NewPlace]]:
    """Return the fields that responses lost, each with the one other place where they have it now."""
    removed = [pair for pair in fields if pair.new is None]
    if not removed:
        return []
    places: dict[tuple[str, str], list[NewPlace]] = defaultdict(list)
    for place in _new_places((pair for pair in fields if pair.old is None), versions):
        places[place.field.main.key, spell(place.field.field.type)].append(place)
    found = [(old, place) for old in removed for place in _only(_matching(old, places))]
    uses = Counter(place.field.field.span for _, place in found)
    return [(old, place) for old, place in found if uses[place.field.field.span] == 1]


def _matching(old: FieldPair, places: dict[tuple[str, str], list[NewPlace]]) -> list[NewPlace]:
    assert old.old is not None
    routes = {id(route) for route in old.struct.routes}
    known = places.get((old.old.main.key, spell(old.old.field.type)), [])
    return [place for place in known if any(id(route) in routes for route in place.added.struct.routes)]


def _only(places: list[NewPlace]) -> list[NewPlace]:
    """Return the one place that there is; with several nobody knows which replaces the old one."""
    return places[:1] if len({place.span for place in places}) == 1 else []


def _new_places(added: Iterable[FieldPair], versions: Structs) -> Iterator[NewPlace]:
    for pair in added:
        assert pair.new is not None
        yield NewPlace(pair, pair.new, pair.home.name)
        seen: set[object] = set()
        waiting = [versions.inner(pair.new.field)]
        while waiting:
            struct: Struct | None = waiting.pop()
            if struct is not None and struct.place not in seen:
                seen.add(struct.place)
                yield from (NewPlace(pair, field, struct.name) for field in struct.fields)
                waiting += [versions.inner(field.field) for field in struct.fields]
