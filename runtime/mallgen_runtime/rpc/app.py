"""An RPC service: breaker, limits, metrics, log and errors around every call, on any transport."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, nullcontext, suppress
from typing import Any, Generic, NamedTuple, NoReturn

from mallgen_runtime.process import metrics, spans
from mallgen_runtime.process.breaker import Breaker, NoBreaker
from mallgen_runtime.process.errors import HTTP_STATUS, Code, ConfigError, ResourceError, RpcError
from mallgen_runtime.process.interceptors import RPC_HOOKS, around_reply, around_stream, found, warn_of_slips
from mallgen_runtime.process.logs import access
from mallgen_runtime.process.observing import turn_on
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.process.service import S
from mallgen_runtime.process.shedding import RouteLoad, overload_of
from mallgen_runtime.rpc import traced
from mallgen_runtime.rpc.conf import RpcServerConf
from mallgen_runtime.rpc.hooks import RpcHooks
from mallgen_runtime.rpc.methods import Method, RpcContext, Service, Wire

_CLOCKS = 0.02  # a caller's time began before its call was here
_UNTIMED = frozenset((Code.CANCELED, Code.DEADLINE_EXCEEDED, Code.UNAVAILABLE))  # no measure of a method
_LOUD = frozenset(code for code in Code if HTTP_STATUS.get(code, 500) >= 500)


class BoundMethod(NamedTuple):
    """A method ready to run with its interceptors: its limit in seconds, its breaker, its metrics, its load."""

    limit: float | None
    breaker: Breaker
    observe: metrics.Observe
    run: Callable[[RpcContext, Any], Any]
    dropped: Callable[[str], None] = metrics.drop_nothing
    load: RouteLoad | None = None


class RpcApp(Generic[S]):
    """A service context and the services that work with it; `hooks` is the project's module hooks.py."""

    def __init__(
        self, config: RpcServerConf, svc: S, services: Sequence[Service[Any]], hooks: RpcHooks[S] | None = None
    ) -> None:
        self.config = config
        self.svc = svc
        self.services = services
        self.logs_calls = config.log.access and config.middlewares.stat
        self._check_limits()
        self._interceptors = tuple(found(hooks, "server_interceptors", svc))
        svc.intercept(found(hooks, "client_interceptors", svc))
        warn_of_slips(hooks, RPC_HOOKS)
        self.in_flight = 0
        self.overload = overload_of(config.middlewares.shedding, config.cpu_threshold, config.mode)
        turn_on(config)
        self._bound = {method.wire: self._bind(method) for service in services for method in service.methods}

    def _check_limits(self) -> None:
        """Raise ConfigError for a limit that could not hold: of an unknown method, of a stream, or given twice."""
        methods = {method.wire: method for service in self.services for method in service.methods}
        seen: set[str] = set()
        for entry in self.config.method_timeouts:
            name = entry.full_method
            method = methods.get(name)
            if method is None:
                raise ConfigError(f"MethodTimeouts: {name} is no method here; there are {', '.join(sorted(methods))}")
            if method.takes_stream or method.gives_stream:
                raise ConfigError(f"MethodTimeouts: {name} is a stream, which has no limit but its caller's deadline")
            if name in seen:
                raise ConfigError(f"MethodTimeouts: {name} has two entries; leave one")
            seen.add(name)

    def _bind(self, method: Method[Any]) -> BoundMethod:
        streams = method.takes_stream or method.gives_stream
        limit = None if streams else self.config.limit_of(method.wire)
        asked = self.config.middlewares
        breaker, labels = Breaker() if asked.breaker else NoBreaker(), (("method", method.wire),)
        load = None if streams or self.overload is None else RouteLoad()
        made = BoundMethod(limit, breaker, metrics.nothing, self._around(method), load=load)
        if not asked.prometheus:
            return made
        observe, dropped = metrics.observer("rpc_server", labels), metrics.drops("rpc_server", labels)
        return made._replace(observe=observe, dropped=dropped)

    def _around(self, method: Method[Any]) -> Callable[[RpcContext, Any], Any]:
        """Return the function that runs a method's logic, its interceptors around it."""
        endpoint, svc = method.endpoint, self.svc

        def run(ctx: RpcContext, request: Any) -> Any:
            return endpoint(ctx, svc, request)

        around = around_stream if method.gives_stream else around_reply
        return around(self._interceptors, run) if self._interceptors else run

    def readings(self) -> Iterator[metrics.Reading]:
        """Yield the figures of the moment."""
        yield metrics.Reading("rpc_server_in_flight_requests", "rpc server requests in flight.", (), self.in_flight)

    async def answer(self, method: Method[Any], ctx: RpcContext, request: Any) -> bytes:
        """Run a method that gives one reply; `request` is a message, or an iterator of them.

        Raises nothing but RpcError: any other failure, a reply that is no message too, goes to the log and not to the
        caller.
        """
        with _ServedCall(self, method, ctx) as call:
            if call.limit is None:
                reply: Wire = await call.run(ctx, request)
                return reply.SerializeToString()
            async with call.limit:
                reply = await call.run(ctx, request)
                return reply.SerializeToString()

    async def answers(self, method: Method[Any], ctx: RpcContext, request: Any) -> AsyncIterator[bytes]:
        """Run a method that gives many replies. Raises nothing but RpcError."""
        with _ServedCall(self, method, ctx) as call:
            async with call.limit or nullcontext(), aclosing(call.run(ctx, request)) as replies:
                async for reply in replies:
                    yield reply.SerializeToString()

    def bound(self, method: Method[Any]) -> BoundMethod:
        """Return the limit, breaker and metrics of a method."""
        return self._bound[method.wire]


