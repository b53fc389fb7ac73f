"""The transport on grpc.aio."""

import asyncio
import ipaddress
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Self

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # our errors say what its C core would print

import grpc
import grpc.aio

from mallgen_runtime.process.address import joined, opened, split
from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import Code, ConfigError, RpcError
from mallgen_runtime.process.tls import server_tls
from mallgen_runtime.process.tracing import ids_of
from mallgen_runtime.process.watch import keep, release
from mallgen_runtime.rpc.app import RpcApp
from mallgen_runtime.rpc.conf import RpcClientConf, RpcServerConf
from mallgen_runtime.rpc.grpcio_server import steady_server
from mallgen_runtime.rpc.grpcio_tls import channel_credentials, server_credentials
from mallgen_runtime.rpc.methods import Method, RpcContext

Metadata = tuple[tuple[str, str], ...]
_STATUS = {Code(status.value[0]): status for status in grpc.StatusCode}
_CODE = {status: code for code, status in _STATUS.items()}
_POLICY = '{"loadBalancingConfig":[{"round_robin":{}}]}'
_PING_AT_MOST_EVERY = 10_000


class GrpcServer:
    """Serves the methods of an application."""

    def __init__(self, conf: RpcServerConf, app: RpcApp) -> None:
        self._conf = conf
        self._app = app
        self._server = self._made()
        self._health: Any = None
        self._end: asyncio.Task[Any] | None = None

    def listen(self) -> int:
        """Bind the address; the port. Raises ConfigError when it is taken."""
        host, port = split(self._conf.listen_on)
        address = joined(host or "0.0.0.0", port)  # noqa: S104
        opened(self._conf.listen_on).close()  # gRPC would not say why it cannot listen
        try:
            tls = server_tls(self._conf.cert_file, self._conf.key_file, self._conf.client_ca_file, ["h2"])
            if tls is not None:
                return int(self._server.add_secure_port(address, server_credentials(tls)))
            return int(self._server.add_insecure_port(address))
        except RuntimeError as problem:
            raise ConfigError(f"cannot listen on {address}: {problem}") from None

    async def start(self) -> None:
        """Accept calls."""
        names = [service.name for service in self._app.services]
        if self._conf.health:
            from grpc_health.v1 import health, health_pb2, health_pb2_grpc

            self._health = health.aio.HealthServicer()
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
            for name in ("", *names):
                await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        if self._conf.mode.lower() in ("dev", "test"):
            from grpc_reflection.v1alpha import reflection

            reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), self._server)
        await self._server.start()
        self._end = keep(self._server.wait_for_termination(), "the RPC server")

    async def refuse(self) -> None:
        """Report NOT_SERVING to health checks."""
        if self._health is not None:
            await self._health.enter_graceful_shutdown()

    async def stop(self, patience: float | None) -> None:
        """Refuse new calls, finish those in flight; after `patience` seconds they are ended, None: never."""
        if self._end is not None:
            release(self._end)
        await self._server.stop(patience)

    def _made(self) -> grpc.aio.Server:
        conf = self._conf
        idle = seconds(conf.max_connection_idle, "MaxConnectionIdle")
        options = [
            ("grpc.max_receive_message_length", conf.max_message),
            ("grpc.max_send_message_length", conf.max_message),
            ("grpc.so_reuseport", 0),
            ("grpc.http2.min_recv_ping_interval_without_data_ms", _PING_AT_MOST_EVERY),
            *([("grpc.max_connection_idle_ms", int(idle * 1000))] if idle else []),
        ]
        server = steady_server(options)
        for service in self._app.services:
            handlers = {method.name: _handler(method, self._app) for method in service.methods}
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.name, handlers),))
            server.add_registered_method_handlers(service.name, handlers)
        return server


def _handler(method: Method[Any], app: RpcApp) -> Any:
    """Return the handler that grpc.aio calls for a method."""

    async def one(data: Any, call: Any) -> bytes:
        try:
            return await app.answer(method, _context(method, call), _request(method, data))
        except RpcError as problem:
            await call.abort(_STATUS[problem.code], problem.detail)
        raise AssertionError("abort raises")

    async def many(data: Any, call: Any) -> None:
        """Writes the replies itself: a generator whose caller has left is not closed by gRPC, but by the collector."""
        try:
            async with aclosing(app.answers(method, _context(method, call), _request(method, data))) as replies:  # type: ignore[type-var]
                async for reply in replies:
                    await _write(call, reply)
        except RpcError as problem:
            await call.abort(_STATUS[problem.code], problem.detail)

    if method.gives_stream:
        make = grpc.stream_stream_rpc_method_handler if method.takes_stream else grpc.unary_stream_rpc_method_handler
        return make(many)
    return (
        grpc.stream_unary_rpc_method_handler(one) if method.takes_stream else grpc.unary_unary_rpc_method_handler(one)
    )


async def _write(call: Any, reply: bytes) -> None:
    """Send a reply; an error means that the caller has left."""
    try:
        await call.write(reply)
    except grpc.aio.BaseError:
        raise asyncio.CancelledError("the caller has left") from None


def _request(method: Method[Any], data: Any) -> Any:
    return _each(method, data) if method.takes_stream else _parsed(method, data)


async def _each(method: Method[Any], data: AsyncIterator[bytes]) -> AsyncIterator[Any]:
    async for item in data:
        yield _parsed(method, item)


