"""The stop of a service: it is not ready but still serves, then refuses connections and finishes what has begun."""

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pauses import Pauses
from tests.run.load import Tally, load
from tests.run.service import Answer, Service, wait_until_refused
from tests.run.shop import RpcService, Shop, bff_alone

QUIET = "Log:\n  Access: false\nMiddlewares:\n  Shedding: false\nShutdown:\n  WrapUpTime: 300ms\n"
WRAPS_UP = "Shutdown:\n  WrapUpTime: 15s\n  WaitTime: 30s\n"  # longer than any wait: a second signal ends it


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return bff_alone(tmp_path)


def slow(folder: Path, seconds: float) -> None:
    """Make the flash sale's logic sleep."""
    logic = folder / "mall_api" / "logic" / "flash_sale_logic.py"
    text = logic.read_text(encoding="utf-8")
    waiting = f"print('it has begun', flush=True)\n        await asyncio.sleep({seconds})"
    waiting = f"-> FlashSaleResponse:\n        import asyncio\n\n        {waiting}"
    logic.write_text(text.replace("-> FlashSaleResponse:", waiting, 1), encoding="utf-8")


def asked(service: Service, path: str) -> tuple[threading.Thread, list[Answer]]:
    """Send a request to slow logic from a thread; return it, and the list that its answer will be added to."""
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(service.get(path)))
    thread.start()
    service.line_with("it has begun")
    return thread, answers


def read_until(connection: socket.socket, end: bytes) -> bytes:
    """Read from a connection until `end` has come or it closes."""
    read = b""
    while end not in read and (chunk := connection.recv(4096)):
        read += chunk
    return read


def test_ready_until_the_signal(shop: Path) -> None:
    with Service(shop, "mall_api", WRAPS_UP) as service:
        assert service.get("/readyz").status == 200
        assert service.get("/readyz").json()["service"] == "ok"
        service.process.send_signal(signal.SIGTERM)
        service.line_with("is stopping")
        answer = service.get("/readyz")
        assert (answer.status, answer.json()["status"]) == (503, "stopping")
        for path in ("/healthz", "/v1/recommend?ps=1"):
            answer = service.get(path)
            assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert service.stop() == 0


def test_who_was_silent_is_served_during_the_wrap_up(shop: Path) -> None:
    with Service(shop, "mall_api", WRAPS_UP) as service:
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as kept:
            kept.sendall(request)
            assert b"connection: close" not in read_until(kept, b"}")
            service.process.send_signal(signal.SIGTERM)
            service.line_with("is stopping")
            kept.sendall(request)
            answer = read_until(kept, b"}")
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"connection: close" in answer
        assert service.stop() == 0


def test_a_new_client_that_is_slow_to_ask_is_served(shop: Path) -> None:
    with Service(shop, "mall_api", "Shutdown:\n  WrapUpTime: 300ms\n") as service:
        with socket.create_connection(("127.0.0.1", service.port), timeout=5) as slow_one:
            service.process.send_signal(signal.SIGTERM)
            wait_until_refused(service.port)
            time.sleep(0.8)
            slow_one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = read_until(slow_one, b"}")
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"connection: close" in answer
        assert service.process.wait(timeout=5) == 0


@pytest.mark.parametrize(
    ("number", "seconds"), [pytest.param(signal.SIGTERM, 4, marks=pytest.mark.slow), (signal.SIGINT, 1.5)]
)
def test_a_client_that_never_asks_is_waited_for_a_moment_only(shop: Path, number: int, seconds: float) -> None:
    service = Service(shop, "mall_api", "Shutdown:\n  WrapUpTime: 100ms\n")
    with service, socket.create_connection(("127.0.0.1", service.port), timeout=5), Pauses() as pauses:
        started = time.monotonic()
        assert service.stop(number) == 0
        assert time.monotonic() - started < seconds + pauses.longest


