"""Benchmarks believe no figures of answers that are not 2xx."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.wrk_tool import check_answer, read_report

REPORT = """Running 3s test @ http://127.0.0.1:21100/healthz
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.10ms    1.02ms  22.33ms   91.20%
  Latency Distribution
     50%    2.91ms
     99%    7.05ms
  61720 requests in 3.00s, 9.42MB read
{}Requests/sec:  20570.61
Transfer/sec:      3.14MB
"""


def test_a_report_without_errors_has_figures() -> None:
    assert read_report(REPORT.format("")) == (61720, 20570.61, 7.05)
    assert read_report(REPORT.format("").replace("7.05ms", "1.20s")).p99 == 1200


@pytest.mark.parametrize(
    "line",
    ["  Non-2xx or 3xx responses: 7\n", "  Socket errors: connect 0, read 3, write 0, timeout 0\n"],
)
def test_one_with_errors_has_none(line: str) -> None:
    with pytest.raises(RuntimeError, match=r"errors: connect|Non-2xx"):
        read_report(REPORT.format(line))


def test_nor_has_one_without_requests() -> None:
    with pytest.raises(RuntimeError):
        read_report(REPORT.format("").replace("61720", "0"))
    with pytest.raises(RuntimeError):
        read_report("unable to connect")


@contextmanager
def answering(status: int) -> Iterator[int]:
    """Serve one status on a port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("location", "/")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Write no line."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(("status", "is_good"), [(200, True), (204, True), (302, False), (404, False), (503, False)])
def test_a_redirect_is_no_answer_to_measure(status: int, is_good: bool) -> None:
    with answering(status) as port:
        if is_good:
            check_answer(port, "/")
        else:
            with pytest.raises(RuntimeError, match=str(status)):
                check_answer(port, "/")
