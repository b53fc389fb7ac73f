"""Rules about routes: what was added, what is gone, what has another address or name."""

from collections.abc import Iterator

from mallgen.breaking import ERROR, INFO, SOURCE, WARNING, WIRE, api_rule, service_rule
from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import GroupPair, RoutePair, affected, blanked, operations
from mallgen.breaking.lifecycle import doc_value, is_deprecated, sunset
from mallgen.breaking.moves import Moved, moves
from mallgen.contract.base_types import BaseType
from mallgen.contract.wire import base_type, binding, path_parameters
from mallgen.diagnostics import Note
from mallgen.lint.paths import PathTree
from mallgen.lint.scope import Operation
from mallgen.model import Contract, Named, Route, spell
from mallgen.python import names
from mallgen.rules import Finding
from mallgen.text.span import Span
from mallgen.text.visible import counted


@api_rule("endpoint-added", INFO, WIRE)
def endpoint_added(change: ApiChange) -> Iterator[Finding]:
    """The contract has a new route.

    Nobody calls it yet, so nobody breaks. Clients get a new method.
    """
    for pair in change.routes:
        if pair.old is None:
            yield Finding(f"`{pair.title}` is new", pair.operation.route.path_span)


@api_rule("endpoint-removed", ERROR, WIRE)
def endpoint_removed(change: ApiChange) -> Iterator[Finding]:
    """A route is gone: whoever calls it gets 404.

    No route of the new contract has its method and path, its group and handler, or its handler and types; else it would
    be said what became of it. Keep the route, mark it `deprecated` with a `sunset` in its `@doc`, and remove it after
    that day.
    """
    for old in _gone(change):
        if not is_deprecated(old):
            message = f"`{old.title}` is gone"
            yield _removal(change, old, message, "keep it, marked `deprecated` with a `sunset` in its @doc")


@api_rule("endpoint-removed-deprecated", INFO, WIRE)
def endpoint_removed_deprecated(change: ApiChange) -> Iterator[Finding]:
    """A route is gone that was deprecated, and whose sunset has passed if it had one.

    Its end was announced. Look whether somebody still calls it before this is deployed.
    """
    for old in _gone(change):
        if is_deprecated(old) and not _before_sunset(change, old):
            yield _removal(change, old, f"the deprecated `{old.title}` is gone", "")


@api_rule("endpoint-removed-before-sunset", ERROR, WIRE)
def endpoint_removed_before_sunset(change: ApiChange) -> Iterator[Finding]:
    """A deprecated route is gone before the day that its `sunset` announced.

    Clients plan with that day. Keep the route until then. A sunset that is no date (`2026-12-31`) has not passed.
    """
    for old in _gone(change):
        if is_deprecated(old) and _before_sunset(change, old):
            message = f"`{old.title}` is gone before its sunset, {doc_value(old, 'sunset')}"
            yield _removal(change, old, message, "keep it until that day")


@api_rule("endpoint-method-changed", ERROR, WIRE)
def endpoint_method_changed(change: ApiChange) -> Iterator[Finding]:
    """A route is called by another method: old clients get 405.

    Keep the old route beside the new one, both with the same logic, and mark it deprecated.
    """
    for pair in change.routes:
        if pair.both and pair.is_compared and pair.both[0].route.method != pair.both[1].route.method:
            old, new = pair.both
            hint = f"keep `{old.title}` beside it"
            notes = (change.was(old.route.span),)
            message, facts = f"`{old.title}` is `{new.title}` now", affected((pair,))
            yield Finding(message, new.route.span, hint, notes, facts=facts, about=pair)


@api_rule("success-status-changed", ERROR, WIRE)
def success_status_changed(change: ApiChange) -> Iterator[Finding]:
    """A good answer of a route has another status: clients that compare it take it for an error.

    It is `status` in the route's `@doc`, 200 without it. Add a route with the new status beside it.
    """
    for pair in change.routes:
        if pair.both and pair.is_compared and pair.both[0].route.status != pair.both[1].route.status:
            old, new = pair.both
            message = f"a good answer of `{new.title}` has the status {new.route.status} now, not {old.route.status}"
            place = next((one.span for one in new.route.doc_pairs if one.key == "status"), new.route.span)
            hint, notes = "keep the status, and add a route with the new one", (change.was(old.route.span),)
            yield Finding(message, place, hint, notes, facts=affected((pair,)), about=pair)


