"""The ASGI application of a generated service."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic

from mallgen_runtime.http import traced
from mallgen_runtime.http.access import log_access
from mallgen_runtime.http.asgi import AsgiExchange, AsgiStreams
from mallgen_runtime.http.compat import mode_of
from mallgen_runtime.http.conf import AS_GO_ZERO, RestConf, rules_of, secrets_of
from mallgen_runtime.http.cors import policy_of
from mallgen_runtime.http.failures import handler_of
from mallgen_runtime.http.figures import HttpFigures
from mallgen_runtime.http.guards import Guard, Guards
from mallgen_runtime.http.hooks import HttpHooks
from mallgen_runtime.http.layers import layer, or_failed, refuse_large, within
from mallgen_runtime.http.lifespan import last
from mallgen_runtime.http.messages import (
    JSON,
    Context,
    Next,
    Put,
    Receive,
    Response,
    Scope,
    Send,
    WrongAnswer,
    identify,
)
from mallgen_runtime.http.own_rules import load_own_rules
from mallgen_runtime.http.problems import ApiError, ClientGone, Unrecovered
from mallgen_runtime.http.proxies import TrustedProxies
from mallgen_runtime.http.roles import require_role
from mallgen_runtime.http.routing import BoundRoute, Match, Middleware, Route, RouteTable
from mallgen_runtime.http.sharing import shared
from mallgen_runtime.http.sockets.rules import SocketRules
from mallgen_runtime.http.streaming import StreamBroken, StreamingResponse
from mallgen_runtime.http.tokens import KeysOfBlocks, around_signed, prepare_tokens
from mallgen_runtime.http.uploads import limits_of
from mallgen_runtime.process import metrics, spans, threads, watch
from mallgen_runtime.process.blocking import LoopWatch
from mallgen_runtime.process.devserver import Readiness, StateLog, in_public, readiness
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.interceptors import HTTP_HOOKS, found, hook, warn_of_slips
from mallgen_runtime.process.observing import Observing, turn_on
from mallgen_runtime.process.origin import Origin, origin
from mallgen_runtime.process.service import S

if TYPE_CHECKING:
    from mallgen_runtime.http.static import StaticFolder

_LOG = logging.getLogger("mallgen.service")
_NO_LIMIT = 1 << 40
_WEAK = 32
_GONE = 499  # what nginx and go-zero log when a client has left before its answer
_GRACE = 0.25
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class App(Generic[S]):
    """Plain ASGI 3: `http`, `websocket` and `lifespan`. Runs under uvicorn, gunicorn, granian, hypercorn.

    `checks` are what /readyz asks: each gives states by name, `ok` or the problem; a state `stopping` makes a 503.
    `hooks` is the project's module hooks.py.
    """

    def __init__(
        self, config: RestConf, svc: S, routes: Sequence[Route[Any]], hooks: HttpHooks[S] | None = None
    ) -> None:
        self.config = config
        self.svc = svc
        self.routes = routes
        self.hooks = hooks
        turn_on(config)
        self._figures = HttpFigures(routes) if config.middlewares.prometheus and metrics.is_on() else None
        self._state_log = StateLog()
        self._observing = Observing(config, self._states, self._readings)
        self._in_flight = 0
        self._keys = KeysOfBlocks(config)
        self._most = config.max_conns if config.middlewares.max_conns else 0
        self._logs = config.log.access and config.middlewares.log
        self._dev = config.mode.lower() in ("dev", "test")
        self._stopping = False
        self.streams = AsgiStreams()
        mode = mode_of(config.compat)
        self._context, self._first, self.refusal = mode.context, mode.first, mode.refusal
        self._failures = mode.failures(
            lambda: self._stopping, hook(hooks, "on_error"), recovers=config.middlewares.recover
        )
        warn_of_slips(hooks, HTTP_HOOKS)
        self._untraced = frozenset(config.trace_ignore_paths)
        self._unpacks = config.middlewares.gunzip
        self._on_success = hook(hooks, "on_success")
        self._middlewares: Sequence[Middleware] = found(hooks, "middlewares", svc)
        svc.intercept(found(hooks, "client_interceptors", svc))
        self._cors = policy_of(config, "cors")
        self._folders = _folders(config)
        self._chain: Next | None = None
        self.guards = Guards(config)
        self._watch = LoopWatch(config.blocked_after) if config.blocked_after else None
        threads.set_size(config.threads)
        self._proxies = TrustedProxies(config.trusted_proxies)
        self.checks: list[Readiness] = [self._own_state, svc.states, watch.states]
        own = [Route("GET", "/healthz", _healthy), Route("GET", "/readyz", self._ready)]
        kinds = dict.fromkeys(kind for route in routes for kind in route.middlewares)
        made = {kind: kind(svc) for kind in kinds}
        self._signed = around_signed(config, routes)
        self._sockets: list[SocketRules] = []
        bound = [self._bind(route, made, self.guards.of_route()) for route in routes]
        self._table = RouteTable(
            [*(self._bind(route, {}, None)._replace(counts=False) for route in own), *bound], mode.as_get
        )
        load_own_rules(routes)
        self._warn_of_weak_secrets({route.jwt for route in routes if route.jwt})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope: the entry point for other servers and for tests."""
        if scope["type"] == "http":
            exchange = AsgiExchange(scope, receive, send, self.streams)
            await self.exchange(scope, exchange.receive, exchange.put, exchange.has_gone)
        elif scope["type"] == "lifespan":
            await last(self, receive, send)
        elif scope["type"] == "websocket":
            from mallgen_runtime.http.sockets.asgi import SocketExchange

            found = SocketExchange({**scope, "method": "GET"}, receive, send, self.streams)
            await self.exchange(found.scope, found.receive, found.put, found.has_gone)

    def stop(self) -> None:
        """Begin to stop: /readyz says so, and every answer asks its client to close."""
        self._stopping = True

    async def open(self, *, alone: bool = True) -> None:
        """Open the service context, then what shows the service; `alone` as for Observing. Raises ConfigError."""
        prepare_tokens(self.config)
        await self.svc.open()
        await self._observing.start(alone=alone)
        if self._watch is not None:
            self._watch.start()

    async def shut(self) -> None:
        """Close both."""
        if self._watch is not None:
            self._watch.stop()
        await self._observing.stop()
        await self.svc.shut()

    def _states(self) -> Mapping[str, str]:
        return self._state_log.noted({name: state for check in self.checks for name, state in check().items()})

    def _readings(self) -> Iterator[metrics.Reading]:
        yield metrics.Reading("http_server_in_flight_requests", "http server requests in flight.", (), self._in_flight)
        if self._sockets:
            open_now = sum(rules.open for rules in self._sockets)
            yield metrics.Reading("http_server_open_sockets", "http server open websockets.", (), open_now)

    def _own_state(self) -> dict[str, str]:
        return {"service": "stopping" if self._stopping else "ok"}

    async def _ready(self, ctx: Context, svc: object) -> Response:
        states = {name: in_public(state) for name, state in self._states().items()}
        status, found = readiness(states)
        return Response(found, status, {"content-type": JSON})

    def _warn_of_weak_secrets(self, attributes: set[str]) -> None:
        for name in sorted(attributes):
            if any(len(secret.encode()) < _WEAK for secret in secrets_of(self.config, name)):
                _LOG.warning("a secret of %s is shorter than the %d bytes that RFC 7518 asks for", name, _WEAK)

    def _bind(self, route: Route[Any], made: Mapping[Any, Middleware], guard: Guard | None) -> BoundRoute:
        config = self.config
        timeout = config.timeout if route.timeout_ms is None else route.timeout_ms
        limit = (config.max_bytes if route.max_bytes is None else route.max_bytes) or _NO_LIMIT
        timeout = timeout if config.middlewares.timeout else 0
        limit = limit if config.middlewares.max_bytes else _NO_LIMIT
        secrets = secrets_of(config, route.jwt) if route.jwt else ()
        run = self._endpoint(route.endpoint, timeout / 1000, limit)
        if route.middlewares:
            run = or_failed(run, self._failures.answer)
            for middleware in reversed(route.middlewares):
                run = layer(made[middleware], run, self._failures.answer)
            run = within(run, timeout / 1000, _GRACE)
        rules = rules_of(config, route.jwt) if route.jwt else AS_GO_ZERO
        shown = route.contract if self._dev else ""
        if route.signature:
            run = within(self._signed(run), timeout / 1000, _GRACE)
        keys = self._keys.of(route.jwt)
        bound = BoundRoute(route, run, timeout / 1000, limit, secrets, rules)
        bound = bound._replace(heartbeat=seconds(config.events.heartbeat, "Events.Heartbeat"))
        bound = bound._replace(
            uploads=limits_of(config.uploads, route.max_parts, route.max_part_bytes), shown=shown, keys=keys
        )
        bound = bound._replace(cors=policy_of(config, route.cors) if route.cors else None)
        if route.websocket:
            self._sockets.append(SocketRules(config.web_socket, bound.cors or self._cors))
            bound = bound._replace(sockets=self._sockets[-1])
        if guard is None:
            return bound
        return bound._replace(run=guard.around(run, self._failures.answer), admit=guard.admit)

    def _endpoint(self, endpoint: Callable[[Context, Any], Awaitable[Response]], timeout: float, most: int) -> Next:
        svc = self.svc

        async def run(ctx: Context) -> Response:
            refuse_large(ctx, most)
            return await endpoint(ctx, svc)

        return within(run, timeout)

    async def exchange(self, scope: Scope, receive: Receive, put: Put, has_gone: Callable[[], bool]) -> None:
        """Answer a request with `put`. A server that sees the client leave cancels this, and `has_gone` says so."""
        started = time.perf_counter()
        if self._proxies and scope.get("client"):
            peer, port = scope["client"]
            scope["client"] = (self._proxies.client(peer, scope["headers"]), port)
        match = self._table.find(scope["method"], scope["path"])
        ctx = self._context(scope, receive, match.params if match else {}, match.bound.max_bytes if match else 0)
        ctx.unpacks, ctx.matched, ctx.has_gone = self._unpacks, match, has_gone
        ctx.untraced = self._untraced
        ctx.on_success = self._on_success
        identify(ctx)
        timeout = match.bound.timeout if match else 0
        deadline = time.monotonic() + timeout if timeout > 0 else None
        route = match.bound.route.path if match else ""
        token = origin.set(Origin(ctx.request_id, ctx.trace_id, deadline, ctx.trace_flags, route, "", ctx.trace_state))
        span = traced.begin(ctx, match) if spans.active is not None else None
        counts = match is None or match.bound.counts
        self._in_flight += counts
        status = 0
        try:
            response = await self._all(ctx)
            if response.in_pieces:
                response = await self._prepared(ctx, response)
            else:
                response = self._failures.sendable(ctx, response)
            if self._stopping:
                response.headers["connection"] = "close"
            if span is not None:
                traced.mark(response, span)
            sent = put(ctx, response)
            if sent is not None:
                response = await self._sent(ctx, response, sent, put)
            status = _GONE if has_gone() else response.status
        except (ClientGone, Unrecovered, asyncio.CancelledError) as problem:
            if isinstance(problem, asyncio.CancelledError) and not has_gone():
                raise
            status = 500 if isinstance(problem, Unrecovered) else _GONE
        finally:
            self._in_flight -= counts
            if span is not None:
                traced.end(span, status)
            origin.reset(token)
            if ctx.uploads is not None:
                ctx.uploads.close()
        taken = time.perf_counter() - started
        if self._figures is not None:
            self._figures.note(ctx, match, status, taken)
        if self._logs:
            log_access(ctx, match, status, taken)

    async def _prepared(self, ctx: Context, response: Response) -> Response:
        """Return an answer that can be sent: an error when it cannot, or has no file."""
        if isinstance(response, StreamingResponse):
            try:
                response = await response.prepared(ctx)
            except Exception as problem:
                response = self._failures.answer(ctx, problem)
        return self._failures.sendable(ctx, response)

    async def _sent(self, ctx: Context, response: Response, sending: Awaitable[None], put: Put) -> Response:
        """Wait until an answer is sent; return it, or the error that took its place before its first piece."""
        try:
            await sending
        except StreamBroken as broken:
            ctx.log.error("%s %s: the stream broke off", ctx.method, ctx.url_path, exc_info=broken.__cause__)
        except Exception as problem:
            response = await self._prepared(ctx, self._failures.answer(ctx, problem))
            again = put(ctx, response)
            if again is not None:
                await again
        return response

    async def _all(self, ctx: Context) -> Response:
        """Run the middlewares of hooks.py, those of the service context, then the route."""
        if self._watch is not None:
            self._watch.name(ctx.matched.bound.route.title if ctx.matched else "a request of no route")
        if self._chain is None:
            run: Next = self._routed if self._first is None else self._first(self._routed, self._failures.answer)
            if self._folders:
                from mallgen_runtime.http.static import served

                run = served(run, self._folders)
            for middleware in reversed((*self._middlewares, *self.svc.middlewares)):
                run = layer(middleware, run, self._failures.answer)
            if self.config.compress.enabled:
                from mallgen_runtime.http.compress import packed

                run = packed(run, self.config.compress)
            if self._cors.is_given or any(route.cors for route in self.routes):
                run = shared(run, self._table, self._cors)
            self._chain = run
        return await self._chain(ctx)

    async def _routed(self, ctx: Context) -> Response:
        try:
            match: Match | None = ctx.matched
            if b"%" in ctx.scope.get("raw_path", b"") and _BROKEN_ESCAPE.search(ctx.scope["raw_path"]):
                raise ApiError(400, "bad_request", "the path has a broken %-escape")
            if match is None:
                return self._unmatched(ctx)
            bound = match.bound
            if bound.counts and self._in_flight > self._most > 0:
                raise ApiError(503, "too_many_requests", "the service is busy", headers={"retry-after": "1"})
            if bound.admit is not None:
                bound.admit(ctx)
            if bound.keys is not None:
                from mallgen_runtime.http.jwt import check_signed

                ctx.claims = await check_signed(ctx, bound.secrets, bound.keys, bound.rules)
            elif bound.secrets:
                from mallgen_runtime.http.jwt import check as check_token

                ctx.claims = check_token(ctx, bound.secrets, bound.rules)
            if bound.route.roles:
                require_role(ctx, bound.route.roles)
            found = await bound.run(ctx)
            if not isinstance(found, Response):
                raise WrongAnswer(f"{handler_of(ctx)} answered with {type(found).__name__}, not a Response")
            return found
        except BaseException as problem:
            if self._figures is not None:
                self._figures.refused(ctx.matched, problem)
            return self._failures.answer(ctx, problem)

    def _unmatched(self, ctx: Context) -> Response:
        """Answer OPTIONS with the methods of a path. Raises a 404 or a 405."""
        allowed = self._table.allowed(ctx.url_path)
        if not allowed:
            raise ApiError(404, "not_found", f"there is no {ctx.url_path}")
        headers = {"allow": ", ".join(allowed)}
        if ctx.method == "OPTIONS" and "OPTIONS" in allowed:
            return Response(b"", 204, headers)
        detail = f"{ctx.url_path} answers {', '.join(allowed)}"
        raise ApiError(405, "method_not_allowed", detail, headers=headers)


def _folders(config: RestConf) -> "tuple[StaticFolder, ...]":
    if not config.static:
        return ()
    from mallgen_runtime.http.static import folders_of

    return folders_of(config.static)


async def _healthy(ctx: Context, svc: object) -> Response:
    return Response(b'{"status":"ok"}', 200, {"content-type": JSON})
