"""Traces, and a queue that is away."""

import asyncio
import re
import subprocess
import sys
import time
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mallgen_runtime.process import spans
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.otel import OtelTracer
from mallgen_runtime.queue import MessageContext, QueueError
from tests.conftest import ROOT
from tests.ports import free_port
from tests.queue.kit import Service, app_of, producer, send, until
from tests.queue.messages import OrderRequest, address


def test_the_span_of_a_message_belongs_to_that_of_its_sender(tmp_path: Any) -> None:
    sink = InMemorySpanExporter()
    tracer = OtelTracer(TelemetryConf(endpoint="nowhere:1", sampler=1.0), "seckill", sink)
    settings = {"file": str(tmp_path / "queue.db")}
    got: list[str] = []

    async def second(ctx: MessageContext, message: Any) -> None:
        got.append(ctx.trace_id)

    async def first(ctx: MessageContext, message: Any) -> None:
        got.append(ctx.trace_id)
        await send(settings, "second", [2])

    async def main() -> None:
        async with Service({"first": first, "second": second}, settings):
            await send(settings, "first", [1])
            await until(lambda: len(got) == 2)

    spans.install(tracer)
    try:
        asyncio.run(main())
    finally:
        spans.install(None)
        tracer.close()
    assert got[0] == got[1]
    found = {one.name: one for one in sink.get_finished_spans()}
    assert found.keys() == {"process first", "send second", "process second"}
    parent = found["process second"].parent
    assert parent is not None and parent.span_id == found["send second"].context.span_id
    above = found["send second"].parent
    assert above is not None and above.span_id == found["process first"].context.span_id
    attributes = dict(found["process second"].attributes or {})
    assert attributes["messaging.destination.name"] == "second"


@pytest.mark.parametrize("where", [pytest.param("kafka", marks=pytest.mark.slow), "file"])
@pytest.mark.slow
def test_a_queue_that_is_away_is_a_state_and_costs_nothing(tmp_path: Any, where: str) -> None:
    settings: dict[str, Any] = {"brokers": [f"127.0.0.1:{free_port()}"]}
    if where == "file":
        (tmp_path / "plain").write_text("")
        settings = {"file": str(tmp_path / "plain" / "queue.db")}

    async def logic(ctx: MessageContext, message: Any) -> None: ...

    async def main() -> tuple[float, float]:
        service = Service({"t": logic}, settings)
        service.consumers.start()
        await until(lambda: service.consumers.state != "is being joined", 20)
        began, spent = time.monotonic(), time.process_time()
        with pytest.raises(QueueError):
            await producer(settings, timeout=1000).send(address("t"), OrderRequest(number=1))
        await asyncio.sleep(max(0.0, began + 3 - time.monotonic()))
        share = (time.process_time() - spent) / (time.monotonic() - began)
        assert service.consumers.state not in ("ok", "is being joined")
        began = time.monotonic()
        await service.consumers.stop(2)
        return share, time.monotonic() - began

    share, stopping = asyncio.run(main())
    assert share < 0.1, "it looks again and again"
    assert stopping < 3


def test_a_service_that_is_made_opens_nothing(tmp_path: Any) -> None:
    async def logic(ctx: MessageContext, message: Any) -> None: ...

    app_of({"t": logic}, {"file": str(tmp_path / "queue.db")})
    assert not list(tmp_path.iterdir())


def test_the_page_lists_each_metric(tmp_path: Any) -> None:
    """docs/observability.md lists what a queue service with an outbox shows, with all labels."""
    words = [sys.executable, "-m", "tests.queue.figures", str(tmp_path)]
    printed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    shown: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(queue_[a-z_]+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$", printed, re.M):
        if name.endswith("_created"):
            continue
        shown.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    page = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`queue_[a-z_` ]+) \| ([a-z_ ]*) ?\|", page, re.MULTILINE)
    listed = {name: set(labels.split()) for names, labels in rows for name in re.findall(r"`(\w+)`", names)}
    assert listed.keys() == shown.keys()
    for name, labels in shown.items():
        assert labels - {"le"} <= listed[name], f"{name} has {labels}"
