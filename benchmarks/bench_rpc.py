"""Compare the CPU time of a unary call, at server and client, on mallgen's own transport and on grpc.aio, in turns.

The server and the client are processes of their own on one core each. Messages are 700 raw bytes, which the handler
sends back. `at once` is the number of concurrent calls on one connection. Needs taskset (Debian: util-linux).
"""

import argparse
import asyncio
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mallgen_runtime.process.address import opened  # noqa: E402
from mallgen_runtime.rpc import RpcClientConf  # noqa: E402
from mallgen_runtime.rpc.methods import RpcContext  # noqa: E402

WIRE = "/bench.Echo/Echo"
KINDS = ("own", "grpc.aio")
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
METADATA = (("traceparent", PARENT), ("x-request-id", "0af7651916cd43dd"))


def main() -> int:
    """Print the table, or with `--part` run as the server or the client; return 3 without taskset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--part", nargs=2, metavar=("PART", "KIND"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--at-once", type=int, default=32, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.part:
        import uvloop

        part, kind = words.part
        uvloop.run(serve(kind) if part == "serve" else call(kind, words.port, words.calls, words.at_once))
        return 0
    if shutil.which("taskset") is None:
        print("not measured: no taskset on this machine (Debian: util-linux)", file=sys.stderr)
        return 3
    show(words.rounds, words.calls)
    return 0


def show(rounds: int, calls: int) -> None:
    """Print the medians, and the medians of the ratios within each round."""
    print(f"{rounds} rounds of {calls} calls; CPU us per call; ratio: grpc.aio's to our own in the same round")
    print(f"{'at once':<10}{'':<10}{'server':>8}{'client':>8}{'p50 ms':>8}{'calls/s':>9}")
    for at_once in (1, 32):
        turns: dict[str, list[list[float]]] = {kind: [] for kind in KINDS}
        for turn in range(rounds):
            for kind in KINDS if turn % 2 else reversed(KINDS):
                turns[kind].append(measured(kind, calls // (4 if at_once == 1 else 1), at_once))
        for kind in KINDS:
            server, client, middle, rate = (statistics.median(each) for each in zip(*turns[kind], strict=True))
            print(f"{at_once:<10}{kind:<10}{server:>8.1f}{client:>8.1f}{middle:>8.2f}{rate:>9.0f}")
        pairs = list(zip(turns["own"], turns["grpc.aio"], strict=True))
        ratios = [statistics.median(other[n] / own[n] for own, other in pairs) for n in range(3)]
        print(f"{at_once:<10}{'ratio':<10}{ratios[0]:>8.1f}{ratios[1]:>8.1f}{ratios[2]:>8.1f}")


def measured(kind: str, calls: int, at_once: int) -> list[float]:
    """Return CPU us per call of the server and of the client, p50 in ms, calls per second."""
    line = [sys.executable, __file__, "--part"]
    server = subprocess.Popen(["taskset", "-c", "0", *line, "serve", kind], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = server.stdout.readline().strip()
        more = ["--port", port, "--calls", str(calls), "--at-once", str(at_once)]
        words = ["taskset", "-c", "1", *line, "call", kind, *more]
        output = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    finally:
        server.terminate()
    spent = float(server.stdout.readline())
    server.wait(timeout=10)
    warm = int(output[3])
    return [spent / (calls + warm) * 1e6, float(output[0]), float(output[1]), float(output[2])]


def cpu() -> float:
    """Return the CPU seconds of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def serve(kind: str) -> None:
    """Serve until SIGTERM; print the port at the start and the CPU seconds at the end."""
    import signal

    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    port = await (serve_own() if kind == "own" else serve_grpc())
    print(port, flush=True)
    before = cpu()
    await over.wait()
    print(cpu() - before, flush=True)
    os._exit(0)


async def serve_own() -> int:
    """Start a server on mallgen's transport and return its port."""
    from mallgen_runtime.rpc.h2.limits import Limits
    from mallgen_runtime.rpc.h2.server_transport import MethodRoute, TransportServer

    async def answer(ctx: RpcContext, data: bytes) -> bytes:
        return data

    bound = opened("127.0.0.1:0")
    server = TransportServer({WIRE.encode(): MethodRoute(WIRE, answer, 2.0)}, Limits())
    await server.start(bound)
    KEPT.append(server)
    return int(bound.getsockname()[1])


async def serve_grpc() -> int:
    """Start a server on grpc.aio and return its port."""
    import grpc.aio

    async def answer(data: bytes, call: Any) -> bytes:
        return data

    server = grpc.aio.server()
    handlers: dict[str, Any] = {"Echo": grpc.unary_unary_rpc_method_handler(answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    KEPT.append(server)
    return int(port)


KEPT: list[Any] = []


async def call(kind: str, port: int, calls: int, at_once: int) -> None:
    """Call the server; print CPU us per call, p50 in ms, calls per second, and the number of calls to warm up."""
    from mallgen_runtime.rpc.grpcio import GrpcConnection
    from mallgen_runtime.rpc.h2.pool import H2Connection

    address, conf = f"127.0.0.1:{port}", RpcClientConf()
    made = H2Connection([address], conf) if kind == "own" else await GrpcConnection.to([address], conf)
    warm = 500
    await many(made.unary, warm, at_once)
    before, started = cpu(), time.perf_counter()
    times = await many(made.unary, calls, at_once)
    taken = time.perf_counter() - started
    print((cpu() - before) / calls * 1e6, statistics.median(times) * 1000, calls / taken, warm, flush=True)
    os._exit(0)


async def many(unary: Callable[..., Awaitable[bytes]], calls: int, at_once: int) -> list[float]:
    """Make calls, `at_once` of them concurrently, and return the seconds of each."""
    data, times = b"x" * 700, []

    async def some(number: int) -> None:
        for _ in range(number):
            started = time.perf_counter()
            await unary(WIRE, data, 2.0, METADATA)
            times.append(time.perf_counter() - started)

    await asyncio.gather(*(some(calls // at_once) for _ in range(at_once)))
    return times


if __name__ == "__main__":
    sys.exit(main())
