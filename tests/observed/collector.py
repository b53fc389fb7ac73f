"""A collector of OTLP over HTTP, which keeps the spans that come."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

from tests.parts import wait_for


class Seen(NamedTuple):
    """A span as it was exported; ids are hexadecimal, `parent` is empty at the root."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


class Collector:
    """The spans that came, and the headers of each export."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.spans: list[Seen] = []
        self.headers: list[dict[str, str]] = []

    def take(self, body: bytes) -> None:
        """Keep the spans of an export."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _values(resource.resource.attributes)["service.name"]
            for scope in resource.scope_spans:
                for span in scope.spans:
                    ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
                    failed, values = span.status.code == 2, _values(span.attributes)
                    self.spans.append(Seen(service, span.name, span.kind, *ids, failed, values))

    def of(self, trace: str, count: int) -> dict[str, Seen]:
        """Wait for some spans of a trace, and return them by service and name."""
        wait_for(lambda: sum(span.trace == trace for span in self.spans) >= count, f"{count} spans of {trace}", 15)
        return {f"{span.service} {span.kind} {span.name}": span for span in self.spans if span.trace == trace}


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector."""

    class Handler(BaseHTTPRequestHandler):
        """Takes exports."""

        def do_POST(self) -> None:
            """Take one."""
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            made.headers.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
            made.take(body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *values: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Collector(server.server_address[1])
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
