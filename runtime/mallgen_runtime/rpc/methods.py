"""The table of a service: what the generated server.py hands to the transport."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from mallgen_runtime.process.threads import in_thread
from mallgen_runtime.process.tracing import Ids

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")
Q = TypeVar("Q", bound="Wire")
R = TypeVar("R", bound="Wire")


class Wire(Protocol):
    """A message of protobuf, as far as a transport needs it."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """The bytes on the wire."""


class RpcContext:
    """One call: `metadata` by lower-case name, the ids that stand in every log line, `log` that writes with them.

    `deadline` is the monotonic time by which it must be answered, None when there is no limit; `arrived` that at which
    it was read, 0 where the transport does not tell. `peer` is the caller's address.
    """

    __slots__ = (
        "_metadata",
        "_pairs",
        "_peer",
        "arrived",
        "deadline",
        "method",
        "request_id",
        "trace_flags",
        "trace_id",
        "trace_state",
    )

    def __init__(
        self,
        method: str,
        metadata: Iterable[tuple[str, str | bytes]],
        ids: Ids,
        *,
        peer: Callable[[], str] = str,
        deadline: float | None = None,
        trace_state: str = "",
    ) -> None:
        self.method = method
        self.trace_state = trace_state
        self.request_id, self.trace_id, self.trace_flags = ids
        self.deadline = deadline
        self.arrived = 0.0
        self._pairs = metadata
        self._peer = peer
        self._metadata: Mapping[str, str] | None = None

    async def thread(self, work: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """Run blocking code in one of 32 threads. Raises ThreadsBusy (UNAVAILABLE) when too many calls wait for one.

        When the call is cancelled, a function that has not begun never does; one that has runs to its end, unless it
        looks at `mallgen_runtime.process.threads.is_given_up`.
        """
        return await in_thread(work, *args, **named)

    @property
    def metadata(self) -> Mapping[str, str]:
        """Return the caller's metadata, as text."""
        if self._metadata is None:
            self._metadata = {name: value for name, value in self._pairs if isinstance(value, str)}
        return self._metadata

    @property
    def binary(self) -> Mapping[str, bytes]:
        """Return the caller's metadata as bytes: names that end in `-bin`."""
        return {name: value for name, value in self._pairs if isinstance(value, bytes)}

    @property
    def peer(self) -> str:
        """The caller's address, as the transport writes it."""
        return self._peer()

    @property
    def log(self) -> "logging.LoggerAdapter[logging.Logger]":
        """A logger whose lines carry the call's ids."""
        ids = {"request_id": self.request_id, "trace": self.trace_id}
        return logging.LoggerAdapter(logging.getLogger("mallgen.service"), ids)


class Method(Generic[S]):
    """One RPC: `wire` is its path (`/order.Order/Orders`), `contract` its place in the proto.

    `endpoint` takes the context of the call, the service context, and the request or an iterator of requests.
    """

    __slots__ = ("contract", "endpoint", "reply", "request", "wire")
    takes_stream = False
    gives_stream = False

    def __init__(self, wire: str, endpoint: Callable[..., Any], request: Any, reply: Any, contract: str) -> None:
        self.wire = wire
        self.endpoint = endpoint
        self.request = request
        self.reply = reply
        self.contract = contract

    @property
    def name(self) -> str:
        """`Orders`."""
        return self.wire.rpartition("/")[2]


class Unary(Method[S]):
    """One request, one reply."""

    __slots__ = ()

    def __init__(
        self,
        wire: str,
        endpoint: Callable[[RpcContext, S, Q], Awaitable[R]],
        request: type[Q],
        reply: type[R],
        *,
        contract: str = "",
    ) -> None:
        super().__init__(wire, endpoint, request, reply, contract)


class ServerStream(Method[S]):
    """One request, many replies."""

    __slots__ = ()
    gives_stream = True

    def __init__(
        self,
        wire: str,
        endpoint: Callable[[RpcContext, S, Q], AsyncIterator[R]],
        request: type[Q],
        reply: type[R],
        *,
        contract: str = "",
    ) -> None:
        super().__init__(wire, endpoint, request, reply, contract)


class ClientStream(Method[S]):
    """Many requests, one reply."""

    __slots__ = ()
    takes_stream = True

    def __init__(
        self,
        wire: str,
        endpoint: Callable[[RpcContext, S, AsyncIterator[Q]], Awaitable[R]],
        request: type[Q],
        reply: type[R],
        *,
        contract: str = "",
    ) -> None:
        super().__init__(wire, endpoint, request, reply, contract)


class TwoWayStream(Method[S]):
    """Many requests, many replies, in any order."""

    __slots__ = ()
    takes_stream = gives_stream = True

    def __init__(
        self,
        wire: str,
        endpoint: Callable[[RpcContext, S, AsyncIterator[Q]], AsyncIterator[R]],
        request: type[Q],
        reply: type[R],
        *,
        contract: str = "",
    ) -> None:
        super().__init__(wire, endpoint, request, reply, contract)


class Service(Generic[S]):
    """A service of the proto: its full name and its methods."""

    __slots__ = ("methods", "name")

    def __init__(self, name: str, methods: tuple[Method[S], ...]) -> None:
        self.name = name
        self.methods = methods
