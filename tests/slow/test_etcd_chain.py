"""order.rpc behind a real etcd, under load: instances start, stop and die, etcd restarts; failed calls are counted."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.rpc import RpcClientConf, RpcError, connect
from tests import parts
from tests.run.shop import RpcService, Shop, database

pytestmark = pytest.mark.slow
Figure = Callable[[str, object], None]


class Instance(RpcService):
    """An order.rpc that registers in etcd."""

    def __init__(self, shop: Shop, etcd: parts.Etcd) -> None:
        self._etcd = etcd
        settings = f"{database('order')}Log:\n  Access: false\nEtcd:\n  Hosts:\n    - {etcd.host}\n  Key: order.rpc\n"
        env = {name: value for name, value in os.environ.items() if name != "MALLGEN_DISCOVERY"}
        super().__init__(shop.root / "shop" / "order", "order_rpc", shop.registry, settings, env)

    def registered(self) -> bool:
        return f"127.0.0.1:{self.port}".encode() in self._etcd.keys("order.rpc/").values()


class Load:
    """Eight callers without a pause; with `again`, a call is repeated where no instance was reached."""

    def __init__(self, etcd: parts.Etcd, *, again: bool) -> None:
        conf = RpcClientConf(etcd=EtcdConf(hosts=[etcd.host], key="order.rpc"), timeout=5000)
        self.channel = connect(conf, "order.rpc")
        self.done = 0
        self.lost: list[str] = []
        self._again = again
        self._over = asyncio.Event()

    async def around(self, work: Awaitable[None]) -> None:
        """Make calls while `work` runs."""
        await self.channel.start()
        callers = [asyncio.create_task(self._call()) for _ in range(8)]
        await work
        self._over.set()
        await asyncio.gather(*callers)
        await self.channel.close()

    async def _call(self) -> None:
        from order_rpc.client import OrdersRequest, OrdersResponse  # type: ignore[import-not-found]

        while not self._over.is_set():
            request = OrdersRequest(user_id=1, ps=2)
            try:
                await self.channel.unary("/order.Order/Orders", request, OrdersResponse, idempotent=self._again)
                self.done += 1
            except RpcError as problem:
                self.lost.append(str(problem))
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.005)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.delenv("MALLGEN_DISCOVERY", raising=False)
    made = Shop(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "shop" / "order"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "order_rpc"]:
        monkeypatch.delitem(sys.modules, name)
    return made


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[parts.Etcd]:
    """Start an etcd that the test may stop."""
    (tmp_path / "etcd").mkdir()
    with parts.etcd(tmp_path / "etcd") as found:
        yield found


def loaded(etcd: parts.Etcd, work: Callable[[], Awaitable[None]], *, again: bool = False) -> Load:
    async def run() -> Load:
        load = Load(etcd, again=again)
        await load.around(work())
        return load

    return asyncio.run(run())


async def started(shop: Shop, etcd: parts.Etcd, stack: ExitStack) -> Instance:
    made = Instance(shop, etcd)
    stack.push(made)
    await asyncio.to_thread(made.__enter__)
    return made


def test_two_three_two_instances(shop: Shop, alone: parts.Etcd, record_property: Figure) -> None:
    with ExitStack() as stack:

        async def work() -> None:
            await asyncio.sleep(1)
            third = await started(shop, alone, stack)
            await asyncio.sleep(1.5)
            assert await asyncio.to_thread(first.stop, signal.SIGTERM) == 0
            await asyncio.sleep(1)
            assert await asyncio.to_thread(third.stop, signal.SIGTERM) == 0

        first, _ = [asyncio.run(started(shop, alone, stack)) for _ in range(2)]
        load = loaded(alone, work)
        record_property("figure", f"etcd, 2 → 3 → 2 instances under load: {load.done} calls, {len(load.lost)} failed")
        assert load.lost == []
        assert load.done > 100


@pytest.mark.parametrize("again", [True, False], ids=["idempotent", "once"])
def test_a_killed_instance(shop: Shop, alone: parts.Etcd, again: bool, record_property: Figure) -> None:
    with ExitStack() as stack:

        async def work() -> None:
            await asyncio.sleep(0.7)
            first.process.kill()
            await asyncio.sleep(2)

        first, _ = [asyncio.run(started(shop, alone, stack)) for _ in range(2)]
        load = loaded(alone, work, again=again)
        kind = "idempotent" if again else "made once"
        record_property("figure", f"kill -9 under load, calls {kind}: {load.done} calls, {len(load.lost)} failed")
        assert len(load.lost) <= (0 if again else 8), load.lost  # at most the calls that were on their way to it


@pytest.mark.parametrize("wiped", [False, True], ids=["with its data", "without its data"])
def test_etcd_restarts(shop: Shop, alone: parts.Etcd, wiped: bool, record_property: Figure) -> None:
    with ExitStack() as stack:

        async def work() -> None:
            await asyncio.sleep(0.5)
            alone.kill()
            if wiped:
                alone.wipe()
            await asyncio.sleep(2)
            await asyncio.to_thread(alone.start)
            for instance in (first, second):
                await asyncio.to_thread(parts.wait_for, instance.registered, "registered again", 15)
            third = await started(shop, alone, stack)
            await asyncio.sleep(2)
            assert await asyncio.to_thread(first.stop, signal.SIGTERM) == 0
            assert await asyncio.to_thread(second.stop, signal.SIGTERM) == 0
            assert third.registered()

        first, second = [asyncio.run(started(shop, alone, stack)) for _ in range(2)]
        load = loaded(alone, work)
        how = "without" if wiped else "with"
        record_property(
            "figure", f"etcd restarts {how} its data under load: {load.done} calls, {len(load.lost)} failed"
        )
        assert load.lost == []
