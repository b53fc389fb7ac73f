"""Rules about single fields and their tags."""

from collections.abc import Iterator

from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.cross_words import siblings_of
from mallgen.contract.validate import read_rules
from mallgen.contract.values import list_words
from mallgen.contract.wire import base_type, binding, inside
from mallgen.lint import rule
from mallgen.lint.scope import LintScope, base_name, is_list, item_name, key, with_inline_fields, words
from mallgen.model import Binding, Bounds, Field, Member, Type
from mallgen.rules import Finding
from mallgen.text.span import SpanEdit

PAGE_SIZES = frozenset({"ps", "page_size", "pagesize", "per_page", "page_limit"})
# these mean the size of a page only beside a page or a cursor: an order has a count, a shoe a size
MAYBE_SIZES = frozenset({"limit", "size", "count"})
CURSORS = frozenset({"cursor", "page", "offset", "page_token", "page_no", "page_num", "last_id", "current"})
MONEY = frozenset({"price", "amount", "payment", "money", "cost", "fee", "balance", "salary", "postage", "discount"})
SHARES = frozenset({"rate", "ratio", "percent", "percentage", "factor", "weight"})  # `tax_rate` is no amount of money
SECRETS = frozenset({"password", "passwd", "pwd", "secret", "salt"})


def _bindings(scope: LintScope) -> Iterator[tuple[Type, Field, Binding]]:
    for struct, field in scope.fields():
        for one in field.bindings:
            yield struct, field, one


def _kind(base: str) -> str:
    return BASE_TYPES[base].kind if base else ""


@rule("page-size-unbounded", default=False)
def page_size_unbounded(scope: LintScope) -> Iterator[Finding]:
    """A page size has no bounds, so one request may ask for everything.

    `range=[1:100]` refuses what is outside; `limit=[1:50]` (mallgen's, ignored by go-zero) takes the default instead.

        Ps int64 `form:"ps,default=20,limit=[1:50]"`
    """
    for _, request in scope.requests():
        paged = any("_".join(words(one.key)) in CURSORS for field in request.fields for one in field.bindings)
        for field in request.fields:
            for one in field.bindings:
                word = "_".join(words(one.key))
                is_size = word in (PAGE_SIZES | MAYBE_SIZES if paged else PAGE_SIZES)
                if (
                    is_size
                    and _kind(base_name(field.type)) == "integer"
                    and not (one.range or one.limit or one.options)
                ):
                    hint = f'write `{one.source}:"{one.key},default=20,range=[1:100]"`'
                    yield Finding(f"the page size `{one.key}` has no bounds", field.span, hint)


@rule("list-unbounded", default=False)
def list_unbounded(scope: LintScope) -> Iterator[Finding]:
    """An answer is a list, and the request has no page size or cursor: it grows with the data.

    Page it, or say in a comment why it stays short and switch the rule off there.
    """
    for operation, response in scope.responses():
        request = scope.request(operation)
        asked = {"_".join(words(one.key)) for field in (request.fields if request else ()) for one in field.bindings}
        lists = [field for field in response.fields if is_list(field.type)]
        if lists and not asked & (PAGE_SIZES | MAYBE_SIZES | CURSORS):
            yield Finding(
                f"`{operation.title}` answers a list of any length: `{key(lists[0])}`",
                operation.route.path_span,
                "give the request a page size with bounds and a cursor",
            )


@rule("money-as-float")
def money_as_float(scope: LintScope) -> Iterator[Finding]:
    """An amount of money is a float, which cannot hold 0.1.

    Use whole cents in an `int64`, or a decimal in a `string`.
    """
    for _, field in scope.fields():
        kind, name = item_name(field.type), {word.removesuffix("s") for word in words(key(field))}
        if _kind(kind) == "float" and name & MONEY and not name & SHARES:
            yield Finding(f"`{key(field)}` is money in a {kind}", field.span, "use int64 cents, or a decimal string")


