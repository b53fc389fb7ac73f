"""Real services as pods that come and go under load, while their API server has troubles of its own."""

import asyncio
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from mallgen_runtime.rpc import Channel, RpcClientConf, RpcError, connect
from tests.kubernetes_api import FakeApi, api_server
from tests.run.chatting import chat_folder
from tests.run.discovering import run, until
from tests.run.service import SECRET, Service
from tests.run.shop import RpcService, bff_alone, environment

pytestmark = pytest.mark.slow
SETTINGS = "Middlewares:\n  Shedding: false\nLog:\n  Level: error\n"


async def _call(channel: Channel, over: asyncio.Event, lost: list[str]) -> int:
    from chat_rpc.client import Line  # type: ignore[import-not-found]

    done = 0
    while not over.is_set():
        try:
            await channel.unary("/chat.Chat/Again", Line(text="x"), Line)
            done += 1
        except RpcError as problem:
            lost.append(str(problem))
        await asyncio.sleep(0.002)
    return done


async def _trouble(api: FakeApi, turn: int) -> None:
    """Let the API server have another trouble in each turn."""
    if turn == 1:
        api.cut()
    elif turn == 2:
        await api.stop()
    elif turn == 3:
        api.tokens = {"second"}
        api.rotate("second")
        api.cut()
    elif turn == 4:
        api.compact()
        api.cut()
    elif turn == 5:
        api.status = 403
        api.cut()


async def _over(api: FakeApi, turn: int) -> None:
    await asyncio.sleep(0.3)
    api.status = 200
    if turn == 2:
        await api.start()


def test_no_call_is_lost_while_pods_come_and_go(tmp_path: Path) -> None:
    folder = chat_folder(tmp_path)
    registry = tmp_path / "registry"

    async def work() -> None:
        async with api_server(tmp_path) as api:
            with ExitStack() as stack:
                pods = [await _pod(folder, registry, stack) for _ in range(2)]
                for pod in pods:
                    api.put(f"chat-{pod.port}", "127.0.0.1", port=pod.port)
                channel = connect(RpcClientConf(target="k8s://shop/chat:grpc", timeout=5000), "chat.rpc")
                over, lost = asyncio.Event(), list[str]()
                callers = [asyncio.create_task(_call(channel, over, lost)) for _ in range(4)]
                for turn in range(7):
                    fresh = await _pod(folder, registry, stack)
                    await _trouble(api, turn)
                    api.put(f"chat-{fresh.port}", "127.0.0.1", port=fresh.port)
                    await _over(api, turn)
                    wanted = tuple(sorted(f"127.0.0.1:{pod.port}" for pod in [*pods, fresh]))
                    await until(lambda wanted=wanted: channel._resolver.addresses == wanted, 20, "a new pod")  # type: ignore[misc]
                    old = pods.pop(0)
                    pods.append(fresh)
                    api.put(f"chat-{old.port}", "127.0.0.1", port=old.port, ready=False)
                    assert await asyncio.to_thread(old.stop, signal.SIGTERM) == 0, old.lines()
                    api.remove(f"chat-{old.port}")
                over.set()
                calls = sum(await asyncio.gather(*callers))
                await channel.close()
            print(f"{calls} calls, 7 pods replaced, {len(lost)} lost")
            assert lost == []
            assert calls > 1000
            assert {each.token for each in api.asked} == {"first", "second"}

    run(work)


async def _pod(folder: Path, registry: Path, stack: ExitStack) -> RpcService:
    service = RpcService(folder, "chat_rpc", registry, SETTINGS, env=environment(registry))
    return await asyncio.to_thread(stack.enter_context, service)


def test_a_bff_that_may_not_read_says_so_and_starts(tmp_path: Path) -> None:
    """As soon as somebody grants the Role, the service is found."""
    from chat_rpc.client import Line

    async def work() -> None:
        async with api_server(tmp_path) as api:
            api.status = 403
            channel = connect(RpcClientConf(target="k8s://shop/chat:grpc"), "chat.rpc")
            before = time.monotonic()
            await channel.start()
            assert time.monotonic() - before < 2
            assert "(403)" in channel.state
            with pytest.raises(RpcError, match=r"no instance of chat\.rpc is known"):
                await channel.unary("/chat.Chat/Again", Line(), Line)
            api.status = 200
            api.put("chat-a", "127.0.0.1")
            await until(lambda: channel.state == "ok", 12, "the Role")
            await channel.close()

    run(work)


def test_a_process_says_why_it_cannot_find_pods(tmp_path: Path) -> None:
    """Outside of a cluster it does not start; where it may not read it does, unless it must reach an instance."""
    folder = bff_alone(tmp_path)
    target = "OrderRPC:\n  Target: k8s://shop/order:grpc\n"
    must = f"{target}  NonBlock: false\n  Timeout: 300"
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MALLGEN_", "KUBERNETES_"))}
    outside["AUTH_ACCESS_SECRET"] = SECRET
    assert "needs a cluster" in _refused(folder, target, outside)

    async def work() -> None:
        async with api_server(tmp_path) as api:
            inside = {**outside, **api.environment()}
            api.status = 403
            said = await asyncio.to_thread(_refused, folder, must, inside)
            assert "order.rpc cannot be reached within 0.3 s; the Kubernetes API at" in said
            await asyncio.to_thread(_degraded, folder, target, inside)

    run(work)


def _refused(folder: Path, settings: str, env: dict[str, str]) -> str:
    """Start a service that must not start, and return its one line on the reason."""
    with pytest.raises(AssertionError) as problem, Service(folder, "mall_api", settings, env=env):
        pass
    said = str(problem.value)
    assert "ended with 3" in said
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if "error[config]" in line]
    return line


def _degraded(folder: Path, settings: str, env: dict[str, str]) -> None:
    with Service(folder, "mall_api", settings, env=env) as mall:
        assert mall.get("/readyz").json()["order.rpc"] == "degraded"
        assert mall.get("/v1/recommend").status == 200, "routes without that service work"
        assert mall.lines().count("`mallgen kube` writes; still trying") == 1
