"""Rules about the values of requests' fields: their types, defaults, options and bounds."""

from collections.abc import Iterator

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, WARNING, WIRE, api_rule
from mallgen.breaking.absence import built_before, zero_structs
from mallgen.breaking.api import ApiChange
from mallgen.breaking.field_values import (
    default_words,
    fallback,
    interval,
    is_nullable,
    listed,
    missing,
    outside,
)
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.breaking.type_change import EXACT, TypeChange, spelt
from mallgen.contract.wire import WireValue
from mallgen.rules import Finding


@api_rule("request-field-default-added", WARNING, BEHAVIOUR)
def request_field_default_added(change: ApiChange) -> Iterator[Finding]:
    """A field of a request that was just optional has a default now: its absence means something else.

    Requests without the field gave the logic the zero value, or None for a pointer; and so did requests without the
    optional struct that it is a required field of. See that the logic did with that what it does with the default.
    """
    for pair, old, new in _optional(change):
        if old.default is None and new.default is not None and fallback(old) != fallback(new):
            message = f"{_absent(old)}, `{pair.title}` is {default_words(new)} now; it was {default_words(old)}"
            yield change.finding(pair, message, "see that the logic treated the absent field as it treats the default")


@api_rule("request-field-default-changed", ERROR, BEHAVIOUR)
def request_field_default_changed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has another default: the same request has another result.

    Keep the default for those who rely on it, and let new clients send the value that they want.
    """
    for pair, old, new in _optional(change):
        if old.default is not None and new.default is not None and fallback(old) != fallback(new):
            message = f"{_absent(old)}, `{pair.title}` is {default_words(new)} now; it was {default_words(old)}"
            yield change.finding(pair, message, f"keep `default={_plain(old.default)}`, and let clients send the other")


@api_rule("request-field-default-removed", ERROR, BEHAVIOUR)
def request_field_default_removed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request lost its default and is just optional: the same request has another result.

    Without a default the logic gets the zero value, or None for a pointer.
    """
    for pair, old, new in _optional(change):
        if old.default is not None and new.default is None and fallback(old) != fallback(new):
            message = f"{_absent(old)}, `{pair.title}` is {default_words(new)} now; it was {default_words(old)}"
            yield change.finding(pair, message, f"keep `default={_plain(old.default)}`")


@api_rule("request-field-type-changed", ERROR, WIRE)
def request_field_type_changed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has a type that does not read the old one's values.

    Add a field of the new type under another name, and read both while clients change.
    """
    for pair, found in _types(change):
        if found.kind == "kind":
            message = f"`{pair.title}` takes {spelt(found.new)} now, no longer {spelt(found.old)}"
            yield change.finding(pair, message, "add a field of the new type beside this one, and read both")


@api_rule("request-field-type-narrowed", ERROR, WIRE)
def request_field_type_narrowed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has a type with fewer values: some that were accepted are refused.

    Where the old tag allowed only values that the new type has, too, nothing is refused, and nothing is reported.
    """
    for pair, found in _types(change):
        if found.kind == "values" and not found.reads_old:
            message = f"`{pair.title}` takes {spelt(found.new)} now: not all values of {spelt(found.old)}"
            yield change.finding(pair, message, "keep the type, and refuse in the logic what makes no sense")


