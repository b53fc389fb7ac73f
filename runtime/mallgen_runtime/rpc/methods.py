"""The table of a service: what the generated server.py hands to the transport."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

S = TypeVar("S")
Request = TypeVar("Request", bound="Wire")
Reply = TypeVar("Reply", bound="Wire")


class Wire(Protocol):
    """A message of protobuf, as far as a transport needs it."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """The bytes on the wire."""


class RpcContext:
    """One call: `metadata` by lower-case name, the ids that stand in every log line, `log` that writes with them.

    `deadline` is the monotonic time by which it must be answered, None when there is no limit.
    """

    __slots__ = ("deadline", "metadata", "method", "peer", "request_id", "trace_id")

    def __init__(self, method: str, metadata: Mapping[str, str], request_id: str, trace_id: str, peer: str) -> None:
        self.deadline: float | None = None
        self.method = method
        self.metadata = metadata
        self.request_id = request_id
        self.trace_id = trace_id
        self.peer = peer

    @property
    def log(self) -> "logging.LoggerAdapter[logging.Logger]":
        """A logger whose lines carry the call's ids."""
        ids = {"request_id": self.request_id, "trace": self.trace_id}
        return logging.LoggerAdapter(logging.getLogger("mallgen.service"), ids)


class Method(Generic[S]):
    """One unary RPC: `wire` is its path (`/order.Order/Orders`), `contract` its place in the proto."""

    __slots__ = ("contract", "endpoint", "reply", "request", "timeout_ms", "wire")

    def __init__(
        self,
        wire: str,
        endpoint: Callable[[RpcContext, S, Any], Awaitable[Wire]],
        request: type[Any],
        reply: type[Any],
        *,
        contract: str = "",
        timeout_ms: int | None = None,
    ) -> None:
        self.wire = wire
        self.endpoint = endpoint
        self.request = request
        self.reply = reply
        self.contract = contract
        self.timeout_ms = timeout_ms

    @property
    def name(self) -> str:
        """`Orders`."""
        return self.wire.rpartition("/")[2]


class Service(Generic[S]):
    """A service of the proto: its full name and its methods."""

    __slots__ = ("methods", "name")

    def __init__(self, name: str, methods: tuple[Method[S], ...]) -> None:
        self.name = name
        self.methods = methods