@api_rule("websocket-changed", ERROR, WIRE)
def websocket_changed(change: ApiChange) -> Iterator[Finding]:
    """A route is a WebSocket now, or none any more, or its clients may not send what they sent.

    Clients of one cannot talk to the other. Add the other form as a route of its own.
    """
    for pair in change.routes:
        if pair.both and pair.is_compared:
            old, new = (one.route for one in pair.both)
            message = _socket_change(old, new)
            if message:
                place = next((one.span for one in new.doc_pairs if one.key in ("websocket", "message")), new.span)
                hint, notes = "add the other form as a route of its own", (change.was(old.span),)
                yield Finding(f"`{pair.title}` {message}", place, hint, notes, facts=affected((pair,)), about=pair)


def _socket_change(old: Route, new: Route) -> str:
    if old.websocket != new.websocket:
        return "is a WebSocket now" if new.websocket else "is no WebSocket any more"
    if old.message is not None and new.message is None:
        return f"takes no `{spell(old.message)}` from its clients any more"
    return ""


@api_rule("endpoint-path-changed", ERROR, WIRE)
def endpoint_path_changed(change: ApiChange) -> Iterator[Finding]:
    """A route has another path: old clients get 404.

    Keep the old path beside the new one: a second route whose handler calls the same logic.
    """
    for moved in _moves(change):
        if not moved.is_prefix and moved.first[0].route.method == moved.first[1].route.method:
            old, new = moved.first
            message = f"`{old.title}` is `{new.title}` now"
            yield _move(change, moved, message, new.route.path_span, f"keep `{old.route.full_path}` beside it")


@api_rule("endpoint-prefix-changed", ERROR, WIRE)
def endpoint_prefix_changed(change: ApiChange) -> Iterator[Finding]:
    """A block of routes has another prefix, or several paths begin in another way: old clients get 404.

    It is one finding for all of them. Keep a block with the old prefix until nobody calls it.
    """
    for moved in _moves(change):
        if moved.is_prefix:
            message = _moved_words(moved, "is `{new}` now", "moved from `{old}` to `{new}`")
            yield _move(change, moved, message, _prefix(moved.first[1]), f"keep the routes below `{moved.old}` as well")


@api_rule("endpoint-version-migrated", ERROR, WIRE)
def endpoint_version_migrated(change: ApiChange) -> Iterator[Finding]:
    """A route has a higher major version, and the old one is not served any more.

    Under a new major version everything may change, so nothing else is compared. The old version must live on until its
    clients have moved: keep its routes beside the new ones, marked deprecated.
    """
    for moved in moves(pair for pair in change.routes if pair.is_migrated):
        hint = f"keep the routes below `{moved.old}` beside the new ones, marked deprecated"
        message = _moved_words(moved, "is only served as `{new}` now", "of `{old}` are only served below `{new}` now")
        yield _move(change, moved, message, _prefix(moved.first[1]), hint)


@api_rule("endpoint-path-param-renamed", WARNING, SOURCE)
def endpoint_path_param_renamed(change: ApiChange) -> Iterator[Finding]:
    """A parameter of a path has another name: calls stay the same, but generated clients name the argument anew.

    Keep the name, or change it together with a new major version of the client.
    """
    for pair, old, new in _at_one_address(change):
        names_then, names_now = path_parameters(old.route.full_path), path_parameters(new.route.full_path)
        for then, now in zip(names_then, names_now, strict=True):
            if then != now:
                message = f"the parameter `:{then}` of `{old.title}` is `:{now}` now"
                notes = (change.was(old.route.path_span),)
                place, hint = new.route.path_span, f"keep `:{then}`"
                yield Finding(message, place, hint, notes, facts=affected((pair,)), key=(place, then))


