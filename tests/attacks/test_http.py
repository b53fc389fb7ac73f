"""Attacks on the HTTP front by a peer with a TCP connection; `make attack` runs them longer."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.harness import LONG, answer, attacked, statuses, target
from tests.run.service import Service

pytestmark = pytest.mark.slow

HOST = b"Host: x\r\n"
FORM = b"POST /t/form HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
OTHER = b"GET /t/stats HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
UPLOAD = b"POST /t/upload HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = target(tmp_path_factory.mktemp("attacked") / "target")
    with Service(folder, "target_api") as running:
        yield running


REFUSED = {
    "length and chunked": FORM + b"Content-Length: 3\r\n" + CHUNKED + b"0\r\n\r\n",
    "chunked and length": FORM + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": FORM + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\na=1",
    "list of lengths": FORM + b"Content-Length: 3, 4\r\n\r\na=1",
    "length +3": FORM + b"Content-Length: +3\r\n\r\na=1",
    "length of 400 digits": FORM + b"Content-Length: " + b"9" * 400 + b"\r\n\r\na=1",
    "space before colon": FORM + b"Content-Length : 3\r\n\r\na=1",
    "folded line": FORM + b"X: 1\r\n  2\r\nContent-Length: 3\r\n\r\na=1",
    "bare LF in the head": FORM + b"X: 1\nContent-Length: 3\r\n\r\na=1",
    "bare LF everywhere": b"GET /t/stats HTTP/1.1\nHost: x\n\n",
    "bare CR": FORM + b"X: 1\r2\r\nContent-Length: 3\r\n\r\na=1",
    "NUL": FORM + b"X: 1\x002\r\nContent-Length: 3\r\n\r\na=1",
    "no name": b"GET /t/stats HTTP/1.1\r\nHost: x\r\n: v\r\n\r\n",
    "no Host": b"GET /t/stats HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET /t/stats HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a Host with spaces": b"GET /t/stats HTTP/1.1\r\nHost: a b\r\n\r\n",
    "HTTP/2.0": b"GET /t/stats HTTP/2.0\r\nHost: x\r\n\r\n",
    "no version": b"GET /t/stats\r\n\r\n",
    "two spaces": b"GET  /t/stats HTTP/1.1\r\nHost: x\r\n\r\n",
    "gzip, chunked": FORM + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": FORM + b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n",
    "chunked in HTTP/1.0": FORM.replace(b"/1.1", b"/1.0") + CHUNKED + b"0\r\n\r\n",
    "CONNECT": b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
    "chunk size by LF": FORM + CHUNKED + b"3\na=1\n0\n\n",
    "chunk without CRLF": FORM + CHUNKED + b"3\r\na=1XX0\r\n\r\n",
    "chunk size 0x3": FORM + CHUNKED + b"0x3\r\na=1\r\n0\r\n\r\n",
    "chunk size -3": FORM + CHUNKED + b"-3\r\na=1\r\n0\r\n\r\n",
    "chunk size too large": FORM + CHUNKED + b"f" * 17 + b"\r\na=1\r\n0\r\n\r\n",
    "long chunk extension": FORM + CHUNKED + b"3;" + b"x" * 5000 + b"\r\na=1\r\n0\r\n\r\n",
    "long trailer": FORM + CHUNKED + b"3\r\na=1\r\n0\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_two_readers_could_take_differently_is_refused_and_closed(service: Service, name: str) -> None:
    found = statuses(answer(service.port, REFUSED[name] + OTHER))
    assert len(found) == 1, found
    assert found[0] in (400, 431, 501, 505), found


TAKEN = {
    "Upgrade": (FORM + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\na=1" + OTHER, [200, 200]),
    "Upgrade, body that looks like a request": (
        FORM + b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: %d\r\n\r\n" % len(OTHER) + OTHER,
        [400],
    ),
    "three in one": (OTHER * 3, [200, 200, 200]),
    "empty lines before": (b"\r\n\r\n" + OTHER, [200]),
    "a body that nobody reads": (OTHER[:-2] + b"Content-Length: 5\r\n\r\nhello" + OTHER, [200, 200]),
    "garbage behind a running request": (b"GET /t/slow?ms=300 HTTP/1.1\r\nHost: x\r\n\r\nBAD\r\n\r\n", [200, 400]),
    "a head too long behind one": (
        b"GET /t/slow?ms=300 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nX: " + b"a" * 70_000,
        [200, 431],
    ),
    "HTTP/1.0": (b"GET /t/stats HTTP/1.0\r\n\r\n" + OTHER, [200]),
    "HTTP/1.0 kept": (b"GET /t/stats HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + OTHER, [200, 200]),
    "after close": (OTHER[:-2] + b"Connection: close\r\n\r\n" + OTHER, [200]),
    "Expect": (FORM + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\na=1", [200]),
    "absolute form": (b"GET http://other/t/stats HTTP/1.1\r\nHost: x\r\n\r\n", [200]),
    "broken escape": (b"GET /t/%zz HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    "chunked": (FORM + CHUNKED + b"1;a=b\r\na\r\n2\r\n=1\r\n0\r\nX: y\r\n\r\n" + OTHER, [200, 200]),
}


@pytest.mark.parametrize("name", TAKEN)
def test_answers_in_order_and_nothing_smuggled(service: Service, name: str) -> None:
    data, want = TAKEN[name]
    assert statuses(answer(service.port, data, 1.5)) == want


def test_a_client_that_waits_for_a_100_gets_it(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
        connection.sendall(FORM + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"a=1")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_trailer_is_not_a_header(service: Service) -> None:
    start = b"GET /t/who HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    assert statuses(answer(service.port, start + b"Authorization: Bearer x.y.z\r\n\r\n", 1)) == [401]
    found = answer(service.port, start.replace(b"who", b"stats") + b"X-Request-Id: trailer\r\n\r\n", 1)
    assert b"trailer" not in found


def test_who_closes_only_its_half_is_answered(service: Service) -> None:
    request = b"GET /t/slow?ms=700 HTTP/1.1\r\nHost: x\r\n\r\n"
    assert statuses(answer(service.port, request, end=True))[-1] == 200
    assert statuses(answer(service.port, OTHER + OTHER, end=True)) == [200, 200]


@pytest.mark.parametrize("kind", ["reset", "closed"])
def test_the_logic_of_who_left_is_cancelled(service: Service, kind: str) -> None:
    before = service.get("/t/stats").json()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as connection:
            connection.sendall(b"GET /t/slow?ms=4000 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.02)
            if kind == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    deadline = time.monotonic() + 3
    while int(service.get("/t/stats").json()["text"]) < int(before["text"]) + 20:
        assert time.monotonic() < deadline, "the logic went on"
        time.sleep(0.1)
    assert "499" in service.line_with('"status":499')


def test_health_is_answered_when_the_service_is_full(tmp_path: Path) -> None:
    with Service(target(tmp_path / "target"), "target_api", "MaxConns: 2\n") as service:
        held = [socket.create_connection(("127.0.0.1", service.port), timeout=5) for _ in range(2)]
        for connection in held:
            connection.sendall(UPLOAD + b"Content-Length: 10\r\n\r\na")
        time.sleep(0.3)
        assert service.get("/t/stats").status == 503
        assert [service.get(path).status for path in ("/healthz", "/readyz")] == [200, 200]
        for connection in held:
            connection.close()
        time.sleep(0.3)
        assert service.get("/t/stats").status == 200


def opened(port: int, count: int, data: bytes, receive: int = 0) -> list[socket.socket]:
    """Open connections that have sent `data`; `receive` is the size of their receive buffers in bytes."""
    found = []
    for _ in range(count):
        connection = socket.socket()
        if receive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.settimeout(5)
        connection.connect(("127.0.0.1", port))
        connection.sendall(data)
        found.append(connection)
    return found


def poured(port: int, start: bytes, piece: bytes, seconds: float) -> tuple[int, bytes]:
    """Send pieces until the service closes or time is up; return the number of bytes it took, and its answer."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(start)
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline:
                sent += connection.send(piece)
        with contextlib.suppress(OSError):
            return sent, connection.recv(4096)
    return sent, b""


