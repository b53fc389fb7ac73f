"""Serves an application on our own transport: its methods, its health, its reflection."""

import socket
from collections.abc import Iterator
from typing import Any

from mallgen_runtime.process.address import opened
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import Code, RpcError
from mallgen_runtime.process.tls import server_tls
from mallgen_runtime.rpc.app import RpcApp
from mallgen_runtime.rpc.conf import RpcServerConf
from mallgen_runtime.rpc.h2.health import CHECK, Health
from mallgen_runtime.rpc.h2.limits import limits_for
from mallgen_runtime.rpc.h2.reflection import PATHS, reflection
from mallgen_runtime.rpc.h2.server_transport import Handler, MethodRoute, TransportServer
from mallgen_runtime.rpc.methods import Method, RpcContext


class H2Server:
    """Serves the unary methods of an application."""

    def __init__(self, conf: RpcServerConf, app: RpcApp) -> None:
        self._conf = conf
        self._health = Health(service.name for service in app.services)
        routes = {route.wire.encode(): route for route in self._routes(app)}
        tls = server_tls(conf.cert_file, conf.key_file, conf.client_ca_file, ["h2"])
        idle = seconds(conf.max_connection_idle, "MaxConnectionIdle")
        self._server = TransportServer(routes, limits_for(conf.max_message), idle, tls)
        self._bound: socket.socket | None = None

    def listen(self) -> int:
        """Bind the address; the port. Raises ConfigError when it is taken."""
        self._bound = opened(self._conf.listen_on)
        return int(self._bound.getsockname()[1])

    async def start(self) -> None:
        """Accept calls."""
        assert self._bound is not None
        await self._server.start(self._bound)

    async def refuse(self) -> None:
        """Report NOT_SERVING to health checks."""
        self._health.leave()

    async def stop(self, patience: float | None) -> None:
        """Refuse new calls, finish those in flight; after `patience` seconds they are ended, None: never."""
        await self._server.stop(patience)

    def _routes(self, app: RpcApp) -> Iterator[MethodRoute]:
        for service in app.services:
            for method in service.methods:
                yield MethodRoute(method.wire, _answer(method, app), app.bound(method).limit)
        if self._conf.health:
            yield MethodRoute(CHECK, self._health.check, None)
        if self._conf.mode.lower() in ("dev", "test"):
            each = reflection(service.name for service in app.services)
            yield from (MethodRoute(path, _never, None, each) for path in PATHS)


async def _never(ctx: RpcContext, data: bytes) -> bytes:
    """Never called: `each` answers a stream message by message."""
    raise RpcError(Code.INTERNAL, "not a unary method")


def _answer(method: Method[Any], app: RpcApp) -> Handler:
    """Return the handler of a method's requests."""
    read, run = method.request.FromString, app.answer

    async def answer(ctx: RpcContext, data: bytes) -> bytes:
        try:
            request = read(data)
        except Exception:
            raise RpcError(Code.INTERNAL, f"the request is not a {method.request.__name__}") from None
        return await run(method, ctx, request)

    return answer
