"""The ASGI application of a generated service."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic

from mallgen_runtime.http.conf import AS_GO_ZERO, RestConf, rules_of, secrets_of
from mallgen_runtime.http.messages import (
    JSON,
    ClientGone,
    Context,
    Next,
    Put,
    Receive,
    Response,
    Scope,
    Send,
    WrongAnswer,
    identify,
    too_large,
)
from mallgen_runtime.http.problems import FOR_CLIENTS, WORDS, ApiError, body
from mallgen_runtime.http.proxies import TrustedProxies
from mallgen_runtime.http.routing import BoundRoute, Match, Middleware, Route, RouteTable
from mallgen_runtime.http.sending import Unsendable, check, pairs_of
from mallgen_runtime.process import watch
from mallgen_runtime.process.devserver import Readiness, in_public, readiness
from mallgen_runtime.process.errors import Code, ConfigError, ResourceError, RpcError
from mallgen_runtime.process.logs import access
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.process.service import S

_LOG = logging.getLogger("mallgen.service")
_NO_LIMIT = 1 << 40
_WEAK = 32
_PROBLEM = "application/problem+json"
_GONE = 499  # what nginx and go-zero log when a client has left before its answer
_GRACE = 0.25
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class App(Generic[S]):
    """Plain ASGI 3: `http` and `lifespan`. Runs under uvicorn, granian, hypercorn.

    `checks` are what /readyz asks: each gives states by name, `ok` or the problem; a state `stopping` makes a 503.
    `refused` is the ConfigError that kept the service context from opening.
    """

    def __init__(self, config: RestConf, svc: S, routes: Sequence[Route[Any]]) -> None:
        self.config = config
        self.svc = svc
        self.routes = routes
        self._in_flight = 0
        self._most = config.max_conns if config.middlewares.max_conns else 0
        self._logs = config.log.access and config.middlewares.log
        self._dev = config.mode.lower() in ("dev", "test")
        self._stopping = False
        self._unpacks = config.middlewares.gunzip
        self._chain: Next | None = None
        self._proxies = TrustedProxies(config.trusted_proxies)
        self.refused: ConfigError | None = None
        self.checks: list[Readiness] = [self._own_state, svc.states, watch.states]
        own = [Route("GET", "/healthz", _healthy), Route("GET", "/readyz", self._ready)]
        kinds = dict.fromkeys(kind for route in routes for kind in route.middlewares)
        made = {kind: kind(svc) for kind in kinds}
        bound = [self._bind(route, made) for route in routes]
        self._table = RouteTable([*(self._bind(route, {})._replace(counts=False) for route in own), *bound])
        self._warn_of_weak_secrets({route.jwt for route in routes if route.jwt})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope: the entry point for other servers and for tests."""
        if scope["type"] == "http":

            async def put(ctx: Context, response: Response) -> None:
                headers = pairs_of(response, ctx.request_id)
                await send({"type": "http.response.start", "status": response.status, "headers": headers})
                await send({"type": "http.response.body", "body": response.body})

            await self.exchange(scope, receive, put, _stays)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    def stop(self) -> None:
        """Begin to stop: /readyz says so, and every answer asks its client to close."""
        self._stopping = True

    def _own_state(self) -> dict[str, str]:
        return {"service": "stopping" if self._stopping else "ok"}

    async def _ready(self, ctx: Context, svc: object) -> Response:
        states = {name: in_public(name, state) for check in self.checks for name, state in check().items()}
        status, found = readiness(states)
        return Response(found, status, {"content-type": JSON})

    def _warn_of_weak_secrets(self, attributes: set[str]) -> None:
        for name in sorted(attributes):
            if any(len(secret.encode()) < _WEAK for secret in secrets_of(self.config, name)):
                _LOG.warning("a secret of %s is shorter than the %d bytes that RFC 7518 asks for", name, _WEAK)

    def _bind(self, route: Route[Any], made: Mapping[Any, Middleware]) -> BoundRoute:
        config = self.config
        timeout = config.timeout if route.timeout_ms is None else route.timeout_ms
        limit = (config.max_bytes if route.max_bytes is None else route.max_bytes) or _NO_LIMIT
        timeout = timeout if config.middlewares.timeout else 0
        limit = limit if config.middlewares.max_bytes else _NO_LIMIT
        secrets = secrets_of(config, route.jwt) if route.jwt else ()
        run = self._endpoint(route.endpoint, timeout / 1000, limit)
        if route.middlewares:
            run = _or_failed(run, self._failed)
            for middleware in reversed(route.middlewares):
                run = self._layer(made[middleware], run)
            run = _within(run, timeout / 1000, _GRACE)
        rules = rules_of(config, route.jwt) if route.jwt else AS_GO_ZERO
        return BoundRoute(route, run, timeout / 1000, limit, secrets, rules)

    def _endpoint(self, endpoint: Callable[[Context, Any], Awaitable[Response]], timeout: float, most: int) -> Next:
        svc = self.svc

        async def run(ctx: Context) -> Response:
            _refuse_large(ctx, most)
            return await endpoint(ctx, svc)

        return _within(run, timeout)

    def _layer(self, middleware: Middleware, inner: Next) -> Next:
        """Put a middleware around a handler; what it raises becomes an answer for those around it."""
        handle, name = middleware.handle, type(middleware).__name__

        async def run(ctx: Context) -> Response:
            try:
                found = await handle(ctx, inner)
            except BaseException as problem:
                return self._failed(ctx, problem)
            if not isinstance(found, Response):
                text = f"the middleware {name} returned {type(found).__name__}, not a Response"
                return self._failed(ctx, WrongAnswer(text))
            return found

        return run

    async def exchange(self, scope: Scope, receive: Receive, put: Put, has_gone: Callable[[], bool]) -> None:
        """Answer a request with `put`. A server that sees the client leave cancels this, and `has_gone` says so."""
        started = time.perf_counter()
        if self._proxies and scope.get("client"):
            peer, port = scope["client"]
            scope["client"] = (self._proxies.client(peer, scope["headers"]), port)
        match = self._table.find(scope["method"], scope["path"])
        ctx = Context(scope, receive, match.params if match else {}, match.bound.max_bytes if match else 0)
        ctx.unpacks, ctx.matched, ctx.has_gone = self._unpacks, match, has_gone
        identify(ctx)
        timeout = match.bound.timeout if match else 0
        deadline = time.monotonic() + timeout if timeout > 0 else None
        token = origin.set(Origin(ctx.request_id, ctx.trace_id, deadline, ctx.trace_flags))
        counts = match is None or match.bound.counts
        self._in_flight += counts
        try:
            response = self._sendable(ctx, await self._all(ctx))
            if self._stopping:
                response.headers["connection"] = "close"
            sent = put(ctx, response)
            if sent is not None:
                await sent
            status = _GONE if has_gone() else response.status
        except (ClientGone, asyncio.CancelledError) as problem:
            if isinstance(problem, asyncio.CancelledError) and not has_gone():
                raise
            status = _GONE
        finally:
            self._in_flight -= counts
            origin.reset(token)
        if self._logs:
            _log_access(ctx, match, status, time.perf_counter() - started)

    async def _all(self, ctx: Context) -> Response:
        """Run the service's own middlewares, then the route."""
        if self._chain is None:
            run: Next = self._routed
            for middleware in reversed(self.svc.middlewares):
                run = self._layer(middleware, run)
            self._chain = run
        return await self._chain(ctx)

    async def _routed(self, ctx: Context) -> Response:
        try:
            match: Match | None = ctx.matched
            if b"%" in ctx.scope.get("raw_path", b"") and _BROKEN_ESCAPE.search(ctx.scope["raw_path"]):
                raise ApiError(400, "bad_request", "the path has a broken %-escape")
            if match is None:
                raise self._not_found(ctx)
            bound = match.bound
            if bound.counts and self._in_flight > self._most > 0:
                raise ApiError(503, "too_many_requests", "the service is busy", headers={"retry-after": "1"})
            if bound.secrets:
                from mallgen_runtime.http.jwt import check as check_token

                ctx.claims = check_token(ctx, bound.secrets, bound.rules)
            found = await bound.run(ctx)
            if not isinstance(found, Response):
                raise WrongAnswer(f"{_handler(ctx)} answered with {type(found).__name__}, not a Response")
            return found
        except BaseException as problem:
            return self._failed(ctx, problem)

    def _sendable(self, ctx: Context, response: Response) -> Response:
        """Return the answer, or a 500 when HTTP has no form for it."""
        try:
            check(response, ctx.method)
        except Unsendable as problem:
            ctx.log.error("%s %s: the answer cannot be sent: %s", ctx.method, ctx.url_path, problem)
            return _problem(ctx, ApiError(500, "internal"), "")
        return response

    def _failed(self, ctx: Context, problem: BaseException) -> Response:
        """Return the answer to a request that ended with an exception."""
        match: Match | None = ctx.matched
        contract = match.bound.route.contract if match and self._dev else ""
        if isinstance(problem, ResourceError) and problem.status is not Code.INTERNAL:
            problem = RpcError(problem.status, str(problem))
        if isinstance(problem, RpcError):
            problem = _of_rpc(ctx, problem)
        if isinstance(problem, NotImplementedError) and match:
            problem = ApiError(501, "not_implemented", f"{match.bound.route.title} is not implemented")
        if isinstance(problem, ApiError):
            try:
                return _problem(ctx, problem, contract)
            except (TypeError, ValueError) as wrong:
                ctx.log.error("%s %s: the error cannot be sent: %s", ctx.method, ctx.url_path, wrong)
                return _problem(ctx, ApiError(500, "internal"), contract)
        if isinstance(problem, ClientGone):
            raise problem
        if isinstance(problem, asyncio.CancelledError) and _is_cancelled():
            if not self._stopping or ctx.has_gone():
                raise problem
            detail = "the service is stopping and could not wait for the answer"
            return _problem(ctx, ApiError(503, "stopping", detail), contract)
        if isinstance(problem, WrongAnswer):
            ctx.log.error("%s %s: %s", ctx.method, ctx.url_path, str(problem) or f"{_handler(ctx)} {problem.what}")
        else:
            ctx.log.error("%s %s failed", ctx.method, ctx.url_path, exc_info=problem)
        return _problem(ctx, ApiError(500, "internal"), contract)

    def _not_found(self, ctx: Context) -> ApiError:
        allowed = self._table.allowed(ctx.url_path)
        if not allowed:
            return ApiError(404, "not_found", f"there is no {ctx.url_path}")
        detail = f"{ctx.url_path} answers {', '.join(allowed)}"
        return ApiError(405, "method_not_allowed", detail, headers={"allow": ", ".join(allowed)})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.svc.open()
        except ConfigError as problem:
            self.refused = problem
            logging.getLogger("uvicorn.error").disabled = True  # the runner of the service reports it, in one line
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            return
        except Exception as problem:
            _LOG.exception("the service context could not start")
            await send({"type": "lifespan.startup.failed", "message": f"{type(problem).__name__}: {problem}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            await self.svc.shut()
        except Exception as problem:
            _LOG.exception("the service context could not close")
            await send({"type": "lifespan.shutdown.failed", "message": f"{type(problem).__name__}: {problem}"})
            return
        await send({"type": "lifespan.shutdown.complete"})


def _of_rpc(ctx: Context, problem: RpcError) -> ApiError:
    """Return a failed call as an ApiError; the text of an internal error stays in the log."""
    ctx.log.log(logging.ERROR if problem.http_status >= 500 else logging.INFO, "a call failed: %s", problem)
    code = problem.code
    return ApiError(
        problem.http_status, code.name.lower(), problem.detail if code in FOR_CLIENTS else WORDS.get(code, "")
    )


async def _healthy(ctx: Context, svc: object) -> Response:
    return Response(b'{"status":"ok"}', 200, {"content-type": JSON})


def _stays() -> bool:
    """Other servers do not cancel a request when its client leaves."""
    return False


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _within(run: Next, timeout: float, grace: float = 0) -> Next:
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


def _or_failed(run: Next, failed: Callable[[Context, BaseException], Response]) -> Next:
    """Turn what a handler raises into an answer for the middlewares around it."""

    async def answered(ctx: Context) -> Response:
        try:
            found = await run(ctx)
        except BaseException as problem:
            return failed(ctx, problem)
        if not isinstance(found, Response):
            return failed(ctx, WrongAnswer(f"{_handler(ctx)} answered with {type(found).__name__}, not a Response"))
        return found

    return answered


def _refuse_large(ctx: Context, most: int) -> None:
    declared = next(iter(ctx.headers.get("content-length", [])), "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > most):
        raise too_large(most)


def _handler(ctx: Context) -> str:
    """Return the name of the handler of a request."""
    return f"{ctx.matched.bound.route.endpoint.__name__}_handler" if ctx.matched else "the handler"


def _problem(ctx: Context, error: ApiError, contract: str) -> Response:
    headers = {"content-type": _PROBLEM, **{name.lower(): value for name, value in error.headers.items()}}
    return Response(body(error, ctx.request_id, contract), error.status, headers)


def _log_access(ctx: Context, match: Match | None, status: int, seconds: float) -> None:
    fields = {
        "request_id": ctx.request_id,
        "trace": ctx.trace_id,
        "method": ctx.method,
        "path": ctx.url_path,
        "route": match.bound.route.path if match else "",
        "status": status,
        "duration": f"{seconds * 1000:.1f}ms",
        "client": ctx.client,
    }
    level = logging.ERROR if status >= 500 else logging.INFO
    access(level, f"[HTTP] {status}", "http", fields)
