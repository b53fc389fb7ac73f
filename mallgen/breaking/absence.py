"""Structs that a request may leave out although their tags do not say so."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from mallgen.breaking.api import ApiChange
from mallgen.breaking.struct_pairs import FieldPair, Structs
from mallgen.contract.wire import WireField, WireValue
from mallgen.model import Inline, Named, TypeRef


def built_before(change: ApiChange) -> Iterator[tuple[FieldPair, WireValue, WireValue]]:
    """Yield the values of requests that were made of their own defaults where they were absent, and are not now.

    Where both types are structs, the fields that make the difference are findings of their own.
    """
    for pair, old, new in change.alike["request"]:
        if not isinstance(new.field.type, Named | Inline) and is_built(old, change.versions[0]):
            yield pair, old, new


def absent_value(values: Mapping[str, WireValue]) -> WireValue | None:
    """Return the value of a field's sources that says what the field is when absent from all; None where none may be.

    The last one with a default counts, in the order path, form, header, json.
    """
    if not all(one.optional for one in values.values()):
        return None
    known = list(values.values())
    return next((one for one in reversed(known) if one.default is not None), known[-1])


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
