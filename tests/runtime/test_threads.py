"""Blocking code in threads, and the warning that names a route which holds the event loop."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from mallgen_runtime import App, Context, Response, Route, ServiceBase
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.process import blocking
from mallgen_runtime.process.origin import origin
from mallgen_runtime.process.threads import THREADS, WAITING, ThreadPool, ThreadsBusy, is_given_up, set_size
from mallgen_runtime.testing import Answer, Client, rpc_context


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def answered(endpoint: Any, seconds: float = 0.0, **settings: Any) -> Answer:
    """Return the answer of a route, and wait for `seconds` afterwards."""
    conf = RestConf(name="a", port=1, **settings)

    async def run() -> Answer:
        app = App(conf, ServiceBase(conf), [Route("GET", "/held", endpoint)])
        await app.open()
        found = await Client(app).get("/held", headers={"x-request-id": "mine"})
        await asyncio.sleep(seconds)
        await app.shut()
        return found

    return asyncio.run(run())


def test_a_function_runs_in_a_thread_with_the_context_of_the_request() -> None:
    def work(first: str, *, second: str) -> str:
        assert threading.current_thread() is not threading.main_thread()
        return f"{origin.get().request_id} {first} {second}"

    async def endpoint(ctx: Context, svc: object) -> Response:
        return Response((await ctx.thread(work, "a", second="b")).encode())

    assert answered(endpoint).body == b"mine a b"

    async def call() -> int:
        return await rpc_context().thread(len, "abc")

    assert asyncio.run(call()) == 3


def test_an_exception_comes_back() -> None:
    async def endpoint(ctx: Context, svc: object) -> Response:
        with pytest.raises(ZeroDivisionError):
            await ctx.thread(lambda: 1 // 0)
        return Response()

    assert answered(endpoint).status == 200


def test_a_late_function_is_told_and_a_waiting_one_never_begins(caplog: pytest.LogCaptureFixture) -> None:
    begun: list[str] = []
    seen = threading.Event()

    def first() -> None:
        begun.append("first")
        until(is_given_up)
        seen.set()

    async def endpoint(ctx: Context, svc: object) -> Response:
        both = asyncio.gather(ctx.thread(first), ctx.thread(begun.append, "second"))
        await both
        return Response()

    with caplog.at_level(logging.WARNING, "mallgen.service"):
        assert answered(endpoint, timeout=50, threads=1).status == 503
        until(seen.is_set)
        until(lambda: "first ran for" in caplog.text)
    set_size(THREADS)
    assert begun == ["first"]


def test_calls_are_bounded() -> None:
    async def run() -> list[object]:
        pool, go = ThreadPool(2), threading.Event()
        most = 2 * (1 + WAITING)
        calls = [asyncio.create_task(pool.run(go.wait, 5)) for _ in range(most)]
        await asyncio.sleep(0.01)
        with pytest.raises(ThreadsBusy):
            await pool.run(int)
        go.set()
        await asyncio.gather(*calls)
        return [await pool.run(int)]

    assert asyncio.run(run()) == [0]


def test_calls_that_were_given_up_count_until_their_turn() -> None:
    """Clients that come and leave while all threads are busy must not fill a queue that nobody counts."""
    free, begun = threading.Event(), list[int]()

    async def run() -> None:
        pool = ThreadPool(1)
        first = asyncio.create_task(pool.run(free.wait))
        refused = 0
        for number in range(5 * WAITING):
            call = asyncio.create_task(pool.run(begun.append, number))
            await asyncio.sleep(0)
            call.cancel()
            refused += isinstance((await asyncio.gather(call, return_exceptions=True))[0], ThreadsBusy)
        assert refused == 4 * WAITING
        free.set()
        assert await first
        until(lambda: pool._calls == 0)
        assert await pool.run(lambda: 7) == 7

    asyncio.run(run())
    assert begun == []


async def _holds(ctx: Context, svc: object) -> Response:
    time.sleep(0.35)
    return Response()


@pytest.mark.parametrize(
    ("settings", "warned"),
    [({"mode": "dev"}, True), ({"blocked_loop": 100}, True), ({}, False), ({"mode": "dev", "blocked_loop": 0}, False)],
)
def test_a_route_that_holds_the_loop_is_named(
    settings: dict[str, Any], warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "mallgen.service"):
        answered(_holds, 0.2, **settings)
    line = _holds.__code__.co_firstlineno + 1
    assert (f"GET /held held the event loop at {__file__}:{line} for " in caplog.text) is warned
    assert ("held the event loop" in caplog.text) is warned


async def _waits(ctx: Context, svc: object) -> Response:
    await asyncio.sleep(0.4)
    return Response()


def test_who_only_waits_is_not_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "mallgen.service"):
        answered(_waits, mode="dev")
    assert "held the event loop" not in caplog.text


def test_an_import_is_told_by_who_imports() -> None:
    """The code that imports is frozen into Python, and its place says nothing to anybody."""
    found: dict[str, Any] = {"getframe": sys._getframe}
    exec(compile("frame = getframe()", "<frozen importlib._bootstrap_external>", "exec"), found)
    assert blocking._own(found["frame"]).f_code.co_filename == __file__
