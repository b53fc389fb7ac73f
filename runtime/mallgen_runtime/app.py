"""The ASGI application of a generated service."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic

from mallgen_runtime import tracing, watch
from mallgen_runtime.conf import AS_GO_ZERO, ConfigError, RestConf, rules_of, secrets_of
from mallgen_runtime.devserver import Readiness, in_public, readiness
from mallgen_runtime.logs import access
from mallgen_runtime.messages import JSON, ClientGone, Context, Next, Receive, Response, Scope, Send, too_large
from mallgen_runtime.problems import ApiError, body
from mallgen_runtime.proxies import TrustedProxies
from mallgen_runtime.routing import Bound, Match, Middleware, Route, Table
from mallgen_runtime.rpc.calls import FOR_CLIENTS, WORDS, Origin, RpcError, origin
from mallgen_runtime.service import S

_LOG = logging.getLogger("mallgen.service")
_NO_LIMIT = 1 << 40
_WEAK = 32
_PROBLEM = "application/problem+json"


class App(Generic[S]):
    """Plain ASGI 3: `http` and `lifespan`. Runs under uvicorn, granian, hypercorn.

    `checks` is what /readyz asks: each gives states by name, `ok` or what is wrong; one that is `stopping` makes a 503.
    `refused` is why the service context could not be opened, when the settings are to blame.
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
        self._proxies = TrustedProxies(config.trusted_proxies)
        self.refused: ConfigError | None = None
        self.checks: list[Readiness] = [self._own_state, svc.states, watch.states]
        own = [Route("GET", "/healthz", _healthy), Route("GET", "/readyz", self._ready)]
        kinds = dict.fromkeys(kind for route in routes for kind in route.middlewares)
        made = {kind: kind(svc) for kind in kinds}
        self._table = Table(self._bind(route, made) for route in (*own, *routes))
        self._warn_of_weak_secrets({route.jwt for route in routes if route.jwt})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of the ASGI protocol."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    def stop(self) -> None:
        """The process will end: /readyz says so, and every answer asks its client to leave."""
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

    def _bind(self, route: Route[Any], made: Mapping[Any, Middleware]) -> Bound:
        config = self.config
        timeout = config.timeout if route.timeout_ms is None else route.timeout_ms
        limit = (config.max_bytes if route.max_bytes is None else route.max_bytes) or _NO_LIMIT
        timeout = timeout if config.middlewares.timeout else 0
        limit = limit if config.middlewares.max_bytes else _NO_LIMIT
        secrets = secrets_of(config, route.jwt) if route.jwt else ()
        run = _call(route.endpoint, self.svc)
        for middleware in reversed(route.middlewares):
            run = _around(made[middleware].handle, run)
        rules = rules_of(config, route.jwt) if route.jwt else AS_GO_ZERO
        return Bound(route, run, timeout / 1000, limit, secrets, rules)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        if self._proxies and scope.get("client"):
            peer, port = scope["client"]
            scope["client"] = (self._proxies.client(peer, scope["headers"]), port)
        match = self._table.find(scope["method"], scope["path"])
        ctx = Context(scope, receive, match.params if match else {}, match.bound.max_bytes if match else 0)
        ctx.unpacks = self.config.middlewares.gunzip
        tracing.identify(ctx)
        self._in_flight += 1
        try:
            response = await self._answer(ctx, match)
        except ClientGone:
            return
        finally:
            self._in_flight -= 1
        if self._stopping:
            response.headers["connection"] = "close"
        await _send(ctx, response, send)
        if self._logs:
            _log_access(ctx, match, response, time.perf_counter() - started)

    async def _answer(self, ctx: Context, match: Match | None) -> Response:
        contract = match.bound.route.contract if match and self._dev else ""
        try:
            if match is None:
                raise self._not_found(ctx)
            if self._in_flight > self._most > 0:
                raise ApiError(503, "too_many_requests", "the service is busy", headers={"retry-after": "1"})
            return await self._within(ctx, match.bound)
        except ApiError as error:
            return _problem(ctx, error, contract)
        except RpcError as problem:
            return _problem(ctx, _of_rpc(ctx, problem), contract)
        except NotImplementedError as problem:
            what = match.bound.route.title if match else str(problem)
            return _problem(ctx, ApiError(501, "not_implemented", f"{what} is not implemented"), contract)
        except ClientGone:
            raise
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            detail = "the service is stopping and could not wait for the answer"
            return _problem(ctx, ApiError(503, "stopping", detail), contract)
        except Exception:
            ctx.log.exception("%s %s failed", ctx.method, ctx.url_path)
            return _problem(ctx, ApiError(500, "internal"), contract)

    async def _within(self, ctx: Context, bound: Bound) -> Response:
        """Run the route inside its limits."""
        declared = next(iter(ctx.headers.get("content-length", [])), "")
        if declared.isdecimal() and (len(declared) > 18 or int(declared) > bound.max_bytes):
            raise too_large(bound.max_bytes)
        if bound.secrets:
            from mallgen_runtime.jwt import check

            ctx.claims = check(ctx, bound.secrets, bound.rules)
        deadline = time.monotonic() + bound.timeout if bound.timeout > 0 else None
        token = origin.set(Origin(ctx.request_id, ctx.trace_id, deadline, ctx.trace_flags))
        limit = asyncio.timeout(None if deadline is None else bound.timeout)
        try:
            async with limit:
                return await bound.run(ctx)
        except TimeoutError:
            if not limit.expired():
                raise
            raise ApiError(503, "timeout", f"no answer within {bound.timeout:g} s") from None
        finally:
            origin.reset(token)

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
            logging.getLogger("uvicorn.error").disabled = True  # who runs us tells it, in one line
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
    """A failed call inside the BFF's one error model; what an internal error says stays in the log."""
    ctx.log.log(logging.ERROR if problem.http_status >= 500 else logging.INFO, "a call failed: %s", problem)
    code = problem.code
    return ApiError(
        problem.http_status, code.name.lower(), problem.detail if code in FOR_CLIENTS else WORDS.get(code, "")
    )


async def _healthy(ctx: Context, svc: object) -> Response:
    return Response(b'{"status":"ok"}', 200, {"content-type": JSON})


def _call(endpoint: Callable[[Context, Any], Awaitable[Response]], svc: object) -> Next:
    return lambda ctx: endpoint(ctx, svc)


def _around(handle: Callable[[Context, Next], Awaitable[Response]], inner: Next) -> Next:
    return lambda ctx: handle(ctx, inner)


def _problem(ctx: Context, error: ApiError, contract: str) -> Response:
    headers = {"content-type": _PROBLEM, **{name.lower(): value for name, value in error.headers.items()}}
    return Response(body(error, ctx.request_id, contract), error.status, headers)


async def _send(ctx: Context, response: Response, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    headers.append((b"x-request-id", ctx.request_id.encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def _log_access(ctx: Context, match: Match | None, response: Response, seconds: float) -> None:
    fields = {
        "request_id": ctx.request_id,
        "trace": ctx.trace_id,
        "method": ctx.method,
        "path": ctx.url_path,
        "route": match.bound.route.path if match else "",
        "status": response.status,
        "duration": f"{seconds * 1000:.1f}ms",
        "client": ctx.client,
    }
    level = logging.ERROR if response.status >= 500 else logging.INFO
    access(level, f"[HTTP] {response.status}", "http", fields)