@api_rule("endpoint-trailing-slash-changed", WARNING, WIRE)
def endpoint_trailing_slash_changed(change: ApiChange) -> Iterator[Finding]:
    """A path has won or lost the slash at its end.

    mallgen's services take both, as go-zero's do. Gateways, caches and signatures before them may not.
    """
    for pair, old, new in _at_one_address(change):
        if old.route.full_path.endswith("/") != new.route.full_path.endswith("/"):
            message = f"`{old.title}` is `{new.title}` now"
            notes = (change.was(old.route.path_span),)
            yield Finding(message, new.route.path_span, "keep the path as it was", notes, facts=affected((pair,)))


@api_rule("endpoint-shadowed", WARNING, WIRE)
def endpoint_shadowed(change: ApiChange) -> Iterator[Finding]:
    """A new fixed path takes requests that reached an older route through its parameter: `/x/top` beside `/x/:id`.

    Whoever is called `top` gets the answer of another route now, of another shape. Give the new route a path of its
    own. A parameter that is a number never was `top`, so nothing is said then.
    """
    tree, kept = PathTree(), set()
    for _, old, new in _at_one_address(change):
        tree.add(new)
        kept.add((old.route.method, blanked(old.route.full_path)))
    for pair in change.routes:
        if pair.new is None or (pair.new.route.method, blanked(pair.new.route.full_path)) in kept:
            continue
        for general in tree.covering(pair.new):
            if _takes(change.new, general, pair.new.route.full_path):
                message = f"`{pair.new.title}` takes requests that `{general.title}` answered"
                notes = (Note(general.route.path_span, "it still stands here"),)
                routes = affected((RoutePair(general, general),))
                hint = "give the new route another path"
                yield Finding(message, pair.new.route.path_span, hint, notes, facts=routes)
                break


@service_rule("service-removed", ERROR, SOURCE)
def service_removed(gone: Contract) -> Iterator[Finding]:
    """A service is gone, with its clients and all its routes.

    Deprecate its routes first, and keep the contract until their sunset. Where another service has taken them over, say
    so to those who use the old one: their client's class is gone.
    """
    count = counted(len(operations(gone)), "route")
    message = f"the service `{gone.service}` is gone, with {count}"
    routes = [RoutePair(one, None) for one in operations(gone)]
    hint = "keep it until its routes were deprecated and their sunset has passed"
    if routes:
        yield Finding(message, gone.groups[0].span, hint, facts=affected(routes))


@api_rule("service-renamed", ERROR, SOURCE)
def service_renamed(change: ApiChange) -> Iterator[Finding]:
    """A service has another name: its package, its settings' file and the class of its client are called differently.

    Its routes are the old ones, so calls stay the same. Keep the name, or rename it together with a new major version.
    """
    old, new = change.old, change.new
    if old.service and old.groups and old.service != new.service:
        message = f"the service `{old.service}` is called `{new.service}` now"
        notes = (change.was(old.groups[0].span),)
        routes = affected(pair for pair in change.routes if pair.both)
        yield Finding(message, new.groups[0].span, f"keep `{old.service}`", notes, facts=routes)


@api_rule("handler-renamed", ERROR, SOURCE)
def handler_renamed(change: ApiChange) -> Iterator[Finding]:
    """A route has another `@handler`: the client's method, the operation's id and the file of the logic are renamed.

    Calls stay the same. Keep the name, or rename it together with a new major version of the client.
    """
    for pair in change.routes:
        if pair.both and pair.is_compared:
            old, new = pair.both
            if _function(old) != _function(new):
                message = f"the handler `{old.route.handler}` of `{new.title}` is `{new.route.handler}` now"
                notes = (change.was(old.route.handler_span),)
                place, hint = new.route.handler_span, f"keep `{old.route.handler}`"
                yield Finding(message, place, hint, notes, facts=affected((pair,)))


