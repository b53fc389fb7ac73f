"""Chooses the transport: our own for unary calls, grpc.aio for the rest."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Protocol

from mallgen_runtime.process.errors import Code, ConfigError, RpcError
from mallgen_runtime.rpc.conf import RpcClientConf, RpcServerConf
from mallgen_runtime.rpc.connection import Connection, Metadata

if TYPE_CHECKING:
    from mallgen_runtime.rpc.app import RpcApp
    from mallgen_runtime.rpc.h2.pool import H2Connection

_SCHEMES = ("dns:///", "passthrough:///", "ipv4:", "ipv6:")


class RpcServer(Protocol):
    """A transport that serves an application."""

    def listen(self) -> int:
        """Bind the address; the port. Raises ConfigError when it is taken."""

    async def start(self) -> None:
        """Accept calls."""

    async def refuse(self) -> None:
        """Report NOT_SERVING to health checks."""

    async def stop(self, patience: float | None) -> None:
        """Refuse new calls, finish those in flight; after `patience` seconds they are ended, None: never."""


def server_for(conf: RpcServerConf, app: "RpcApp") -> RpcServer:
    """Return the server that the settings and the methods ask for. Raises ConfigError."""
    streams = [
        method.wire
        for service in app.services
        for method in service.methods
        if method.takes_stream or method.gives_stream
    ]
    if conf.transport == "http2" and streams:
        raise ConfigError(f"Transport http2 carries unary methods, {streams[0]} is a stream; write auto or grpc")
    if conf.transport == "grpc" or streams:
        from mallgen_runtime.rpc.grpcio import GrpcServer

        return GrpcServer(conf, app)
    from mallgen_runtime.rpc.h2.server import H2Server

    return H2Server(conf, app)


async def connection_to(addresses: tuple[str, ...], conf: RpcClientConf) -> Connection:
    """Open a connection to some addresses, or to the configured target when there are none. Raises ConfigError."""
    endpoints = addresses or _endpoints(conf.target)
    if conf.transport == "http2" and not endpoints:
        raise ConfigError(f"Transport http2 does not know the Target {conf.target}; write dns:///host:port")
    if conf.transport == "grpc" or not endpoints:
        from mallgen_runtime.rpc.grpcio import GrpcConnection

        return await GrpcConnection.to(addresses, conf)
    from mallgen_runtime.rpc.h2.pool import H2Connection

    return OwnConnection(H2Connection(endpoints, conf), addresses, conf)


def _endpoints(target: str) -> Sequence[str]:
    """Return `host:port` of each address of a target; none when only grpc.aio understands the target."""
    rest = next((target[len(scheme) :] for scheme in _SCHEMES if target.startswith(scheme)), target)
    found = rest.split(",")
    return found if all(_is_endpoint(address) for address in found) else ()


def _is_endpoint(address: str) -> bool:
    host, _, port = address.rpartition(":")
    return bool(host) and "/" not in host and port.isdecimal() and (":" not in host or host.startswith("["))


class OwnConnection:
    """Unary calls on our own transport; a first stream opens one of grpc.aio beside it, unless the settings forbid."""

    def __init__(self, own: "H2Connection", addresses: tuple[str, ...], conf: RpcClientConf) -> None:
        self._own = own
        self._addresses = addresses
        self._conf = conf
        self._other: Connection | None = None
        self.unary = own.unary
        self.ready = own.ready

    @property
    def connected(self) -> bool:
        """Return whether an instance can be reached now."""
        return self._own.connected

    async def collect(self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata) -> bytes:
        """Many requests, one reply."""
        return await (await self._streaming(wire)).collect(wire, data, timeout, metadata)

    async def stream(self, wire: str, data: bytes, timeout: float | None, metadata: Metadata) -> AsyncIterator[bytes]:
        """One request, many replies."""
        async for item in (await self._streaming(wire)).stream(wire, data, timeout, metadata):
            yield item

    async def two_way(
        self, wire: str, data: AsyncIterator[bytes], timeout: float | None, metadata: Metadata
    ) -> AsyncIterator[bytes]:
        """Many requests, many replies."""
        async for item in (await self._streaming(wire)).two_way(wire, data, timeout, metadata):
            yield item

    async def close(self) -> None:
        """Close."""
        await self._own.close()
        if self._other is not None:
            await self._other.close()

    async def _streaming(self, wire: str) -> Connection:
        if self._conf.transport == "http2":
            raise RpcError(Code.UNIMPLEMENTED, f"Transport http2 carries unary methods, {wire} is a stream")
        if self._other is None:
            from mallgen_runtime.rpc.grpcio import GrpcConnection

            made = await GrpcConnection.to(self._addresses, self._conf)
            if self._other is None:
                self._other = made
            else:
                await made.close()
        return self._other
