"""Rules about the fields of requests: which there are, where they come from, and which must be sent."""

from collections.abc import Iterable, Iterator

from mallgen.breaking import ERROR, INFO, SOURCE, WARNING, WIRE, api_rule
from mallgen.breaking.absence import absent_value, built_before
from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pages import page_sizes
from mallgen.breaking.field_values import default_words, fallback
from mallgen.breaking.struct_pairs import FieldPair, StructPair, replacement
from mallgen.contract.wire import WireField, WireValue, together
from mallgen.rules import Finding

_WHERE = {"path": "the path", "form": "the query or form", "header": "the headers", "json": "the JSON body"}
_EITHER = frozenset({"form", "json"})


@api_rule("request-field-added-optional", INFO, WIRE)
def request_field_added_optional(change: ApiChange) -> Iterator[Finding]:
    """A request has a new field that clients need not send.

    Old clients send what they sent and are treated as before, as long as the service takes the absence for that. One
    that cuts a list into pages is said to do so, and not counted here.
    """
    paged = {id(one.field) for one in page_sizes(change)}
    for pair in _added(change):
        if not _demand(pair) and id(pair) not in paged:
            yield change.finding(pair, f"`{pair.title}` is new, and may be absent")


@api_rule("request-field-added-required", ERROR, WIRE)
def request_field_added_required(change: ApiChange) -> Iterator[Finding]:
    """A request has a new field that clients must send: what old clients send is refused with 400.

    The same goes for a field that must come together with one that clients send already, and for one more field of an
    optional embedded struct. Make the field `optional`, or give it a `default`.
    """
    for pair in _added(change):
        demand = _demand(pair)
        if demand:
            yield change.finding(pair, f"`{pair.title}` is new, and {demand}", "make it `optional`, or add a `default`")


@api_rule("request-field-removed", ERROR, SOURCE)
def request_field_removed(change: ApiChange) -> Iterator[Finding]:
    """A request lost a field: the service ignores what clients send in it.

    Nothing is refused, which makes it worse: callers believe that their value counts. Code that was generated from the
    old contract and sets the field does not run with the new one. Keep the field until nobody sends it.
    """
    for pair in change.fields("request"):
        if pair.new is None:
            message = f"`{pair.home.name}` does not take `{pair.key}` any more: it is ignored"
            hint = "keep the field, and say in its comment that it is deprecated"
            yield change.finding(pair, message, hint + replacement(pair, "read both while clients change"))


@api_rule("request-field-renamed", ERROR, WIRE)
def request_field_renamed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has another name on the wire: what old clients send under the old one is ignored.

    The names of JSON, forms and paths are compared letter by letter, those of headers without regard to case. A path's
    parameter is known by its position, so that its name does not matter. Accept both names for a while.
    """
    for pair in change.fields("request"):
        for old, new in pair.both:
            if pair.struct.is_renamed(old, new):
                message = f"`{pair.home.name}.{old.key}` is `{new.key}` in {_listed([new.source])} now"
                hint = f"keep `{old.key}` as an optional field beside `{new.key}`, and read both"
                yield change.finding(pair, message, hint)


@api_rule("request-field-source-changed", ERROR, WIRE)
def request_field_source_changed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request is read from another place: where old clients send it, nobody looks any more.

    The sources are the path, the query or form, the headers and the JSON body. A field can have two of them: with
    `form:"id,optional" json:"id,optional"` both are read.
    """
    for pair in change.fields("request"):
        old, new = _sources(pair)
        if old and new and not old & new and old - new != {pair.struct.lost_body}:
            before, after = pair.old_key, pair.key
            name = f" as `{after}`" if before.lower() != after.lower() else ""
            message = f"`{pair.home.name}.{before}` is read from {_listed(new)}{name} now"
            message += f", no longer from {_listed(old)}"
            hint = "give the field both sources, each with `optional`"
            yield change.finding(pair, message, hint)


