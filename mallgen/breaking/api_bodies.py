"""Rules about whole requests and responses, and about the names of types."""

from collections.abc import Iterator

from mallgen.breaking import ERROR, INFO, SOURCE, WARNING, WIRE, api_rule
from mallgen.breaking.absence import demanded_inside
from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import RoutePair, affected
from mallgen.breaking.rule_words import is_demanded
from mallgen.breaking.type_change import type_change
from mallgen.contract.wire import WireField
from mallgen.lint.scope import Operation
from mallgen.model import Type, spell
from mallgen.rules import Finding
from mallgen.text.span import Span

_Carried = tuple[RoutePair, Operation, Operation]


@api_rule("request-body-added-required", ERROR, WIRE)
def request_body_added_required(change: ApiChange) -> Iterator[Finding]:
    """A route that took nothing has a request with fields that must be sent: old calls are refused with 400.

    Make the fields `optional`, or give them a `default`.
    """
    for pair, _, new in _with(change, "request", False, True):
        keys = _required(change, new)
        if keys:
            message = f"`{pair.title}` takes `{_request(new)}` now, which must have {', '.join(keys)}"
            yield _about(change, pair, message, "make the fields `optional`, or give them a `default`")


@api_rule("request-body-added-optional", INFO, WIRE)
def request_body_added_optional(change: ApiChange) -> Iterator[Finding]:
    """A route that took nothing has a request, all of whose fields may be absent.

    Old calls are answered as before, as long as the service takes the absence for that.
    """
    for pair, _, new in _with(change, "request", False, True):
        if not _required(change, new):
            yield _about(change, pair, f"`{pair.title}` takes `{_request(new)}` now, none of which must be sent")


@api_rule("request-content-type-changed", ERROR, WIRE)
def request_content_type_changed(change: ApiChange) -> Iterator[Finding]:
    """The fields of a request come in a body of another form: JSON instead of a form, or the other way round.

    Old clients send the one, and the other is read. It is one finding for all fields that moved. A field that has both
    tags, as `form:"id" json:"id"`, is read from either body.
    """
    for pair in change.structs("request"):
        if pair.lost_body:
            words = {"form": "a form", "json": "JSON"}
            now = next(word for source, word in words.items() if source != pair.lost_body)
            message = f"`{pair.name}` is read from {now} now, no longer from {words[pair.lost_body]}"
            notes, hint = (change.was(pair.old.span),), "give the fields both tags, and read either"
            yield Finding(message, pair.place, hint, notes, facts=affected(pair.routes), about=pair)


@api_rule("request-body-removed", WARNING, SOURCE)
def request_body_removed(change: ApiChange) -> Iterator[Finding]:
    """A route takes nothing any more: the service ignores what clients send.

    Nothing is refused, but callers believe that their values count, and a generated client's method has one argument
    less. Keep the request until nobody sends it.
    """
    for pair, old, _ in _with(change, "request", True, False):
        message = f"`{pair.title}` does not take `{_request(old)}` any more: it is ignored"
        yield _about(change, pair, message, "keep the request until nobody sends it")


@api_rule("response-body-added", INFO, WIRE)
def response_body_added(change: ApiChange) -> Iterator[Finding]:
    """A route that answered nothing has a response.

    Clients that expect nothing do not look at it.
    """
    for pair, _, new in _with(change, "response", False, True):
        yield _about(change, pair, f"`{pair.title}` answers `{_response(new)}` now")


@api_rule("response-body-removed", ERROR, WIRE)
def response_body_removed(change: ApiChange) -> Iterator[Finding]:
    """A route answers nothing any more: clients that read its response find none.

    Keep the response, with values that stay true.
    """
    for pair, old, _ in _with(change, "response", True, False):
        message = f"`{pair.title}` does not answer `{_response(old)}` any more"
        yield _about(change, pair, message, "keep the response")


