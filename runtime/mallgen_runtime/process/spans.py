"""Spans of the work for a request. There are none, and they cost nothing, until a tracer is installed."""

from collections.abc import Mapping
from typing import Protocol

from mallgen_runtime.process.origin import Origin

Attributes = Mapping[str, str | int]


class OpenSpan(Protocol):
    """A span that has begun."""

    @property
    def origin(self) -> Origin:
        """The request as calls within the span tell of it."""

    def end(self, failure: str, attributes: Attributes) -> None:
        """End it with more attributes; `failure` is empty, or the kind of what went wrong."""


class Tracer(Protocol):
    """Makes spans and exports them."""

    def serve(self, name: str, here: Origin, parent: str, attributes: Attributes, *, current: bool = True) -> OpenSpan:
        """Begin the span of a request that is served; `parent` is the traceparent that came with it.

        `current`: spans that others make with OpenTelemetry belong to it; it must end in the task that began it.
        """

    def call(self, name: str, attributes: Attributes) -> OpenSpan | None:
        """Begin the span of a call to another service; None for a request that is not exported."""

    def note(self, name: str, seconds: float, failure: str, attributes: Attributes) -> None:
        """Make the span of work with a store that took some seconds and has just ended."""


active: Tracer | None = None


def install(tracer: Tracer | None) -> None:
    """Make spans from now on by a tracer, or none."""
    global active
    active = tracer
