"""The access log: a line for each request."""

import logging

from mallgen_runtime.http.links import CLOSED
from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.routing import Match
from mallgen_runtime.process.logs import access


def log_access(ctx: Context, match: Match | None, status: int, seconds: float) -> None:
    """Write the line of an answered request; `match` is None when no route has its path."""
    fields = {
        "request_id": ctx.request_id,
        "trace": ctx.trace_id,
        "method": ctx.method,
        "path": ctx.url_path,
        "route": match.bound.route.path if match else "",
        "status": status,
        "duration": f"{seconds * 1000:.1f}ms",
        "client": ctx.client,
    }
    if status == 101:
        fields["closed"] = ctx.scope.get(CLOSED, 0)
    level = logging.ERROR if status >= 500 else logging.INFO
    access(level, f"[HTTP] {status}", "http", fields)
