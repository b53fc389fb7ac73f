"""Rules about enums."""

from collections.abc import Iterator

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, JSON, SOURCE, WARNING, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_messages import feature, minus
from mallgen.breaking.proto_pairs import EnumPair
from mallgen.breaking.proto_tree import EnumNode, ValueNode
from mallgen.rules import Finding


@proto_rule("proto-enum-removed", ERROR, SOURCE)
def proto_enum_removed(change: ProtoChange) -> Iterator[Finding]:
    """An enum is gone, or has another name: code that uses it fails.

    Enums of a file or package that is gone are not reported one by one. Keep it until nobody uses it.
    """
    for node in change.gone_types:
        if isinstance(node, EnumNode) and not change.is_file_gone(node.file):
            affects = change.affected((node.full, ""))
            place = change.place(node.full, node.file)
            yield change.finding(f"enum `{node.name}` is gone", place, "keep it", node.span, affects)
    for pair in change.enums:
        if pair.new.full != change.expected(pair.old) and not change.is_inside_renamed(pair.old.full, pair.new.full):
            name = pair.new.full if pair.new.name == pair.old.name else pair.new.name
            yield _about(change, pair, f"enum `{pair.old.name}` is `{name}` now", "keep the name")


@proto_rule("proto-enum-type-changed", ERROR, BEHAVIOUR)
def proto_enum_type_changed(change: ProtoChange) -> Iterator[Finding]:
    """An open enum became closed, or a closed one open: unknown values are dropped in one and kept in the other.

    Enums of proto2 are closed, those of proto3 and editions are open unless `features.enum_type` says otherwise.
    """
    for pair in change.enums:
        yield from feature(change, pair.old, pair.new, "enum_type")


@proto_rule("proto-enum-json-format-changed", ERROR, JSON)
def proto_enum_json_format_changed(change: ProtoChange) -> Iterator[Finding]:
    """An enum has no reliable JSON any more: `features.json_format` is not ALLOW.

    Keep it; that it becomes ALLOW is compatible.
    """
    for pair in change.enums:
        if pair.old.features["json_format"] == "ALLOW":
            yield from feature(change, pair.old, pair.new, "json_format")


@proto_rule("proto-enum-value-added", WARNING, BEHAVIOUR)
def proto_enum_value_added(change: ProtoChange) -> Iterator[Finding]:
    """An enum that responses carry has another value: clients that decide by it meet one that they do not know.

    Clients should treat unknown values like the zero value. In an enum that only requests carry it is compatible, and
    so it is in one that says of itself that it is open: `option features.enum_type = OPEN;`.
    """
    for pair in _changed(change):
        names, numbers = {one.name for one in pair.old.values}, {one.number for one in pair.old.values}
        affects = change.affected((pair.old.full, pair.new.full), ("response",))
        is_harmless = change.is_in_requests_only(pair.old.full) or _is_marked_open(pair.new)
        for value in pair.new.values:
            if value.number not in numbers and value.name not in names:
                message = f"`{pair.new.name}` has the new value `{value.name} = {value.number}`"
                severity = INFO if is_harmless else WARNING
                hint = "" if is_harmless else "let clients that know only the old values be rolled out first"
                yield change.finding(message, value.span, hint, None, affects, severity)


@proto_rule("proto-enum-value-removed", ERROR, SOURCE)
def proto_enum_value_removed(change: ProtoChange) -> Iterator[Finding]:
    """An enum lost a value, or gave it another number: code that uses it fails, and who gets it reads a mere number.

    Keep it with `[deprecated = true]`.
    """
    for pair in _changed(change):
        now = {one.name: one for one in pair.new.values}
        for value in _gone(pair):
            title = f"`{pair.new.name}.{value.name}`"
            if value.name in now:
                message = f"{title} is {now[value.name].number} now, and was {value.number}"
                yield _value(change, pair, value, now[value.name], message, f"keep the number {value.number}", WIRE)
            else:
                message = f"{title}, which was {value.number}, is gone"
                yield _value(change, pair, value, None, message, "keep it with [deprecated = true]")


@proto_rule("proto-enum-value-number-not-reserved", ERROR, WIRE)
def proto_enum_value_number_not_reserved(change: ProtoChange) -> Iterator[Finding]:
    """The number of a value that is gone is not reserved: another value can take it, and old data is misread.

    Reserve the number, and the name with it.
    """
    for pair in _changed(change):
        names = {*pair.new.proto.reserved_name, *(one.name for one in pair.new.values)}
        for value in _gone(pair):
            if minus([(value.number, value.number)], pair.new.reserved):
                message = f"{value.number}, which was `{pair.new.name}.{value.name}`, is not reserved"
                name = "" if value.name in names else f' reserved "{value.name}";'
                yield _value(change, pair, value, None, message, f"reserved {value.number};{name}")


