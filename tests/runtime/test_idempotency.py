"""Idempotency keys whose request takes longer than its lock: it neither frees nor replaces what another one has."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mallgen_runtime import App, Context, Response, Route, ServiceBase
from mallgen_runtime.cache import Cache, CacheConf
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.middlewares import Idempotency
from mallgen_runtime.testing import Client

LOCK = 0.4
Post = Callable[[], Awaitable[tuple[int, bytes]]]


class PlayedRoute:
    """A route whose requests end with the status that the test sets, when it does so."""

    def __init__(self) -> None:
        self.begun: list[asyncio.Future[int]] = []

    async def __call__(self, ctx: Context, svc: object) -> Response:
        self.begun.append(asyncio.get_running_loop().create_future())
        number = len(self.begun)
        return Response(b"%d" % number, await self.begun[-1])


def played(work: Callable[[PlayedRoute, Post], Awaitable[None]]) -> None:
    """Run some work with a route and with what sends it the same request again and again."""

    async def run() -> None:
        route, cache = PlayedRoute(), Cache([], CacheConf(), "a")
        conf = RestConf(name="a", port=1)
        svc = ServiceBase(conf)
        svc.keep(cache)
        svc.use(Idempotency(cache, lock=LOCK))
        async with Client(App(conf, svc, [Route("POST", "/", route)])) as client:

            async def post() -> tuple[int, bytes]:
                found = await client.post("/", headers={"idempotency-key": "k"})
                return found.status, found.body

            await work(route, post)

    asyncio.run(run())


async def _both_run(route: PlayedRoute, post: Post) -> "list[asyncio.Task[tuple[int, bytes]]]":
    """Start a request, and another one when the lock of the first is over."""
    tasks = []
    for count in (1, 2):
        tasks.append(asyncio.ensure_future(post()))
        while len(route.begun) < count:
            await asyncio.sleep(0.001)
        if count == 1:
            await asyncio.sleep(1.5 * LOCK)
    return tasks


def test_a_request_whose_lock_is_over_does_not_free_that_of_another() -> None:
    async def work(route: PlayedRoute, post: Post) -> None:
        first, second = await _both_run(route, post)
        route.begun[0].set_result(500)
        assert (await first)[0] == 500
        assert (await post())[0] == 409, "the second one still runs"
        route.begun[1].set_result(200)
        assert await second == (200, b"2")
        assert await post() == (200, b"2")

    played(work)


@pytest.mark.parametrize("status", [200, 500])
def test_nor_does_it_replace_the_answer_that_the_other_one_had(status: int) -> None:
    async def work(route: PlayedRoute, post: Post) -> None:
        first, second = await _both_run(route, post)
        route.begun[1].set_result(200)
        assert await second == (200, b"2")
        route.begun[0].set_result(status)
        assert await first == (status, b"1")
        assert await post() == (200, b"2")

    played(work)


def test_a_late_answer_is_kept_when_nobody_has_asked_again() -> None:
    async def work(route: PlayedRoute, post: Post) -> None:
        first = asyncio.ensure_future(post())
        await asyncio.sleep(2 * LOCK)
        route.begun[0].set_result(200)
        assert await first == (200, b"1")
        assert await post() == (200, b"1")
        assert len(route.begun) == 1

    played(work)
