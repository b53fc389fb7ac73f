"""Attacks on an RPC service: floods on raw connections, while good calls on other connections are measured."""

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mallgen_runtime.rpc.h2 import frames
from mallgen_runtime.rpc.h2.hpack import indexed, literal
from tests.attacks.probe import Probe
from tests.run.shop import RpcService

LONG = bool(os.environ.get("ATTACK_LONG"))
SECONDS = 10.0 if LONG else 1.5
MOST_MS = 100.0
ROOM = 50  # MiB
HELLO = frames.PREFACE + frames.settings(())
PATH = b"/product.Product/Products"
GOOD = b"grpc-status\x010"
EMPTY = b"\0\0\0\0\0"


def head(path: bytes = PATH, *more: tuple[bytes, bytes], kind: bytes = b"application/grpc") -> bytes:
    """Return the HPACK block of a call's request headers."""
    fields = ((b":path", path), (b":authority", b"x"), (b"te", b"trailers"), (b"content-type", kind), *more)
    return indexed(3) + indexed(6) + b"".join(literal(*field) for field in fields)


def opened(number: int, block: bytes = b"") -> bytes:
    """Return the HEADERS frame of a call whose body is still to come."""
    return frames.headers(number, block or head(), end=False)


def data(number: int, body: bytes = EMPTY, *, end: bool = True) -> bytes:
    """Return a DATA frame."""
    return frames.frame(frames.DATA, frames.END_STREAM if end else 0, number, body)


def call(number: int, block: bytes = b"", body: bytes = EMPTY) -> bytes:
    """Return the frames of a whole call."""
    return opened(number, block) + data(number, body)


def connected(port: int, hello: bytes = HELLO) -> socket.socket:
    """Open a connection and send the client's greeting."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(hello)
    return connection


def good_call(port: int) -> float:
    """Make a call on its own connection, which must succeed, and return its seconds."""
    started = time.monotonic()
    with connected(port) as caller:
        caller.sendall(call(1))
        received = b""
        while GOOD not in received:
            chunk = caller.recv(65536)
            assert chunk, f"the good call failed: {received!r}"
            received += chunk
    return time.monotonic() - started


def rss(service: RpcService) -> float:
    """Return the resident memory of a service's process in MiB."""
    pages = int(Path(f"/proc/{service.process.pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def survives(service: RpcService, attack: Callable[[int], None]) -> None:
    """Run an attack and check good calls, memory, the log and that the process is still alive."""
    before, log = rss(service), len(service.lines())
    with Probe(service.port, HELLO + call(1), GOOD) as probe:
        attack(service.port)
    assert not probe.wrong, probe.wrong[:3]
    assert probe.p99 <= MOST_MS, f"p99 of {len(probe.taken)} good calls: {probe.p99:.0f} ms"
    deadline = time.monotonic() + 10
    while rss(service) > before + ROOM:
        assert time.monotonic() < deadline, f"{rss(service):.0f} MiB, before the attack {before:.0f}"
        time.sleep(0.1)
    assert "Traceback" not in service.lines()[log:]
    assert service.process.poll() is None
    good_call(service.port)


def flood(port: int, chunks: Iterator[bytes], hello: bytes = HELLO, seconds: float = SECONDS) -> bytes:
    """Send the chunks as fast as the service takes them; return the last 4 KiB of its reply, b"" after a reset."""
    with connected(port, hello) as caller:
        caller.setblocking(False)
        end, rest, said = time.monotonic() + seconds, b"", b""
        while time.monotonic() < end:
            rest = rest or next(chunks, b"")
            readable, writable, _ = select.select([caller], [caller] if rest else [], [], 0.05)
            try:
                if readable:
                    chunk = caller.recv(1 << 18)
                    said = (said + chunk)[-4096:]
                    if not chunk:
                        break
                if writable:
                    rest = rest[caller.send(rest) :]
            except ConnectionError:
                return b""
    return said


def drain(caller: socket.socket) -> None:
    """Read and drop what has arrived so far."""
    caller.setblocking(False)
    with contextlib.suppress(OSError):
        while caller.recv(1 << 18):
            pass
    caller.setblocking(True)
