"""Compare chains of three services by requests per second of one core, as ratios within each round.

A request lists orders through a BFF, order.rpc and product.rpc. The chains take turns: the generated services, an equal
chain written by hand on FastAPI and grpc.aio, and one on go-zero. All have their data in memory, since the way of a
request is compared; `generated, tables` is the shop as it is, on SQLite. All processes of a chain share core 0, the
load (wrk, 32 connections) has core 1. The CPU time per request of each process is the kernel's figure; a busy machine
changes it less than the rate. Needs taskset and wrk, and Go for the third chain, which is left out without it.
"""

import argparse
import contextlib
import functools
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.ports import free_port  # noqa: E402
from tests.run.service import SECRET  # noqa: E402
from tests.run.shop import database, seeded  # noqa: E402
from tests.wrk_tool import run_wrk  # noqa: E402

PATH = "/v1/order/list?uid=7&cursor=0&ps=20"
PARTS = ROOT / "benchmarks" / "chain"
ENVIRONMENT = ROOT / "build" / "bench-venv"
TICKS = os.sysconf("SC_CLK_TCK")


class Figures(NamedTuple):
    """The result of one turn: requests per second, p99 in ms, CPU ms per request of each process, the BFF first."""

    rate: float
    late: float
    cpu: tuple[float, ...]


class Running(NamedTuple):
    """A started chain: the port of its BFF, and the ids of its processes, the BFF first."""

    port: int
    processes: tuple[int, ...]


