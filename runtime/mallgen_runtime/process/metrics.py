"""Prometheus metrics under go-zero's names. Until they are enabled they cost nothing."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from mallgen_runtime.process.errors import ConfigError


class Reading(NamedTuple):
    """A figure that is read when metrics are asked for; a name that ends in `_total` is a counter's."""

    name: str
    text: str
    labels: tuple[tuple[str, str], ...]
    value: float


Observe = Callable[[int, float], None]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REASONS = ("breaker", "shedding", "max_conns")
_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000)
_on = False
_shown: list[Any] = []


def enable() -> None:
    """Turn metrics on for observers that are made from now on. Raises ConfigError without prometheus-client."""
    global _on
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        raise ConfigError("metrics need prometheus-client: pip install 'mallgen-runtime[metrics]'") from None
    _on = True


def is_on() -> bool:
    """Return whether metrics have been turned on."""
    return _on


def observer(kind: str, labels: Sequence[tuple[str, str]]) -> Observe:
    """Return a function to call with the code and the seconds of each call; `kind` is `rpc_server` or `rpc_client`.

    The code is gRPC's number, as go-zero's label has it.
    """
    if not _on:
        return nothing
    names = tuple(name for name, _ in labels)
    values = [value for _, value in labels]
    duration, code_total = _pair(kind, names)
    timed = duration.labels(*values)
    children: dict[int, Any] = {}

    def observe(code: int, taken: float) -> None:
        timed.observe(taken * 1000)
        if code not in children:
            children[code] = code_total.labels(*values, int(code))
        children[code].inc()

    return observe


def drops(kind: str, labels: Sequence[tuple[str, str]]) -> Callable[[str], None]:
    """Return a function that counts a request which was refused unseen, by its reason: `breaker`, `shedding` …

    `kind` is `http_server`, `rpc_server` or `rpc_client`; `labels` name the route or method.
    """
    if not _on:
        return drop_nothing
    names = (*(name for name, _ in labels), "reason")
    values = [value for _, value in labels]
    total = _counter(f"{kind}_requests_dropped_total", f"{kind.replace('_', ' ')} requests dropped count.", names)
    children = {reason: total.labels(*values, reason) for reason in REASONS}
    return lambda reason: children[reason].inc()


def counter(name: str, text: str, labels: Sequence[str], values: Sequence[str]) -> Callable[[int], None]:
    """Return a function that adds to the counter of some values of its labels."""
    if not _on:
        return count_nothing
    child: Callable[[int], None] = _counter(name, text, tuple(labels)).labels(*values).inc
    return child


def timer(name: str, text: str, buckets: Sequence[float], labels: Sequence[tuple[str, str]]) -> Callable[[float], None]:
    """Return a function that adds the seconds of a call to a histogram of milliseconds."""
    if not _on:
        return time_nothing
    names = tuple(label for label, _ in labels)
    made = _histogram(name, text, names, tuple(buckets))
    observe: Callable[[float], None] = (made.labels(*dict(labels).values()) if labels else made).observe
    return lambda taken: observe(taken * 1000)


def shown(read: Callable[[], Iterable[Reading]]) -> Callable[[], None]:
    """Show what `read` returns whenever metrics are asked for, until the function that is returned is called."""
    if not _on:
        return end_nothing
    from prometheus_client import REGISTRY

    source = _Readings(read)
    REGISTRY.register(source)
    _shown.append(source)
    return lambda: _hide(source)


def _hide(source: "_Readings") -> None:
    from prometheus_client import REGISTRY

    REGISTRY.unregister(source)
    _shown.remove(source)


class _Readings:
    """The source of figures as Prometheus' library asks for it."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read

    def describe(self) -> list[Any]:
        """Return nothing: what is read is not known before."""
        return []

    def collect(self) -> Iterator[Any]:
        """Yield the figures by name."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        families: dict[str, Any] = {}
        for one in self._read():
            kind = CounterMetricFamily if one.name.endswith("_total") else GaugeMetricFamily
            if one.name not in families:
                families[one.name] = kind(one.name, one.text, labels=[label for label, _ in one.labels])
            families[one.name].add_metric([value for _, value in one.labels], one.value)
        yield from families.values()


def text() -> bytes:
    """Return all metrics of the process in Prometheus' text format.

    With PROMETHEUS_MULTIPROC_DIR, of which the library makes files, counters and histograms are those of all processes.
    """
    from prometheus_client import REGISTRY, CollectorRegistry, generate_latest

    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return bytes(generate_latest(REGISTRY))
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for source in _shown:
        registry.register(source)
    return bytes(generate_latest(registry))


@cache
def _pair(kind: str, names: tuple[str, ...]) -> tuple[Any, Any]:
    from prometheus_client import Counter, Histogram

    what = kind.replace("_", " ")
    timed = Histogram(f"{kind}_requests_duration_ms", f"{what} requests duration(ms).", names, buckets=_BUCKETS)
    return timed, Counter(f"{kind}_requests_code_total", f"{what} requests code count.", (*names, "code"))


@cache
def _counter(name: str, text: str, labels: tuple[str, ...]) -> Any:
    from prometheus_client import Counter

    return Counter(name, text, labels)


@cache
def _histogram(name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Any:
    from prometheus_client import Histogram

    return Histogram(name, text, labels, buckets=buckets)


def count_nothing(amount: int) -> None:
    """Count nothing: metrics are off."""


def nothing(code: int, taken: float) -> None:
    """Observe nothing: metrics are off."""


def drop_nothing(reason: str) -> None:
    """Count nothing: metrics are off."""


def time_nothing(taken: float) -> None:
    """Observe nothing: metrics are off."""


def end_nothing() -> None:
    """End nothing: metrics are off."""
