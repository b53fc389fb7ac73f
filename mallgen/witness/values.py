"""JSON values of a contract's types: the smallest, the fullest, and those at the borders of a field. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from mallgen.contract.base_types import BaseType
from mallgen.contract.wire import WireField, WireValue, base_type, inside, is_bytes, wire_field
from mallgen.model import AnyType, Array, Bounds, Contract, Inline, Map, Named, Pointer, Slice, TypeRef, peel
from mallgen.text.span import Span

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
ABSENT: Final[Json] = "\x00absent"  # stands for a field that is not sent
_DEEPEST = 4  # structs in each other of a full value
_ANYTHING: tuple[Json, ...] = (None, 0, 1, -1, 2, 1.5, "", "a", "1", "1.5", "true", False, True, [], {})


class StructType(NamedTuple):
    """A struct as one version has it: the place that tells it from others, its fields, and their values in JSON."""

    span: Span
    fields: tuple[WireField, ...]
    in_json: tuple[WireValue, ...]


class _SmallestObject(NamedTuple):
    """Values, and the object of those that are needed; None where that depends on what is given."""

    values: tuple[WireValue, ...]
    made: dict[str, Json] | None


class Samples:
    """Makes values of the types of one contract: `full` ones with all fields, others with those that they must have."""

    def __init__(self, contract: Contract) -> None:
        self._declared = {declared.name: declared for declared in contract.types}
        self._structs: dict[Span, StructType] = {}
        self._plain: dict[tuple[int, bool, int], _SmallestObject] = {}

    def struct(self, ref: TypeRef) -> StructType | None:
        """Return the struct that a type has inside of pointers, lists and maps; None where it has none."""
        inner = peel(ref, Pointer, Slice, Array, Map)
        if isinstance(inner, Named):
            declared = self._declared[inner.name]
            span, fields = declared.span, declared.fields
        elif isinstance(inner, Inline) and inner.members:
            span, fields = inner.members[0].span, inner.fields
        else:
            return None
        if span not in self._structs:
            wires = tuple(wire_field(field) for field in fields if field.bindings)
            self._structs[span] = StructType(span, wires, tuple(map(in_json, wires)))
        return self._structs[span]

    def steps(self, ref: TypeRef | None, to: Span) -> tuple[str, ...] | None:
        """Return the names of the fields that lead from a type to the struct at a place, the shortest way."""
        first = self.struct(ref) if ref is not None else None
        waiting: list[tuple[tuple[str, ...], StructType]] = [((), first)] if first is not None else []
        seen: set[Span] = set()
        for way, struct in waiting:  # grows while it is walked
            if struct.span == to:
                return way
            if struct.span not in seen:
                seen.add(struct.span)
                inner = ((field.field.name, self.struct(field.field.type)) for field in struct.fields)
                waiting += [((*way, name), found) for name, found in inner if found is not None]
        return None

    def of(self, ref: TypeRef, value: WireValue | None = None, full: bool = False, depth: int = 0) -> Json:
        """Return a value of a type that the rules of `value` allow."""
        match ref:
            case Pointer(elem=elem):
                return self.of(elem, value, full, depth)
            case Slice(elem=elem):
                if is_bytes(ref):
                    return "YQ==" if full else ""
                return [self.of(elem, value, full, depth)] if full and depth < _DEEPEST else []
            case Array(length=length, elem=elem):
                return [self.of(elem, value, full, depth) for _ in range(min(int(length), 1000))]
            case Map(key=key, elem=elem):
                name = "1" if (base := base_type(key)) is not None and base.is_number else "a"
                return {name: self.of(elem, None, full, depth)} if full and depth < _DEEPEST else {}
            case AnyType():
                return 1
        struct = self.struct(ref)
        if struct is not None:
            return self.fields(struct.in_json, {}, full, depth + 1)
        base = base_type(ref)
        return {} if base is None else _scalar(base, value, full)

    def fields(
        self, values: tuple[WireValue, ...], given: Mapping[str, Json], full: bool = False, depth: int = 0
    ) -> dict[str, Json]:
        """Return an object of the fields, which has the given values and all that they and the rules ask for.

        Where no field depends on another one, the object is made once, and only the given values vary.
        """
        key = id(values), full, depth
        if key not in self._plain:
            is_free = not any(one.comes_with or one.comes_without or one.together for one in values)
            self._plain[key] = _SmallestObject(values, self._fields(values, {}, full, depth) if is_free else None)
        base = self._plain[key].made
        if base is None:
            return self._fields(values, given, full, depth)
        sent = {name: value for name, value in given.items() if value != ABSENT}
        rest = {name: value for name, value in base.items() if name not in given} if given else base
        return {**sent, **rest}

    def _fields(
        self, values: Sequence[WireValue], given: Mapping[str, Json], full: bool, depth: int
    ) -> dict[str, Json]:
        made = {key: value for key, value in given.items() if value != ABSENT}
        asked = {value.comes_with for value in values if value.key in made}
        groups = {value.together for value in values if value.key in made}
        for value in values:
            if value.key in given or depth > _DEEPEST + 2:
                continue
            optional_too = full and depth <= _DEEPEST and not value.comes_without
            needed = value.required or value.key in asked or (value.together and value.together in groups)
            needed = needed or bool(value.comes_with and value.comes_with in made)
            needed = needed or bool(value.comes_without and value.comes_without not in made)
            if needed or optional_too:
                made[value.key] = self.of(value.field.type, value, full, depth)
        return made

    def around(self, ref: TypeRef, steps: Sequence[str], given: Mapping[str, Json]) -> Json:
        """Return the smallest value of a type whose struct behind `steps` has the given values."""
        match ref:
            case Pointer(elem=elem):
                return self.around(elem, steps, given)
            case Slice(elem=elem):
                return [self.around(elem, steps, given)]
            case Array(length=length, elem=elem):
                return [self.around(elem, steps, given) for _ in range(min(int(length), 1000))]
            case Map(key=key, elem=elem):
                name = "1" if (base := base_type(key)) is not None and base.is_number else "a"
                return {name: self.around(elem, steps, given)}
        struct = self.struct(ref)
        assert struct is not None
        own = given
        if steps:
            field = next(field for field in struct.fields if field.field.name == steps[0])
            own = {in_json(field).key: self.around(field.field.type, steps[1:], given)}
        return self.fields(struct.in_json, own)

    def borders(self, old: WireValue | None, new: WireValue | None, other: "Samples") -> list[Json]:
        """Return the values that may show how a field differs; `other` makes those of the new version."""
        sides = [(self, old), *([(other, new)] if new is not None else [])]
        found: list[Json] = [ABSENT]
        for maker, value in reversed(sides):
            if value is not None:
                found += [maker.of(value.field.type, value, full) for full in (False, True)]
        values = [value for _, value in reversed(sides) if value is not None]
        found += _within([peel(value.field.type, Pointer) for value in values], values)
        return _different(found)


def in_json(field: WireField) -> WireValue:
    """Return a field's value in a JSON object, where its name is the key if it has no tag for JSON."""
    value = field.main
    return value if value.source == "json" else replace(value, source="json", key=field.field.name)


