"""Rules about services and RPCs of protos."""

from collections.abc import Iterator

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, SOURCE, WIRE, proto_rule
from mallgen.breaking.proto import ProtoChange
from mallgen.breaking.proto_http import bindings
from mallgen.breaking.proto_pairs import RpcPair
from mallgen.breaking.proto_tree import RpcNode
from mallgen.rules import Finding

_OLD_BESIDE = "keep the old RPC beside the new one, until nobody calls it"


@proto_rule("proto-service-removed", ERROR, WIRE)
def proto_service_removed(change: ProtoChange) -> Iterator[Finding]:
    """A service is gone: every call of it ends with UNIMPLEMENTED.

    Keep it, marked with `option deprecated = true`, until nobody calls it.
    """
    for pair in change.services:
        if pair.old is None or pair.new is not None or pair.old.full in change.served:
            continue
        if not change.is_package_gone(pair.old.file):
            message = f"service `{pair.old.full}` is gone"
            affects = [rpc.title for rpc in pair.old.rpcs]
            place = change.place(pair.old.full, pair.old.file)
            hint, was = "keep it until nobody calls it", pair.old.span
            yield change.finding(message, place, hint, was, affects, pair=tuple(affects))


@proto_rule("proto-service-renamed", ERROR, WIRE)
def proto_service_renamed(change: ProtoChange) -> Iterator[Finding]:
    """A service has another name, and with it every path that clients call: they get UNIMPLEMENTED.

    Serve the old name too: declare both services, with the same code behind them.
    """
    for pair in change.services:
        if pair.old is None or pair.new is None or pair.old.full.split(".")[-1] == pair.new.full.split(".")[-1]:
            continue
        message = f"service `{pair.old.full}` is `{pair.new.full}` now"
        affects = [rpc.title for rpc in pair.old.rpcs]
        hint = f"declare service {pair.old.full.split('.')[-1]} too, until nobody calls it"
        yield change.finding(message, pair.new.span, hint, pair.old.span, affects, pair=tuple(affects))


@proto_rule("proto-rpc-added", INFO, WIRE)
def proto_rpc_added(change: ProtoChange) -> Iterator[Finding]:
    """An RPC is new: nobody calls it yet.

    A client that calls it needs a server that has it: the server is rolled out first.
    """
    for pair in change.rpcs:
        if pair.old is None and pair.new is not None:
            yield change.finding(f"RPC `{pair.new.title}` is new", pair.new.span, "")


@proto_rule("proto-rpc-removed", ERROR, WIRE)
def proto_rpc_removed(change: ProtoChange) -> Iterator[Finding]:
    """An RPC is gone: calls of it end with UNIMPLEMENTED.

    Keep it, marked with `option deprecated = true`, until nobody calls it.
    """
    for pair in change.rpcs:
        if pair.old is not None and pair.new is None and pair.service.new is not None:
            message = f"RPC `{pair.old.title}` is gone"
            hint = "keep it with `option deprecated = true` until nobody calls it"
            place, affects = pair.service.new.span, [pair.old.title]
            yield change.finding(message, place, hint, pair.old.span, affects, pair=pair)


@proto_rule("proto-rpc-renamed", ERROR, WIRE)
def proto_rpc_renamed(change: ProtoChange) -> Iterator[Finding]:
    """An RPC has another name, which is part of its path: calls of the old one end with UNIMPLEMENTED.

    The old and the new one have the same messages, and no other RPC of the service that came or went has these.
    """
    for pair in change.rpcs:
        if pair.old is not None and pair.new is not None and pair.old.name != pair.new.name:
            yield _about(change, pair, f"RPC `{pair.old.title}` is `{pair.new.name}` now", _OLD_BESIDE)


@proto_rule("proto-rpc-request-type-changed", ERROR, WIRE)
def proto_rpc_request_type_changed(change: ProtoChange) -> Iterator[Finding]:
    """An RPC takes another message: what clients send is read as something else.

    Where both messages look the same on the wire, only source breaks. Add fields to the old message, or a new RPC.
    """
    for pair in change.rpcs:
        if pair.old is not None and pair.new is not None:
            yield from _type_changed(change, pair, pair.old.request, pair.new.request, "takes")


@proto_rule("proto-rpc-response-type-changed", ERROR, WIRE)
def proto_rpc_response_type_changed(change: ProtoChange) -> Iterator[Finding]:
    """An RPC returns another message: clients read what is sent as something else.

    Where both messages look the same on the wire, only source breaks. Add fields to the old message, or a new RPC.
    """
    for pair in change.rpcs:
        if pair.old is not None and pair.new is not None:
            yield from _type_changed(change, pair, pair.old.reply, pair.new.reply, "returns")