@rule("int64-in-javascript", default=False)
def int64_in_javascript(scope: LintScope) -> Iterator[Finding]:
    """A 64-bit id is answered as a JSON number, and JavaScript keeps only 53 bits of it.

    The option `string` writes it in quotation marks: `json:"id,string"`. Changing it breaks clients that are there.
    """
    for struct in scope.response_types():
        for field in with_inline_fields(struct.fields):
            one = binding(field, "json")
            if one is None or one.string or base_name(field.type) not in ("int64", "uint64"):
                continue
            if words(one.key)[-1] in ("id", "ids"):
                hint = f'write `json:"{one.key},string"`'
                yield Finding(f"JavaScript cannot hold every value of `{one.key}`", field.span, hint)


@rule("secret-in-response", severity="error")
def secret_in_response(scope: LintScope) -> Iterator[Finding]:
    """An answer has a field that looks like a secret.

    Give answers types of their own, without it; `json:"-"` keeps it off the wire.
    """
    for struct in scope.response_types():
        for field in with_inline_fields(struct.fields):
            one = binding(field, "json")
            if (
                one is not None
                and item_name(field.type) in ("string", "byte", "uint8")
                and set(words(one.key)) & SECRETS
            ):
                yield Finding(f"`{struct.name}` answers `{one.key}` to clients", field.span, "leave it out of answers")


@rule("default-outside-options")
def default_outside_options(scope: LintScope) -> Iterator[Finding]:
    """The default is not one of the options; go-zero does not check it, so logic meets a value that nobody may send."""
    for _, field, one in _bindings(scope):
        if one.options and any(value not in one.options for value in _values(field, one)):
            message = f"the default {one.default} of `{one.key}` is not among {'|'.join(one.options)}"
            yield Finding(message, field.span, "choose one of the options")


def _values(field: Field, one: Binding) -> list[str]:
    """Return the values of a default: one, several for a list, none without a default."""
    text = one.default
    if text is None:
        return []
    listed = list_words(text) if is_list(field.type) else None
    return [text] if listed is None else listed


@rule("default-outside-range")
def default_outside_range(scope: LintScope) -> Iterator[Finding]:
    """The default is outside of the range; go-zero does not check it, so logic meets a value that nobody may send."""
    for _, field, one in _bindings(scope):
        for bounds in filter(None, (one.range, one.limit)):
            if one.default is not None and not _within(one.default, bounds):
                message = f"the default {one.default} of `{one.key}` is outside of its bounds"
                yield Finding(message, field.span, "choose a default within the bounds")


def _within(text: str, bounds: Bounds) -> bool:
    try:
        value = float(text)
    except ValueError:
        return True
    return inside(value, bounds)


@rule("range-without-number")
def range_without_number(scope: LintScope) -> Iterator[Finding]:
    """A range on something that is no number does nothing; go-zero does not apply it to list elements either."""
    for _, field, one in _bindings(scope):
        base = base_type(field.type)
        if (one.range or one.limit) and not (base and base.is_number):
            yield Finding(f"the range of `{one.key}` does nothing: it is no number", field.span, "remove the range")


@rule("duplicate-option")
def duplicate_option(scope: LintScope) -> Iterator[Finding]:
    """One value is given twice among the options."""
    for _, field, one in _bindings(scope):
        twice = [option for index, option in enumerate(one.options) if option in one.options[:index]]
        if twice:
            yield Finding(f"`{twice[0]}` stands twice in the options of `{one.key}`", field.span, "remove one")


@rule("optional-with-default")
def optional_with_default(scope: LintScope) -> Iterator[Finding]:
    """`optional` says nothing beside a `default` in query, path or header: an absent field takes the default.

    In a JSON body it does say something: null is taken for absent instead of refused. goctl's swagger and TypeScript
    read `optional` too and not `default`, so `--fix` takes it out with `--unsafe-fixes` only.
    """
    for _, field, one in _bindings(scope):
        if one.source != "json" and one.optional and not one.depends and one.default is not None:
            member = scope.member(field)
            span = member.tag_span if member else None
            message = f"`optional` says nothing beside the default of `{one.key}`"
            yield Finding(
                message,
                span or field.span,
                "remove `optional`",
                edits=_without(member, "optional"),
                changes="what goctl's swagger and TypeScript say of the field",
            )


def _without(member: Member | None, option: str) -> tuple[SpanEdit, ...]:
    """Return the edit that removes an option from a tag, none unless the tag has it exactly once."""
    if member is None or member.tag_span is None:
        return ()
    if member.tag.count(f",{option},") + member.tag.count(f',{option}"') != 1:
        return ()
    text = member.tag.replace(f",{option},", ",").replace(f',{option}"', '"')
    return (SpanEdit(member.tag_span, text),)


