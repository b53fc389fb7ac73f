"""Rules about fields of messages: which there are, their names, numbers and presence."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, JSON, SOURCE, WARNING, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_messages import minus
from mallgen.breaking.proto_pairs import MessagePair, ProtoFieldPair
from mallgen.breaking.proto_tree import FieldNode
from mallgen.rules import Finding

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoFile

_STRINGS = {0: "STRING", 1: "CORD", 2: "STRING_PIECE"}  # FieldOptions.CType
_NUMBERS = {0: "JS_NORMAL", 1: "JS_STRING", 2: "JS_NUMBER"}  # FieldOptions.JSType


@proto_rule("proto-field-added", INFO, WIRE)
def proto_field_added(change: ProtoChange) -> Iterator[Finding]:
    """A message has another field: old readers skip it, and old writers do not set it.

    A server must treat a request without it as it did before.
    """
    for pair in change.changed:
        for field in pair.fields:
            new = field.new if field.old is None else None
            if new is not None and new.presence != "required" and new.oneof not in pair.old.oneofs:
                yield change.about(field, f"`{field.title}` is new", "")


@proto_rule("proto-field-removed", ERROR, SOURCE)
def proto_field_removed(change: ProtoChange) -> Iterator[Finding]:
    """A message lost a field: code that reads or sets it fails, and what others send in it is ignored.

    Keep the field with `[deprecated = true]` beside what replaces it, until nobody uses it. Then reserve its number
    and its name.
    """
    for _, pair, old in _removed(change):
        if old.presence != "required":
            message = f"`{pair.owner}` has no `{old.name} = {old.number}` any more"
            yield change.about(pair, message, "keep the field with [deprecated = true] beside what replaces it")


@proto_rule("proto-field-number-not-reserved", ERROR, WIRE)
def proto_field_number_not_reserved(change: ProtoChange) -> Iterator[Finding]:
    """The number of a field that is gone is not reserved: another field can take it, and old data is misread.

    Reserve the number, and the name with it.
    """
    for message, pair, old in _removed(change):
        if not _is_reserved(message, old) and old.number not in message.numbers:
            name = "" if old.name in message.new.proto.reserved_name else f' reserved "{old.name}";'
            text = f"{old.number}, which was `{pair.owner}.{old.name}`, is not reserved"
            yield change.about(pair, text, f"reserved {old.number};{name}")


@proto_rule("proto-field-name-not-reserved", ERROR, JSON)
def proto_field_name_not_reserved(change: ProtoChange) -> Iterator[Finding]:
    """The name of a field that is gone is not reserved: another field can take it, and old JSON is misread.

    Where the number is not reserved either, that is reported, with what reserves both.
    """
    for message, pair, old in _removed(change):
        if _is_reserved(message, old) and old.name not in message.new.proto.reserved_name:
            text = f"the name `{old.name}`, which `{pair.owner}` had, is not reserved"
            yield change.about(pair, text, f'reserved "{old.name}";')


@proto_rule("proto-field-number-changed", ERROR, WIRE)
def proto_field_number_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field has another number: what one version sends in it, the other one does not see, or reads as another field.

    Keep the number; add another field if the old number must go.
    """
    for pair in change.kept:
        if pair.old is not None and pair.new is not None and pair.old.number != pair.new.number:
            name = f"{pair.owner}.{pair.new.name}"
            message = f"`{name}` has number {pair.new.number} now, and had {pair.old.number}"
            yield change.about(pair, message, f"keep {pair.new.name} = {pair.old.number}")