@api_rule("body-container-changed", ERROR, WIRE)
def body_container_changed(change: ApiChange) -> Iterator[Finding]:
    """A response is another kind of JSON: an object, a list, a map, a text or a number.

    Clients cannot read the one where they expect the other. Answer the new form at a route of its own. A type with
    fewer values than before, such as `int32` for `int64`, is only counted.
    """
    for pair, old, new in _with(change, "response", True, True):
        before, after = old.route.response, new.route.response
        found = type_change(before, after) if before is not None and after is not None else None
        if found is not None:
            message = f"`{pair.title}` answers `{_response(new)}` now, no longer `{_response(old)}`"
            hint = "" if found.reads_new else "answer the new form at a route of its own"
            yield _about(change, pair, message, hint)._replace(severity=INFO if found.reads_new else "")


@api_rule("type-added", INFO, SOURCE)
def type_added(change: ApiChange) -> Iterator[Finding]:
    """The contract declares a new type.

    Generated code has one class more.
    """
    for new in change.type_names.added:
        yield Finding(f"`{new.name}` is new", new.span)


@api_rule("type-removed", ERROR, SOURCE)
def type_removed(change: ApiChange) -> Iterator[Finding]:
    """A type is gone that routes use which are still there: code that imports its class does not run.

    A type that no such route led to is only counted. Keep the type, or embed the new one in it.
    """
    for old in change.type_names.gone:
        hint = "keep the type, or tell those who import its class"
        yield _named(change, old, f"the type `{old.name}` is gone", old.span, hint)


@api_rule("type-renamed", ERROR, SOURCE)
def type_renamed(change: ApiChange) -> Iterator[Finding]:
    """A type has another name: code that imports its class under the old one does not run.

    On the wire nothing changes. Keep the name, or keep an empty type beside it that embeds the new one. A type that no
    route led to is only counted.
    """
    for old, new in change.type_names.renamed:
        message = f"the type `{old.name}` is called `{new.name}` now"
        found = _named(change, old, message, new.span, f"keep `{old.name}`")
        yield found._replace(notes=(change.was(old.span),))


def _with(change: ApiChange, part: str, before: bool, now: bool) -> Iterator[_Carried]:
    """Yield the routes whose old version has a request or response or not, and whose new version has one or not."""
    for pair, old, new in change.compared:
        if (getattr(old.route, part) is not None, getattr(new.route, part) is not None) == (before, now):
            yield pair, old, new


def _named(change: ApiChange, old: Type, message: str, place: Span, hint: str) -> Finding:
    """Return the finding about an old type's name: only counted where no route leads to the type."""
    routes = change.type_names.users[old.name]
    return Finding(message, place, hint, facts=affected(routes)) if routes else Finding(message, place, severity=INFO)


def _required(change: ApiChange, new: Operation) -> list[str]:
    """Return the keys that a request must have, apart from those in its path, which all calls have."""
    ref = new.route.request
    struct = change.versions[1].of(ref, None) if ref is not None else None
    fields = struct.fields if struct is not None else ()
    return [f"`{field.main.key}`" for field in fields if _is_required(change, field, new.route.method)]


def _is_required(change: ApiChange, field: WireField, method: str) -> bool:
    read = [one for one in field.values if one.source != "path" and (one.source != "json" or field.in_body(method))]
    is_refused = any(one.required or one.comes_without or is_demanded(one) for one in read)
    return is_refused or bool(read and demanded_inside(change, field))


def _about(change: ApiChange, pair: RoutePair, message: str, hint: str = "") -> Finding:
    notes = (change.was(pair.old.route.path_span),) if pair.old is not None else ()
    place = pair.operation.route.path_span
    return Finding(message, place, hint, notes, facts=affected((pair,)), key=(place, message), about=pair)


def _request(operation: Operation) -> str:
    return spell(operation.route.request) if operation.route.request is not None else ""


def _response(operation: Operation) -> str:
    return spell(operation.route.response) if operation.route.response is not None else ""
