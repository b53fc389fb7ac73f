"""Compare mallgen's HTTP server with uvicorn and granian that serve the same application.

The BFF answers /v1/recommend alone, without calling a service. Needs wrk and Linux. Compare the processor time per
request, which a busy machine changes least. All servers are measured in each round, so that a busy machine slows all of
them. An answer that is not 2xx ends the run. `OLD_RUNTIME=folder` adds another version of the runtime.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.run.shop import bff_alone  # noqa: E402
from tests.wrk_tool import run_wrk  # noqa: E402

ROUNDS, SECONDS, CLIENTS = 3, 3, 64
PATHS = ("/healthz", "/v1/recommend?ps=5")
SECRET = "a secret of at least thirty-two bytes"
FACTORY = "mall_api.app:create_app"


class Server(NamedTuple):
    """A server that runs the shop's BFF; `{port}` in its command is replaced."""

    name: str
    command: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()


_UVICORN = f"-m uvicorn --factory {FACTORY} --port {{port}} --loop uvloop --http httptools --no-access-log"
_GRANIAN = f"-m granian --interface asgi --loop uvloop --factory {FACTORY} --port {{port}}"
SERVERS = [
    Server("mallgen", ("-m", "mall_api", "-f", "etc/{port}.yaml")),
    Server("uvicorn", tuple(_UVICORN.split())),
    Server("granian", tuple(_GRANIAN.split())),
]
if "OLD_RUNTIME" in os.environ:
    SERVERS.append(Server("before", SERVERS[0].command, (("PYTHONPATH", os.environ["OLD_RUNTIME"]),)))


def started(server: Server, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a server and return its process when it answers; raise SystemExit when it does not."""
    lines = f"Name: mall-api\nHost: 127.0.0.1\nPort: {port}\nLog:\n  Access: false\n"
    lines += "Middlewares:\n  Shedding: false\n"  # what is refused would be cheap
    for name in (f"{port}.yaml", "mall-api.yaml"):
        (folder / "etc" / name).write_text(lines, encoding="utf-8")
    command = [sys.executable, *(part.format(port=port) for part in server.command)]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "AUTH_ACCESS_SECRET": SECRET, **dict(server.env)},
    )
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{server.name} does not answer")


def spent(pid: int) -> float:
    """Return the processor seconds of a process and its descendants."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + sum(spent(int(child)) for child in children)


def measured(pid: int, port: int, path: str) -> tuple[float, float, float]:
    """Return requests per second, the 99th percentile in milliseconds, processor microseconds per request."""
    before = spent(pid)
    found = run_wrk(port, path, CLIENTS, SECONDS)
    return found.rate, found.p99, (spent(pid) - before) * 1e6 / found.requests


def main() -> None:
    """Measure all servers and print the table; raise SystemExit without wrk."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed")
    results: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as parent:
        folder = bff_alone(Path(parent))
        running = [started(server, folder, 21_100 + number) for number, server in enumerate(SERVERS)]
        try:
            for _ in range(ROUNDS):
                for path in PATHS:
                    for number, server in enumerate(SERVERS):
                        results.setdefault((path, server.name), []).append(
                            measured(running[number].pid, 21_100 + number, path)
                        )
        finally:
            for process in running:
                process.terminate()
    print("| path | server | processor µs a request | requests/s | p99 ms |\n|---|---|---:|---:|---:|")
    for (path, name), figures in results.items():
        rate, slow, cost = (statistics.median(column) for column in zip(*figures, strict=True))
        print(f"| {path} | {name} | {cost:.0f} | {rate:,.0f} | {slow:.1f} |")


if __name__ == "__main__":
    main()
