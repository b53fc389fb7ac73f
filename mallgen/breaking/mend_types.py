"""Mends of fields of `.api` contracts with another type: the old member stays beside the new one. Pure."""

from collections.abc import Callable, Mapping

from mallgen.breaking.mend import Mend
from mallgen.breaking.mend_api import ApiMender, optional
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.text.span import SpanEdit


def both_types(mender: ApiMender, pair: FieldPair) -> Mend | None:
    """Put a field of the old type back, and give the one of the new type another name; None where it has one already.

    What a request may bring in either is optional. A value in the path stays: a path has each but once.
    """
    if pair.old is None or pair.new is None or "path" in pair.values:
        return None
    if pair.old_key != pair.key:
        return mender.both_names(pair)
    text, field = mender.new.api(pair.new.field.span.file), pair.new.field
    token = text.tokens[text.at(field.span)]
    if token.value != field.name or text.tokens[text.at(field.span) + 1].type == "_COMMA":
        return None
    is_sent = any(one.identity == pair.identity for one in mender.change.fields("request"))

    def renamed(source: str, options: str) -> str:
        key, comma, rest = options.partition(",")
        now = f"{_other(key, pair) if key else key}{comma}{rest}"
        return optional(source, now) if is_sent else now

    name = SpanEdit(text.places.span(token.start_pos, token.end_pos), f"{field.name}New")
    edits = name, *mender.tag(pair, {value.source for value in pair.new.values}, renamed)
    note = f"use {_other(pair.key, pair)}"
    return Mend(mender.member(pair, note, optional if is_sent else None, freed=field.name), edits)


TYPE_MENDS: Mapping[str, Callable[[ApiMender, FieldPair], Mend | None]] = dict.fromkeys(
    (
        "array-length-changed",
        "map-key-type-changed",
        "repeated-changed",
        "request-field-type-changed",
        "request-field-type-narrowed",
        "response-field-became-nullable",
        "response-field-type-changed",
        "response-field-type-widened",
    ),
    both_types,
)


def _other(key: str, pair: FieldPair) -> str:
    """Return another key in the style of a struct's: `price_new`, `priceNew`, `X-Price-New`."""
    if "-" in key:
        return f"{key}-New"
    has_words = any("_" in value.key for field in pair.struct.new.fields for value in field.values)
    return f"{key}_new" if has_words else f"{key}New"