@pytest.mark.slow
def test_pipelined_requests(service: Service) -> None:
    many = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n" * 13_000
    with attacked(service):
        for _ in range(10 if LONG else 2):
            held = opened(service.port, 20, b"GET /t/slow?ms=900 HTTP/1.1\r\nHost: x\r\n\r\n")
            for connection in held:
                connection.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    connection.send(many)
            time.sleep(0.5)
            for connection in held:
                connection.close()
            time.sleep(1)


@pytest.mark.slow
def test_all_pipelined_requests_are_answered(service: Service) -> None:
    with attacked(service):
        assert answer(service.port, OTHER * 2000, 2).count(b"HTTP/1.1 200") == 2000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (UPLOAD + CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n"),
        (UPLOAD + CHUNKED, b"1\r\na\r\n" * 10_000),
        (UPLOAD + CHUNKED + b"1;", b"x" * 65536),
        (UPLOAD + CHUNKED + b"0\r\nX: ", b"x" * 65536),
        (UPLOAD + CHUNKED + b"0\r\n", b"a: b\r\n" * 10_000),
        (UPLOAD + b"Content-Length: 10737418240\r\n\r\n", b"a" * 65536),
        (OTHER[:-2] + CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n"),
        (b"GET /t/stats HTTP/1.1\r\nHost: x\r\nX: ", b"a" * 65536),
        (b"GET /t/stats HTTP/1.1\r\nHost: x\r\n", b"a: b\r\n" * 10_000),
        (b"", b"\r\n" * 10_000),
    ],
    ids=["chunks", "tiny chunks", "extension", "trailer", "trailers", "10 GiB", "unread", "header", "headers", "lines"],
)
def test_what_never_ends(service: Service, start: bytes, piece: bytes) -> None:
    with attacked(service):
        sent, found = poured(service.port, start, piece, 5)
        assert sent < 50 << 20
        assert not found or statuses(found)[0] in (200, 400, 413, 431)