@api_rule("request-field-type-widened", INFO, WIRE)
def request_field_type_widened(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has a type with more values, among them all old ones.

    On the wire nothing changes for old clients. Code generated from the new contract has another type. Where that is a
    float, large whole numbers lose their last digits: a warning then.
    """
    for pair, found in _types(change):
        if found.rounds_old and found.reads_old:
            message = f"`{pair.title}` takes {spelt(found.new)} now, which rounds whole numbers beyond {EXACT}"
            yield change.finding(pair, message, "keep the type", WARNING)
        elif found.kind == "values" and found.reads_old:
            yield change.finding(
                pair, f"`{pair.title}` takes {spelt(found.new)} now: all values that it took as {spelt(found.old)}"
            )


@api_rule("request-field-became-not-nullable", WARNING, BEHAVIOUR)
def request_field_became_not_nullable(change: ApiChange) -> Iterator[Finding]:
    """An optional field of a request is no pointer any more: null and absence are the zero value or the default now.

    Both are accepted as before. But the logic gets 0, "" or an empty object where it got None, and cannot tell the
    absent value from one that was sent. With a default, which absence was already, the change is one of null alone.
    """
    for pair, old, new in _optional(change):
        if is_nullable(old) and not is_nullable(new) and _is_just_pointer(old, new):
            message = f"{_nothing(old, new)}, `{pair.title}` is {default_words(new)} now; it was null"
            yield change.finding(pair, message, "keep the pointer, which tells absent from empty")


@api_rule("request-field-became-nullable", INFO, WIRE)
def request_field_became_nullable(change: ApiChange) -> Iterator[Finding]:
    """An optional field of a request is a pointer now: null and absence are not the zero value any more.

    Both were accepted before, as the zero value. With a default, which absence still is, null alone has changed.
    A struct that was made of its fields' defaults where it was absent is null now.
    """
    for pair, _, new in built_before(change):
        if not new.required and is_nullable(new):
            yield change.finding(pair, f"absent, `{pair.title}` is null now; it was made of its fields' defaults")
    for pair, old, new in _optional(change):
        if is_nullable(new) and not is_nullable(old) and _is_just_pointer(old, new):
            yield change.finding(pair, f"{_nothing(old, new)}, `{pair.title}` is null now; it was {default_words(old)}")


@api_rule("request-field-options-added", ERROR, WIRE)
def request_field_options_added(change: ApiChange) -> Iterator[Finding]:
    """A field of a request took any value and has `options` now: all other values are refused.

    Document the values first and refuse others under a new major version.
    """
    for pair, old, new in _alike(change):
        if new.options and not old.options:
            message = f"`{pair.title}` must be one of {listed(new.options)} now"
            yield change.finding(pair, message, "take any value, and let the logic say what it does with others")


@api_rule("request-field-options-narrowed", ERROR, WIRE)
def request_field_options_narrowed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request lost one of its `options`: clients that send it are refused.

    Keep the value, and treat it as the one that replaces it.
    """
    for pair, old, new in _alike(change):
        gone = missing(old.options, new.options)
        if new.options and gone:
            message = f"`{pair.title}` may not be {listed(gone)} any more"
            yield change.finding(pair, message, "keep the option, and treat it as the one that replaces it")


@api_rule("request-field-options-widened", INFO, WIRE)
def request_field_options_widened(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has one more of its `options`.

    What old clients send is accepted.
    """
    for pair, old, new in _alike(change):
        added = missing(new.options, old.options)
        if old.options and added and not missing(old.options, new.options):
            yield change.finding(pair, f"`{pair.title}` may be {listed(added)}, too")


@api_rule("request-field-options-removed", INFO, WIRE)
def request_field_options_removed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has no `options` any more: it takes any value.

    What old clients send is accepted.
    """
    for pair, old, new in _alike(change):
        if old.options and not new.options:
            yield change.finding(pair, f"`{pair.title}` may be any value, not just {listed(old.options)}")


@api_rule("request-field-range-added", ERROR, WIRE)
def request_field_range_added(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has a `range` now: numbers outside are refused.

    A `limit`, which is mallgen's own, refuses nothing: it uses the default instead. That is a warning.
    """
    for pair, old, new in _alike(change):
        if old.range is None and outside(old, new, "range"):
            message = f"`{pair.title}` must be inside {interval(new.range)} now"
            yield change.finding(pair, message, "use `limit` with a `default`, which refuses nothing")
        elif old.limit is None and outside(old, new, "limit"):
            message = f"`{pair.title}` is {default_words(new)} now where it is sent outside {interval(new.limit)}"
            yield change.finding(pair, message, "leave out the limit", WARNING)


@api_rule("request-field-range-narrowed", ERROR, WIRE)
def request_field_range_narrowed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has a smaller `range`: numbers that were accepted are refused.

    A smaller `limit` refuses nothing: it uses the default instead. That is a warning.
    """
    for pair, old, new in _alike(change):
        if old.range is not None and outside(old, new, "range"):
            message = f"`{pair.title}` must be inside {interval(new.range)} now; it was {interval(old.range)}"
            yield change.finding(pair, message, f"keep `range={interval(old.range)}`")
        elif old.limit is not None and outside(old, new, "limit"):
            message = f"`{pair.title}` is {default_words(new)} now where it is sent outside {interval(new.limit)}"
            yield change.finding(pair, message, f"keep `limit={interval(old.limit)}`", WARNING)


@api_rule("request-field-range-widened", INFO, WIRE)
def request_field_range_widened(change: ApiChange) -> Iterator[Finding]:
    """A field of a request takes more numbers than its `range` allowed.

    What old clients send is accepted.
    """
    for pair, old, new in _alike(change):
        for which in ("range", "limit"):
            before, after = getattr(old, which), getattr(new, which)
            if before is not None and outside(new, old, which) and not outside(old, new, which):
                yield change.finding(pair, f"`{pair.title}` may be inside {interval(after)}; it was {interval(before)}")


def _is_just_pointer(old: WireValue, new: WireValue) -> bool:
    """Return whether absence means the same but for null; beside a default, JSON's null alone shows the change."""
    if old.default is None and new.default is None:
        return True
    return new.source == "json" and fallback(old) == fallback(new)


def _nothing(old: WireValue, new: WireValue) -> str:
    if old.required:
        return _absent(old)
    if old.default is not None or new.default is not None:
        return "null"
    return "absent or null" if new.source == "json" else "absent"


def _absent(old: WireValue) -> str:
    return "absent with its struct" if old.required else "absent"


def _plain(value: object) -> str:
    return f"[{','.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def _optional(change: ApiChange) -> Iterator[tuple[FieldPair, WireValue, WireValue]]:
    """Yield the fields that may be absent in both versions, alone or with their struct, if values are comparable."""
    zeros = zero_structs(change)
    for pair, old, new in _alike(change):
        if not (old.required or new.required) or (old.required and id(pair.struct) in zeros):
            yield pair, old, new


def _alike(change: ApiChange) -> Iterator[tuple[FieldPair, WireValue, WireValue]]:
    """Return the values that both versions have, in one source, and whose types are of one kind."""
    return iter(change.alike["request"])


def _types(change: ApiChange) -> Iterator[tuple[FieldPair, TypeChange]]:
    return iter(change.retyped["request"])