def _within(refs: list[TypeRef], values: list[WireValue]) -> Iterator[Json]:
    """Yield scalars, and lists and maps of them where a type has these."""
    scalars = [*(border for value in values for border in _borders(value)), *_ANYTHING]
    yield from scalars
    if any(isinstance(ref, Slice | Array) for ref in refs):
        yield from ([one] for one in scalars)
        lengths = {int(ref.length) + more for ref in refs if isinstance(ref, Array) for more in (-1, 0, 1)}
        yield from (list[Json]([1] * length) for length in sorted({2, *lengths}) if 0 <= length <= 1000)
    if any(isinstance(ref, Map) for ref in refs):
        yield from ({key: one} for key in ("1", "a", "-1") for one in scalars)


def _borders(value: WireValue) -> Iterator[Json]:
    yield from value.options
    for bounds in (value.range, value.limit):
        if bounds is not None:
            yield from _beside(bounds)
    inner = peel(value.field.type, Pointer, Slice, Array, Map)
    base = base_type(inner)
    if base is not None and base.low is not None and base.high is not None:
        step = 1 if base.kind == "integer" else 0
        yield from (base.low, base.high, base.low - step, base.high + step)


def _beside(bounds: Bounds) -> Iterator[Json]:
    for bound in (bounds.low, bounds.high):
        if bound is not None:
            yield from (bound, bound - 1, bound + 1, bound - 0.5, bound + 0.5)


def is_text_of(text: str, value: bool | float) -> bool:
    """Return whether a bool or number was read from a text, as those of paths, queries, forms and headers are.

    Nothing is read as false or zero.
    """
    if not text:
        return not value
    if isinstance(value, bool):
        return text.lower() in (("1", "t", "true") if value else ("0", "f", "false"))
    try:
        return (int(text) if isinstance(value, int) else float(text)) == value
    except ValueError:
        return False


def _different(found: Iterable[Json]) -> list[Json]:
    return list({json.dumps(one): one for one in found}.values())


def _scalar(base: BaseType, value: WireValue | None, full: bool) -> Json:
    if value is not None and value.options:
        made: Json = value.options[0]
    elif base.kind == "string":
        made = "a"
    elif base.kind == "bool":
        made = full
    else:
        made = _number(base, value)
    if value is not None and value.quoted:
        return json.dumps(made) if not isinstance(made, str) else made
    return made


def _number(base: BaseType, value: WireValue | None) -> Json:
    bounds = [one for one in (value.range, value.limit) if one is not None] if value is not None else []
    edges = [edge for one in bounds for edge in (one.low, one.high) if edge is not None]
    near = [edge + step for edge in edges for step in (0, 1, -1, 0.5, -0.5)]
    middle = [(one.low + one.high) / 2 for one in bounds if one.low is not None and one.high is not None]
    for number in (1, *near, *middle, 0, -1):
        whole = base.kind == "float" or number == int(number)
        if whole and all(inside(number, one) for one in bounds):
            return number if base.kind == "float" else int(number)
    return 1
