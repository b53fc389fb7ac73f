"""The metrics of running services, under go-zero's names and in its buckets."""

import re
import socket
from pathlib import Path

import pytest

from tests.observed.conftest import Pair
from tests.observed.running import running
from tests.parts import wait_for

BUCKETS = {
    "http_server": "5.0 10.0 25.0 50.0 100.0 250.0 500.0 750.0 1000.0 +Inf",
    "rpc_server": "1.0 2.0 5.0 10.0 25.0 50.0 100.0 250.0 500.0 1000.0 2000.0 5000.0 +Inf",
}


def test_requests_are_counted_by_route_and_status(pair: Pair) -> None:
    for path in ("/items/1", "/items/1", "/items/0", "/fail", "/nowhere", "/healthz", "/readyz"):
        pair.bff.get(path)
    total = "http_server_requests_code_total"
    assert pair.bff.value(total, path="/items/:id", method="GET", code="200") == 2
    assert pair.bff.value(total, path="/items/:id", code="404") == 1
    assert pair.bff.value(total, path="/fail", code="500") == 1
    assert pair.bff.value(total, path="(none)", code="404") == 1
    assert pair.bff.value(total) == 5, "those who ask for the state are no requests"
    assert pair.bff.value("http_server_requests_duration_ms_count", path="/items/:id", code="200") == 2
    assert pair.bff.value("rpc_client_requests_code_total", method="/demo.Demo/Ask", code="0") == 2
    assert pair.rpc.value("rpc_server_requests_code_total", method="/demo.Demo/Ask", code="5") == 1
    assert pair.rpc.value("sql_client_requests_duration_ms_count", command="query") == 1
    assert pair.rpc.value("cache_requests_total", database="demo", table="item", result="hit") == 1


@pytest.mark.parametrize("kind", ["http_server", "rpc_server"])
def test_the_buckets_are_go_zeros(pair: Pair, kind: str) -> None:
    pair.bff.get("/items/1")
    text = (pair.bff if kind == "http_server" else pair.rpc).metrics()
    lines = re.findall(rf'^{kind}_requests_duration_ms_bucket\{{.*?le="([^"]*)"', text, re.MULTILINE)
    assert " ".join(dict.fromkeys(lines)) == BUCKETS[kind]


def test_figures_of_the_process(pair: Pair) -> None:
    wait_for(lambda: pair.bff.value("event_loop_lag_ms_count") > 0, "the loop's lag is measured")
    text = pair.bff.metrics()
    for name in ("http_server_in_flight_requests 0.0", "gc_pause_seconds_total{", "python_gc_collections_total{"):
        assert f"\n{name}" in text
    assert "\nrpc_server_in_flight_requests 0.0" in pair.rpc.metrics()


@pytest.mark.slow
def test_refused_requests_are_counted_by_their_reason(tmp_path: Path) -> None:
    settings = "Name: a\nHost: 127.0.0.1\nPort: {port}\nDevServer: {{Host: 127.0.0.1, Port: {admin}}}\nMaxConns: 1\n"
    with running(tmp_path, "bff", settings) as bff:
        flight, total = "http_server_in_flight_requests", "http_server_requests_dropped_total"
        with socket.create_connection(("127.0.0.1", bff.port), timeout=5) as held:
            held.sendall(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: bff.value(flight) == 1, "a request is in flight")
            assert [bff.get("/slow").status for _ in range(2)] == [503, 503]
        wait_for(lambda: bff.value(flight) == 0, "its client has left")
        assert bff.get("/slow").status == 200
        assert bff.value(total, path="/slow", method="GET", reason="max_conns") == 2
        assert bff.value(total) == 2
        for _ in range(60):
            bff.get("/fail")
        assert bff.value(total, path="/fail", reason="breaker") > 10


def test_what_is_wrong_stands_on_the_dev_server_only(pair: Pair) -> None:
    assert pair.bff.get("/readyz", admin=True).status == 200
    assert "/metrics" not in pair.bff.get("/nowhere", admin=True).body
    assert pair.bff.get("/metrics").status == 404, "the public has no metrics"


@pytest.mark.slow
def test_the_older_block(tmp_path: Path) -> None:
    settings = (
        "Name: a\nHost: 127.0.0.1\nPort: {port}\nPrometheus: {{Host: 127.0.0.1, Port: {admin}, Path: /metrics}}\n"
    )
    with running(tmp_path, "bff", settings) as bff:
        bff.get("/slow")
        assert bff.value("http_server_requests_code_total", path="/slow", code="200") == 1


@pytest.mark.slow
def test_off_is_off(tmp_path: Path) -> None:
    settings = (
        "Name: a\nHost: 127.0.0.1\nPort: {port}\nDevServer: {{Host: 127.0.0.1, Port: {admin}}}\n"
        "Middlewares: {{Prometheus: false}}\n"
    )
    with running(tmp_path, "bff", settings) as bff:
        bff.get("/slow")
        assert bff.value("http_server_requests_code_total") == 0
