"""The stop of a service that speaks TLS: who was accepted is answered, all others are refused."""

import asyncio
import signal
import socket
import ssl
import time
import urllib.request
from pathlib import Path
from typing import Self

import pytest

from mallgen_runtime.process.tls import client_tls
from tests.certificates import Authority
from tests.load.running import LoadedService
from tests.run.load import IDLE, Tally, how_it_ended
from tests.run.service import wait_until_refused

CLIENTS = 24


class SecureService(LoadedService):
    """A service with a certificate, whose clients trust `context`."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        Authority(folder).issue("server", "localhost", "127.0.0.1")
        self.context = client_tls(str(folder / "authority.pem"), "", "", ["http/1.1"])
        tls = f"CertFile: {folder / 'server.pem'}\nKeyFile: {folder / 'server.key'}\n"
        quiet = "Log:\n  Access: false\nMiddlewares:\n  Shedding: false\n"
        super().__init__(folder, f"{tls}{quiet}{settings}")

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(
                    f"https://127.0.0.1:{self.port}/healthz", timeout=2, context=self.context
                ).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"no answer: {self.lines()}")


async def ask_until_refused(port: int, context: ssl.SSLContext, *, keep: bool) -> Tally:
    """Send requests on new connections, or on kept ones, until one is refused."""
    answered = leaving = 0
    close = "" if keep else "Connection: close\r\n"
    request = f"GET /quick HTTP/1.1\r\nHost: x\r\n{close}\r\n".encode()
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        except ConnectionRefusedError:
            return Tally(answered, leaving, [])
        except (OSError, asyncio.IncompleteReadError) as problem:
            return Tally(answered, leaving, [f"handshake: {problem!r}"])
        stays, asked = True, 0.0
        try:
            while stays:
                end = how_it_ended(reader, writer, asked) if asked else None
                if end is not None and end != IDLE:
                    return Tally(answered, leaving, [end])
                if end is not None:
                    leaving += 1
                    break
                asked = time.monotonic()
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(4)
                answered += head.startswith(b"HTTP/1.1 200")
                stays = keep and b"connection: close" not in head.lower()
                leaving += keep and not stays
        except (OSError, asyncio.IncompleteReadError) as problem:
            return Tally(answered, leaving, [f"request: {problem!r}"])
        writer.close()


async def stopped_under_load(service: SecureService, seconds: float) -> Tally:
    """Stop a service while clients ask; return what became of their requests."""
    asked = [
        asyncio.create_task(ask_until_refused(service.port, service.context, keep=bool(n % 3 == 0)))
        for n in range(CLIENTS)
    ]
    await asyncio.sleep(seconds)
    service.process.send_signal(signal.SIGTERM)
    answered, leaving, lost = zip(*await asyncio.wait_for(asyncio.gather(*asked), 30), strict=True)
    return Tally(sum(answered), sum(leaving), [text for texts in lost for text in texts])


def check_stop(folder: Path, settings: str) -> None:
    with SecureService(folder, settings) as service:
        tally = asyncio.run(stopped_under_load(service, 0.7))
        assert tally.lost == []
        assert tally.answered > CLIENTS
        assert service.process.wait(timeout=20) == 0, service.lines()[-2000:]
        assert "Traceback" not in service.lines()


@pytest.mark.slow
def test_a_stop_under_load_loses_no_secure_connection(tmp_path: Path) -> None:
    check_stop(tmp_path, "Shutdown:\n  WrapUpTime: 300ms\n")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_many_stops_under_load_lose_no_secure_connection(tmp_path: Path, workers: int) -> None:
    for number in range(6):
        folder = tmp_path / str(number)
        folder.mkdir()
        check_stop(folder, f"Workers: {workers}\nShutdown:\n  WrapUpTime: 100ms\n")


def test_a_handshake_that_has_not_ended_at_the_signal_is_waited_for(tmp_path: Path) -> None:
    """Connections accepted before the signal that begin their handshake when the door has closed."""
    with SecureService(tmp_path, "Shutdown:\n  WrapUpTime: 50ms\n") as service:
        accepted = [socket.create_connection(("127.0.0.1", service.port), timeout=10) for _ in range(5)]
        time.sleep(0.2)
        service.process.send_signal(signal.SIGTERM)
        wait_until_refused(service.port)
        for plain in accepted:
            with service.context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.sendall(b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")
                assert secure.recv(4096).startswith(b"HTTP/1.1 200")
        assert service.process.wait(timeout=20) == 0, service.lines()[-2000:]


@pytest.mark.slow
def test_who_begins_no_handshake_is_not_waited_for_long(tmp_path: Path) -> None:
    with SecureService(tmp_path, "Shutdown:\n  WrapUpTime: 50ms\n") as service:
        silent = socket.create_connection(("127.0.0.1", service.port), timeout=10)
        time.sleep(0.2)
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 5
        silent.close()
        assert "Traceback" not in service.lines()
