"""Spans of an application in this process: streams, the share of traces that is exported, work without a request."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mallgen_runtime import App, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.process import spans
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.otel import OtelTracer
from mallgen_runtime.rpc import RpcApp, RpcServerConf, ServerStream, Service
from mallgen_runtime.testing import Client, rpc_context
from tests.observed.service import Text

Made = Callable[[float], Callable[[], list[str]]]


@pytest.fixture
def made() -> Iterator[Made]:
    """Return a function that begins to export a share of traces, and returns the names of their spans later."""
    tracers: list[OtelTracer] = []

    def begin(share: float) -> Callable[[], list[str]]:
        sink = InMemorySpanExporter()
        tracers.append(OtelTracer(TelemetryConf(endpoint="a:1", sampler=share), "a", sink))
        spans.install(tracers[-1])

        def names() -> list[str]:
            tracers[-1].provider.force_flush()
            return [span.name for span in sink.get_finished_spans()]

        return names

    yield begin
    spans.install(None)
    for tracer in tracers:
        tracer.close()


async def _replies(ctx: Any, svc: Any, request: Any) -> AsyncIterator[Text]:
    for _ in range(3):
        yield Text(b"reply")


def test_a_stream_that_another_task_closes_has_its_span(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    names = made(1.0)
    conf = RpcServerConf(name="a")
    method = ServerStream("/a.A/Watch", _replies, Text, Text)
    app = RpcApp(conf, ServiceBase(conf), [Service("a.A", (method,))])

    async def run() -> None:
        replies: Any = app.answers(method, rpc_context(), Text())
        assert await asyncio.create_task(anext(replies)) == b"reply"
        await asyncio.create_task(replies.aclose())

    asyncio.run(run())
    assert names() == ["a.A/Watch"]
    assert "Failed to detach" not in caplog.text


@pytest.mark.parametrize(("share", "flags", "expected"), [(0.0, "00", 0), (1.0, "01", 20)])
def test_the_share_of_traces(made: Made, share: float, flags: str, expected: int) -> None:
    names = made(share)
    conf = RestConf(name="a", port=1, trace_ignore_paths=["/quiet"])

    async def answer(ctx: Context, svc: object) -> Response:
        return Response(b"")

    async def run() -> set[str]:
        routes = [Route("GET", "/", answer), Route("GET", "/quiet", answer)]
        async with Client(App(conf, ServiceBase(conf), routes)) as client:
            await client.get("/quiet")
            return {(await client.get("/")).headers["traceparent"][-2:] for _ in range(20)}

    assert asyncio.run(run()) == {flags}
    assert names() == ["GET /"] * expected


def test_work_without_a_request_has_no_spans(made: Made) -> None:
    names = made(1.0)
    assert spans.active is not None
    spans.active.note("SELECT", 0.1, "", {})
    assert spans.active.call("/a.A/Ask", {}) is None
    assert names() == []
