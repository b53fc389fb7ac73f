"""Code of the user around served calls, and the file it stands in."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, TypeVar

from mallgen_runtime.process.interceptors import ClientInterceptor, NextReply, NextStream
from mallgen_runtime.process.service import ServiceBase
from mallgen_runtime.rpc.methods import RpcContext

S = TypeVar("S", bound=ServiceBase[Any], contravariant=True)


class ServerInterceptor:
    """Code around served calls: go-zero's `AddUnaryInterceptors` and `AddStreamInterceptors`.

    A request is a message, or an iterator of messages where the caller sends a stream. Breaker, limits, metrics and
    log stand outside; what it raises is answered as what logic raises. What is not overridden passes everything on.
    """

    async def handle(self, ctx: RpcContext, request: Any, next_: NextReply) -> Any:
        """Answer a call that has one reply, or pass it on with `await next_(ctx, request)`."""
        return await next_(ctx, request)

    def stream(self, ctx: RpcContext, request: Any, next_: NextStream) -> AsyncIterator[Any]:
        """Answer a call that has many replies, with `async for reply in next_(ctx, request)`."""
        return next_(ctx, request)


class RpcHooks(Protocol[S]):
    """The module hooks.py of an RPC service; one without some of these functions goes without them."""

    def server_interceptors(self, svc: S, /) -> Sequence[ServerInterceptor]:
        """Return what runs around every call of this service, the outermost first."""

    def client_interceptors(self, svc: S, /) -> Sequence[ClientInterceptor]:
        """Return what runs around every call of another service, the outermost first."""
