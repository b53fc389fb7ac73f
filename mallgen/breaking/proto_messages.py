"""Rules about messages, their oneofs and what they reserve."""

from collections.abc import Iterator, Sequence

from mallgen.breaking import ERROR, JSON, SOURCE, WARNING, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_pairs import ProtoFieldPair
from mallgen.breaking.proto_tree import EnumNode, MessageNode, extension_ranges
from mallgen.rules import Finding

Range = tuple[int, int]


@proto_rule("proto-message-removed", ERROR, SOURCE)
def proto_message_removed(change: ProtoChange) -> Iterator[Finding]:
    """A message is gone: code that uses it fails, and so does reading it from an `Any`.

    Messages of a file or package that is gone are not reported one by one. Keep it until nobody uses it.
    """
    for node in change.gone_types:
        if isinstance(node, MessageNode) and not change.is_file_gone(node.file):
            affects = change.affected((node.full, ""))
            place = change.place(node.full, node.file)
            yield change.finding(f"message `{node.name}` is gone", place, "keep it", node.span, affects)


@proto_rule("proto-message-renamed", ERROR, SOURCE)
def proto_message_renamed(change: ProtoChange) -> Iterator[Finding]:
    """A message has another name: code that uses it fails, and so does reading it from an `Any`.

    It is the same on the wire: it has the same fields and is used in the same places. Keep the old name too.
    """
    for pair in change.messages:
        expected = change.expected(pair.old)
        if pair.new.full != expected and not change.is_inside_renamed(pair.old.full, pair.new.full):
            name = pair.new.full if pair.new.name == pair.old.name else pair.new.name
            message = f"message `{pair.old.name}` is `{name}` now"
            hint = f"keep message `{pair.old.name}` too, until nobody uses it"
            affects = change.affected((pair.old.full, pair.new.full))
            yield change.finding(message, pair.new.span, hint, pair.old.span, affects)


@proto_rule("proto-message-json-format-changed", ERROR, JSON)
def proto_message_json_format_changed(change: ProtoChange) -> Iterator[Finding]:
    """A message has no reliable JSON any more: `features.json_format` is not ALLOW.

    Keep it; that it becomes ALLOW is compatible.
    """
    for pair in change.changed:
        if pair.old.features["json_format"] == "ALLOW":
            yield from feature(change, pair.old, pair.new, "json_format")


@proto_rule("proto-message-set-format-changed", ERROR, WIRE)
def proto_message_set_format_changed(change: ProtoChange) -> Iterator[Finding]:
    """A message has another `message_set_wire_format`: neither side can read what the other one sends.

    Keep the option.
    """
    yield from _option(change, "message_set_wire_format")


@proto_rule("proto-message-accessor-removed", WARNING, SOURCE)
def proto_message_accessor_removed(change: ProtoChange) -> Iterator[Finding]:
    """A message has `no_standard_descriptor_accessor`: code that asks it for its descriptor fails.

    Keep the accessor.
    """
    for found in _option(change, "no_standard_descriptor_accessor"):
        if " = true now" in found.message:
            yield found


