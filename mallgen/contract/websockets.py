"""Routes with `@doc (websocket: "true")`: the type of what clients send, and where such a route makes no sense."""

from collections.abc import Iterator, Sequence

from mallgen.diagnostics import Diagnostic
from mallgen.model import Group, Named, Pair, Pointer, Route, Type, peel

_KEY, _MESSAGE = "websocket", "message"


def wrong(groups: Sequence[Group], types: Sequence[Type]) -> Iterator[Diagnostic]:
    """Yield what keeps routes from being WebSockets; goctl knows none of it, so that all of it is `unfit`."""
    declared = {struct.name: struct for struct in types}
    for group in groups:
        for route in group.routes:
            pair = route.doc_pair(_KEY)
            if pair is None:
                continue
            if pair.value not in ("true", "false"):
                text = f"`{pair.value}` is neither `true` nor `false`"
                yield _unfit(text, pair, 'write `websocket: "true"`, or leave it out')
            if route.websocket:
                yield from _where(group, route, pair)
                yield from _types(route, pair, declared)


def _where(group: Group, route: Route, pair: Pair) -> Iterator[Diagnostic]:
    """Yield what a route has that goes with no WebSocket."""
    if route.method != "get":
        text = f"a WebSocket begins with GET, not {route.method.upper()}"
        yield _unfit(text, pair, f"write `get {route.path}`, or leave `websocket` out")
    status = route.doc_pair("status")
    if status is not None:
        yield _unfit("a WebSocket has the status 101", status, "leave `status` out")
    if group.sse:
        text = "a route is a WebSocket or sends events, not both"
        yield _unfit(text, pair, "move it to a group without `sse: true`")


def _types(route: Route, pair: Pair, declared: dict[str, Type]) -> Iterator[Diagnostic]:
    named = route.doc_pair(_MESSAGE)
    if named is None and route.response is None:
        hint = 'add `message: "ChatMessage"`, the type of what clients send, or `returns (ChatEvent)`, what they get'
        yield _unfit(f"`{route.handler}` neither receives nor sends messages", pair, hint)
    if named is not None:
        yield from _message(named, declared)
    inner = peel(route.request, Pointer) if route.request is not None else None
    request = declared.get(inner.name) if isinstance(inner, Named) else None
    for field in request.fields if request is not None else ():
        if any(binding.source == "json" for binding in field.bindings):
            text = f"`{route.handler}` is a WebSocket: its handshake has no body to read `{field.name}` from"
            hint = f"read it from `path`, `form` or `header`, or send it in `{_MESSAGE}`"
            yield Diagnostic("bad-websocket", text, field.span, hint, severity="unfit")


def _message(named: Pair, declared: dict[str, Type]) -> Iterator[Diagnostic]:
    """Yield what keeps a type from being that of messages."""
    struct = declared.get(named.value)
    if struct is None:
        from mallgen.text.suggest import nearest

        guess = nearest(named.value, declared)
        hint = f"did you mean `{guess}`?" if guess else "write the name of a struct of the contract"
        return (yield _unfit(f"there is no struct `{named.value}`", named, hint))
    for field in struct.fields:
        if any(binding.source != "json" for binding in field.bindings):
            text = f"`{struct.name}` is what clients send as JSON: `{field.name}` has no place in it"
            yield Diagnostic("bad-websocket", text, field.span, "give it a `json` tag alone", severity="unfit")


def _unfit(text: str, pair: Pair, hint: str) -> Diagnostic:
    return Diagnostic("bad-websocket", text, pair.span, hint, severity="unfit")