def test_ctrl_c_does_not_wait_for_load_balancers(shop: Path) -> None:
    with Service(shop, "mall_api", "Shutdown:\n  WrapUpTime: 10s\n  WaitTime: 20s\n") as service:
        started = time.monotonic()
        assert service.stop(signal.SIGINT) == 0
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("package", "number"),
    [
        ("mall_api", signal.SIGTERM),
        ("order_rpc", signal.SIGINT),
        pytest.param("mall_api", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("order_rpc", signal.SIGTERM, marks=pytest.mark.slow),
    ],
)
def test_a_signal_as_soon_as_the_port_is_open(tmp_path: Path, package: str, number: int) -> None:
    shop = Shop(tmp_path)
    for pause in (0, 0.005, 0.02, 0.05):
        service: Service | RpcService = shop.rpc("order") if package == "order_rpc" else shop.mall()
        wait_until_reachable(service)
        time.sleep(pause)
        assert service.stop(number) == 0, (pause, service.lines())
        assert "Traceback" not in service.lines()


def wait_until_reachable(service: Service | RpcService) -> None:
    """Wait until a service listens on its port."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", service.port)) == 0:
                return
    raise AssertionError(f"nothing listens on {service.port}: {service.process.poll()} {service.lines()}")


@pytest.mark.slow
def test_a_second_signal_ends_the_wrap_up_a_third_the_drain(shop: Path) -> None:
    slow(shop, 30)
    with Service(shop, "mall_api", "Timeout: 60000\nShutdown:\n  WrapUpTime: 30s\n  WaitTime: 60s\n") as service:
        thread, _ = asked(service, "/v1/flashsale")
        service.process.send_signal(signal.SIGTERM)
        service.line_with("is stopping")
        service.process.send_signal(signal.SIGTERM)
        wait_until_refused(service.port)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(timeout=5) == 0
        thread.join()


def test_what_cannot_be_waited_for_is_told(shop: Path) -> None:
    slow(shop, 30)
    settings = "Timeout: 60000\nShutdown:\n  WrapUpTime: 100ms\n  WaitTime: 700ms\n"
    with Service(shop, "mall_api", settings) as service:
        thread, answers = asked(service, "/v1/flashsale")
        assert service.stop() == 0
        thread.join()
        assert [(a.status, a.json()["code"]) for a in answers] == [(503, "stopping")]
        assert "Traceback" not in service.lines()


@pytest.mark.parametrize("value", ["soon", "-1s", "1"])
def test_a_duration_is_checked_before_the_start(shop: Path, value: str) -> None:
    service = Service(shop, "mall_api", f"Shutdown:\n  WrapUpTime: {value}\n")
    assert service.process.wait(timeout=20) == 3
    assert "Shutdown.WrapUpTime is" in service.lines()


def under_load(folder: Path, clients: int, seconds: float) -> Tally:
    """Start a service, put it under load, stop it, and return the counts of requests."""
    with Service(folder, "mall_api", QUIET) as service:
        stopper = threading.Timer(seconds, service.process.send_signal, [signal.SIGTERM])
        stopper.start()
        tally = asyncio.run(load(service.port, "/v1/recommend?ps=5", clients))
        assert service.process.wait(timeout=20) == 0
        return tally


Figure = Callable[[str, object], None]


def check_stops(folder: Path, stops: int, clients: int, record: Figure) -> None:
    """Stop a service many times under load; fail when an accepted request is lost."""
    tallies = [under_load(folder, clients, 0.3) for _ in range(stops)]
    lost = [text for tally in tallies for text in tally.lost]
    record("figure", f"stops under load: {sum(t.answered for t in tallies)} requests, {len(lost)} lost, {stops} stops")
    assert lost == []
    assert all(tally.leaving >= clients // 2 for tally in tallies)


@pytest.mark.slow
def test_a_stop_under_load_loses_nothing(shop: Path, record_property: Figure) -> None:
    check_stops(shop, 2, 16, record_property)


@pytest.mark.slow
def test_many_stops_under_load_lose_nothing(shop: Path, record_property: Figure) -> None:
    check_stops(shop, 40, 64, record_property)
