"""A service under other ASGI servers, in two processes: the same answers, metrics of all, a stop that loses nothing."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.parts import wait_for
from tests.ports import free_port
from tests.run.service import SECRET, Answer, Service
from tests.run.shop import bff_alone
from tests.slow.under import COMMANDS, Under, command_of, made

pytestmark = pytest.mark.slow
OF_THE_SERVER = ("date", "server", "x-request-id", "connection", "transfer-encoding")
REQUESTS = [
    *(
        ("GET", path)
        for path in ("/healthz", "/readyz", "/things/7", "/things/a", "/things/500", "/nothing", "/secret")
    ),
    *(("GET", path) for path in ("/lines", "/events", "/things/7?x=%zz", "/things//7")),
    *((method, "/things/7") for method in ("HEAD", "OPTIONS", "DELETE")),
    ("POST", "/things"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("all"))


def shape(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """Return an answer without what differs from request to request and from server to server."""
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_SERVER}
    return answer.status, headers, re.sub(rb'"request_id":"\w+"', b"", answer.body)


def answers(service: Service) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {one: shape(service.request(*one)) for one in REQUESTS}
    json_body = {"content-type": "application/json"}
    found["POST", "json"] = shape(service.request("POST", "/things", b'{"name":"a"}', json_body))
    found["POST", "gzip bomb"] = shape(
        service.request("POST", "/things", bomb(), {**json_body, "content-encoding": "gzip"})
    )
    return found


def bomb() -> bytes:
    import gzip

    return gzip.compress(b'{"name":"' + b"a" * 5_000_000 + b'"}')


@pytest.fixture(scope="module")
def ours(folder: Path) -> dict[tuple[str, str], object]:
    with Service(folder, "all_api") as service:
        return answers(service)


class Running:
    """The service under one of the servers, with the port that shows its metrics."""

    def __init__(self, service: Service, dev: int) -> None:
        self.service = service
        self.dev = dev


@pytest.fixture(scope="module", params=list(COMMANDS))
def running(
    request: pytest.FixtureRequest, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    dev = free_port()
    settings = f"DevServer:\n  Host: 127.0.0.1\n  Port: {dev}\n"
    shared = str(tmp_path_factory.mktemp("metrics"))
    with Under(folder, request.param, settings, PROMETHEUS_MULTIPROC_DIR=shared) as service:
        yield Running(service, dev)


def test_answers_are_ours(running: Running, ours: dict[tuple[str, str], object]) -> None:
    assert answers(running.service) == ours
    assert '"route":"/things/:id"' in running.service.line_with("[HTTP] 500"), "the log as the settings have it"


def test_both_processes_answer_and_all_are_counted(running: Running) -> None:
    def count() -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.dev}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        assert "http_server_in_flight_requests" in text
        name = 'http_server_requests_code_total{code="200",method="GET",path="/process"} '
        return sum(float(line[len(name) :]) for line in text.splitlines() if line.startswith(name))

    before, asked = count(), 0
    seen: set[bytes] = set()
    while len(seen) < 2 and asked < 400:
        seen.add(running.service.get("/process").body)
        asked += 1
    assert len(seen) == 2
    deadline = time.monotonic() + 5
    while count() - before != asked and time.monotonic() < deadline:  # a request is counted behind its answer
        time.sleep(0.05)
    assert count() - before == asked


def test_a_large_upload(running: Running) -> None:
    head = b'--x\r\ncontent-disposition: form-data; name="photo"; filename="a"\r\n\r\n'
    body = head + b"a" * 60_000_000 + b"\r\n--x--\r\n"
    answer = running.service.request("POST", "/upload", body, {"content-type": "multipart/form-data; boundary=x"})
    assert (answer.status, answer.json()) == (200, {"count": 60_000_000})


def test_events_come_one_by_one(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.service.port), timeout=10) as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert [json.loads(one)["count"] for one in re.findall(rb"data: (.*)\n\n", received)] == [0, 1, 2]
    with socket.create_connection(("127.0.0.1", running.service.port), timeout=10) as connection:
        connection.sendall(b"GET /events HTTP/1.1\r\nhost: a\r\nlast-event-id: stay\r\n\r\n")
        received = b""
        while received.count(b"data: ") < 4:
            chunk = connection.recv(65536)
            assert chunk, "this stream does not end"
            received += chunk


def test_a_socket_talks(running: Running) -> None:
    address = f"ws://127.0.0.1:{running.service.port}/talk"
    with connect(f"{address}/7", proxy=None) as client:
        for count in range(3):
            client.send(json.dumps({"count": count}))
            assert json.loads(client.recv(10)) == {"count": count + 7}
        client.send('{"count":"x"}')
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1007
    for path in ("404", "x"):
        with pytest.raises(InvalidStatus) as denied, connect(f"{address}/{path}", proxy=None):
            pass
        assert denied.value.response.status_code in (400, 403, 404), "403 where a server knows no other"


@pytest.mark.parametrize("server", COMMANDS)
def test_a_stop_closes_sockets(server: str, folder: Path) -> None:
    with Under(folder, server) as service:
        with connect(f"ws://127.0.0.1:{service.port}/talk/1", proxy=None) as client:
            client.send('{"count":1}')
            assert json.loads(client.recv(10)) == {"count": 2}
            service.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                client.recv(15)
        assert service.process.wait(20) == 0
        assert "Traceback" not in service.lines()


@pytest.mark.parametrize("server", COMMANDS)
def test_a_stop_finishes_what_has_begun(server: str, folder: Path) -> None:
    statuses: list[int] = []
    events = b""
    with Under(folder, server) as service:
        asking = [
            threading.Thread(target=lambda: statuses.append(service.get("/slow").status), daemon=True)
            for _ in range(20)
        ]
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
            connection.sendall(b"GET /events HTTP/1.1\r\nhost: a\r\nlast-event-id: stay\r\n\r\n")
            events += connection.recv(65536)
            for one in asking:
                one.start()
            wait_for(lambda: service.lines().count("slow begins") == len(asking), "all requests have begun")
            service.process.send_signal(signal.SIGTERM)
            while chunk := connection.recv(65536):
                events += chunk
        for one in asking:
            one.join(10)
        assert service.process.wait(20) == 0
        assert "Traceback" not in service.lines()
    assert statuses == [200] * 20
    assert events.endswith(b"0\r\n\r\n"), "the stream ended cleanly"


@pytest.mark.parametrize("server", COMMANDS)
def test_tls_of_the_settings_is_refused(server: str, folder: Path) -> None:
    (folder / "a.pem").write_text("")
    service = Under(folder, server, "ClientCAFile: a.pem\nCertFile: a.pem\nKeyFile: a.pem\nWorkers: 2\n")
    try:
        service.line_with("CertFile, KeyFile, ClientCAFile: TLS is the server's")
        with pytest.raises(OSError):
            service.get("/things/7")
    finally:
        service.process.terminate()
        service.process.wait(20)


@pytest.mark.parametrize("server", COMMANDS)
def test_the_shop_answers_under(server: str, tmp_path: Path) -> None:
    port = free_port()
    command = command_of(server, port, "mall_api")
    environment = {**os.environ, "AUTH_ACCESS_SECRET": SECRET}
    words = [sys.executable, "-m", *command]
    process = subprocess.Popen(words, cwd=bff_alone(tmp_path), env=environment, start_new_session=True)
    try:
        assert b'"products"' in answer(process, f"http://127.0.0.1:{port}/v1/recommend?ps=1")
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:  # servers lose the signal for a worker that starts just then
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def answer(process: "subprocess.Popen[bytes]", url: str) -> bytes:
    """Wait until a program listens at a URL and return the body; return nothing when the process ends first."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as found:
                body: bytes = found.read()
                return body
        except OSError:
            time.sleep(0.1)
    return b""