@proto_rule("proto-field-number-reused", ERROR, WIRE)
def proto_field_number_reused(change: ProtoChange) -> Iterator[Finding]:
    """A number carries an unrelated field: what old messages say in it is read as something else.

    Give the new field a number that was never used, and reserve the old one.
    """
    for pair in change.fields:
        if pair.is_reused and pair.old is not None and pair.new is not None:
            was, now = (f"`{field.title} {field.name}`" for field in (pair.old, pair.new))
            message = f"number {pair.new.number} of `{pair.owner}` is {now} now, and was {was}"
            yield change.about(pair, message, f"reserved {pair.old.number}; and another number for `{pair.new.name}`")
    for owner, pair, old in _removed(change):
        new = owner.numbers.get(old.number)
        if new is not None:
            was, now = (f"`{field.title} {field.name}`" for field in (old, new))
            message = f"number {old.number} of `{pair.owner}` is {now} now, and was {was}, which is gone"
            yield change.about(pair._replace(around=new.span), message, f"give `{new.name}` its old number")


@proto_rule("proto-field-renamed", ERROR, JSON)
def proto_field_renamed(change: ProtoChange) -> Iterator[Finding]:
    """A field has another name: JSON with the old one is refused, and code that uses it fails.

    It is the same on the wire, as it has the same number and type. With `json_name` of the old one only source breaks.
    """
    for pair in change.kept:
        if pair.old is not None and pair.new is not None and pair.old.name != pair.new.name:
            if pair.old.proto.extendee:
                continue
            same_json = pair.old.proto.json_name == pair.new.proto.json_name
            message = f"`{pair.owner}.{pair.old.name}` is `{pair.new.name}` now"
            hint = f"keep the name, or add `{pair.new.name}` as another field"
            yield change.about(pair, message, hint, level=SOURCE if same_json else "")


@proto_rule("proto-field-json-name-changed", ERROR, JSON)
def proto_field_json_name_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field has another name in JSON: neither side finds it in the JSON of the other one.

    Keep `json_name`.
    """
    for pair in change.kept:
        if pair.old is not None and pair.new is not None and pair.old.name == pair.new.name:
            old, new = pair.old.proto.json_name, pair.new.proto.json_name
            if old != new and not pair.old.proto.extendee:
                message = f'`{pair.title}` is "{new}" in JSON now, and was "{old}"'
                yield change.about(pair, message, f'[json_name = "{old}"]')


@proto_rule("proto-field-presence-changed", WARNING, BEHAVIOUR)
def proto_field_presence_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field became `optional`, or is not any more: only one version knows an unset field from zero.

    Fields whose file has another syntax are counted there.
    """
    pairs = {old.name: _syntax(old) == _syntax(new) for old, new in change.file_pairs}
    for pair in change.presence_changes:
        if pair.old is not None and pair.new is not None and pairs.get(pair.old.file.name, True):
            now = "tells unset from zero" if pair.new.presence == "explicit" else "does not tell unset from zero"
            yield change.about(pair, f"`{pair.title}` {now} now", "keep the presence")


@proto_rule("proto-field-oneof-changed", ERROR, WIRE)
def proto_field_oneof_changed(change: ProtoChange) -> Iterator[Finding]:
    """Fields moved into or out of a oneof: of two that one version sets, the other one loses one.

    A single field that tells unset from zero may move into a new oneof, or out of one that it had for itself: then
    only source breaks.
    """
    for pair in change.changed:
        groups: dict[tuple[str, str], list[ProtoFieldPair]] = {}
        for field in pair.fields:
            if field.old is not None and field.new is not None and not field.is_reused:
                was, now = field.old.oneof, field.new.oneof
                if was != now and (not now or pair.renamed_oneofs.get(was, "") != now):
                    groups.setdefault((was, now), []).append(field)
        for (was, now), fields in groups.items():
            names = ", ".join(f"`{field.new.name}`" for field in fields if field.new is not None)
            verb = "are" if len(fields) > 1 else "is"
            where = f"in the oneof `{now}`" if now else "in no oneof"
            before = f"in `{was}` before" if was else "in none before"
            message = f"{names} of `{pair.owner}` {verb} {where} now, and {before}"
            level = SOURCE if _is_alone(pair, fields, was, now) else ""
            yield change.about(fields[0], message, "keep the fields where they are", level=level)


