"""The span of an HTTP request."""

from mallgen_runtime.http.figures import METHODS
from mallgen_runtime.http.messages import Context, Response
from mallgen_runtime.http.routing import Match
from mallgen_runtime.process import spans
from mallgen_runtime.process.origin import origin


def begin(ctx: Context, match: Match | None) -> spans.OpenSpan | None:
    """Begin the span of a request, and make it the origin of its calls; None for those that are not traced."""
    if spans.active is None or (match is not None and not match.bound.counts):
        return None
    route = match.bound.route.path if match else ""
    if (route or ctx.url_path) in ctx.untraced:
        return None
    parent = next((value for name, value in ctx.scope["headers"] if name == b"traceparent"), b"").decode("latin-1")
    known = ctx.method in METHODS  # a client may send any word: names of spans are few (OpenTelemetry's conventions)
    attributes = {"http.request.method": ctx.method if known else "_OTHER", "url.path": ctx.url_path}
    if not known:
        attributes["http.request.method_original"] = ctx.method
    if route:
        attributes["http.route"] = route
    span = spans.active.serve(f"{ctx.method if known else 'HTTP'} {route}".strip(), origin.get(), parent, attributes)
    origin.set(span.origin)
    return span


def mark(response: Response, span: spans.OpenSpan) -> None:
    """Tell the client its trace, as go-zero does."""
    here = span.origin
    response.headers.setdefault("traceparent", f"00-{here.trace_id}-{here.span_id}-{here.trace_flags}")


def end(span: spans.OpenSpan, status: int) -> None:
    """End a span; a status of 0 is a request that was cancelled."""
    failure = "cancelled" if not status else str(status) if status >= 500 else ""
    span.end(failure, {"http.response.status_code": status} if status else {})
