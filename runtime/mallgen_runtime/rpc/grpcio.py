"""The first transport: grpc.aio. The only module that knows it."""

import asyncio
import ipaddress
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import grpc
import grpc.aio

from mallgen_runtime.conf import ConfigError
from mallgen_runtime.rpc import registry
from mallgen_runtime.rpc.calls import Code, RpcError, origin, remaining
from mallgen_runtime.rpc.conf import RpcClientConf, RpcServerConf
from mallgen_runtime.rpc.methods import Method, RpcContext, Service, Wire

R = TypeVar("R")
Call = Callable[[Method[Any], RpcContext, Any], Awaitable[Wire]]
_LOG = logging.getLogger("mallgen.service")
_POLICY = '{"loadBalancingConfig":[{"round_robin":{}}]}'


class GrpcServer:
    """Serves the methods of some services; every call goes through `call`, which never raises but RpcError."""

    def __init__(self, conf: RpcServerConf, services: Sequence[Service[Any]], call: Call) -> None:
        self._conf = conf
        self._services = services
        self._call = call
        self._server = self._made()
        self._health: Any = None

    def listen(self) -> int:
        """Bind the address; the port. Raises ConfigError when it is taken."""
        address = self._conf.listen_on
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError:
            raise ConfigError(f"cannot listen on {address}: the port is taken") from None
        if port == 0:
            raise ConfigError(f"cannot listen on {address}")
        return int(port)

    async def start(self) -> None:
        """Accept calls."""
        if self._conf.health:
            from grpc_health.v1 import health, health_pb2, health_pb2_grpc

            self._health = health.aio.HealthServicer()
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
            for name in ("", *(service.name for service in self._services)):
                await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        if self._conf.mode.lower() in ("dev", "test"):
            from grpc_reflection.v1alpha import reflection

            names = [service.name for service in self._services]
            reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), self._server)
        await self._server.start()

    async def stop(self) -> None:
        """Say that we leave, refuse new calls, finish those in flight."""
        if self._health is not None:
            await self._health.enter_graceful_shutdown()
        await self._server.stop(self._conf.shutdown)

    def _made(self) -> grpc.aio.Server:
        size = self._conf.max_message
        options = [
            ("grpc.max_receive_message_length", size),
            ("grpc.max_send_message_length", size),
            ("grpc.so_reuseport", 0),
        ]
        server = grpc.aio.server(options=options)
        for service in self._services:
            handlers = {method.name: self._handler(method) for method in service.methods}
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.name, handlers),))
        return server

    def _handler(self, method: Method[Any]) -> Any:
        async def run(data: bytes, call: Any) -> bytes:
            metadata = {key: value for key, value in call.invocation_metadata() or () if isinstance(value, str)}
            ctx = _context(method.wire, metadata, call.peer())
            left = call.time_remaining()
            try:
                request = method.request.FromString(data)
            except Exception:
                await call.abort(grpc.StatusCode.INTERNAL, "the request is not a message of its type")
            try:
                reply = await self._limited(method, ctx, request, left)
                return reply.SerializeToString()
            except RpcError as problem:
                await call.abort(_status(problem.code), problem.detail)
            raise AssertionError("abort raises")

        return grpc.unary_unary_rpc_method_handler(run)

    async def _limited(self, method: Method[Any], ctx: RpcContext, request: Any, left: float | None) -> Wire:
        own = self._conf.timeout if method.timeout_ms is None else method.timeout_ms
        limits = [limit for limit in (left, own / 1000 if own else None) if limit is not None]
        ctx.deadline = time.monotonic() + min(limits) if limits else None
        try:
            async with asyncio.timeout(min(limits) if limits else None):
                return await self._call(method, ctx, request)
        except TimeoutError:
            raise RpcError(Code.DEADLINE_EXCEEDED, "the call took too long") from None


class GrpcChannel:
    """Calls a service over one HTTP/2 connection per instance, in turn. Opens with the first call."""

    def __init__(self, conf: RpcClientConf) -> None:
        self._conf = conf
        self._channel: grpc.aio.Channel | None = None
        self._addresses: list[str] = []
        self._methods: dict[str, Any] = {}

    async def unary(self, wire: str, request: Wire, reply: type[R], timeout: float | None) -> R:
        """Call a method. Raises RpcError."""
        limit = remaining(timeout if timeout is not None else self._conf.timeout / 1000 or None)
        if limit is not None and limit <= 0:
            raise RpcError(Code.DEADLINE_EXCEEDED, "no time was left for the call")
        try:
            data = await self._method(wire)(request.SerializeToString(), timeout=limit, metadata=_metadata())
        except grpc.aio.AioRpcError as problem:
            code = Code(problem.code().value[0])
            raise RpcError(code, problem.details() or "") from None
        made: R = reply.FromString(data)  # type: ignore[attr-defined]
        return made

    async def close(self) -> None:
        """Finish what is in flight and close."""
        if self._channel is not None:
            await self._channel.close(grace=1)
            self._channel = None

    def _method(self, wire: str) -> Any:
        if self._channel is None or self._moved():
            self._open()
        if wire not in self._methods:
            assert self._channel is not None
            self._methods[wire] = self._channel.unary_unary(wire)
        return self._methods[wire]

    def _moved(self) -> bool:
        """Whether the folder of local services names other instances than we call."""
        return not (self._conf.endpoints or self._conf.target) and registry.instances(self._conf.key) != self._addresses

    def _open(self) -> None:
        old, self._methods = self._channel, {}
        self._addresses = self._conf.endpoints or ([] if self._conf.target else registry.instances(self._conf.key))
        target = self._conf.target or _target(self._addresses)
        if not target:
            raise RpcError(Code.UNAVAILABLE, f"no instance of {self._conf.key} is known")
        options = [("grpc.service_config", _POLICY), ("grpc.enable_retries", 1)]
        self._channel = grpc.aio.insecure_channel(target, options=options)
        if old is not None:
            task = asyncio.ensure_future(old.close(grace=5))
            task.add_done_callback(_closed)


def _closed(task: "asyncio.Future[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        _LOG.warning("a replaced channel could not be closed: %s", task.exception())


def _target(addresses: Sequence[str]) -> str:
    """gRPC's spelling of some addresses: a list of numeric ones, or one name."""
    if not addresses:
        return ""
    kinds = {_kind(address.rpartition(":")[0].strip("[]")) for address in addresses}
    if kinds == {"ipv4"} or kinds == {"ipv6"}:
        return f"{kinds.pop()}:{','.join(addresses)}"
    if len(addresses) == 1:
        return f"dns:///{addresses[0]}"
    raise ConfigError(f"Endpoints: several addresses must be numeric: {', '.join(addresses)}")


def _kind(host: str) -> str:
    try:
        return f"ipv{ipaddress.ip_address(host).version}"
    except ValueError:
        return "name"


def _metadata() -> tuple[tuple[str, str], ...]:
    """What a callee is told about the request: the same keys that go-zero sends, and our request id."""
    now = origin.get()
    if not now.trace_id:
        return ()
    return (
        ("traceparent", f"00-{now.trace_id}-{now.request_id[:16].rjust(16, '0')}-00"),
        ("x-request-id", now.request_id),
    )


def _context(wire: str, metadata: dict[str, str], peer: str) -> RpcContext:
    from mallgen_runtime.tracing import ids_of

    request_id, trace_id = ids_of(metadata.get("traceparent", ""), metadata.get("x-request-id", ""))
    return RpcContext(wire, metadata, request_id, trace_id, peer)


def _status(code: Code) -> grpc.StatusCode:
    return next(status for status in grpc.StatusCode if status.value[0] == code)