@proto_rule("proto-rpc-client-streaming-changed", ERROR, WIRE)
def proto_rpc_client_streaming_changed(change: ProtoChange) -> Iterator[Finding]:
    """An RPC takes a stream where it took one message, or one where it took a stream.

    Servers that expect one message refuse a second one, and generated clients have another method. Add a new RPC.
    """
    for pair in change.rpcs:
        if pair.old is not None and pair.new is not None and pair.old.takes_stream != pair.new.takes_stream:
            words = _streams(pair.old.takes_stream)
            yield _about(change, pair, f"RPC `{pair.new.title}` takes {words}", _OLD_BESIDE)


@proto_rule("proto-rpc-server-streaming-changed", ERROR, WIRE)
def proto_rpc_server_streaming_changed(change: ProtoChange) -> Iterator[Finding]:
    """An RPC returns a stream where it returned one message, or one where it returned a stream.

    Clients that expect one message refuse none and a second one, and generated clients have another method.
    Add a new RPC.
    """
    for pair in change.rpcs:
        if pair.old is not None and pair.new is not None and pair.old.gives_stream != pair.new.gives_stream:
            words = _streams(pair.old.gives_stream)
            yield _about(change, pair, f"RPC `{pair.new.title}` returns {words}", _OLD_BESIDE)


@proto_rule("proto-rpc-idempotency-changed", ERROR, BEHAVIOUR)
def proto_rpc_idempotency_changed(change: ProtoChange) -> Iterator[Finding]:
    """An RPC promises less about being repeated: clients that retry calls may do things twice.

    `idempotency_level` is NO_SIDE_EFFECTS, IDEMPOTENT or unknown. A stronger promise is compatible.
    """
    names = ("IDEMPOTENCY_UNKNOWN", "NO_SIDE_EFFECTS", "IDEMPOTENT")
    strength = (0, 2, 1)
    for pair in change.rpcs:
        if pair.old is None or pair.new is None:
            continue
        old, new = pair.old.options.idempotency_level, pair.new.options.idempotency_level
        if old != new:
            message = f"RPC `{pair.new.title}` is {names[new]} now, and was {names[old]}"
            severity = ERROR if strength[new] < strength[old] else INFO
            hint = "keep the promise, or add another RPC without it" if severity == ERROR else ""
            yield _about(change, pair, message, hint, severity=severity)


@proto_rule("proto-rpc-http-binding-changed", ERROR, WIRE)
def proto_rpc_http_binding_changed(change: ProtoChange) -> Iterator[Finding]:
    """A method and path that `google.api.http` gave an RPC is gone, or has another body: clients of gateways fail.

    Names of variables in paths do not matter. Keep the old one in `additional_bindings` beside the new one.
    """
    for pair in change.rpcs:
        if pair.old is None or pair.new is None:
            continue
        new = bindings(change.new.options.of_options(pair.new.options))
        lost = [one for one in bindings(change.old.options.of_options(pair.old.options)) if one not in new]
        if lost:
            message = f"RPC `{pair.new.title}` is not at `{lost[0].title}` any more"
            hint = "keep the old binding in additional_bindings"
            yield _about(change, pair, message, hint)


def _about(change: ProtoChange, pair: RpcPair, message: str, hint: str, severity: str = "", level: str = "") -> Finding:
    """Return a finding about an RPC that both versions have."""
    assert pair.old is not None and pair.new is not None
    return change.finding(message, pair.new.span, hint, pair.old.span, [pair.old.title], severity, level, pair)


def _type_changed(change: ProtoChange, pair: RpcPair, old: str, new: str, verb: str) -> Iterator[Finding]:
    found = change.wire.messages(old, new)
    if not found:
        return
    title = _title(pair.new)
    if found == SOURCE:
        message = f"RPC `{title}` {verb} `{new}`, and `{old}` before, which looks the same on the wire"
        yield _about(change, pair, message, f"keep `{old}`", level=SOURCE)
    else:
        message = f"RPC `{title}` {verb} `{new}`, and `{old}` before"
        yield _about(change, pair, message, f"keep `{old}` and add fields to it, or add another RPC")


def _title(rpc: RpcNode | None) -> str:
    return rpc.title if rpc is not None else ""


def _streams(was_stream: bool) -> str:
    return "one message now, and a stream before" if was_stream else "a stream now, and one message before"
