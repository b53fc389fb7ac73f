"""Calls that are shed by an RPC server: those that would be late, under the settings that ask for it."""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from queue import Queue
from typing import Any

import pytest

from mallgen_runtime import ServiceBase
from mallgen_runtime.process import metrics
from mallgen_runtime.process.conf import parse
from mallgen_runtime.process.errors import Code, ConfigError, RpcError
from mallgen_runtime.process.shedding import RouteLoad
from mallgen_runtime.rpc import RpcApp, RpcClientConf, RpcServerConf, ServerStream, Service, Unary
from mallgen_runtime.rpc.conf import ServerMiddlewaresConf
from mallgen_runtime.rpc.transport import connection_to, server_for
from mallgen_runtime.testing import rpc_context

ASK, WATCH = "/a.A/Ask", "/a.A/Watch"
SECONDS = 0.01
Run = Callable[[Any, Any, Any], Awaitable["Message"]]


class Message:
    """A message of no bytes."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        return b""

    @staticmethod
    def FromString(data: bytes) -> "Message":  # noqa: N802 - protobuf's name
        return Message()


def made(run: Run, **settings: Any) -> tuple[RpcApp, Unary[Any]]:
    """Return an application with one method."""
    conf = RpcServerConf(name="a", **{"listen_on": "127.0.0.1:0", **settings})
    method: Unary[Any] = Unary(ASK, run, Message, Message)
    return RpcApp(conf, ServiceBase(conf), [Service("a.A", (method,))]), method


async def _answers(ctx: object, svc: object, request: object) -> Message:
    return Message()


async def _blocks(ctx: object, svc: object, request: object) -> Message:
    time.sleep(SECONDS)
    return Message()


def _queues() -> Run:
    """Return a method that waits for one place."""
    place = asyncio.Semaphore(1)

    async def run(ctx: object, svc: object, request: object) -> Message:
        async with place:
            await asyncio.sleep(SECONDS)
        return Message()

    return run


async def code_of(app: RpcApp, method: Any, waited: float) -> Code:
    """Return the code of a call that has waited for its turn."""
    ctx = rpc_context()
    ctx.arrived = time.monotonic() - waited
    try:
        await app.answer(method, ctx, Message())
    except RpcError as problem:
        return problem.code
    return Code.OK


def codes(waited: float, **settings: Any) -> list[Code]:
    """Return the codes of calls over 300 ms that have all waited for the loop."""

    async def run() -> list[Code]:
        app, method = made(_answers, **settings)
        found = []
        for _ in range(20):
            await asyncio.sleep(0.015)
            found.append(await code_of(app, method, waited))
        return found

    return asyncio.run(run())


def test_calls_that_waited_are_shed() -> None:
    found = codes(1.0)
    assert found[:5] == [Code.OK] * 5
    assert found[-5:] == [Code.RESOURCE_EXHAUSTED] * 5


@pytest.mark.parametrize(
    "settings",
    [
        {"middlewares": ServerMiddlewaresConf(shedding=False)},
        {"cpu_threshold": 0},
        {"cpu_threshold": 1000},
        {"mode": "dev"},
    ],
)
def test_none_is_shed_where_it_is_switched_off(settings: dict[str, Any]) -> None:
    assert set(codes(1.0, **settings)) == {Code.OK}


def test_what_did_not_wait_is_not_shed() -> None:
    assert set(codes(0.01)) == {Code.OK}


def test_shed_calls_are_counted_and_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    dropped: Counter[str] = Counter()
    monkeypatch.setattr(metrics, "drops", lambda kind, labels: lambda reason: dropped.update([f"{kind} {reason}"]))
    with caplog.at_level("INFO", "mallgen.access"):
        found = codes(1.0)
    shed = found.count(Code.RESOURCE_EXHAUSTED)
    assert dropped == {"rpc_server shedding": shed}
    assert caplog.text.count("[RPC] RESOURCE_EXHAUSTED") == shed > 0


def test_a_methods_own_queue_is_known_whatever_becomes_of_its_calls() -> None:
    """Calls in flight are counted back when they fail, are cancelled or run out of time."""
    left = [RpcError(Code.NOT_FOUND), ValueError("unwell"), NotImplementedError()]

    async def run(ctx: object, svc: object, request: object) -> Message:
        if left:
            raise left.pop()
        await asyncio.sleep(60)
        return Message()

    async def talk() -> None:
        app, method = made(run, timeout=20)
        load = app.bound(method).load
        assert load is not None
        found = [await code_of(app, method, 0.0) for _ in range(4)]
        assert found == [Code.UNIMPLEMENTED, Code.INTERNAL, Code.NOT_FOUND, Code.DEADLINE_EXCEEDED]
        task = asyncio.create_task(code_of(app, method, 0.0))
        await asyncio.sleep(0.001)
        assert load.flight == 1
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert load.flight == 0
        load.is_full = lambda: True  # type: ignore[method-assign]
        assert await code_of(app, method, 0.0) is Code.RESOURCE_EXHAUSTED
        assert load.flight == 0

    class Settable(RouteLoad):
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mallgen_runtime.rpc.app.RouteLoad", Settable)
        asyncio.run(talk())


def test_a_stream_is_never_shed() -> None:
    async def many(ctx: object, svc: object, request: object) -> Any:
        yield Message()

    conf = RpcServerConf(name="a")
    method: ServerStream[Any] = ServerStream(WATCH, many, Message, Message)
    assert RpcApp(conf, ServiceBase(conf), [Service("a.A", (method,))]).bound(method).load is None


@contextlib.contextmanager
def serving(transport: str, method: Callable[[], Run]) -> Iterator[int]:
    """Serve a method from a loop of its own in another thread; give the port."""
    ports: Queue[int] = Queue()
    over = threading.Event()

    async def serve() -> None:
        app, _ = made(method(), transport=transport, timeout=0)
        server = server_for(app.config, app)
        ports.put(server.listen())
        await server.start()
        await asyncio.to_thread(over.wait)
        await server.stop(0.1)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield ports.get(timeout=10)
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(("transport", "method"), [("http2", lambda: _blocks), ("http2", _queues), ("grpc", _queues)])
@pytest.mark.slow
def test_more_calls_than_can_be_answered_are_refused_at_once(transport: str, method: Callable[[], Run]) -> None:
    """Two seconds at three times what can be answered; below grpc.aio only a method's own queue is seen."""

    async def talk(port: int) -> tuple[Counter[Code], float]:
        conf = RpcClientConf(endpoints=[f"127.0.0.1:{port}"], transport=transport, timeout=0)
        connection = await connection_to((f"127.0.0.1:{port}",), conf)
        found: Counter[Code] = Counter()

        async def ask() -> None:
            try:
                await connection.unary(ASK, b"", 30.0, ())
                found[Code.OK] += 1
            except RpcError as problem:
                found[problem.code] += 1

        started = time.monotonic()
        tasks = []
        for number in range(int(3 * 2 / SECONDS)):
            await asyncio.sleep(max(started + number * SECONDS / 3 - time.monotonic(), 0))
            tasks.append(asyncio.create_task(ask()))
        sent = time.monotonic()
        await asyncio.gather(*tasks)
        late = time.monotonic() - sent
        await connection.close()
        return found, late

    with serving(transport, method) as port:
        found, late = asyncio.run(talk(port))
    assert set(found) == {Code.OK, Code.RESOURCE_EXHAUSTED}
    assert found[Code.RESOURCE_EXHAUSTED] > 100
    assert late < 1.5, "without shedding they would end four seconds later"


@pytest.mark.parametrize("text", ["Workers: 2", "Workers: 1", "Workers: 0"])
def test_workers_are_refused_where_there_are_none(text: str) -> None:
    whole = f"Name: a\nListenOn: 127.0.0.1:0\n{text}\n"
    if text == "Workers: 2":
        with pytest.raises(ConfigError, match="Workers: an RPC server is one process"):
            parse(RpcServerConf, whole, "a.yaml")
    else:
        assert parse(RpcServerConf, whole, "a.yaml").warnings == ()
