"""Rules about the fields of responses."""

from collections.abc import Iterator

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, WARNING, WIRE, api_rule
from mallgen.breaking.api import ApiChange
from mallgen.breaking.field_values import (
    default_words,
    fallback,
    interval,
    is_left_out,
    is_nullable,
    listed,
    missing,
    outside,
    refuses_absence,
)
from mallgen.breaking.struct_pairs import FieldPair, former, replacement
from mallgen.breaking.type_change import EXACT, TypeChange, spelt
from mallgen.contract.wire import WireValue
from mallgen.model import AnyType
from mallgen.rules import Finding


@api_rule("response-field-added", INFO, WIRE)
def response_field_added(change: ApiChange) -> Iterator[Finding]:
    """A response has a new field.

    Clients ignore keys that they do not know.
    """
    moved = {id(place.added) for _, place in change.moved if place.field is place.added.new}
    resources = change.resources
    for pair in change.fields("response"):
        if pair.old is None and id(pair) not in moved and not resources.is_resource(pair):
            yield change.finding(pair, f"`{pair.title}` is new")


@api_rule("response-field-removed", ERROR, WIRE)
def response_field_removed(change: ApiChange) -> Iterator[Finding]:
    """A response lost a field: clients that read it get nothing.

    Keep sending it until nobody reads it, and mark it deprecated beside what replaces it.
    """
    moved = {id(old) for old, _ in change.moved}
    for pair in change.fields("response"):
        if pair.new is None and id(pair) not in moved:
            message = f"{former(pair)} has no `{pair.key}`{'' if ' place ' in former(pair) else ' any more'}"
            hint = "keep the field, and mark it deprecated beside what replaces it"
            yield change.finding(pair, message, hint + replacement(pair, "send both while clients change"))


