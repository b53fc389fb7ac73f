"""`Middlewares.Recover`: off, a fault of the code has no answer, and the connection closes, as in Go."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from mallgen_runtime import ApiError, App, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.http.conf import MiddlewaresConf
from mallgen_runtime.testing import Client
from tests.runtime.wire import serving

LINE = "GET /breaks failed"


async def breaks(ctx: Context, svc: object) -> Response:
    raise KeyError("a fault")


async def refuses(ctx: Context, svc: object) -> Response:
    raise ApiError(409, "taken")


class Passing:
    """A middleware that hands on."""

    def __init__(self, svc: Any) -> None: ...

    async def handle(self, ctx: Context, next_: Any) -> Response:
        found: Response = await next_(ctx)
        return found


def conf(compat: str = "", **middlewares: bool) -> RestConf:
    return RestConf(
        name="t", host="127.0.0.1", port=0, compat=compat, middlewares=MiddlewaresConf(recover=False, **middlewares)
    )


@pytest.mark.parametrize("compat", ["", "gozero"])
@pytest.mark.parametrize("breaker", [True, False])
def test_the_connection_closes_without_an_answer(compat: str, breaker: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with serving(
            {"/breaks": breaks, "/refuses": refuses}, conf(compat, breaker=breaker), middlewares=(Passing,)
        ) as wires:
            wire = await wires.open()
            await wire.send("GET", "/breaks")
            assert await asyncio.wait_for(wire.reader.read(), 5) == b""
            assert (await wires.get("/refuses")).status == 409, "an answer that the code chose is one"
            assert wires.app._in_flight == 0

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    found = [record for record in caplog.records if record.getMessage() == LINE]
    assert [type(record.exc_info[1]) for record in found if record.exc_info] == [KeyError], "told once, with its stack"
    assert any(record.getMessage().endswith("500") for record in caplog.records if record.name == "mallgen.access")


def test_the_breaker_counts_it() -> None:
    async def run() -> int:
        async with serving({"/breaks": breaks}, conf()) as wires:
            for count in range(100):
                wire = await wires.open()
                await wire.send("GET", "/breaks")
                if await asyncio.wait_for(wire.reader.read(10), 5):
                    return count
                wire.close()
        return -1

    assert asyncio.run(run()) >= 5


def test_on_error_is_not_asked_and_the_client_of_tests_says_so() -> None:
    asked: list[ApiError] = []
    hooks: Any = SimpleNamespace(on_error=lambda ctx, error: asked.append(error))

    async def run() -> None:
        async with Client(App(conf(), ServiceBase(conf()), [Route("GET", "/breaks", breaks)], hooks)) as client:
            with pytest.raises(ConnectionError, match="no answer"):
                await client.get("/breaks")

    asyncio.run(run())
    assert asked == []
