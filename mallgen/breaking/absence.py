"""Structs that a request may leave out although their tags do not say so."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from mallgen.breaking.api import ApiChange
from mallgen.breaking.rule_words import is_demanded
from mallgen.breaking.struct_pairs import FieldPair, Struct, StructPair, Structs
from mallgen.contract.wire import WireField, WireValue
from mallgen.model import Array, Inline, Named, TypeRef, peel


def built_before(change: ApiChange) -> Iterator[tuple[FieldPair, WireValue, WireValue]]:
    """Yield the values of requests that were made of their own defaults where they were absent, and are not now.

    One that comes in a form or in the body must come in one of them. Else, where both types are structs, the fields
    that make the difference are findings of their own.
    """
    for pair, old, new in change.alike["request"]:
        is_either = pair.new is not None and pair.new.is_either
        if (is_either or not isinstance(new.field.type, Named | Inline)) and is_built(old, change.versions[0]):
            yield pair, old, new


def absent_value(values: Mapping[str, WireValue]) -> WireValue | None:
    """Return the value of a field's sources that says what the field is when absent from all; None where none may be.

    The last one with a default counts, in the order path, form, header, json.
    """
    if not all(one.optional for one in values.values()):
        return None
    known = list(values.values())
    return next((one for one in reversed(known) if one.default is not None), known[-1])


def zero_structs(change: ApiChange) -> set[int]:
    """Return the `id`s of the pairs of structs that a logic gets as zero values where a request does not have them."""
    known = {(pair.old.place, pair.new.place): pair for pair in change.structs("request")}
    below = {id(pair): list(_by_value(change, pair)) for pair in known.values()}
    waiting = [inner for found in below.values() for is_optional, *inner in found if is_optional]
    zeros: set[int] = set()
    while waiting:
        old, new = waiting.pop()
        pair = known.get((old.place, new.place))
        if pair is not None and id(pair) not in zeros:
            zeros.add(id(pair))
            waiting += [inner for _, *inner in below[id(pair)]]
    return zeros


def _by_value(change: ApiChange, pair: StructPair) -> Iterator[tuple[bool, Struct, Struct]]:
    """Yield the structs that the fields of both versions are, and whether the field may be absent."""
    for field in pair.fields:
        for values in field.both:
            parts = (peel(one.field.type, Array) for one in values)
            old, new = (side.of(ref, v.field) for side, ref, v in zip(change.versions, parts, values, strict=True))
            if old is not None and new is not None:
                yield not any(one.required for one in values), old, new


def demanded_inside(change: ApiChange, new: WireField) -> str:
    """Return the key in a new struct that is refused where the struct is absent, which is a zero value then; or ""."""
    waiting, seen = [(new.field, "")], set()
    while waiting:
        outer, way = waiting.pop()
        struct = change.versions[1].of(outer.type, outer)
        if struct is None or struct.place in seen:
            continue
        seen.add(struct.place)
        for field in struct.fields:
            name = f"{way}{field.main.key}"
            if is_demanded(replace(field.main, optional=True)):
                return name
            waiting.append((field.field, f"{name}."))
    return ""


def is_built(value: WireValue, structs: Structs, around: tuple[TypeRef, ...] = ()) -> bool:
    """Return whether an absent struct of a JSON body is made of its own fields, because none of them must be sent."""
    ref = value.field.type
    if value.source != "json" or not value.required or not isinstance(ref, Named | Inline) or ref in around:
        return False
    struct = structs.of(ref, value.field)
    return struct is not None and all(_may_be_absent(field, structs, (*around, ref)) for field in struct.fields)


def _may_be_absent(field: WireField, structs: Structs, around: tuple[TypeRef, ...]) -> bool:
    value = replace(field.main, source="json")
    if value.required:
        return is_built(value, structs, around)
    return not value.comes_without
