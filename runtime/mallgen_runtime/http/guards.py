"""Guards in front of a route: load that is shed, and a breaker that spares a handler that keeps failing."""

import time
from collections.abc import Callable

from mallgen_runtime.http.conf import RestConf
from mallgen_runtime.http.messages import Context, Next, Response
from mallgen_runtime.http.problems import ApiError, Unrecovered
from mallgen_runtime.process.breaker import Breaker, NoBreaker
from mallgen_runtime.process.shedding import Overload, RouteLoad, overload_of

ARRIVED = "mallgen.arrived"  # in the ASGI scope: the monotonic time at which the head of the request was there
_RETRY = {"retry-after": "1"}
_STUB = 501  # logic that is not written yet is no failure of the service


class Guard:
    """The guard of one route: `admit` before anything is done for a request, `around` its handler."""

    def __init__(self, breaker: Breaker, overload: Overload | None) -> None:
        self._breaker = breaker
        self._overload = overload
        self._load = RouteLoad()

    def admit(self, ctx: Context) -> None:
        """Raise a 503 for a request that is shed or that the breaker drops."""
        if self._overload is not None and self._overload.refuses(self._load, ctx.scope.get(ARRIVED, 0.0)):
            raise ApiError(503, "overloaded", "the service has more requests than it can answer", headers=_RETRY)
        if not self._breaker.allows():
            raise ApiError(503, "breaker_open", "most requests to this route fail at present", headers=_RETRY)

    def around(self, run: Next, failed: Callable[[Context, BaseException], Response]) -> Next:
        """Measure a handler with its middlewares; `failed` makes the answer to what it raises."""
        breaker, load, clock = self._breaker, self._load, time.monotonic

        async def guarded(ctx: Context) -> Response:
            expected = load.begun()
            started = clock()
            try:
                try:
                    found = await run(ctx)
                except BaseException as problem:
                    found = self._failed(ctx, problem, failed)
                status = ctx.failed or getattr(found, "status", 500)
                breaker.ended(status >= 500 and status != _STUB)
                if status != 503:
                    now = clock()
                    load.ended(now, now - started, expected)
                return found
            finally:
                load.flight -= 1

        return guarded

    def _failed(
        self, ctx: Context, problem: BaseException, failed: Callable[[Context, BaseException], Response]
    ) -> Response:
        """Return the answer to an exception; raises it again for a client that has left, or when nobody recovers."""
        try:
            return failed(ctx, problem)
        except Unrecovered:
            self._breaker.ended(True)
            raise


class Guards:
    """Makes the guards of routes from the settings; `overload` is None when nothing is shed."""

    def __init__(self, config: RestConf) -> None:
        self._breaks = config.middlewares.breaker
        self.overload = overload_of(config.middlewares.shedding, config.cpu_threshold, config.mode)

    def of_route(self) -> Guard | None:
        """Return the guard of one route, None when all of it is switched off."""
        if not self._breaks and self.overload is None:
            return None
        return Guard(Breaker() if self._breaks else NoBreaker(), self.overload)