@api_rule("request-field-source-added", ERROR, WIRE)
def request_field_source_added(change: ApiChange) -> Iterator[Finding]:
    """A field of a request has one source more or less.

    A second source that is required must have the value as well, or old requests are refused; `form` beside `json` is
    an exception: one of the two is enough. A source that is dropped is not read any more. A second source that is
    optional is compatible, and only counted; unless it has a default, which an absent field is now: a warning.
    """
    for pair in change.fields("request"):
        old, new = _sources(pair)
        if not old & new or old == new or pair.new is None or old - new == {pair.struct.lost_body}:
            continue
        hint = "keep the sources that clients use, and add others with `optional`"
        if old - new:
            message = f"`{pair.title}` is not read from {_listed(old - new)} any more"
            yield change.finding(pair, message, hint)
        elif _demanded(pair.struct, pair.new) & (new - old):
            message = f"`{pair.title}` must be in {_listed(new - old)}, too"
            yield change.finding(pair, message, hint)
        else:
            message = f"`{pair.title}` may be in {_listed(new - old)}, too"
            before, after = absent_value(pair.struct.values(pair.old)), absent_value(pair.struct.values(pair.new))
            if before is None or after is None or fallback(before) == fallback(after):
                yield change.finding(pair, message, severity=INFO)
            else:
                message += f", and is {default_words(after)} where it is absent; it was {default_words(before)}"
                yield change.finding(pair, message, "keep the value of an absent field", WARNING)


@api_rule("request-field-became-required", ERROR, WIRE)
def request_field_became_required(change: ApiChange) -> Iterator[Finding]:
    """A field of a request must be sent now: requests without it are refused with 400.

    Keep it `optional`, or give it the `default` that its absence meant. A struct none of whose fields must be sent may
    be absent in a JSON body, too: it is made of their defaults. A pointer to it is not.
    """
    for pair in change.fields("request"):
        where = _required_now(pair)
        if where:
            message = f"`{pair.title}` is required in {where} now"
            yield change.finding(pair, message, "keep it `optional`, or give it the `default` that absence meant")
    for pair, _, new in built_before(change):
        if new.required:
            message = f"`{pair.title}` is required now; where it was absent, it was made of its fields' defaults"
            yield change.finding(pair, message, "keep the struct, without a pointer, or make it `optional`")


@api_rule("request-field-became-optional", INFO, WIRE)
def request_field_became_optional(change: ApiChange) -> Iterator[Finding]:
    """A field of a request need not be sent any more.

    Old clients send it all the same.
    """
    for pair in change.fields("request"):
        if pair.old is None or pair.new is None or _needed(pair, pair.new) or not _needed(pair, pair.old):
            continue
        if not _required_now(pair) and not set(_relations(pair, 1)) - {"", _GROUP}:
            yield change.finding(pair, f"`{pair.title}` may be absent now")


@api_rule("request-field-dependency-added", ERROR, WIRE)
def request_field_dependency_added(change: ApiChange) -> Iterator[Finding]:
    """A field of a request depends on another one now: some requests that were accepted are refused.

    With `optional=other` a field is sent exactly when the other is, with `optional=!other` exactly when the other is
    not, and the fields of an optional embedded struct are sent all or not at all. Leave it `optional` and let the
    logic decide.
    """
    for pair, old, new in _dependencies(change):
        if new and not old and not (new == _GROUP and _were_all_needed(pair)):
            hint = "leave it `optional`, and decide in the logic what to do with it"
            yield change.finding(pair, f"now `{pair.title}` {new}", hint)


