"""Rules about the types and the cardinality of fields: one finding per field, with the worst that its change does."""

from collections.abc import Iterator

from mallgen.breaking import ERROR, JSON, SOURCE, WARNING, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_pairs import ProtoFieldPair
from mallgen.breaking.proto_wire import NARROWED, SIGNEDNESS
from mallgen.rules import Finding

_BESIDE = "keep the type, and add a field of the new type beside it"


@proto_rule("proto-field-type-changed", ERROR, SOURCE)
def proto_field_type_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field has another type, which looks the same on the wire and in JSON: generated code has another type.

    Keep the type, or add a field of the new one beside it.
    """
    yield from _types(change, SOURCE, SIGNEDNESS)


@proto_rule("proto-field-type-wire-incompatible", ERROR, WIRE)
def proto_field_type_wire_incompatible(change: ProtoChange) -> Iterator[Finding]:
    """A field has a type with another encoding: one version loses or misreads what the other one sends.

    https://protobuf.dev/programming-guides/proto3/#updating lists the types with a common encoding. Add a field with
    another number instead.
    """
    yield from _types(change, WIRE)


@proto_rule("proto-field-type-json-incompatible", ERROR, JSON)
def proto_field_type_json_incompatible(change: ProtoChange) -> Iterator[Finding]:
    """A field has a type with another form in JSON, such as the text of an int64 for the number of an int32.

    The wire is the same. Add a field with another number and name instead.
    """
    yield from _types(change, JSON)


@proto_rule("proto-field-type-narrowed", ERROR, WIRE)
def proto_field_type_narrowed(change: ProtoChange) -> Iterator[Finding]:
    """A field has a type of fewer bits: large numbers of the other version are cut off without a word.

    Keep the wide type.
    """
    yield from _types(change, NARROWED)


@proto_rule("proto-field-signedness-changed", WARNING, WIRE)
def proto_field_signedness_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field has the same bits with or without a sign: negative numbers of one version are large ones of the other.

    It does no harm where all numbers are between zero and the largest of the signed type.
    """
    for found in _types(change, SIGNEDNESS):
        yield found._replace(message=f"{found.message}: numbers have another sign in half of the range")


@proto_rule("proto-field-cardinality-wire-incompatible", ERROR, WIRE)
def proto_field_cardinality_wire_incompatible(change: ProtoChange) -> Iterator[Finding]:
    """A field became repeated or a map, or is not any more: of many values one version reads the last one or none.

    Packed numbers are not read at all by who expects one. Add a field with another number instead.
    """
    yield from _cardinality(change, WIRE)


@proto_rule("proto-field-cardinality-json-incompatible", ERROR, JSON)
def proto_field_cardinality_json_incompatible(change: ProtoChange) -> Iterator[Finding]:
    """A map became a repeated message of keys and values, or the reverse: JSON has an object for one, a list for one.

    The wire is the same. Add a field with another number and name instead.
    """
    yield from _cardinality(change, JSON)


def _types(change: ProtoChange, *differences: str) -> Iterator[Finding]:
    for pair, found, other in change.retyped:
        if found in differences and (not other or (found == WIRE and other == JSON)):
            yield _became(change, pair)


def _cardinality(change: ProtoChange, difference: str) -> Iterator[Finding]:
    for pair, other, found in change.retyped:
        if found == difference and not (found == JSON and other == WIRE):
            yield _became(change, pair)


def _became(change: ProtoChange, pair: ProtoFieldPair) -> Finding:
    assert pair.old is not None and pair.new is not None
    return change.about(pair, f"`{pair.title}` is `{pair.new.title}` now, and was `{pair.old.title}`", _BESIDE)