@rule("key-not-snake", default=False)
def key_not_snake(scope: LintScope) -> Iterator[Finding]:
    """A JSON key is not in snake case, as the rest of go-zero's world writes them."""
    for _, field, one in _bindings(scope):
        if one.source == "json" and one.key and one.key != one.key.lower():
            yield Finding(f"`{one.key}` is not in snake case", field.span, f"`{'_'.join(words(one.key))}`")


@rule("field-without-tag")
def field_without_tag(scope: LintScope) -> Iterator[Finding]:
    """A field of a request has no source tag: go-zero then wants it in path, form, header and body at once.

    mallgen reads it from the body. Say where it comes from.
    """
    for _, request in scope.requests():
        for field in request.fields:
            member = scope.member(field)
            if member is not None and not member.tag:
                name = f"{'_'.join(words(field.name))}"
                hint = f'write `form:"{name}"` or `json:"{name}"`'
                yield Finding(f"`{request.name}.{field.name}` does not say where it is read from", field.span, hint)


@rule("float-options", default=False)
def float_options(scope: LintScope) -> Iterator[Finding]:
    """Options of a float are compared as text: `1` is not `1.0`."""
    for _, field, one in _bindings(scope):
        if one.options and _kind(base_name(field.type)) == "float":
            yield Finding(f"the options of `{one.key}` are compared as text", field.span, "use a string or an integer")


@rule("limit-without-default")
def limit_without_default(scope: LintScope) -> Iterator[Finding]:
    """`limit` uses the default for what is out of bounds, and there is none: the zero value is used."""
    for _, field, one in _bindings(scope):
        if one.limit is not None and one.default is None:
            yield Finding(f"`{one.key}` has a limit and no default to fall back to", field.span, "add `default=…`")


@rule("header-not-canonical", default=False)
def header_not_canonical(scope: LintScope) -> Iterator[Finding]:
    """A header's name is not written as HTTP writes them (`X-Request-Id`); it works, and surprises readers."""
    for _, field, one in _bindings(scope):
        canonical = "-".join(part[:1].upper() + part[1:].lower() for part in one.key.split("-"))
        if one.source == "header" and one.key != canonical:
            yield Finding(f"the header `{one.key}` is usually written `{canonical}`", field.span, f"`{canonical}`")


@rule("validate-unknown", severity="warning")
def validate_unknown(scope: LintScope) -> Iterator[Finding]:
    """A word of a `validate` tag is not checked: mallgen does not know it, or it does not fit the field's type.

    docs/validation.md has the words. Rules of your own are functions in validation.py of the service.

        Name string `json:"name" validate:"required,min=2,max=80"`
    """
    for owner, field in scope.fields():
        if field.validate:
            beside = siblings_of((one, one.name) for one in owner.fields) if field in owner.fields else None
            for message, hint in read_rules(field.validate, field.type, False, beside).problems:
                yield Finding(f"`{key(field)}`: {message}", field.span, hint)


_SOURCES = {"path": "the path", "form": "the form", "header": "a header", "json": "JSON"}


@rule("two-sources")
def two_sources(scope: LintScope) -> Iterator[Finding]:
    """A field of a request is read from the form and from JSON: go-zero then wants it in both, mallgen in either.

    A GET reads the query; otherwise JSON and a form are both looked at, and what JSON says counts. Of path, form and
    headers both want it in each of its sources that does not call it optional, and the last one that has it counts.
    """
    reported: set[object] = set()
    for _, request in scope.requests():
        for field in request.fields:
            sources = _sources(field)
            if len(sources) > 1 and field.span not in reported:
                reported.add(field.span)
                message = f"`{request.name}.{field.name}` is read from {' and from '.join(sources)}"
                hint = "keep the one that clients send, or make a request of its own for each"
                yield Finding(message, field.span, hint)


def _sources(field: Field) -> list[str]:
    """Return in words where a field of a request is read from."""
    found = {one.source for one in field.bindings}
    return [text for source, text in _SOURCES.items() if source in found]
