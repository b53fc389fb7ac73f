"""A service under attack, watched from another connection and checked when the attack is over."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.attacks.probe import Probe
from tests.conftest import ROOT

LONG = bool(os.environ.get("ATTACK_LONG"))
MOST_MS, MOST_MIB = 100.0, 50.0
GOOD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
BODIES = {
    "form": "return CountResponse(count=len(req.a), text=req.a)",
    "big": 'return CountResponse(count=req.size, text="a" * req.size)',
    "stats": "return CountResponse(count=len(asyncio.all_tasks()), text=str(self.svc.cancelled))",
    "slow": """try:
            await asyncio.sleep(req.ms / 1000)
        except asyncio.CancelledError:
            self.svc.cancelled += 1
            raise
        return CountResponse(count=req.ms, text="slept")""",
    "stream": """size = 0
        async for chunk in self.ctx.stream():
            size += len(chunk)
        return CountResponse(count=size, text="")""",
    "json": "return CountResponse(count=1, text=req.name)",
    "upload": 'return CountResponse(count=len(await self.ctx.raw_body()), text="")',
    "who": 'return CountResponse(count=1, text="in")',
}


class Running(Protocol):
    """The parts of a service started by a test that the harness uses."""

    port: int
    process: "subprocess.Popen[bytes]"

    def lines(self) -> str:
        """Return what the service has written to stdout and stderr."""


def target(folder: Path) -> Path:
    """Generate the attacked HTTP service from target.api, fill in its logic and return its folder."""
    folder.mkdir(parents=True)
    (folder / "target.api").write_bytes((ROOT / "tests" / "attacks" / "target.api").read_bytes())
    command = [sys.executable, "-m", "mallgen", "api", "py", "-api", "target.api", "-dir", ".", "-q"]
    subprocess.run(command, cwd=folder, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    for name, code in BODIES.items():
        path = folder / "target_api" / "logic" / f"{name}_logic.py"
        before, _, _ = path.read_text(encoding="utf-8").partition("raise NotImplementedError")
        text = f"{before}{code}\n"
        path.write_text(text.replace("from mallgen_runtime", "import asyncio\n\nfrom mallgen_runtime", 1), "utf-8")
    svc = folder / "target_api" / "svc.py"
    text = svc.read_text(encoding="utf-8")
    svc.write_text(text.replace("    async def start", "    cancelled = 0\n\n    async def start", 1), "utf-8")
    return folder


def rss(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def answer(port: int, data: bytes, seconds: float = 5.0, *, end: bool = False) -> bytes:
    """Send bytes and return the reply until the service closes or is silent for `seconds`; `end` closes our half."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        received = b""
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except OSError:
            pass  # a reset or silence ends the reply
        return received


def statuses(stream: bytes) -> list[int]:
    """Return the status of every HTTP answer in a stream of bytes."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", stream)]


@contextmanager
def attacked(service: Running, *, settle: float = 3.0) -> Iterator[None]:
    """Wrap an attack: fail unless others are answered in time, memory is given back and the log has no traceback."""
    before = rss(service.process.pid)
    with Probe(service.port, GOOD, b"HTTP/1.1 200 ") as probe:
        yield
    deadline = time.monotonic() + settle
    while (after := rss(service.process.pid)) > before + MOST_MIB and time.monotonic() < deadline:
        time.sleep(0.2)
    assert service.process.poll() is None, service.lines()
    assert not probe.wrong, probe.wrong[:3]
    assert probe.p99 <= MOST_MS, f"p99 of {len(probe.taken)} good calls: {probe.p99:.0f} ms"
    assert after <= before + MOST_MIB, f"{before:.0f} MiB before, {after:.0f} MiB after"
    assert "Traceback" not in service.lines(), service.lines()[-2000:]