def main() -> int:
    """Measure all chains and print the table; return 3 when a tool is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=6)
    words = parser.parse_args()
    missing = [name for name in ("taskset", "wrk") if shutil.which(name) is None]
    if missing:
        print(f"not measured: no {' and no '.join(missing)} on this machine (Debian: util-linux, wrk)", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as folder:
        turns = chains()
        rounds = [measure(Path(folder), turns, words.seconds, turn) for turn in range(words.rounds)]
    show(rounds)
    return 0


def chains() -> dict[str, "Chain"]:
    """Return the chains to compare, by name."""
    by_name: dict[str, Chain] = {"generated": Generated(), "generated, access log": Generated(access=True)}
    by_name["generated, grpc.aio"] = Generated(transport="grpc")
    by_name["generated, tables"] = Generated(tables=True)
    by_name["FastAPI + grpc.aio"] = ByHand()
    program = go_program()
    if program is not None:
        by_name["go-zero"] = GoZero(program)
    return by_name


def go_program() -> Path | None:
    """Build the chain on go-zero as the interoperation tests do; return None without Go."""
    from tests.interop.building import GO, built

    if shutil.which("go") is None and not Path(GO).exists():
        print("go-zero is left out: no Go on this machine", file=sys.stderr)
        return None
    return built()


def measure(folder: Path, taking_turns: "dict[str, Chain]", seconds: int, turn: int) -> dict[str, Figures]:
    """Measure every chain once, in reverse order in every other round."""
    figures = {}
    for name, chain in sorted(taking_turns.items(), key=lambda item: item[0], reverse=bool(turn % 2)):
        with chain.up(folder) as running:
            load(running, 1)
            figures[name] = load(running, seconds)
        print(f"round {turn + 1}: {name}: {figures[name].rate:.0f} req/s", file=sys.stderr)
    return figures


def load(running: Running, seconds: int) -> Figures:
    """Put load on a chain and return its figures; raise RuntimeError when a response was not 2xx."""
    before = [cpu_ms(process) for process in running.processes]
    found = run_wrk(running.port, PATH, 32, seconds, "taskset", "-c", "1")
    spent = [cpu_ms(process) - start for process, start in zip(running.processes, before, strict=True)]
    return Figures(found.rate, found.p99, tuple(each / found.requests for each in spent))


def cpu_ms(process: int) -> float:
    """Return the CPU time of a process so far in ms: all threads, user and system."""
    after_name = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) * 1000 / TICKS


def show(rounds: list[dict[str, Figures]]) -> None:
    """Print the medians of all rounds, and the medians of the ratios within each round."""
    print(f"{len(rounds)} rounds, medians; ratios of req/s and, in brackets, of CPU per request: above 1 is better")
    print(
        f"{'chain':<24}{'req/s':>7}{'p99 ms':>8}  {'CPU ms: BFF order product':<28}{'to FastAPI':>13}{'to go-zero':>13}"
    )
    for name in sorted(rounds[0]):
        turns = [figures[name] for figures in rounds]
        rate, late = (statistics.median(values) for values in zip(*(turn[:2] for turn in turns), strict=True))
        parts = [statistics.median(values) for values in zip(*(turn.cpu for turn in turns), strict=True)]
        split = f"{sum(parts):.2f}: {' '.join(f'{part:.2f}' for part in parts)}"
        pairs = "".join(f"{ratio(rounds, name, base):>13}" for base in ("FastAPI + grpc.aio", "go-zero"))
        print(f"{name:<24}{rate:>7.0f}{late:>8.1f}  {split:<28}{pairs}")


def ratio(rounds: list[dict[str, Figures]], name: str, base: str) -> str:
    """Return by which factor a chain is better than another one, by rate and (in brackets) by CPU time."""
    if base not in rounds[0]:
        return "-"
    rate = statistics.median(figures[name].rate / figures[base].rate for figures in rounds)
    cpu = statistics.median(sum(figures[base].cpu) / sum(figures[name].cpu) for figures in rounds)
    return f"{rate:.2f} ({cpu:.2f})"


class Chain:
    """Three processes on core 0."""

    def commands(self, folder: Path, ports: dict[str, int]) -> list[tuple[list[str], Path]]:
        """Return the command lines with their working folders, the BFF last."""
        raise AssertionError("a chain says what it runs")

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment variables of the processes."""
        own = {"MALLGEN_DISCOVERY": f"file:{folder / 'registry'}", "AUTH_ACCESS_SECRET": SECRET, "GOMAXPROCS": "1"}
        return {**os.environ, **own}

    @contextlib.contextmanager
    def up(self, folder: Path) -> Iterator[Running]:
        """Start the chain, and stop it at the end of the context."""
        ports = {name: free_port() for name in ("bff", "order", "product")}
        running: list[subprocess.Popen[bytes]] = []
        try:
            for number, (words, where) in enumerate(self.commands(folder, ports)):
                if number == len(ports) - 1:  # the BFF starts last, since failed calls would open its breakers
                    listening(ports["order"], ports["product"])
                line = ["taskset", "-c", "0", *words]
                env = self.environment(folder)
                quiet = subprocess.DEVNULL
                running.append(subprocess.Popen(line, cwd=where, env=env, stdout=quiet, stderr=quiet))
            wait(ports["bff"])
            yield Running(ports["bff"], tuple(process.pid for process in reversed(running)))
        finally:
            for process in reversed(running):
                process.terminate()
            for process in running:
                process.wait(timeout=20)


def listening(*ports: int) -> None:
    """Wait until a process listens on each of the ports; raise RuntimeError after 30 s."""
    end = time.monotonic() + 30
    for port in ports:
        with contextlib.closing(socket.socket()) as probe:
            while probe.connect_ex(("127.0.0.1", port)):
                if time.monotonic() > end:
                    raise RuntimeError(f"nobody listens on {port}")
                time.sleep(0.05)


