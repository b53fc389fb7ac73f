"""Layers around a handler: its time, its limit, its middlewares; what one raises is an answer for those around it."""

import asyncio
from collections.abc import Callable

from mallgen_runtime.http.failures import handler_of
from mallgen_runtime.http.messages import Context, Next, Response, WrongAnswer
from mallgen_runtime.http.problems import ApiError, too_large
from mallgen_runtime.http.routing import Middleware

Failed = Callable[[Context, BaseException], Response]


def layer(middleware: Middleware, inner: Next, failed: Failed) -> Next:
    """Put a middleware around a handler; what it raises becomes an answer for those around it."""
    handle, name = middleware.handle, type(middleware).__name__

    async def run(ctx: Context) -> Response:
        try:
            found = await handle(ctx, inner)
        except BaseException as problem:
            return failed(ctx, problem)
        if not isinstance(found, Response):
            text = f"the middleware {name} returned {type(found).__name__}, not a Response"
            return failed(ctx, WrongAnswer(text))
        return found

    return run


def within(run: Next, timeout: float, grace: float = 0) -> Next:
    """Bound a handler by the route's time; with `grace` the middlewares still see the answer to a late one."""
    if timeout <= 0:
        return run

    async def limited(ctx: Context) -> Response:
        limit = asyncio.timeout(timeout + grace)
        try:
            async with limit:
                return await run(ctx)
        except TimeoutError:
            if not limit.expired():
                raise
            raise ApiError(503, "timeout", f"no answer within {timeout:g} s") from None

    return limited


def or_failed(run: Next, failed: Failed) -> Next:
    """Turn what a handler raises into an answer for the middlewares around it."""

    async def answered(ctx: Context) -> Response:
        try:
            found = await run(ctx)
        except BaseException as problem:
            return failed(ctx, problem)
        if not isinstance(found, Response):
            return failed(ctx, WrongAnswer(f"{handler_of(ctx)} answered with {type(found).__name__}, not a Response"))
        return found

    return answered


def refuse_large(ctx: Context, most: int) -> None:
    declared = next(iter(ctx.headers.get("content-length", [])), "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > most):
        raise too_large(most)