@proto_rule("proto-required-fields-changed", ERROR, WIRE)
def proto_required_fields_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field became required, or is not required any more: one version refuses messages of the other.

    Old messages lack a field that is new and required; old readers refuse messages without a field that was required.
    Add optional fields only, and keep required ones.
    """
    for pair in change.fields:
        was, now = _is_required(pair, 0), _is_required(pair, 1)
        if was == now or pair.is_reused:
            continue
        title = pair.title
        if pair.new is None:
            message, hint = f"required `{title}` is gone, without which old readers refuse a message", "keep the field"
        elif pair.old is None:
            message, hint = f"`{title}` is new and required, and old messages lack it", "make it optional"
        else:
            message = f"`{title}` is {'required now' if now else 'not required any more'}"
            hint = "keep it optional" if now else "keep it required"
        yield change.about(pair, message, hint)


@proto_rule("proto-oneof-removed", ERROR, SOURCE)
def proto_oneof_removed(change: ProtoChange) -> Iterator[Finding]:
    """A oneof is gone or has another name: code that asks it for its field fails.

    Where its fields are still there outside of it, that is reported instead.
    """
    for pair in change.changed:
        new = pair.new.oneofs
        moved = {field.old.oneof for field in pair.fields if field.old is not None and field.new is not None}
        for name, span in pair.old.oneofs.items():
            other = pair.renamed_oneofs.get(name, "")
            affects = change.affected((pair.old.full, pair.new.full))
            if name not in new and other:
                message = f"oneof `{pair.owner}.{name}` is `{other}` now"
                yield change.finding(message, new[other], "keep the name", span, affects)
            elif name not in new and name not in moved:
                message = f"oneof `{pair.owner}.{name}` is gone"
                yield change.finding(message, pair.new.span, "keep it with a field", span, affects)


@proto_rule("proto-reserved-removed", ERROR, WIRE)
def proto_reserved_removed(change: ProtoChange) -> Iterator[Finding]:
    """A number or name is not reserved any more: another field or value can take it, and old data is misread.

    Keep what is reserved for ever.
    """
    pairs: list[tuple[MessageNode, MessageNode] | tuple[EnumNode, EnumNode]] = []
    pairs += [(pair.old, pair.new) for pair in change.changed]
    pairs += [(pair.old, pair.new) for pair in change.enums if pair.old.proto != pair.new.proto]
    for old, new in pairs:
        numbers = [_shown(one) for one in minus(old.reserved, new.reserved)]
        names = [f'"{name}"' for name in old.proto.reserved_name if name not in set(new.proto.reserved_name)]
        if numbers or names:
            lost = ", ".join((*numbers, *names))
            affects = change.affected((old.full, new.full))
            message = f"`{new.name}` does not reserve {lost} any more"
            hint = " ".join(f"reserved {', '.join(words)};" for words in (numbers, names) if words)
            yield change.finding(message, new.span, hint, old.span, affects, pair=(old, new))


@proto_rule("proto-extension-range-removed", ERROR, SOURCE)
def proto_extension_range_removed(change: ProtoChange) -> Iterator[Finding]:
    """A message gives fewer numbers to extensions: extensions of others have no place any more.

    Keep the range.
    """
    for pair in change.changed:
        lost = minus(list(extension_ranges(pair.old)), list(extension_ranges(pair.new)))
        if lost:
            ranges = ", ".join(map(_shown, lost))
            affects = change.affected((pair.old.full, pair.new.full))
            message = f"`{pair.owner}` has no extensions {ranges} any more"
            yield change.finding(message, pair.new.span, f"extensions {ranges};", pair.old.span, affects)


@proto_rule("proto-extension-removed", ERROR, SOURCE)
def proto_extension_removed(change: ProtoChange) -> Iterator[Finding]:
    """An extension is gone, or has another name: code that reads or sets it fails.

    Keep it until nobody uses it.
    """
    for full, (old, new) in change.extensions.items():
        if old is None or (new is None and change.is_file_gone(old.file)):
            continue
        if new is None:
            message = f"extension `{full}` of `{old.proto.extendee[1:]}` is gone"
            yield change.finding(message, change.place(full, old.file), "keep it", old.span)
        elif new.name != old.name:
            yield change.finding(f"extension `{full}` is `{new.name}` now", new.span, "keep the name", old.span)


def minus(old: Sequence[Range], new: Sequence[Range]) -> list[Range]:
    """Return the ranges of numbers in `old` that are not in `new`; both ends belong to a range."""
    found: list[Range] = []
    for first, last in sorted(old):
        for start, end in sorted(new):
            if start > last:
                break
            if end >= first:
                found += [(first, start - 1)] if start > first else []
                first = end + 1
        found += [(first, last)] if first <= last else []
    return found


def _shown(numbers: Range) -> str:
    first, last = numbers
    most = "max" if last >= (1 << 29) - 1 else str(last)
    return str(first) if first == last else f"{first} to {most}"


def _is_required(pair: ProtoFieldPair, side: int) -> bool:
    field = (pair.old, pair.new)[side]
    return field is not None and field.presence == "required"


def feature(
    change: ProtoChange, old: MessageNode | EnumNode, new: MessageNode | EnumNode, name: str
) -> Iterator[Finding]:
    """Yield the finding about a feature that a message or enum has in another way."""
    before, after = old.features[name], new.features[name]
    if before != after:
        affects = change.affected((old.full, new.full))
        message = f"`{new.name}` has {name} = {after} now, and had {before}"
        yield change.finding(
            message, new.span, f"option features.{name} = {before};", old.span, affects, pair=(old, new)
        )


def _option(change: ProtoChange, name: str) -> Iterator[Finding]:
    for pair in change.changed:
        before, after = (getattr(node.proto.options, name) for node in (pair.old, pair.new))
        if before != after:
            affects = change.affected((pair.old.full, pair.new.full))
            message = f"`{pair.owner}` has {name} = {str(after).lower()} now, and had {str(before).lower()}"
            yield change.finding(message, pair.new.span, "keep the option", pair.old.span, affects, pair=pair)
