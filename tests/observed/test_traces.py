"""Traces of running services, as a collector gets them."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen_runtime import App, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.process.devserver import DevServerConf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.origin import origin
from mallgen_runtime.process.telemetry import Telemetry
from mallgen_runtime.testing import Client
from tests import servers
from tests.observed.collector import Collector, collecting
from tests.observed.conftest import Pair
from tests.observed.running import running
from tests.ports import free_port

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER, CLIENT = 2, 3


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def more(collector: Collector) -> str:
    return (
        f"Telemetry: {{{{Endpoint: '127.0.0.1:{collector.port}', Batcher: otlphttp, "
        "OtlpHeaders: {{authorization: 'Bearer hush'}}}}\n"
    )


@pytest.fixture(scope="module", autouse=True)
def soon() -> Iterator[None]:
    """Let batches go after 100 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield


def test_a_trace_goes_through_both_services_down_to_the_database(pair: Pair, collector: Collector) -> None:
    parent = f"00-{TRACE}-{CALLER}-01"
    answer = pair.bff.get("/items/7", traceparent=parent, tracestate="rojo=00f067aa0ba902b7", x_request_id="r7")
    found = collector.of(TRACE, 6)
    root, call = found["demo 2 GET /items/:id"], found["demo 3 demo.Demo/Ask"]
    served, statement = found["demo.rpc 2 demo.Demo/Ask"], found["demo.rpc 3 SELECT"]
    deep, bottom = found["demo.rpc 3 demo.Demo/Deep"], found["demo.rpc 2 demo.Demo/Deep"]
    chain = [CALLER, root.id, call.id, served.id]
    assert [root.parent, call.parent, served.parent, statement.parent] == chain
    assert [deep.parent, bottom.parent] == [served.id, deep.id]
    assert answer.headers["traceparent"] == f"00-{TRACE}-{root.id}-01"
    assert root.attributes == {
        "http.request.method": "GET",
        "url.path": "/items/7",
        "http.route": "/items/:id",
        "http.response.status_code": 200,
    }
    assert statement.attributes["db.query.text"] == "SELECT ? + ?", "literals stay here"
    assert statement.attributes["db.system.name"] == "sqlite"
    assert served.attributes["rpc.grpc.status_code"] == 0
    assert not any(span.failed for span in found.values())
    assert collector.headers[0]["path"] == "/v1/traces"
    assert collector.headers[0]["authorization"] == "Bearer hush"


def test_a_trace_that_begins_here_has_the_id_of_the_log(pair: Pair, collector: Collector) -> None:
    answer = pair.bff.get("/fail", x_request_id="begins")
    trace = answer.headers["traceparent"].split("-")[1]
    (span,) = collector.of(trace, 1).values()
    assert (span.parent, span.failed, span.attributes["error.type"]) == ("", True, "500")
    assert re.search(rf'"trace":"{trace}"', pair.bff.lines())


def test_a_caller_that_does_not_sample_is_followed(pair: Pair, collector: Collector) -> None:
    other = "1" * 32
    answer = pair.bff.get("/items/8", traceparent=f"00-{other}-{CALLER}-00")
    assert answer.headers["traceparent"].endswith("-00")
    pair.bff.get("/slow", traceparent=f"00-{'2' * 32}-{CALLER}-01")
    slow = collector.of("2" * 32, 2)
    assert slow["demo 1 nap"].parent == slow["demo 2 GET /slow"].id, "a span that the user's own code has made"
    assert not any(span.trace == other for span in collector.spans)


def test_the_state_of_a_trace_goes_along_whether_anything_is_exported_or_not() -> None:
    async def told(ctx: Context, svc: object) -> Response:
        return Response(dict(origin.get().metadata()).get("tracestate", "none").encode())

    async def ask(**headers: str) -> bytes:
        conf = RestConf(name="a", port=1)
        async with Client(App(conf, ServiceBase(conf), [Route("GET", "/", told)])) as client:
            return (await client.get("/", headers=headers)).body

    parent = f"00-{TRACE}-{CALLER}-01"
    assert asyncio.run(ask(traceparent=parent, tracestate="rojo=1,congo=2")) == b"rojo=1,congo=2"
    assert asyncio.run(ask(tracestate="rojo=1")) == b"none", "without a trace there is no state of it"
    assert asyncio.run(ask(traceparent=parent, tracestate="é")) == b"none"


