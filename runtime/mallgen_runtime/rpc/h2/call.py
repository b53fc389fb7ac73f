"""A call as its server sees it, and the events of a server's connection."""

from typing import Any, Protocol

from mallgen_runtime.rpc.h2.flow_control import Stream
from mallgen_runtime.rpc.h2.frames import ConnectionFault
from mallgen_runtime.rpc.h2.headers import RequestHeaders
from mallgen_runtime.rpc.h2.limits import Share


class ServerCall(Stream):
    """A stream of a caller: its head, the size and the held bytes of its request, whether that is complete (`whole`).

    An `open` one has many messages, each of which is answered. `cost` bytes are held for it, of a `share`. `route`,
    `task`, `slot` and `deadline` belong to the transport; `started` says that the head of the answer is written.
    """

    __slots__ = ("cost", "deadline", "held", "request", "route", "share", "size", "slot", "started", "task", "whole")

    def __init__(self, number: int, window: int, room: int, request: RequestHeaders, share: Share) -> None:
        super().__init__(number, window, room)
        self.request = request
        self.share = share
        self.cost = 0
        self.held = bytearray()
        self.size = 0
        self.whole = self.started = False
        self.task: Any = None
        self.route: Any = None
        self.slot = 0
        self.deadline: float | None = None

    def hold(self, size: int) -> None:
        """Count more bytes held for it, or fewer."""
        self.cost += size
        self.share.add(size)


class ServerEvents(Protocol):
    """The events that a server's connection reports to its transport."""

    def settled(self) -> None:
        """The caller's settings have come."""

    def opened(self, call: ServerCall) -> None:
        """A head has come."""

    def called(self, call: ServerCall, message: bytes) -> None:
        """A request is complete, or a message of an open one."""

    def closed(self, call: ServerCall) -> None:
        """A call is over: its answer was sent, or the caller left."""

    def ended(self, fault: ConnectionFault) -> None:
        """The connection has ended."""

    def empty(self) -> None:
        """The connection takes no new calls, and all calls are answered."""
