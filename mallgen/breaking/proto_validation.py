"""Rules about what requests must obey: the options of protovalidate and PGV, and google.api.field_behavior."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mallgen.breaking import ERROR, INFO, WARNING, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_pairs import ProtoFieldPair
from mallgen.breaking.proto_tree import FieldNode
from mallgen.rules import Finding

Options = Mapping[str, object]
# options of https://github.com/bufbuild/protovalidate and of its ancestor PGV
_PREFIXES = ("(buf.validate.", "(validate.")
_MOST = {"max_len", "max_bytes", "max_items", "max_pairs", "lt", "lte"}
_LEAST = {"min_len", "min_bytes", "min_items", "min_pairs", "gt", "gte"}
_LISTS = {"in", "not_in"}
_RELAXING = {"ignore", "ignore_empty", "skip", "disabled", "ignored", "example"}
_BEHAVIOR = "(google.api.field_behavior)"
_BINDING = ("REQUIRED", "IMMUTABLE")


class _Narrowing(NamedTuple):
    """The changes of a declaration's rules, as texts: those that allow less, and those that allow more."""

    tighter: list[str]
    looser: list[str]


@proto_rule("proto-field-validation-tightened", ERROR, WIRE)
def proto_field_validation_tightened(change: ProtoChange) -> Iterator[Finding]:
    """A request has stricter rules of protovalidate or PGV: what clients send is refused.

    Rules that allow more are compatible, and so are those of responses.
    """
    for pair in change.fields:
        if pair.new is None or pair.is_reused or not pair.has_options:
            continue
        old = _validation(change.old.options.of(pair.old.proto)) if pair.old is not None else {}
        new = _validation(change.new.options.of(pair.new.proto))
        found = narrowing(old, new if pair.old is not None else _of_absent(pair.new, new))
        yield from _narrowed(change, pair, found)
    for message in change.changed:
        found = narrowing(
            _validation(change.old.options.of(message.old.proto)), _validation(change.new.options.of(message.new.proto))
        )
        pair = ProtoFieldPair(message.owner, message.new.span, (message.old.full, message.new.full), None, None)
        yield from _narrowed(change, pair, found)


@proto_rule("proto-field-behavior-changed", ERROR, WIRE)
def proto_field_behavior_changed(change: ProtoChange) -> Iterator[Finding]:
    """A field of requests is REQUIRED or IMMUTABLE now, by `google.api.field_behavior`: what clients send is refused.

    With OUTPUT_ONLY what they send is ignored, which is a warning.
    """
    for pair in change.fields:
        if pair.new is None or pair.is_reused or not pair.has_options:
            continue
        old = _behavior(change.old.options.of(pair.old.proto)) if pair.old is not None else ()
        added = [name for name in _behavior(change.new.options.of(pair.new.proto)) if name not in old]
        binding = [name for name in added if name in _BINDING[: 1 if pair.old is None else 2]]
        ignored = ["OUTPUT_ONLY"] if "OUTPUT_ONLY" in added and pair.old is not None else []
        if (binding or ignored) and change.is_sent(pair.types):
            message = f"`{pair.title}` is {' and '.join(binding or ignored)} now"
            hint = "accept requests as before" if binding else "say so to who sends it"
            yield change.about(pair, message, hint, ERROR if binding else WARNING)


def narrowing(old: Options, new: Options) -> _Narrowing:
    """Return how rules changed."""
    found = _Narrowing([], [])
    for path in dict.fromkeys((*old, *new)):
        before, after = old.get(path), new.get(path)
        if before != after:
            rule = path.partition(").")[2] or path.strip("()").rpartition(".")[2]
            text = f"{rule} = {_shown(after)}, was {_shown(before)}"
            (found.tighter if _is_tighter(_word(path), before, after) else found.looser).append(text)
    return found


def _narrowed(change: ProtoChange, pair: ProtoFieldPair, found: _Narrowing) -> Iterator[Finding]:
    title = pair.title if pair.new is not None else pair.owner
    if found.tighter and change.is_sent(pair.types):
        message = f"`{title}` is checked more strictly: {'; '.join(found.tighter)}"
        yield change.about(pair, message, "keep the old rule, or check what is new in another field")
    elif found.tighter or found.looser:
        words = "; ".join((*found.tighter, *found.looser))
        yield change.about(pair, f"`{title}` is checked otherwise: {words}", "", INFO)


def _validation(options: Options) -> Options:
    return {path: value for path, value in options.items() if path.startswith(_PREFIXES)}


def _of_absent(field: FieldNode, rules: Options) -> Options:
    """Return the rules of a new field that a message without it breaks."""
    words = {"required", *(() if field.presence == "explicit" else (*_LEAST, "len", "const"))}
    return {path: value for path, value in rules.items() if _word(path) in words and value}


def _behavior(options: Options) -> tuple[object, ...]:
    found = options.get(_BEHAVIOR, ())
    return found if isinstance(found, tuple) else (found,)


def _word(path: str) -> str:
    """Return the rule's own word in its path: `lte` of `(buf.validate.field).duration.lte.seconds`."""
    words = path.split(".")
    known = (word for word in reversed(words) if word in _MOST | _LEAST | _LISTS | _RELAXING)
    return next(known, words[-1])


def _is_tighter(word: str, old: object, new: object) -> bool:
    """Return whether a rule allows less than it did."""
    if word in _RELAXING:
        return bool(old) and not new
    if isinstance(new, bool) or isinstance(old, bool):
        return bool(new) and not old
    if new is None:
        return False
    if word in _LISTS and isinstance(new, tuple) and isinstance(old, tuple):
        wider, narrower = (new, old) if word == "in" else (old, new)
        return not {*narrower} <= {*wider}
    if isinstance(new, int | float) and isinstance(old, int | float) and word in _MOST | _LEAST:
        return new < old if word in _MOST else new > old
    return True


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else " ".join(str(value).split())