@proto_rule("proto-enum-value-name-not-reserved", ERROR, JSON)
def proto_enum_value_name_not_reserved(change: ProtoChange) -> Iterator[Finding]:
    """The name of a value that is gone is not reserved: another value can take it, and old JSON is misread.

    Where the number is not reserved either, that is reported, with what reserves both.
    """
    for pair in _changed(change):
        names = {*pair.new.proto.reserved_name, *(one.name for one in pair.new.values)}
        for value in _gone(pair):
            if value.name not in names and not minus([(value.number, value.number)], pair.new.reserved):
                message = f"the name `{value.name}`, which `{pair.new.name}` had, is not reserved"
                yield _value(change, pair, value, None, message, f'reserved "{value.name}";')


@proto_rule("proto-enum-value-renamed", ERROR, JSON)
def proto_enum_value_renamed(change: ProtoChange) -> Iterator[Finding]:
    """A number of an enum has another name: JSON has names, so that one side refuses what the other one sends.

    Where the old name has another number now, the wire breaks too. With `option allow_alias = true` both names can
    have the number.
    """
    for pair, old, new in _renamed(change):
        if old.number:
            moved = {one.name: one.number for one in pair.new.values}
            message = f"{old.number} of `{pair.new.name}` is `{new.name}` now, and was `{old.name}`"
            if old.name in moved:
                message += f", which is {moved[old.name]} now"
            hint = f"keep `{old.name} = {old.number}`, with `{new.name}` as an alias of it"
            yield _value(change, pair, old, new, message, hint, WIRE if old.name in moved else "")


@proto_rule("proto-enum-zero-value-changed", ERROR, BEHAVIOUR)
def proto_enum_zero_value_changed(change: ProtoChange) -> Iterator[Finding]:
    """The default of an enum means something else: so does every old message that does not set it.

    The default is the value 0, and in a closed enum its first value.
    """
    for pair, old, new in _renamed(change):
        if not old.number:
            message = f"0 of `{pair.new.name}` is `{new.name}` now, and was `{old.name}`"
            yield _value(change, pair, old, new, message, f"keep `{old.name} = 0`", JSON)
    for pair in _changed(change):
        old, new = pair.old.values[0], pair.new.values[0]
        is_closed = pair.old.features["enum_type"] == "CLOSED"
        if is_closed and old.number != new.number and any(one.number == old.number for one in pair.new.values):
            message = f"the default of `{pair.new.name}` is `{new.name}` now, and was `{old.name}`"
            yield _value(change, pair, old, new, message, f"keep `{old.name}` as the first value")


def _changed(change: ProtoChange) -> Iterator[EnumPair]:
    return (pair for pair in change.enums if pair.old.proto != pair.new.proto)


def _gone(pair: EnumPair) -> Iterator[ValueNode]:
    """Yield the old values whose number no new value has, each number once."""
    numbers = {one.number for one in pair.new.values}
    return iter({one.number: one for one in reversed(pair.old.values) if one.number not in numbers}.values())


def _renamed(change: ProtoChange) -> Iterator[tuple[EnumPair, ValueNode, ValueNode]]:
    """Yield the old values whose number has only other names now, with the first of these."""
    for pair in _changed(change):
        names: dict[int, dict[str, ValueNode]] = {}
        for value in pair.new.values:
            names.setdefault(value.number, {})[value.name] = value
        for value in pair.old.values:
            now = names.get(value.number, {})
            if now and value.name not in now:
                yield pair, value, next(iter(now.values()))


def _is_marked_open(enum: EnumNode) -> bool:
    """Return whether an enum says of itself that it is open."""
    options = enum.proto.options
    return options.HasField("features") and options.features.enum_type == options.features.OPEN


def _about(change: ProtoChange, pair: EnumPair, message: str, hint: str) -> Finding:
    affects = change.affected((pair.old.full, pair.new.full))
    return change.finding(message, pair.new.span, hint, pair.old.span, affects, pair=pair)


def _value(
    change: ProtoChange,
    pair: EnumPair,
    old: ValueNode,
    new: ValueNode | None,
    message: str,
    hint: str,
    level: str = "",
) -> Finding:
    affects = change.affected((pair.old.full, pair.new.full))
    place = new.span if new else pair.new.span
    return change.finding(message, place, hint, old.span, affects, level=level, pair=(pair, old))
