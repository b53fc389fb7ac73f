"""Spans by the OpenTelemetry SDK. Only this module imports it, and only where the settings name an endpoint."""

import os
import time
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.masking import without_login
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.process.spans import Attributes

_PROPAGATOR = TraceContextTextMapPropagator()
_NANOSECONDS = 1_000_000_000


class _RequestIds(IdGenerator):
    """Gives a trace that begins here the id that the log already has."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        """Return the trace id of the request that this process works on."""
        here = origin.get().trace_id
        return int(here, 16) if here else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        """Return a random id."""
        return self._random.generate_span_id()


class OtelSpan:
    """A span of the SDK, current for those who make spans of their own until it ends."""

    __slots__ = ("_span", "_token", "origin")

    def __init__(self, span: trace.Span, here: Origin, current: bool) -> None:
        self._span = span
        made = span.get_span_context()
        self.origin = here._replace(
            trace_id=f"{made.trace_id:032x}",
            span_id=f"{made.span_id:016x}",
            trace_flags=f"{int(made.trace_flags):02x}",
            trace_state=made.trace_state.to_header(),
        )
        self._token = otel_context.attach(trace.set_span_in_context(span)) if current else None

    def end(self, failure: str, attributes: Attributes) -> None:
        """End the span, with more attributes."""
        self._span.set_attributes(dict(attributes))
        if failure:
            self._span.set_attribute("error.type", failure)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()
        if self._token is not None:
            otel_context.detach(self._token)


class UnsampledSpan:
    """The place of a span that is not exported: those who make spans of their own see that theirs are not either."""

    __slots__ = ("_token", "origin")

    def __init__(self, here: Origin, current: bool) -> None:
        self.origin = here
        self._token = None
        if current:
            made = trace.SpanContext(int(here.trace_id, 16), int(here.span_id, 16), False)
            self._token = otel_context.attach(trace.set_span_in_context(trace.NonRecordingSpan(made)))

    def end(self, failure: str, attributes: Attributes) -> None:
        """End it."""
        if self._token is not None:
            otel_context.detach(self._token)


class OtelTracer:
    """Makes spans and exports them in batches, from a thread; `sink` takes the place of the configured endpoint."""

    def __init__(self, conf: TelemetryConf, service: str, sink: SpanExporter | None = None) -> None:
        self._bound = TraceIdRatioBased.get_bound_for_rate(conf.sampler)
        self.provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(conf.sampler)),
            resource=Resource.create({"service.name": service}),
            id_generator=_RequestIds(),
            shutdown_on_exit=False,
        )
        self.provider.add_span_processor(BatchSpanProcessor(sink or exporter(conf)))
        self._tracer = self.provider.get_tracer("mallgen")

    def serve(
        self, name: str, here: Origin, parent: str, attributes: Attributes, *, current: bool = True
    ) -> OtelSpan | UnsampledSpan:
        """Begin the span of a request, below that of its caller."""
        begins_here = here.trace_id not in parent
        if begins_here and int(here.trace_id[16:], 16) >= self._bound:
            return UnsampledSpan(here._replace(span_id=os.urandom(8).hex()), current)
        if not begins_here and not _is_sampled(here):
            return UnsampledSpan(here._replace(span_id=os.urandom(8).hex()), current)
        above = otel_context.Context()
        if not begins_here:
            above = _PROPAGATOR.extract({"traceparent": parent, "tracestate": here.trace_state}, above)
        span = self._tracer.start_span(name, above, SpanKind.SERVER, attributes)
        return OtelSpan(span, here, current)

    def call(self, name: str, attributes: Attributes) -> OtelSpan | None:
        """Begin the span of a call; None for a request that is not exported."""
        here = origin.get()
        above = _above(here)
        if above is None:
            return None
        return OtelSpan(self._tracer.start_span(name, above, SpanKind.CLIENT, attributes), here, False)

    def note(self, name: str, seconds: float, failure: str, attributes: Attributes) -> None:
        """Make the span of what has just ended, where its request is exported."""
        above = _above(origin.get())
        if above is None:
            return
        now = time.time_ns()
        began = now - int(seconds * _NANOSECONDS)
        span = self._tracer.start_span(name, above, SpanKind.CLIENT, attributes, start_time=began)
        if failure:
            span.set_attribute("error.type", failure)
            span.set_status(Status(StatusCode.ERROR))
        span.end(now)

    def publish(self) -> None:
        """Export the spans that others in the process make with OpenTelemetry, too; the first tracer wins."""
        trace.set_tracer_provider(self.provider)

    def close(self) -> None:
        """Export what is left."""
        self.provider.shutdown()


def _is_sampled(here: Origin) -> bool:
    return bool(int(here.trace_flags, 16) & 1)


def _above(here: Origin) -> otel_context.Context | None:
    """Return the context of the span that a new one belongs to; None where it would not be exported."""
    current = trace.get_current_span()
    if current.is_recording():
        return otel_context.get_current()
    if not here.span_id or not _is_sampled(here):
        return None
    state = trace.TraceState.from_header([here.trace_state] if here.trace_state else [])
    made = trace.SpanContext(int(here.trace_id, 16), int(here.span_id, 16), False, trace.TraceFlags(1), state)
    return trace.set_span_in_context(trace.NonRecordingSpan(made))


class _FileExporter(ConsoleSpanExporter):
    """Writes a line of JSON for each span."""

    def shutdown(self) -> None:
        """Close the file."""
        self.out.close()


def check(conf: TelemetryConf) -> None:
    """Raise ConfigError for an endpoint that cannot be used; nothing is opened, the process may fork after this."""
    if conf.batcher == "file":
        try:
            open(conf.endpoint, "a", encoding="utf-8").close()
        except OSError as problem:
            raise ConfigError(f"Telemetry.Endpoint: {conf.endpoint}: {problem.strerror}") from None
        return
    _address(conf)
    if conf.batcher == "otlphttp":
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
    else:
        import opentelemetry.exporter.otlp.proto.grpc.trace_exporter  # noqa: F401


def exporter(conf: TelemetryConf) -> SpanExporter:
    """Return the sender of spans to an endpoint that was checked."""
    if conf.batcher == "file":
        file = open(conf.endpoint, "a", encoding="utf-8")  # noqa: SIM115 - the exporter closes it
        return _FileExporter(out=file, formatter=lambda span: f"{span.to_json(indent=None)}\n")
    address, secure = _address(conf)
    made: Any
    if conf.batcher == "otlphttp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter

        made = HttpExporter(endpoint=address, headers=conf.otlp_headers or None)
    else:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter

        made = GrpcExporter(endpoint=address, insecure=not secure, headers=conf.otlp_headers or None)
    exporting: SpanExporter = made
    return exporting


def _address(conf: TelemetryConf) -> tuple[str, bool]:
    """Return the endpoint as a URL, for gRPC as `host:port`, and whether it asks for TLS. Raises ConfigError."""
    text = conf.endpoint if "://" in conf.endpoint else f"http{'s' * conf.otlp_http_secure}://{conf.endpoint}"
    try:
        found = urlsplit(text)
        sound = bool(found.hostname) and found.scheme in ("http", "https") and found.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ConfigError(
            f"Telemetry.Endpoint is {without_login(conf.endpoint)!r}; write host:port, or a URL with http or https"
        )
    if conf.batcher == "otlpgrpc":
        return found.netloc, found.scheme == "https"
    path = found.path if found.path.strip("/") else f"/{conf.otlp_http_path.lstrip('/')}"
    return f"{found.scheme}://{found.netloc}{path}", found.scheme == "https"
