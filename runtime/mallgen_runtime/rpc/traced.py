"""The spans of RPC calls, at both ends."""

from mallgen_runtime.process import spans
from mallgen_runtime.process.errors import Code
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.rpc.methods import Method, RpcContext


def begin(method: "Method[object]", ctx: RpcContext, here: Origin) -> spans.OpenSpan:
    """Begin the span of a call that is served, and make it the origin of further calls."""
    assert spans.active is not None
    name, parent = method.wire.lstrip("/"), ctx.metadata.get("traceparent", "")
    made = spans.active.serve(name, here, parent, _attributes(method.wire), current=not method.gives_stream)
    origin.set(made.origin)
    return made


def call(wire: str) -> spans.OpenSpan | None:
    """Begin the span of a call to another service, if its request is exported."""
    assert spans.active is not None
    return spans.active.call(wire.lstrip("/"), _attributes(wire))


def end(span: spans.OpenSpan, code: Code, failed: bool) -> None:
    """End a span; whether a code is a failure is for the end to say."""
    span.end(code.name if failed else "", {"rpc.grpc.status_code": int(code)})


def _attributes(wire: str) -> dict[str, str | int]:
    service, _, method = wire.lstrip("/").rpartition("/")
    return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}
