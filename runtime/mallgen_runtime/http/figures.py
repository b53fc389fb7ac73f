"""The metrics of HTTP requests, under go-zero's names and in its buckets."""

from collections.abc import Callable

from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.routing import Match
from mallgen_runtime.process import metrics

_BUCKETS = (5, 10, 25, 50, 100, 250, 500, 750, 1000)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_LABELS = ("path", "method", "code")
NO_ROUTE = "(none)"
_Pair = tuple[Callable[[float], None], Callable[[int], None]]


class HttpFigures:
    """Counts and times answered requests by route and status. Those of no route have one path together."""

    def __init__(self) -> None:
        self._children: dict[tuple[str, str, int], _Pair] = {}

    def note(self, ctx: Context, match: Match | None, status: int, seconds: float) -> None:
        """Note an answer, unless /healthz or /readyz gave it."""
        if match is None:
            key = (NO_ROUTE, ctx.method if ctx.method in _METHODS else "OTHER", status)
        elif match.bound.counts:
            key = (match.bound.route.path, match.bound.route.method, status)
        else:
            return
        pair = self._children.get(key)
        if pair is None:
            pair = self._children[key] = _pair(key)
        pair[0](seconds)
        pair[1](1)


def _pair(key: tuple[str, str, int]) -> _Pair:
    values = (key[0], key[1], str(key[2]))
    labels = tuple(zip(_LABELS, values, strict=True))
    timed = metrics.timer("http_server_requests_duration_ms", "http server requests duration(ms).", _BUCKETS, labels)
    return timed, metrics.counter(
        "http_server_requests_code_total", "http server requests error count.", _LABELS, values
    )
