"""python -m mallgen_runtime.probe, over real sockets."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from mallgen_runtime import probe
from tests.ports import free_port


class Answering(BaseHTTPRequestHandler):
    """Answers with the status that the path has."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@contextmanager
def answering() -> Iterator[int]:
    """Serve HTTP and give the port."""
    server = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_http(capsys: pytest.CaptureFixture[str]) -> None:
    with answering() as port:
        url = f"http://127.0.0.1:{port}"
        assert [probe.main([f"{url}/{status}"]) for status in (200, 204, 302, 404, 503)] == [0, 0, 0, 1, 1]
    assert capsys.readouterr().err == f"{url}/404: status 404\n{url}/503: status 503\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_grpc(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    url = f"grpc://{host}:{server.add_insecure_port(f'{host}:0')}"
    server.start()
    try:
        assert probe.main([url]) == 0
        servicer.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        assert probe.main([url]) == 1
    finally:
        server.stop(None)
    assert capsys.readouterr().err == f"{url}: NOT_SERVING\n"


def test_tcp_and_nobody(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert probe.main([f"tcp://127.0.0.1:{server.getsockname()[1]}"]) == 0
    monkeypatch.setattr(probe, "SECONDS", 0.5)
    for scheme in ("http", "https", "grpc", "tcp"):
        assert probe.main([f"{scheme}://127.0.0.1:{free_port()}/healthz"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_a_server_that_says_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert [probe.main([f"{scheme}://127.0.0.1:{port}"]) for scheme in ("http", "https", "grpc")] == [1, 1, 1]
    assert "timed out" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["ftp://127.0.0.1:1"], ["http://127.0.0.1"], ["http://127.0.0.1:99999"], ["x"]])
def test_wrong_words(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(words) == 2
    assert capsys.readouterr().err.startswith("usage: ")
