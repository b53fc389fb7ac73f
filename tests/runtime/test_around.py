"""The error model of HTTP: middlewares see every answer, errors too, and every exception becomes such an answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mallgen_runtime.http.app import App
from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.problems import ApiError
from mallgen_runtime.http.routing import Route
from mallgen_runtime.process.service import ServiceBase
from mallgen_runtime.sql.errors import DatabaseError, PoolTimeout, ValueRefused
from mallgen_runtime.testing import Answer, Client

Handler = Callable[[Context], Awaitable[Any]]


class Audit:
    """A middleware that notes the status of each answer in a header."""

    def __init__(self, svc: Any) -> None:
        self.svc = svc

    async def handle(self, ctx: Context, next_: Next) -> Response:
        answer = await next_(ctx)
        answer.headers["x-audit"] = str(answer.status)
        return answer


class Outer(Audit):
    """A middleware of the service, around all routes."""

    async def handle(self, ctx: Context, next_: Next) -> Response:
        answer = await next_(ctx)
        answer.headers["x-outer"] = str(answer.status)
        return answer


class Broken(Audit):
    """A middleware that breaks its answer in the way that a request's header asks for."""

    async def handle(self, ctx: Context, next_: Next) -> Response:
        kind = ctx.headers.get("x-kind", [""])[0]
        if kind == "none":
            return None  # type: ignore[return-value]
        if kind == "raise":
            raise ValueError("secret")
        answer = await next_(ctx)
        if kind == "status":
            answer.status = 999
        if kind == "text":
            answer.body = "text"  # type: ignore[assignment]
        headers = {"length": ("content-length", "3"), "crlf": ("x-a", "b\r\nset-cookie: c=d"), "uni": ("x-a", "\u4e2d")}
        name, value = headers.get(kind, ("x-fine", "1"))
        answer.headers[name] = value
        return answer


async def asked(handler: Handler, *around: Any, path: str = "/it", method: str = "GET", **rest: Any) -> Answer:
    """Send one request to a service of one route with the middlewares `around`."""

    async def it(ctx: Context, svc: Any) -> Any:
        return await handler(ctx)

    svc: ServiceBase[RestConf] = ServiceBase(RestConf(name="x", port=0, max_bytes=10, timeout=200))
    svc.use(Outer(svc))
    async with Client(App(svc.config, svc, [Route("GET", "/it", it, middlewares=around)])) as client:
        return await client.request(method, path, **rest)


def raising(problem: BaseException) -> Handler:
    async def handler(ctx: Context) -> Response:
        raise problem

    return handler


async def sleeping(ctx: Context) -> Response:
    await asyncio.sleep(5)
    return Response()


async def reading(ctx: Context) -> Response:
    await ctx.raw_body()
    return Response()


async def fine(ctx: Context) -> Response:
    return ctx.json({"a": 1})


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (fine, 200),
        (raising(ApiError(404, "gone")), 404),
        (raising(NotImplementedError()), 501),
        (raising(ValueError("secret")), 500),
        (raising(asyncio.CancelledError("by logic")), 500),
        (raising(SystemExit(9)), 500),
        (raising(KeyboardInterrupt()), 500),
        (raising(GeneratorExit()), 500),
        (raising(TimeoutError("own")), 500),
        (raising(DatabaseError("secret")), 500),
        (raising(ValueRefused("the name is too long")), 400),
        (raising(PoolTimeout("secret")), 503),
        (sleeping, 503),
        (reading, 413),
    ],
)
def test_a_middleware_sees_every_answer(handler: Handler, status: int) -> None:
    answer = asyncio.run(asked(handler, Audit, data=b"more than ten bytes"))
    assert (answer.status, answer.headers["x-audit"], answer.headers["x-outer"]) == (status, str(status), str(status))
    assert b"secret" not in answer.body
    if status != 200:
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/no", 404), ("PUT", "/it", 405)])
def test_the_services_own_middleware_is_around_what_has_no_route(method: str, path: str, status: int) -> None:
    answer = asyncio.run(asked(fine, method=method, path=path))
    assert (answer.status, answer.headers.get("x-outer")) == (status, str(status))


@pytest.mark.parametrize("kind", ["none", "raise", "status", "text", "length", "crlf", "uni"])
def test_what_a_middleware_breaks_is_our_500(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = asyncio.run(asked(fine, Audit, Broken, headers={"x-kind": kind}))
    assert answer.status == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "set-cookie" not in answer.headers
    assert caplog.records
    if kind == "none":
        assert "the middleware Broken returned NoneType" in caplog.text


async def not_a_number(ctx: Context) -> Response:
    return ctx.json({"a": [1.0, float("nan")]})


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (not_a_number, "it_handler answered with a[1] = nan"),
    ],
)
def test_an_answer_that_the_contract_does_not_have_names_its_handler(
    handler: Handler, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert asyncio.run(asked(handler)).status == 500
    assert said in caplog.text
