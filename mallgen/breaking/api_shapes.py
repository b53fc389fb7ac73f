"""Rules about lists, maps and quoted numbers, in requests and in responses."""

from collections.abc import Iterator
from typing import NamedTuple

from mallgen.breaking import ERROR, INFO, WARNING, WIRE, api_rule
from mallgen.breaking.api import ApiChange
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.breaking.type_change import Kind, TypeChange, spelt
from mallgen.contract.wire import WireValue, base_type
from mallgen.rules import Finding


class _ShapeChange(NamedTuple):
    """A field whose type has changed; `works`: old clients notice nothing."""

    pair: FieldPair
    change: TypeChange
    works: bool

    @property
    def severity(self) -> str:
        """Return the severity that replaces that of the rule."""
        return INFO if self.works else ""


@api_rule("repeated-changed", ERROR, WIRE)
def repeated_changed(change: ApiChange) -> Iterator[Finding]:
    """A field is a list now, or no list any more.

    In JSON the one is not read where the other is expected. A form has the values of a list one by one, so that a list
    takes what was sent for a single value: that is only counted. The other way round all values but the first are
    ignored. Add a field beside the old one.
    """
    for found in _shapes(change, "repeated"):
        message = (
            f"`{found.pair.title}` {_verb(found)} {spelt(found.change.new)} now, no longer {spelt(found.change.old)}"
        )
        if found.works:
            message = f"`{found.pair.title}` takes several values now"
        hint = "" if found.works else "add a field beside this one, and fill or read both"
        yield change.finding(found.pair, message, hint, found.severity)


@api_rule("map-key-type-changed", ERROR, WIRE)
def map_key_type_changed(change: ApiChange) -> Iterator[Finding]:
    """A map has keys of another type: some are not read by who expects the old one.

    Keys are texts in JSON. A request may have more keys than before (`map[int]T` is read as `map[string]T`), and a
    response fewer: those changes are only counted.
    """
    for found in _shapes(change, "map-key"):
        where = "in requests" if found.pair.struct.direction == "request" else "in responses"
        kinds = f"{spelt(found.change.new)} now, no longer {spelt(found.change.old)}"
        message = f"the keys of `{found.pair.title}` are {kinds}"
        message += f": all that come {where} are read" if found.works else f": some that come {where} are not read"
        hint = "" if found.works else "add a map beside this one, and fill or read both"
        yield change.finding(found.pair, message, hint, found.severity)


@api_rule("array-length-changed", ERROR, WIRE)
def array_length_changed(change: ApiChange) -> Iterator[Finding]:
    """A list has another fixed length: with any other number of elements it is refused.

    A request may take any length where it took one, and a response have one where it had any: only counted.
    """
    for found in _shapes(change, "array-length"):
        message = f"`{found.pair.title}` {_verb(found)} {spelt(found.change.new)} now; it was {spelt(found.change.old)}"
        hint = "" if found.works else "add a field beside this one, and fill or read both"
        yield change.finding(found.pair, message, hint, found.severity)


@api_rule("string-flag-changed", ERROR, WIRE)
def string_flag_changed(change: ApiChange) -> Iterator[Finding]:
    """A number or boolean is in quotation marks in JSON now, or no longer: the option `string` of its tag.

    A request with the option takes numbers in both forms, so that to add it is only counted there. Responses without
    quotation marks are read by mallgen's clients that expect them, by others perhaps not: a warning.
    """
    for pair, old, new in (*change.values["request"], *change.values["response"]):
        if old.quoted == new.quoted:
            continue
        base, before = base_type(new.field.type), base_type(old.field.type)
        if base is None or before is None or base.kind == "string":
            continue
        if base != before and not (base.is_number and before.is_number):
            continue
        if pair.struct.direction == "request":
            severity = INFO if new.quoted and base.is_number else ""
            message = f"`{pair.title}` {'may be' if severity else 'must be'} {_form(new)} in requests"
        else:
            severity = WARNING if base.is_number and not new.quoted else ""
            message = f"`{pair.title}` is {_form(new)} in responses"
        hint = "" if severity == INFO else "add a field beside this one, and fill or read both"
        yield change.finding(pair, message, hint, severity)


def _form(value: WireValue) -> str:
    return "in quotation marks" if value.quoted else "without quotation marks"


def _verb(found: _ShapeChange) -> str:
    return "takes" if found.pair.struct.direction == "request" else "is"


def _shapes(change: ApiChange, kind: Kind) -> Iterator[_ShapeChange]:
    for direction, retyped in change.retyped.items():
        for pair, found in retyped:
            if found.kind == kind:
                yield _ShapeChange(pair, found, found.reads_old if direction == "request" else found.reads_new)