def _parsed(method: Method[Any], data: bytes) -> Any:
    try:
        return method.request.FromString(data)
    except Exception:
        raise RpcError(Code.INTERNAL, f"the request is not a {method.request.__name__}") from None


def _context(method: Method[Any], call: Any) -> RpcContext:
    pairs = call.invocation_metadata() or ()
    parent = request = state = ""
    for name, value in pairs:
        if name == "traceparent":
            parent = value
        elif name == "x-request-id":
            request = value
        elif name == "tracestate":
            state = value
    left = call.time_remaining()
    deadline = None if left is None else time.monotonic() + left
    return RpcContext(method.wire, pairs, ids_of(parent, request), peer=call.peer, deadline=deadline, trace_state=state)


def _channel(target: str, options: list[tuple[str, Any]], conf: RpcClientConf) -> grpc.aio.Channel:
    """Open a channel, over TLS where the settings say so. Raises ConfigError."""
    if not conf.tls:
        return grpc.aio.insecure_channel(target, options=options)
    named = [("grpc.ssl_target_name_override", conf.server_name)] if conf.server_name else []
    return grpc.aio.secure_channel(target, channel_credentials(conf), options=[*options, *named])


class GrpcConnection:
    """One channel of grpc.aio: an HTTP/2 connection per instance, called in turn."""

    def __init__(self, target: str, conf: RpcClientConf) -> None:
        alive = seconds(conf.keepalive_time, "KeepaliveTime")
        options: list[tuple[str, Any]] = [
            ("grpc.service_config", _POLICY),
            ("grpc.max_receive_message_length", conf.max_message),
            ("grpc.max_send_message_length", conf.max_message),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 1000),
            ("grpc.max_reconnect_backoff_ms", 3000),
            ("grpc.enable_http_proxy", 0),
            *([("grpc.keepalive_time_ms", int(alive * 1000))] if alive else []),
        ]
        self._channel = _channel(target, options, conf)
        self._calls: dict[tuple[str, str], Any] = {}
        self._unary: dict[str, Any] = {}

    @classmethod
    async def to(cls, addresses: Sequence[str], conf: RpcClientConf) -> Self:
        """A connection to all of some addresses, or to the configured target when there are none."""
        return cls(await _target(addresses) if addresses else conf.target, conf)

    @property
    def connected(self) -> bool:
        """Return whether an instance can be reached now."""
        return self._channel.get_state() is grpc.ChannelConnectivity.READY

    async def ready(self, seconds: float) -> bool:
        """Wait until an instance can be reached."""
        try:
            async with asyncio.timeout(seconds):
                await self._channel.channel_ready()
        except TimeoutError:
            return False
        return True

    async def unary(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> bytes:
        """One request, one reply."""
        call = self._unary.get(wire)
        if call is None:
            call = self._unary[wire] = self._channel.unary_unary(wire)
        try:
            found: bytes = await call(data, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as problem:
            raise _error(problem) from None
        return found

    async def collect(self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata) -> bytes:
        """Many requests, one reply."""
        try:
            found: bytes = await self._call("stream_unary", wire)(data, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as problem:
            raise _error(problem) from None
        return found

    async def stream(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> AsyncIterator[bytes]:
        """One request, many replies."""
        async for item in _replies(self._call("unary_stream", wire)(data, timeout=timeout, metadata=metadata)):
            yield item

    async def two_way(
        self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata
    ) -> AsyncIterator[bytes]:
        """Many requests, many replies."""
        async for item in _replies(self._call("stream_stream", wire)(data, timeout=timeout, metadata=metadata)):
            yield item

    async def close(self) -> None:
        """Close."""
        await self._channel.close()

    def _call(self, kind: str, wire: str) -> Any:
        found = self._calls.get((kind, wire))
        if found is None:
            found = self._calls[kind, wire] = getattr(self._channel, kind)(wire)
        return found


async def _replies(call: Any) -> AsyncIterator[bytes]:
    """Yield the replies of a stream; leaving the iteration cancels it."""
    try:
        async for item in call:
            yield item
    except grpc.aio.AioRpcError as problem:
        raise _error(problem) from None
    finally:
        call.cancel()


def _error(problem: grpc.aio.AioRpcError) -> RpcError:
    return RpcError(_CODE.get(problem.code(), Code.UNKNOWN), problem.details() or "")


async def _target(addresses: Sequence[str]) -> str:
    """Return gRPC's target of some addresses: several names are resolved to numbers."""
    if len(addresses) == 1 and not _version(addresses[0]):
        return f"dns:///{addresses[0]}"
    numeric = [found for address in addresses for found in await _numeric(address)]
    kinds = {_version(address) for address in numeric}
    chosen = "ipv4" if "ipv4" in kinds else "ipv6"
    return f"{chosen}:{','.join(address for address in numeric if _version(address) == chosen)}"


async def _numeric(address: str) -> list[str]:
    if _version(address):
        return [address]
    host, port = split(address)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, int(port), proto=6)
    except (OSError, ValueError):
        return []
    return list(dict.fromkeys(joined(str(entry[4][0]), port) for entry in found))


def _version(address: str) -> str:
    try:
        return f"ipv{ipaddress.ip_address(split(address)[0]).version}"
    except ValueError:
        return ""
