"""Bounds on what one client may take: idle connections, endless and packed bodies, deep JSON, answers nobody reads."""

import contextlib
import gzip
import resource
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.harness import LONG, answer, attacked, rss, statuses, target
from tests.run.service import Service

pytestmark = pytest.mark.slow
MOST_MIB = 200.0
IDLE = 10_000
UPLOAD = b"POST /t/upload HTTP/1.1\r\nHost: x\r\n"
CHUNK = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = target(tmp_path_factory.mktemp("bounds") / "target")
    with Service(folder, "target_api") as running:
        yield running


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without limits of its own on the size and the time of a body."""
    folder = target(tmp_path_factory.mktemp("open") / "target")
    with Service(folder, "target_api", "Middlewares:\n  MaxBytes: false\n  Timeout: false\n") as running:
        yield running


@contextlib.contextmanager
def within_memory(service: Service) -> Iterator[None]:
    """Fail when the service ever has more than 200 MiB, or lets others wait."""
    with attacked(service):
        yield
        assert rss(service.process.pid) < MOST_MIB


def test_ten_thousand_idle_connections(service: Service) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < IDLE + 500:
        pytest.skip(f"this process may open {hard} files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    try:
        with within_memory(service):
            for number in range(IDLE):
                connection = socket.create_connection(("127.0.0.1", service.port), timeout=10)
                held.append(connection)
                if number % 100 == 0:
                    time.sleep(0.02)  # the attack is to hold them, not to open them
                    assert rss(service.process.pid) < MOST_MIB
            assert rss(service.process.pid) < MOST_MIB
            assert service.get("/t/stats").status == 200
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_comes_later_finds_room_beyond_the_limit_of_files(tmp_path: Path) -> None:
    """The service may open few files: idle connections make room for new ones."""
    folder = target(tmp_path / "target")
    few = 512
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({few}, {few}))\n"
    start = folder / "target_api" / "__main__.py"
    start.write_text(limited + start.read_text(encoding="utf-8"), encoding="utf-8")
    with Service(folder, "target_api") as running:
        held = [socket.create_connection(("127.0.0.1", running.port), timeout=5) for _ in range(2 * few)]
        assert running.get("/t/stats").status == 200
        assert "Traceback" not in running.lines()
        for connection in held:
            connection.close()


def test_ten_gigabytes_in_chunks_that_are_streamed(open_service: Service) -> None:
    """The handler counts the bytes of its stream; no more than a few of them are ever here."""
    total = (10 << 30 if LONG else 1 << 30) // 0x100000
    head = b"POST /t/stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with within_memory(open_service), socket.create_connection(("127.0.0.1", open_service.port), timeout=60) as sender:
        sender.sendall(head)
        for number in range(total):
            sender.sendall(CHUNK)
            if number % 100 == 0:
                assert rss(open_service.process.pid) < MOST_MIB
        sender.sendall(b"0\r\n\r\n")
        assert str(total * 0x100000).encode() in sender.recv(65536)


def test_gzip_bombs(service: Service) -> None:
    packed = gzip.compress(b"\0" * (200 << 20), 9)
    nested = gzip.compress(packed, 9)
    with within_memory(service):
        for data in (packed, nested, packed[:-20]) * (10 if LONG else 3):
            head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(data)
            assert statuses(answer(service.port, UPLOAD + head + data))[0] in (200, 400, 413)
            assert rss(service.process.pid) < MOST_MIB


def test_a_bomb_in_many_members(service: Service) -> None:
    one = zlib.compressobj(9, wbits=31)
    member = one.compress(b"\0" * 1_000_000) + one.flush()
    data = member * 900
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(data)
    with within_memory(service):
        assert statuses(answer(service.port, UPLOAD + head + data))[0] == 413
        data = gzip.compress(b"", 9, mtime=0) * 50_000
        head = head.replace(b"%d" % (len(member) * 900), b"%d" % len(data))
        assert statuses(answer(service.port, UPLOAD + head + data))[0] == 400


def test_deep_json(service: Service) -> None:
    with within_memory(service):
        for depth in (1000, 100_000, 400_000):
            for left, right in ((b"[", b"]"), (b'{"name":', b"}")):
                data = left * depth + b"1" + right * depth
                head = b"POST /t/json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                sent = head + b"Content-Length: %d\r\n\r\n" % len(data) + data
                assert statuses(answer(service.port, sent))[0] in (400, 413)


def test_a_body_that_drips_ends_with_the_time_of_its_request(service: Service) -> None:
    """A client that is just fast enough for the rate of bodies does not hold a request for longer than Timeout."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as sender:
        sender.sendall(UPLOAD + b"Content-Length: 1000000\r\n\r\n")
        sender.setblocking(False)
        received = b""
        while time.monotonic() < started + 9 and not received:
            with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                sender.send(b"a" * 2000)
            with contextlib.suppress(BlockingIOError):
                received = sender.recv(4096)
            time.sleep(0.1)
    assert statuses(received) == [503]
    assert time.monotonic() - started < 7


def test_memory_is_flat_while_large_answers_are_not_read(service: Service) -> None:
    request = b"GET /t/big?size=2000000 HTTP/1.1\r\nHost: x\r\n\r\n"
    with within_memory(service):
        held = []
        for _ in range(60):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(5)
            connection.connect(("127.0.0.1", service.port))
            connection.sendall(request)
            held.append(connection)
            assert rss(service.process.pid) < MOST_MIB
        time.sleep(2)
        assert rss(service.process.pid) < MOST_MIB
        for connection in held:
            connection.close()