@proto_rule("proto-oneof-field-added", INFO, BEHAVIOUR)
def proto_oneof_field_added(change: ProtoChange) -> Iterator[Finding]:
    """A oneof has another field: clients that decide by what is set meet one that they do not know.

    In requests it is compatible, as nobody sends it yet; in responses old clients see a oneof that is not set.
    """
    for pair in change.changed:
        for field in pair.fields:
            if field.old is None and field.new is not None and field.new.oneof in pair.old.oneofs:
                in_responses = change.affected(field.types, ("response",))
                message = f"`{field.title}` is new in the oneof `{field.new.oneof}`"
                hint = "let clients that know only the old ones be rolled out first" if in_responses else ""
                yield change.about(field, message, hint, WARNING if in_responses else INFO)


@proto_rule("proto-field-default-changed", ERROR, BEHAVIOUR)
def proto_field_default_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field has another default: a message without it means another thing to each version.

    Keep the default.
    """
    for pair in change.kept:
        if pair.old is not None and pair.new is not None:
            old, new = (field.proto.default_value for field in (pair.old, pair.new))
            if old != new:
                message = f"`{pair.title}` has the default {new or 'zero'} now, and had {old or 'zero'}"
                hint = f"[default = {old}]" if old else "leave out the default"
                yield change.about(pair, message, hint)


@proto_rule("proto-field-option-changed", WARNING, SOURCE)
def proto_field_option_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field has another option for generated code: its type there is another one, or texts are checked otherwise.

    These are `jstype`, `ctype`, the features `utf8_validation` and those of C++ and Java.
    """
    for pair in change.kept:
        if pair.old is None or pair.new is None:
            continue
        if not pair.has_options and pair.old.features == pair.new.features:
            continue
        old, new = (_options(change, side, field) for side, field in enumerate((pair.old, pair.new)))
        both = (name for name in dict.fromkeys((*old, *new)) if name.startswith("(") or (name in old and name in new))
        names = [name for name in both if old.get(name) != new.get(name)]
        if names:
            changes = ", ".join(f"{name} = {new.get(name, 'none')}" for name in names)
            before = ", ".join(f"{old.get(name, 'none')}" for name in names)
            yield change.about(pair, f"`{pair.title}` has {changes} now, and had {before}", "keep the option")


def _removed(change: ProtoChange) -> Iterator[tuple[MessagePair, ProtoFieldPair, FieldNode]]:
    for message in change.changed:
        for pair in message.fields:
            if pair.old is not None and pair.new is None:
                yield message, pair, pair.old


def _is_reserved(message: MessagePair, old: FieldNode) -> bool:
    return not minus([(old.number, old.number)], message.new.reserved)


def _syntax(file: "ProtoFile") -> tuple[str, int]:
    return file.descriptor.syntax, file.descriptor.edition


def _is_alone(pair: MessagePair, fields: list[ProtoFieldPair], was: str, now: str) -> bool:
    """Return whether one field with presence moved, and no other one that both versions have was or is in its oneof."""
    if len(fields) > 1 or (was and now):
        return False
    others = [one.old for one in pair.fields if one.old is not None and one is not fields[0]]
    others += [one.new for one in pair.fields if one.old is not None and one.new is not None and one is not fields[0]]
    sides = {side.presence for side in (fields[0].old, fields[0].new) if side is not None}
    return sides == {"explicit"} and all(one.oneof != (was or now) for one in others)


def _options(change: ProtoChange, side: int, field: FieldNode) -> dict[str, object]:
    """Return the options of a field that change generated code, also those that it has by default."""
    options = field.proto.options
    tree = (change.old, change.new)[side]
    found: dict[str, object] = {"jstype": _NUMBERS[options.jstype], "ctype": _STRINGS[options.ctype]}
    if field.kind in ("string", "map"):
        found["utf8_validation"] = field.features["utf8_validation"]
    return found | tree.options.features(field.proto)
