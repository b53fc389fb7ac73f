"""The client side: a channel that generated clients call through."""

from typing import Protocol, TypeVar

from mallgen_runtime.rpc.conf import RpcClientConf
from mallgen_runtime.rpc.methods import Wire

R = TypeVar("R")


class Channel(Protocol):
    """A way to a service. Opens itself with the first call."""

    async def unary(self, wire: str, request: Wire, reply: type[R], timeout: float | None) -> R:
        """Call a method; `timeout` in seconds, None: the configured one. Raises RpcError."""

    async def close(self) -> None:
        """Finish what is in flight and close."""


def connect(conf: RpcClientConf) -> Channel:
    """A channel to the service that the settings name."""
    from mallgen_runtime.rpc.grpcio import GrpcChannel

    return GrpcChannel(conf)
