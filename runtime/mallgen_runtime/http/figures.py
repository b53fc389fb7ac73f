"""The metrics of HTTP requests, under go-zero's names and in its buckets."""

from collections.abc import Callable, Iterable
from typing import Any

from mallgen_runtime.http.messages import Context
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.routing import Match, Route
from mallgen_runtime.process import metrics

_BUCKETS = (5, 10, 25, 50, 100, 250, 500, 750, 1000)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_REASONS = {"overloaded": "shedding", "breaker_open": "breaker", "too_many_requests": "max_conns"}
_LABELS = ("path", "method", "code")
NO_ROUTE = "(none)"
_Pair = tuple[Callable[[float], None], Callable[[int], None]]


class HttpFigures:
    """Counts and times answered requests by route and status. Those of no route have one path together."""

    def __init__(self, routes: Iterable[Route[Any]]) -> None:
        self._dropped = {id(route): metrics.drops("http_server", _names(route)) for route in routes}
        self._children: dict[tuple[str, str, int], _Pair] = {}

    def refused(self, match: Match | None, problem: BaseException) -> None:
        """Count a request that was refused unseen."""
        if isinstance(problem, ApiError) and problem.code in _REASONS and match is not None:
            dropped = self._dropped.get(id(match.bound.route))
            if dropped is not None:
                dropped(_REASONS[problem.code])

    def note(self, ctx: Context, match: Match | None, status: int, seconds: float) -> None:
        """Note an answer, unless /healthz or /readyz gave it."""
        if match is None:
            key = (NO_ROUTE, ctx.method if ctx.method in METHODS else "OTHER", status)
        elif match.bound.counts:
            key = (match.bound.route.path, match.bound.route.method, status)
        else:
            return
        pair = self._children.get(key)
        if pair is None:
            pair = self._children[key] = _pair(key)
        pair[0](seconds)
        pair[1](1)


def _names(route: Route[Any]) -> tuple[tuple[str, str], ...]:
    return (("path", route.path), ("method", route.method))


def _pair(key: tuple[str, str, int]) -> _Pair:
    values = (key[0], key[1], str(key[2]))
    labels = tuple(zip(_LABELS, values, strict=True))
    timed = metrics.timer("http_server_requests_duration_ms", "http server requests duration(ms).", _BUCKETS, labels)
    return timed, metrics.counter(
        "http_server_requests_code_total", "http server requests error count.", _LABELS, values
    )