@api_rule("response-field-renamed", ERROR, WIRE)
def response_field_renamed(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has another key: clients that read the old one get nothing.

    The field is known again by its name in the contract, or by the words of its key (`userId` for `user_id`). Send
    both for a while.
    """
    for pair, old, new in _values(change):
        if old.key != new.key:
            message = f"`{pair.home.name}.{old.key}` is `{new.key}` now"
            yield change.finding(pair, message, f"keep `{old.key}` beside `{new.key}`, and send both")


@api_rule("response-field-moved", ERROR, WIRE)
def response_field_moved(change: ApiChange) -> Iterator[Finding]:
    """A field of a response is in another object of it: where clients read it, there is nothing.

    The field is known again by its key and its type. Send it at both places for a while.
    """
    for old, new in change.moved:
        message = f"`{old.key}` is in `{new.home}` now, no longer in `{old.home.name}`"
        found = change.finding(old, message, "keep the field at its old place, and send both")
        yield found._replace(span=new.span, key=(new.span, message))


@api_rule("response-field-type-changed", ERROR, WIRE)
def response_field_type_changed(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has a type that clients of the old one do not read.

    Add a field of the new type under another name, and send both.
    """
    for pair, found in _types(change):
        if found.kind == "kind":
            message = f"`{pair.title}` is {spelt(found.new)} now, no longer {spelt(found.old)}"
            yield change.finding(pair, message, "add a field of the new type beside this one, and send both")


@api_rule("response-field-type-widened", ERROR, WIRE)
def response_field_type_widened(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has a type with more values: clients may not read some of them.

    A number that does not fit a client's type is an error there, or is cut.
    """
    for pair, found in _types(change):
        if found.kind == "values" and not found.reads_new:
            message = f"`{pair.title}` is {spelt(found.new)} now: clients expect {spelt(found.old)}"
            yield change.finding(pair, message, "keep the type, and send larger values in a field beside it")


@api_rule("response-field-type-narrowed", INFO, WIRE)
def response_field_type_narrowed(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has a type with fewer values, all of which clients read already.

    On the wire nothing changes for old clients. Code generated from the new contract has another type. Where clients
    read a float, large whole numbers lose their last digits there: a warning then.
    """
    for pair, found in _types(change):
        if found.rounds_new and found.reads_new:
            message = f"`{pair.title}` is {spelt(found.new)} now: who reads {spelt(found.old)} rounds it beyond {EXACT}"
            yield change.finding(pair, message, "keep the type", WARNING)
        elif found.kind == "values" and found.reads_new:
            message = f"`{pair.title}` is {spelt(found.new)} now: who reads {spelt(found.old)} reads all of it"
            yield change.finding(pair, message)


@api_rule("response-field-became-nullable", ERROR, WIRE)
def response_field_became_nullable(change: ApiChange) -> Iterator[Finding]:
    """A field of a response is a pointer now: clients may get null where they expect a value.

    Where the key could be missing already (`omitempty`), mallgen's own clients take null for that: a warning then.
    Send the zero value instead, or leave the key out where clients know that it may be missing.
    """
    for pair, old, new in _alike(change):
        if _sends_null(new) and not _sends_null(old):
            severity = WARNING if is_left_out(old) else ""
            message = f"`{pair.title}` may be null now"
            yield change.finding(pair, message, "send a value, or add a field beside it that may be null", severity)


@api_rule("response-field-became-not-nullable", INFO, WIRE)
def response_field_became_not_nullable(change: ApiChange) -> Iterator[Finding]:
    """A field of a response is never null any more.

    Clients that expect null get a value. Where that is one that the old `options` or `range` exclude, as 0 may be,
    mallgen's own clients refuse it: an error then.
    """
    for pair, old, new in _alike(change):
        if _sends_null(old) and not _sends_null(new) and not is_left_out(new):
            yield _refused_zero(change, pair, old, new) or change.finding(pair, f"`{pair.title}` is never null now")


@api_rule("response-field-became-optional", ERROR, WIRE)
def response_field_became_optional(change: ApiChange) -> Iterator[Finding]:
    """A field of a response is left out while it is empty (`omitempty`): clients may miss its key.

    Where the old contract said `optional` or had a default, clients could know, and it is a warning. `optional` alone
    changes nothing on the wire: the service sends the key all the same, and the change is only counted; unless the
    empty value, which it sends where nothing is set, is none of the old `options` or outside of the old `range`.
    """
    for pair, old, new in change.alike["response"]:
        if is_left_out(new) and not is_left_out(old):
            message = f"`{pair.title}` is left out now while it is empty"
            yield change.finding(pair, message, "send the empty value", WARNING if old.optional else "")
        elif _is_optional(new) and not old.optional:
            message = f"`{pair.title}` is optional in the contract, and sent as before"
            yield _refused_zero(change, pair, old, new) or change.finding(pair, message, severity=INFO)


@api_rule("response-field-became-required", INFO, WIRE)
def response_field_became_required(change: ApiChange) -> Iterator[Finding]:
    """A field of a response is always sent now.

    Clients that expect the key to be missing get the empty value. Where the old `options` or `range` exclude that,
    mallgen's own clients refuse it: an error then.
    """
    for pair, old, new in _alike(change):
        if is_left_out(old) and not is_left_out(new):
            yield _refused_zero(change, pair, old, new) or change.finding(pair, f"`{pair.title}` is always sent now")
        elif _is_optional(old) and not new.optional:
            yield change.finding(pair, f"`{pair.title}` is always sent now")


@api_rule("response-field-options-widened", WARNING, BEHAVIOUR)
def response_field_options_widened(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has one more of its `options`: clients may get a value that they do not know.

    mallgen's own clients refuse such a response. Tell clients before the first new value is sent.
    """
    for pair, old, new in _alike(change):
        added = missing(new.options, old.options)
        if old.options and added:
            message = f"`{pair.title}` may be {listed(added)}, too"
            yield change.finding(pair, message, "send new values only to clients that asked for them")


@api_rule("response-field-options-narrowed", INFO, BEHAVIOUR)
def response_field_options_narrowed(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has fewer values than before.

    Clients know all that are left.
    """
    for pair, old, new in _alike(change):
        if new.options and not missing(new.options, old.options) and missing(old.options, new.options):
            gone = missing(old.options, new.options)
            yield change.finding(pair, f"`{pair.title}` is never {listed(gone)} any more")
        elif new.options and not old.options:
            yield change.finding(pair, f"`{pair.title}` is always one of {listed(new.options)} now")


@api_rule("response-field-options-removed", WARNING, BEHAVIOUR)
def response_field_options_removed(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has no `options` any more: clients may get a value that they do not know.

    mallgen's own clients refuse such a response. Keep the options that are sent.
    """
    for pair, old, new in _alike(change):
        if old.options and not new.options:
            message = f"`{pair.title}` may be any value now, not just {listed(old.options)}"
            yield change.finding(pair, message, "keep the options that the service sends")


@api_rule("response-field-range-widened", WARNING, BEHAVIOUR)
def response_field_range_widened(change: ApiChange) -> Iterator[Finding]:
    """A field of a response may be outside of the `range` that was promised.

    mallgen's own clients refuse such a response. Keep the promise, or tell clients before.
    """
    for pair, old, new in _alike(change):
        if outside(new, old, "range"):
            message = f"`{pair.title}` may be outside {interval(old.range)} now"
            yield change.finding(pair, message, f"keep `range={interval(old.range)}`")


@api_rule("response-field-default-changed", WARNING, BEHAVIOUR)
def response_field_default_changed(change: ApiChange) -> Iterator[Finding]:
    """A field of a response has another default: that is sent where the logic sets nothing.

    Set the field in the logic, so that its value does not depend on the contract.
    """
    for pair, old, new in _alike(change):
        if (old.default is not None or new.default is not None) and fallback(old) != fallback(new):
            message = f"where the logic sets nothing, `{pair.title}` is {default_words(new)} now; it was {_was(old)}"
            yield change.finding(pair, message, "set the field in the logic")


def _refused_zero(change: ApiChange, pair: FieldPair, old: WireValue, new: WireValue) -> Finding | None:
    """Return the error about what the service sends where it sets nothing, None where old clients read that."""
    if not new.optional or not refuses_absence(old, new):
        return None
    message = f"`{pair.title}` is {default_words(new)} now where the service sets nothing, which old clients refuse"
    return change.finding(pair, message, "give it a `default` that the old contract allows", ERROR)


def _was(old: WireValue) -> str:
    return default_words(old) if old.optional else "always set"


def _is_optional(value: WireValue) -> bool:
    """Return whether a value is optional in the contract and sent all the same."""
    return value.optional and not value.omitempty


def _sends_null(value: WireValue) -> bool:
    return is_nullable(value) and not is_left_out(value)


def _values(change: ApiChange) -> Iterator[tuple[FieldPair, WireValue, WireValue]]:
    return iter(change.values["response"])


def _alike(change: ApiChange) -> Iterator[tuple[FieldPair, WireValue, WireValue]]:
    """Yield the values that both versions have, and whose types are of one kind."""
    for pair, old, new in change.alike["response"]:
        if isinstance(old.field.type, AnyType) == isinstance(new.field.type, AnyType):
            yield pair, old, new


def _types(change: ApiChange) -> Iterator[tuple[FieldPair, TypeChange]]:
    return iter(change.retyped["response"])