def test_the_first_process_has_the_port(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        conf = RestConf(name="a", port=1, dev_server=DevServerConf(host="127.0.0.1", port=free_port()))
        one, other = (App(conf, ServiceBase(conf), []) for _ in range(2))
        await one.open()
        await other.open(alone=False)
        with pytest.raises(ConfigError, match="DevServer cannot listen on"):
            await other.open()
        await other.shut()
        await one.shut()

    asyncio.run(run())
    assert "the metrics of this process are not served: DevServer cannot listen" in caplog.text


@pytest.mark.slow
def test_commands_of_redis_have_spans(redis_server: servers.Redis, tmp_path: Path) -> None:
    with collecting() as collector:
        settings = (
            "Name: demo.rpc\nListenOn: 127.0.0.1:{port}\nDevServer: {{Host: 127.0.0.1, Port: {admin}}}\n"
            f"Telemetry: {{{{Endpoint: 'http://127.0.0.1:{collector.port}', Batcher: otlphttp}}}}\n"
            f"CacheRedis: [{{{{Host: '{redis_server.host}'}}}}]\n"
        )
        with running(tmp_path, "rpc", settings) as rpc:
            bff = "Name: demo\nHost: 127.0.0.1\nPort: {port}\nDevServer: {{Host: 127.0.0.1, Port: {admin}}}\n"
            with running(tmp_path, "bff", f"{bff}DemoRpc: {{{{Endpoints: ['127.0.0.1:{rpc.port}']}}}}\n") as front:
                front.get("/items/9", traceparent=f"00-{TRACE}-{CALLER}-01")
            found = collector.of(TRACE, 4)
            assert found["demo.rpc 3 GET"].attributes["db.system.name"] == "redis"
            assert found["demo.rpc 2 demo.Demo/Ask"].parent not in ("", CALLER), "a BFF that exports nothing passes on"
            assert rpc.value("redis_client_requests_duration_ms_count", command="get") >= 1


@pytest.mark.slow
def test_a_collector_that_is_away_keeps_no_service_from_ending(tmp_path: Path) -> None:
    settings = (
        "Name: a\nHost: 127.0.0.1\nPort: {port}\nDevServer: {{Host: 127.0.0.1, Port: {admin}}}\n"
        "Telemetry: {{Endpoint: '127.0.0.1:9', Batcher: otlphttp}}\n"
    )
    with running(tmp_path, "bff", settings) as bff:
        assert bff.get("/slow").status == 200
        bff.stop()
    assert "Traceback" not in bff.lines()


def test_an_endpoint_without_the_sdk_is_refused(tmp_path: Path) -> None:
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").write_text("raise ImportError")
    conf = tmp_path / "a.yaml"
    conf.write_text("Name: a\nPort: 1\nTelemetry: {Endpoint: 'a:4317'}\n")
    script = str(Path(__file__).with_name("service.py"))
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    ran = subprocess.run(
        [sys.executable, script, "bff", "-f", str(conf)], capture_output=True, text=True, env=env, check=False
    )
    assert ran.returncode == 3
    assert ran.stderr == (
        "error[config] Telemetry.Endpoint is set, and traces need the OpenTelemetry SDK: "
        "pip install 'mallgen-runtime[otel]'\n"
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"batcher": "zipkin", "endpoint": "a:1"}, "Telemetry.Batcher is zipkin"),
        ({"batcher": "otlphttp", "endpoint": "ftp://a"}, "Telemetry.Endpoint is 'ftp://a'; write host:port"),
        ({"batcher": "file", "endpoint": "/nowhere/spans"}, "Telemetry.Endpoint: /nowhere/spans: No such file"),
    ],
)
def test_an_export_that_cannot_be_made_is_refused(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(reason)):
        Telemetry(TelemetryConf(**settings), "a")  # type: ignore[arg-type]
    Telemetry(TelemetryConf(**settings, disabled=True), "a")  # type: ignore[arg-type]


def test_headers_of_exports_are_no_ones_business() -> None:
    assert "hush" not in repr(TelemetryConf(otlp_headers={"authorization": "Bearer hush"}))
