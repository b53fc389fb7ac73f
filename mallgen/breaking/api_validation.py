"""Rules about the `validate` tags of requests' fields."""

from collections.abc import Iterator

from mallgen.breaking import ERROR, INFO, WIRE, api_rule
from mallgen.breaking.absence import demanded_inside, zero_structs
from mallgen.breaking.api import ApiChange
from mallgen.breaking.rule_words import is_demanded, refuses_null, tighter
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.breaking.type_change import are_alike
from mallgen.contract.wire import WireValue
from mallgen.rules import Finding


@api_rule("request-field-validation-tightened", ERROR, WIRE)
def request_field_validation_tightened(change: ApiChange) -> Iterator[Finding]:
    """The `validate` tag of a request's field refuses what it accepted.

    A word is new, or its bound is narrower; or it means something else, because the field's type or presence has
    changed: of a pointer it refuses null, unless `omitempty` comes first. Words that mallgen does not check count for
    nothing. A new field that may be absent, and whose `validate` tag refuses the zero value, refuses all old clients;
    so does such a tag in a new struct.
    """
    zeros = zero_structs(change)
    for pair in change.fields("request"):
        may_be_zero = id(pair.struct) in zeros
        words = dict.fromkeys(word for old, new in _alike(pair) for word in tighter(old, new, may_be_zero))
        if words:
            message = f"`{pair.title}` must fulfil `{','.join(words)}` now"
            yield change.finding(pair, message, "accept what was accepted, or give the field another name")
        elif any(refuses_null(old, new, may_be_zero) for old, new in _alike(pair)):
            message = f"`{pair.title}` is null now where it was empty, which its `validate` tag refuses"
            yield change.finding(pair, message, "write `omitempty` before the other words")
        elif pair.old is None and any(new is not None and is_demanded(new) for _, new in pair.values.values()):
            message = f"`{pair.title}` is new, and its `validate` tag refuses requests without it"
            yield change.finding(pair, message, "write `omitempty` before the other words")
        elif pair.old is None and pair.new is not None and (inner := demanded_inside(change, pair.new)):
            message = f"`{pair.title}` is new, and the `validate` tag of `{inner}` in it refuses requests without it"
            yield change.finding(pair, message, "make it a pointer, or write `omitempty` before the other words")


@api_rule("request-field-validation-relaxed", INFO, WIRE)
def request_field_validation_relaxed(change: ApiChange) -> Iterator[Finding]:
    """The `validate` tag of a request's field accepts more than it did.

    What old clients send is accepted.
    """
    for pair in change.fields("request"):
        alike = list(_alike(pair))
        words = dict.fromkeys(word for old, new in alike for word in tighter(new, old))
        if words and not any(tighter(old, new) for old, new in alike):
            yield change.finding(pair, f"`{pair.title}` need not fulfil `{','.join(words)}` any more")


def _alike(pair: FieldPair) -> Iterator[tuple[WireValue, WireValue]]:
    """Yield the old and new value of a field with a tag, where its types have values in common."""
    if pair.old is None or pair.new is None or not (pair.old.field.validate or pair.new.field.validate):
        return
    yield from ((old, new) for old, new in pair.both if are_alike(old, new))
