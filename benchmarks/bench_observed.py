"""Measure what observing a request costs: metrics, spans and the line of the log, each switched on alone.

In one process, without a socket: the processor time of a request to a route that answers at once, that of the thread
which exports included. All are measured in each of several rounds; the least counts, which other work on the machine
changes least.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "runtime"))

from mallgen_runtime import App, Context, LogConf, Response, RestConf, Route, ServiceBase  # noqa: E402
from mallgen_runtime.http.conf import MiddlewaresConf  # noqa: E402
from mallgen_runtime.process import logs, metrics, spans  # noqa: E402
from mallgen_runtime.process.exporting import TelemetryConf  # noqa: E402

ROUNDS, REQUESTS = 7, 4000
HEADERS = [(b"host", b"localhost"), (b"accept", b"*/*"), (b"x-request-id", b"r1")]


async def _answer(ctx: Context, svc: object) -> Response:
    return Response(b"{}")


def _app(**on: bool) -> App:
    conf = RestConf(
        name="a",
        port=1,
        log=LogConf(access=on.get("access", False)),
        middlewares=MiddlewaresConf(prometheus=on.get("prometheus", False)),
    )
    return App(conf, ServiceBase(conf), [Route("GET", "/items/:id", _answer)])


async def _asked(app: App) -> float:
    """Return the microseconds of processor time of one request."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        return None

    began = time.process_time()
    for _ in range(REQUESTS):
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/items/7",
            "raw_path": b"/items/7",
            "query_string": b"",
            "headers": HEADERS,
            "client": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)
    return (time.process_time() - began) / REQUESTS * 1e6


def _traced(share: float) -> Callable[[], Awaitable[float]]:
    """Return a measurement with spans, of which a share is encoded for OTLP and forgotten."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    from mallgen_runtime.process.otel import OtelTracer

    class Forgetting(SpanExporter):
        """Encodes spans and sends them nowhere."""

        def export(self, spans: Any) -> SpanExportResult:
            """Encode them."""
            encode_spans(spans).SerializeToString()
            return SpanExportResult.SUCCESS

    tracer = OtelTracer(TelemetryConf(endpoint="a:1", sampler=share), "a", Forgetting())
    app = _app()

    async def run() -> float:
        spans.install(tracer)
        try:
            return await _asked(app)
        finally:
            spans.install(None)

    return run


def _ways() -> dict[str, Callable[[], Awaitable[float]]]:
    bare = _app()
    found: dict[str, Callable[[], Awaitable[float]]] = {"nothing": lambda: _asked(bare)}
    metrics.enable()
    counted, lines = _app(prometheus=True), _app(access=True)
    found["metrics"] = lambda: _asked(counted)
    found["spans, none sampled"] = _traced(0.0)
    found["spans, all exported"] = _traced(1.0)
    found["the log's line, JSON to /dev/null"] = lambda: _asked(lines)
    return found


def main() -> None:
    """Measure and print."""
    sys.stdout.flush()
    out, sys.stdout = sys.stdout, open("/dev/null", "w", encoding="utf-8")  # noqa: SIM115
    logs.set_up(LogConf())
    sys.stdout = out
    taken: dict[str, list[float]] = {}
    ways = _ways()
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken.setdefault(name, []).append(asyncio.run(way()))  # type: ignore[arg-type]
    base = min(taken["nothing"])
    print("| observed | µs a request | more |\n|---|---:|---:|")
    for name, found in taken.items():
        cost = min(found)
        print(f"| {name} | {cost:.1f} | {cost - base:+.1f} |")


if __name__ == "__main__":
    main()
