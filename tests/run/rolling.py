"""Instances that start and stop under load, with a count of the lost calls; `make soak` makes five hundred turns."""

import argparse
import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from mallgen_runtime.rpc import RpcClientConf, RpcError, connect
from tests.run.load import Tally, ask_until_refused
from tests.run.service import Service
from tests.run.shop import RpcService, Shop

PATH = "/v1/order/list?uid=123&ps=3"
QUIET = "Log:\n  Access: false\nMiddlewares:\n  Shedding: false\n"
HTTP = f"{QUIET}Shutdown:\n  WrapUpTime: 300ms\n"


class Figures(NamedTuple):
    """The number of calls that were answered, and the lost ones as text."""

    turns: int
    calls: int
    requests: int
    lost: list[str]

    def __str__(self) -> str:
        count = f"{self.calls} RPCs and {self.requests} HTTP requests"
        return f"start and stop of three services under load: {self.turns} turns, {count}, {len(self.lost)} lost"


def roll(root: Path, turns: int, clients: int = 4) -> Figures:
    """Replace one instance after the other while clients call the BFF over HTTP and order.rpc directly."""
    os.environ["MALLGEN_DISCOVERY"] = f"file:{root / 'registry'}"
    shop = Shop(root)
    with ExitStack() as stack:
        running: dict[str, Service | RpcService] = {}
        for name in ("product", "order", "mall"):
            running[name] = _started(shop, name, stack)
        return asyncio.run(_load(shop, running, turns, clients, stack))


def _started(shop: Shop, name: str, stack: ExitStack) -> Service | RpcService:
    instance = _new(shop, name)
    stack.push(instance)
    instance.__enter__()
    return instance


def _new(shop: Shop, name: str) -> Service | RpcService:
    return shop.mall(HTTP) if name == "mall" else shop.rpc(name, QUIET)


async def _load(
    shop: Shop, running: dict[str, Service | RpcService], turns: int, clients: int, stack: ExitStack
) -> Figures:
    over = asyncio.Event()
    lost: list[str] = []
    callers = [asyncio.create_task(_call(over, lost)) for _ in range(clients)]
    askers = [asyncio.create_task(_ask(running, over, bool(n % 2))) for n in range(clients)]
    for turn in range(turns):
        name = ("order", "mall", "product")[turn % 3]
        fresh = await asyncio.to_thread(_started, shop, name, stack)
        old, running[name] = running[name], fresh
        await asyncio.sleep(0.3)
        assert await asyncio.to_thread(old.stop, signal.SIGTERM) == 0, old.lines()
        if turn % 50 == 49:
            print(f"{turn + 1} turns, {len(lost)} RPCs lost", file=sys.stderr, flush=True)
    over.set()
    calls = sum(await asyncio.gather(*callers))
    tallies = await asyncio.gather(*askers)
    lost += [text for tally in tallies for text in tally.lost]
    return Figures(turns, calls, sum(tally.answered for tally in tallies), lost)


async def _call(over: asyncio.Event, lost: list[str]) -> int:
    """Call order.rpc through the registry without a pause; a lost call is not repeated."""
    from order_rpc.client import OrdersRequest, OrdersResponse  # type: ignore[import-not-found]

    channel = connect(RpcClientConf(timeout=5000), "order.rpc")
    done = 0
    while not over.is_set():
        try:
            await channel.unary("/order.Order/Orders", OrdersRequest(user_id=1, ps=2), OrdersResponse)
            done += 1
        except RpcError as problem:
            lost.append(f"rpc: {problem}")
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.002)
    await channel.close()
    return done


async def _ask(running: dict[str, Service | RpcService], over: asyncio.Event, keep: bool) -> Tally:
    """Send requests to the present BFF until it refuses connections, then to the next one."""
    total = Tally(0, 0, [])
    while not over.is_set():
        found = await ask_until_refused(running["mall"].port, PATH, keep=keep, over=over)
        total = Tally(total.answered + found.answered, total.leaving + found.leaving, total.lost + found.lost)
        await asyncio.sleep(0.02)
    return total


def main() -> int:
    """Print the figures; return 1 when a call was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=500)
    turns = parser.parse_args().turns
    root = Path(tempfile.mkdtemp(prefix="mallgen-soak-"))
    try:
        sys.path.insert(0, str(root / "shop" / "order"))
        started = time.monotonic()
        figures = roll(root, turns)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(f"{figures}; {time.monotonic() - started:.0f} s")
    for text in figures.lost[:20]:
        print(f"  lost: {text}")
    return 1 if figures.lost else 0


if __name__ == "__main__":
    sys.exit(main())