class _ServedCall:
    """Around one call: breaker, limit, origin of the calls it makes, and every failure turned into an RpcError."""

    __slots__ = ("_app", "_bound", "_ctx", "_expected", "_method", "_span", "_started", "_token", "limit", "run")

    def __init__(self, app: RpcApp, method: Method[Any], ctx: RpcContext) -> None:
        self._app = app
        self._method = method
        self._ctx = ctx
        self._bound = app.bound(method)
        self.run = self._bound.run
        self.limit: asyncio.Timeout | None = None

    def __enter__(self) -> "_ServedCall":
        ctx, limit = self._ctx, self._bound.limit
        self._admit()
        self.limit = None  # the transport itself ends a call at the caller's deadline
        if limit is not None:
            own = time.monotonic() + limit
            if ctx.deadline is None or own < ctx.deadline:
                ctx.deadline = own
                self.limit = asyncio.timeout(limit)
        self._app.in_flight += 1
        self._expected = 0.0 if self._bound.load is None else self._bound.load.begun()
        self._started = time.perf_counter()
        here = Origin(
            ctx.request_id, ctx.trace_id, ctx.deadline, ctx.trace_flags, self._method.wire, "", ctx.trace_state
        )
        self._token = origin.set(here)
        self._span = None if spans.active is None else traced.begin(self._method, ctx, here)
        return self

    def _admit(self) -> None:
        """Raise RESOURCE_EXHAUSTED for a call that would be late, UNAVAILABLE for one that the breaker drops."""
        bound, overload, wire = self._bound, self._app.overload, self._method.wire
        if bound.load is not None and overload is not None and overload.refuses(bound.load, self._ctx.arrived):
            self._drop("shedding", Code.RESOURCE_EXHAUSTED, f"the server has more calls of {wire} than it can answer")
        if not bound.breaker.allows():
            self._drop("breaker", Code.UNAVAILABLE, f"too many calls of {wire} fail; this one was dropped")

    def _drop(self, reason: str, code: Code, text: str) -> NoReturn:
        self._log(code, 0.0)
        self._bound.dropped(reason)
        raise RpcError(code, text)

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: object) -> None:
        wrong = None if problem is None else self._told(problem)
        code = Code.OK if problem is None else self._ended() if wrong is None else wrong.code
        taken = time.perf_counter() - self._started
        # what the logic answers on purpose is no sign that this server is unwell; callers have breakers of their own
        self._bound.breaker.done(Code.OK if isinstance(problem, RpcError) else code)
        self._app.in_flight -= 1
        if self._bound.load is not None:
            self._bound.load.flight -= 1
            if code not in _UNTIMED:
                self._bound.load.ended(time.monotonic(), taken, self._expected)
        self._bound.observe(code, taken)
        self._log(code, taken)
        if self._span is not None:
            traced.end(self._span, code, code in _LOUD)
        with suppress(ValueError):  # a generator that another task closes ends in that task's context
            origin.reset(self._token)
        if wrong is not None and wrong is not problem:
            raise wrong from None

    def _told(self, problem: BaseException) -> RpcError | None:
        """Return the error for the caller; None when the caller waits no longer."""
        if isinstance(problem, RpcError):
            return problem
        if isinstance(problem, NotImplementedError):
            return RpcError(Code.UNIMPLEMENTED, f"{self._method.wire} is not implemented")
        if isinstance(problem, TimeoutError) and self.limit is not None and self.limit.expired():
            return RpcError(Code.DEADLINE_EXCEEDED, "the call took too long")
        if isinstance(problem, ResourceError) and problem.is_callers:
            return RpcError(problem.status, str(problem))
        if isinstance(problem, ResourceError) and problem.status is not Code.INTERNAL:
            self._ctx.log.error("%s failed: %s", self._method.wire, problem)
            return RpcError(problem.status, f"a resource of the service failed, see the log at {self._ctx.request_id}")
        if not isinstance(problem, Exception):
            return None
        self._ctx.log.error("%s failed", self._method.wire, exc_info=problem)
        return RpcError(Code.INTERNAL, f"internal error, see the log at {self._ctx.request_id}")

    def _ended(self) -> Code:
        """Return why a call was cancelled: its time was over, by the caller's clock at least, or its caller left."""
        deadline = self._ctx.deadline
        over = deadline is not None and time.monotonic() >= deadline - _CLOCKS
        return Code.DEADLINE_EXCEEDED if over else Code.CANCELED

    def _log(self, code: Code, taken: float) -> None:
        if not self._app.logs_calls:
            return
        ctx = self._ctx
        fields = {
            "request_id": ctx.request_id,
            "trace": ctx.trace_id,
            "method": ctx.method,
            "code": code.name,
            "duration": f"{taken * 1000:.1f}ms",
            "client": ctx.peer,
        }
        level = logging.ERROR if code in _LOUD else logging.INFO
        access(level, f"[RPC] {code.name}", "rpc", fields)