@api_rule("request-field-dependency-changed", ERROR, WIRE)
def request_field_dependency_changed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request depends on another field than before: some requests that were accepted are refused.

    Drop the dependency instead (`optional`), and let the logic decide.
    """
    for pair, old, new in _dependencies(change):
        if old and new and old != new:
            message = f"now `{pair.title}` {new}; it {_past(old)} before"
            yield change.finding(pair, message, "make it `optional` alone, and decide in the logic what to do with it")


@api_rule("request-field-dependency-removed", INFO, WIRE)
def request_field_dependency_removed(change: ApiChange) -> Iterator[Finding]:
    """A field of a request depends on no other field any more.

    What old clients send is accepted.
    """
    for pair, old, new in _dependencies(change):
        if old and not new and not _needed(pair, pair.new):
            yield change.finding(pair, f"`{pair.title}` may come or not; it {_past(old)} before")


_GROUP = "must come with all fields of its embedded struct or not at all"


def _added(change: ApiChange) -> Iterator[FieldPair]:
    return (pair for pair in change.fields("request") if pair.old is None)


def _demand(pair: FieldPair) -> str:
    """Return in words why a request without a new field is refused; "" where old ones are accepted.

    A path always has what its route asks for.
    """
    for _, value in pair.values.values():
        if value is None or value.source == "path":
            continue
        if value.required:
            return "required"
        known = {other.key: old for old, other in _known(pair.struct, value.source)}
        if value.comes_with in known:
            return f"must come together with `{value.comes_with}`"
        other = known.get(value.comes_without)
        if value.comes_without and not (other is not None and other.required):
            return f"must come where `{value.comes_without}` does not, and only there"
        if value.together and any(other.together == value.together for _, other in _known(pair.struct, value.source)):
            return "required with the other fields of its embedded struct"
    return ""


def _known(struct: StructPair, source: str) -> list[tuple[WireValue, WireValue]]:
    """Return the values of a source that both versions have."""
    return [(old, new) for pair in struct.fields for old, new in pair.both if new.source == source]


def _sources(pair: FieldPair) -> tuple[set[str], set[str]]:
    old = {source for source, (value, _) in pair.values.items() if value is not None}
    return old, {source for source, (_, value) in pair.values.items() if value is not None}


def _listed(sources: Iterable[str], link: str = " and ") -> str:
    return link.join(words for source, words in _WHERE.items() if source in sources)


def _demanded(struct: StructPair, field: WireField) -> set[str]:
    """Return the sources that must have a field, each by itself."""
    values = struct.values(field)
    either = _EITHER if field.is_either and values.keys() >= _EITHER else frozenset()
    return {source for source, value in values.items() if value.required and source not in either | {"path"}}


def _needed(pair: FieldPair, field: WireField | None) -> bool:
    """Return whether a field must be sent in one of its sources."""
    return any(value.required and value.source != "path" for value in pair.struct.values(field).values())


def _were_all_needed(pair: FieldPair) -> bool:
    """Return whether a field and all others of its embedded struct had to be sent, so that old clients do."""
    groups = {value.together for _, value in pair.both}
    members = [
        one
        for one in pair.struct.fields
        if groups & {new.together for _, new in one.values.values() if new is not None}
    ]
    return all(_needed(one, one.old) for one in members)


def _required_now(pair: FieldPair) -> str:
    """Return in words which of the sources that a field keeps must have it since the change; "" for none."""
    if pair.old is None or pair.new is None or all(_is_as_free(*both) for both in pair.both):
        return ""
    old, new = _sources(pair)
    gained = (_demanded(pair.struct, pair.new) - _demanded(pair.struct, pair.old)) & old & new
    if not gained and _needed(pair, pair.new) and not _needed(pair, pair.old):
        return _listed(_EITHER, " or ")
    return _listed(gained)


def _is_as_free(old: WireValue, new: WireValue) -> bool:
    """Return whether a value may be absent exactly where it might have been."""
    return old.optional == new.optional and old.together == new.together


def _dependencies(change: ApiChange) -> Iterator[tuple[FieldPair, str, str]]:
    """Yield the fields with the old and the new relation to others in the same source, in words."""
    for pair in change.fields("request"):
        if pair.old is not None and pair.new is not None:
            for old, new in zip(_relations(pair, 0), _relations(pair, 1), strict=True):
                yield pair, old, new


def _relations(pair: FieldPair, side: int) -> list[str]:
    fields = pair.struct.new.fields if side else pair.struct.old.fields
    return [_relation(found[side], fields) for found in pair.both]


def _past(relation: str) -> str:
    return relation.replace("must come", "came")


def _relation(value: WireValue, fields: tuple[WireField, ...]) -> str:
    if value.comes_with:
        return f"must come together with `{value.comes_with}`"
    if value.comes_without:
        return f"must come where `{value.comes_without}` does not, and only there"
    if value.together and len(together(fields, value.source)[value.together]) > 1:
        return _GROUP
    return ""