def wait(port: int) -> None:
    """Wait until the BFF answers with 200; raise RuntimeError after 30 s."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError):
            connection.request("GET", PATH)
            if connection.getresponse().status == 200:
                return
        connection.close()
        time.sleep(0.1)
    raise RuntimeError("the chain does not answer within 30 s")


class Generated(Chain):
    """The services in generated/ with default settings, but for the access log and the RPC transport.

    Without `tables` the logic of order.rpc and product.rpc is that of benchmarks/chain.
    """

    def __init__(self, *, access: bool = False, transport: str = "http2", tables: bool = False) -> None:
        self.services = seeded() if tables else in_memory()
        self.access = "true" if access else "false"
        self.transport = f"Transport: {transport}\n"

    def commands(self, folder: Path, ports: dict[str, int]) -> list[tuple[list[str], Path]]:
        """Return a `python -m PACKAGE` for each service."""
        commands = []
        for name in ("order", "product", "mall"):
            port = ports["bff" if name == "mall" else name]
            kind = "mall_api" if name == "mall" else f"{name}_rpc"
            listen = f"Host: 127.0.0.1\nPort: {port}" if name == "mall" else f"ListenOn: 127.0.0.1:{port}"
            title = "mall-api" if name == "mall" else f"{name}.rpc"
            settings = folder / f"{name}-{port}.yaml"
            used = [f"{client}RPC:\n  {self.transport}" for client in ("Order", "Product")]
            more = "".join(used) if name == "mall" else self.transport
            data = "" if name == "mall" else database(name)
            text = f"Name: {title}\n{listen}\nLog:\n  Access: {self.access}\n{data}{more}"
            settings.write_text(text, encoding="utf-8")
            commands.append(([sys.executable, "-m", kind, "-f", str(settings)], self.services / name))
        return commands

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment variables; the data in memory are those of benchmarks/chain."""
        return {**super().environment(folder), "PYTHONPATH": str(PARTS)}


@functools.cache
def in_memory() -> Path:
    """Return a copy of the services that has the logic of benchmarks/chain."""
    made = seeded().parent / "memory"
    shutil.copytree(seeded(), made)
    for service, name in (("order", "orders_logic.py"), ("product", "products_logic.py")):
        shutil.copy(PARTS / name, made / service / f"{service}_rpc" / "logic")
    return made


class ByHand(Chain):
    """The chain of benchmarks/chain/by_hand.py, in a virtual environment of its own."""

    def commands(self, folder: Path, ports: dict[str, int]) -> list[tuple[list[str], Path]]:
        """Return the commands of the two servers and the BFF."""
        python = str(prepared())
        script = str(PARTS / "by_hand.py")
        order, product = str(ports["order"]), str(ports["product"])
        parts = [["order", order], ["product", product], ["bff", str(ports["bff"]), order, product]]
        return [([python, script, *words], ROOT) for words in parts]

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the environment variables; the messages are those of the generated services."""
        paths = [str(ROOT / "generated" / name) for name in ("order", "product")]
        return {**super().environment(folder), "PYTHONPATH": os.pathsep.join(paths)}


def prepared() -> Path:
    """Return the interpreter of an environment with FastAPI, made when it does not exist."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        needs = ["-c", "constraints.txt", "-r", "benchmarks/chain/requirements.txt", "uvicorn", "uvloop", "httptools"]
        words = [str(python), "-m", "pip", "install", "-q", *needs, "grpcio", "protobuf"]
        subprocess.run(words, cwd=ROOT, check=True)
        (ENVIRONMENT / "ready").touch()
    return python


class GoZero(Chain):
    """The Go services of the interoperation tests, with go-zero's defaults and fixed addresses."""

    def __init__(self, program: Path) -> None:
        self.program = program

    def commands(self, folder: Path, ports: dict[str, int]) -> list[tuple[list[str], Path]]:
        """Return the command of each part of the program."""
        commands = []
        for part in ("order", "product", "bff"):
            settings = folder / f"go-{part}-{ports[part]}.yaml"
            settings.write_text(self._settings(part, ports), encoding="utf-8")
            commands.append(([str(self.program), "-f", str(settings), part], folder))
        return commands

    @staticmethod
    def _settings(part: str, ports: dict[str, int]) -> str:
        quiet = "Log:\n  Level: error\n  Stat: false\n"
        if part != "bff":
            return f"Name: {part}.rpc\nListenOn: 127.0.0.1:{ports[part]}\n{quiet}"
        clients = "".join(
            f"{name}:\n  Endpoints:\n    - 127.0.0.1:{ports[key]}\n"
            for name, key in (("OrderRPC", "order"), ("ProductRPC", "product"))
        )
        return f"Name: bff\nHost: 127.0.0.1\nPort: {ports[part]}\n{quiet}{clients}"


if __name__ == "__main__":
    sys.exit(main())
