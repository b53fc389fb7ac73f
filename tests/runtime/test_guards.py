"""The guards of routes: what the breaker counts, what is shed, and that a burst is not."""

import asyncio
import gc
from types import SimpleNamespace
from typing import Any

import pytest

from mallgen_runtime import ApiError, App, Context, Response, Route, ServiceBase
from mallgen_runtime.http.conf import MiddlewaresConf, RestConf
from mallgen_runtime.http.guards import ARRIVED
from mallgen_runtime.process.shedding import CpuGate, LoopQueue, RouteLoad
from mallgen_runtime.testing import Client, context


async def _fails(ctx: Context, svc: object) -> Response:
    status = int(ctx.headers["x-status"][0])
    if status == 500:
        raise ValueError("unwell")
    if status == 501:
        raise NotImplementedError
    raise ApiError(status, "on_purpose")


async def _well(ctx: Context, svc: object) -> Response:
    return Response(b"well")


ROUTES = [Route("GET", "/fails", _fails), Route("GET", "/well", _well)]


def statuses(status: int, count: int = 100, **off: bool) -> list[int]:
    """Return the statuses of requests to a route that always ends with one, then of one to another route."""
    conf = RestConf(name="a", port=1, middlewares=MiddlewaresConf(**off))

    async def run() -> list[int]:
        async with Client(App(conf, ServiceBase(conf), ROUTES)) as client:
            sent = [(await client.get("/fails", headers={"x-status": str(status)})).status for _ in range(count)]
            return [*sent, (await client.get("/well")).status]

    return asyncio.run(run())


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_route_that_fails_is_spared_and_others_are_not(status: int) -> None:
    *found, other = statuses(status)
    assert found[:5] == [status] * 5
    assert found.count(503) > 50
    assert other == 200
    assert 503 not in statuses(status, breaker=False)


def test_an_envelope_hides_no_failure_from_the_breaker() -> None:
    conf = RestConf(name="a", port=1)
    hooks = SimpleNamespace(on_error=lambda ctx, error: Response(error.code.encode()))

    async def run() -> list[bytes]:
        async with Client(App(conf, ServiceBase(conf), ROUTES, hooks)) as client:
            return [(await client.get("/fails", headers={"x-status": "500"})).body for _ in range(100)]

    assert b"breaker_open" in asyncio.run(run())


@pytest.mark.parametrize("status", [400, 401, 404, 409, 429, 499, 501])
def test_what_the_client_or_a_stub_is_to_blame_for_never_counts(status: int) -> None:
    assert statuses(status) == [status] * 100 + [200]


def test_the_loops_queue_is_a_burst_at_first() -> None:
    queue = LoopQueue()
    assert not queue.stands(0.02, 10.0)
    assert [queue.stands(0.05, 10.0 + step / 100) for step in range(10)] == [False] * 10
    assert queue.stands(0.05, 10.16)
    assert not queue.stands(0.01, 10.17)
    assert queue.stands(0.05, 10.2)
    assert not queue.stands(0.05, 10.6), "a fifth of a second without one: another burst"


def played(
    load: RouteLoad, rate: float, places: int, seconds: float, started: float, took: float = 0.005
) -> list[float]:
    """Send `rate` requests a second to a pool whose places take `took` seconds each; return the seconds of those
    that were let in."""
    free = [started] * places
    ends: list[tuple[float, float, float]] = []
    found = []
    for number in range(int(rate * seconds)):
        now = started + number / rate
        for end, taken, tried in sorted(one for one in ends if one[0] <= now):
            load.flight -= 1
            load.ended(end, taken, tried)
            found.append(taken)
        ends = [one for one in ends if one[0] > now]
        load.asked(now)
        if load.is_full():
            continue
        tried = load.begun()
        free.sort()
        free[0] = max(free[0], now) + took
        ends.append((free[0], free[0] - now, tried))
    for end, taken, tried in ends:
        load.flight -= 1
        load.ended(end, taken, tried)
    return found


def test_a_pool_under_three_times_its_load_answers_as_many_and_in_time() -> None:
    load = RouteLoad()
    assert len(played(load, 300, 2, 2.0, 100.0)) > 590
    taken = played(load, 1200, 2, 20.0, 102.0)
    assert len(taken) > 0.9 * 400 * 20
    assert sorted(taken)[len(taken) * 99 // 100] < 0.1
    assert len(played(load, 300, 2, 4.0, 122.0)) > 0.98 * 300 * 4, "afterwards all are let in again"


@pytest.mark.parametrize(("took", "share"), [(0.05, 0.99), (0.3, 0.7)])
def test_what_only_takes_longer_is_soon_let_in_again(took: float, share: float) -> None:
    load = RouteLoad()
    played(load, 200, 1000, 2.0, 100.0)
    taken = played(load, 200, 1000, 20.0, 102.0, took=took)
    assert len(taken) > share * 200 * 20


def test_a_burst_is_let_in() -> None:
    load = RouteLoad()
    played(load, 50, 10, 3.0, 100.0)
    played(load, 20_000, 10, 0.01, 103.0)
    load.asked(103.2)
    assert not load.is_full()


def test_the_processor_is_a_condition_where_it_is_asked_for() -> None:
    used = iter([0.0, 0.1, 0.45])
    gate = CpuGate(900, lambda: next(used))
    assert not gate.opens(1.0)
    assert not gate.opens(1.1)
    assert gate.opens(1.3), "0.35 s of 0.3"


async def _sleeps(ctx: Context, svc: object) -> Response:
    ctx.state["large"] = bytearray(1 << 16)
    await asyncio.sleep(60)
    return Response()


def contexts() -> int:
    """Return how many requests are still in memory."""
    gc.collect()
    return sum(isinstance(found, Context) for found in gc.get_objects())


def test_requests_whose_time_is_over_leave_nothing_behind() -> None:
    conf = RestConf(name="a", port=1, timeout=20, middlewares=MiddlewaresConf(breaker=False))

    async def run() -> None:
        app = App(conf, ServiceBase(conf), [Route("GET", "/sleeps", _sleeps)])
        client = Client(app)
        tasks, kept = len(asyncio.all_tasks()), contexts()
        for _ in range(2):
            found = await asyncio.gather(*(client.get("/sleeps") for _ in range(250)))
            assert {answer.status for answer in found} == {503}
        del found
        assert len(asyncio.all_tasks()) == tasks
        assert contexts() <= kept

    asyncio.run(run())


def asked_late(waited: float, **settings: Any) -> list[int]:
    """Return the statuses of requests over 300 ms that have all waited for the loop."""
    conf = RestConf(name="a", port=1, **settings)
    app = App(conf, ServiceBase(conf), ROUTES)
    found = []

    async def run() -> None:
        for _ in range(20):
            await asyncio.sleep(0.015)
            scope = context(path="/well").scope
            scope[ARRIVED] = asyncio.get_running_loop().time() - waited

            async def send(message: Any) -> None:
                if "status" in message:
                    found.append(message["status"])

            await app(scope, _nothing, send)

    asyncio.run(run())
    return found


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_requests_that_waited_are_shed_where_it_is_on() -> None:
    late = asked_late(1.0)
    assert late[:5] == [200] * 5
    assert late[-5:] == [503] * 5
    for settings in (
        {"middlewares": MiddlewaresConf(shedding=False)},
        {"cpu_threshold": 0},
        {"cpu_threshold": 1000},
        {"mode": "dev"},
    ):
        assert set(asked_late(1.0, **settings)) == {200}, settings
    assert set(asked_late(0.01)) == {200}