@api_rule("group-renamed", WARNING, SOURCE)
def group_renamed(change: ApiChange) -> Iterator[Finding]:
    """Routes have another `group`: the modules of their handlers and logic, and of generated clients, move.

    Calls stay the same. `mallgen api sync` moves the service's own files; other code that imports them has to follow.
    """
    found: dict[tuple[str, str], list[GroupPair]] = {}
    for pair in change.groups:
        if pair.old.group != pair.new.group:
            found.setdefault((pair.old.group, pair.new.group), []).append(pair)
    for (then, now), pairs in found.items():
        routes = [route for pair in pairs for route in pair.routes]
        message = f"{counted(len(routes), 'route')} of {_group(then)} moved to {_group(now)}"
        place, notes = pairs[0].place("group"), (change.was(pairs[0].old_place("group")),)
        yield Finding(message, place, f"keep {_group(then)}", notes, facts=affected(routes), key=(then, now))


def _gone(change: ApiChange) -> list[Operation]:
    return [pair.old for pair in change.routes if pair.old is not None and pair.new is None]


def _before_sunset(change: ApiChange, old: Operation) -> bool:
    """Return whether the day that a route announced has still to come; one that cannot be read has."""
    return bool(doc_value(old, "sunset")) and not "" < sunset(old) <= change.terms.today


def _removal(change: ApiChange, old: Operation, message: str, hint: str) -> Finding:
    """Return the finding about a route that is gone, at the block where it would be, else at its old place."""
    blocks = [group for group in change.new.groups if group.group == old.group.group] or list(change.new.groups)
    place = blocks[0].span if blocks else old.route.path_span
    notes = (change.was(old.route.path_span),) if blocks else ()
    pair = RoutePair(old, None)
    return Finding(message, place, hint, notes, facts=affected((pair,)), key=old.route.span, about=pair)


def _moves(change: ApiChange) -> list[Moved]:
    return moves(pair for pair in change.routes if pair.is_compared)


def _move(change: ApiChange, moved: Moved, message: str, place: Span, hint: str) -> Finding:
    old = moved.first[0]
    notes = (change.was(_prefix(old) if moved.is_prefix else old.route.path_span),)
    routes = moved.routes
    key = moved.old, moved.new, place
    return Finding(message, place, hint, notes, facts=affected(routes), key=key, about=tuple(routes))


def _moved_words(moved: Moved, one: str, many: str) -> str:
    """Return the sentence about a move: of one route by its title, of many by what their paths began with."""
    old, new = moved.first
    if len(moved.routes) == 1:
        return f"`{old.title}` {one.format(new=new.title)}"
    return f"{counted(len(moved.routes), 'route')} {many.format(old=moved.old, new=moved.new)}"


def _prefix(operation: Operation) -> Span:
    """Return the place of a route's prefix, or of its path where its block has none."""
    found = next((pair.span for pair in operation.group.server if pair.key == "prefix"), None)
    return found or operation.route.path_span


def _at_one_address(change: ApiChange) -> Iterator[tuple[RoutePair, Operation, Operation]]:
    for pair in change.routes:
        if pair.both and len({(one.route.method, blanked(one.route.full_path)) for one in pair.both}) == 1:
            yield pair, *pair.both


def _takes(contract: Contract, general: Operation, path: str) -> bool:
    """Return whether the parameters of a route can have the values that stand in another path."""
    declared = {struct.name: struct for struct in contract.types}
    ref = general.route.request
    struct = declared.get(ref.name) if isinstance(ref, Named) else None
    fields = {one.key: (field, one) for field in (struct.fields if struct else ()) if (one := binding(field, "path"))}
    for part, value in zip(general.route.full_path.strip("/").split("/"), path.strip("/").split("/"), strict=True):
        if part.startswith(":") and not value.startswith(":") and part[1:] in fields:
            field, one = fields[part[1:]]
            if (one.options and value not in one.options) or not _fits(base_type(field.type), value):
                return False
    return True


def _fits(base: BaseType | None, value: str) -> bool:
    if base is None or not base.is_number:
        return True
    return value.lstrip("+-").replace(".", "", 1).isdigit()


def _function(operation: Operation) -> str:
    return names.snake(names.handler_base(operation.route.handler))


def _group(name: str) -> str:
    return f"the group `{name}`" if name else "no group"
