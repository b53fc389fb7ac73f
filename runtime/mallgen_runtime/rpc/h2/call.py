"""A call as its server sees it, and who answers it."""

from typing import Any, Protocol

from mallgen_runtime.rpc.h2.flow_control import Stream
from mallgen_runtime.rpc.h2.frames import ConnectionFault
from mallgen_runtime.rpc.h2.headers import RequestHeaders
from mallgen_runtime.rpc.h2.limits import Share


class ServerCall(Stream):
    """A stream of a caller: its head, how much of its request came, what of it is held, whether that is all (`whole`).

    One that is `open` has many messages, each of them is answered. `cost` bytes are held for it, of a `share`. `route`,
    `task`, `slot` and `deadline` belong to whoever answers it; `started` says that the head of the answer is out.
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
        """Hold more for it, or less."""
        self.cost += size
        self.share.add(size)


class ServerEvents(Protocol):
    """What a server's connection reports to its transport."""

    def settled(self) -> None:
        """The caller has greeted."""

    def opened(self, call: ServerCall) -> None:
        """A head has come."""

    def called(self, call: ServerCall, message: bytes) -> None:
        """The request is there, or a message of one that is open."""

    def closed(self, call: ServerCall) -> None:
        """Nobody waits for an answer any more: it was sent, or the caller left."""

    def ended(self, fault: ConnectionFault) -> None:
        """The connection is no more."""

    def empty(self) -> None:
        """Nothing new is taken, and all that was is answered."""