@pytest.mark.slow
def test_readers_that_do_not_read(service: Service) -> None:
    with attacked(service, settle=8):
        count = 100 if LONG else 30
        held = opened(service.port, count, b"GET /t/big?size=5000000 HTTP/1.1\r\nHost: x\r\n\r\n", 4096)
        time.sleep(13)
        for connection in held:
            with contextlib.suppress(OSError):
                assert len(connection.recv(1 << 20)) < 5_000_000
            connection.close()


def closed_within(held: list[socket.socket], seconds: float, drip: bytes = b"") -> int:
    """Return how many connections the service closes within `seconds`; `drip` is sent on each every half second."""
    deadline = time.monotonic() + seconds
    open_ = set(held)
    while open_ and time.monotonic() < deadline:
        for connection in list(open_):
            connection.setblocking(False)
            try:
                if drip:
                    connection.send(drip)
                while connection.recv(65536):
                    pass
                open_.discard(connection)
            except BlockingIOError:
                pass
            except OSError:
                open_.discard(connection)
        time.sleep(0.5)
    for connection in held:
        connection.close()
    return len(held) - len(open_)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "drip", "seconds"),
    [
        (b"", b"", 12),
        (b"GET /t/stats HTTP/1.1\r\nHost: x\r\n", b"X", 13),
        (UPLOAD + b"Content-Length: 1000\r\n\r\n", b"a", 13),
        (UPLOAD + CHUNKED, b"1", 13),
        (OTHER[:-2] + b"Content-Length: 1000\r\n\r\n", b"a", 13),
        (OTHER, b"", 8),
    ],
    ids=["silent", "head", "body", "chunk size", "unread body", "kept"],
)
def test_who_is_slow_is_let_go(service: Service, start: bytes, drip: bytes, seconds: float) -> None:
    with attacked(service):
        assert closed_within(opened(service.port, 100, start), seconds, drip) == 100


@pytest.mark.slow
def test_an_empty_line_does_not_keep_a_connection(service: Service) -> None:
    held = opened(service.port, 20, OTHER)
    time.sleep(0.3)
    for connection in held:
        connection.recv(65536)
        connection.sendall(b"\r\n")
    assert closed_within(held, 8) == 20
