"""Code of the user around consumed messages, and the file it stands in."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from mallgen_runtime.process.interceptors import ClientInterceptor, NextReply
from mallgen_runtime.process.service import ServiceBase
from mallgen_runtime.queue.topics import MessageContext

S = TypeVar("S", bound=ServiceBase[Any], contravariant=True)


class ConsumerInterceptor:
    """Code around the logic of every message; of a batch topic `message` is the list of them.

    Limit, metrics and log stand outside; what it raises is treated as what logic raises.
    """

    async def handle(self, ctx: MessageContext, message: Any, next_: NextReply) -> None:
        """Work on a message, or pass it on with `await next_(ctx, message)`."""
        await next_(ctx, message)


class QueueHooks(Protocol[S]):
    """The module hooks.py of a queue service; one without some of these functions goes without them."""

    def consumer_interceptors(self, svc: S, /) -> Sequence[ConsumerInterceptor]:
        """Return the interceptors of every message, the outermost first."""

    def client_interceptors(self, svc: S, /) -> Sequence[ClientInterceptor]:
        """Return the interceptors of every call of another service and every message sent, the outermost first."""
