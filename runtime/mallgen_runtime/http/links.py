"""The way of messages between a WebSocket and its client, whatever server is in between."""

from typing import NamedTuple, Protocol

from mallgen_runtime.http.problems import ClientGone

NORMAL, GOING_AWAY, UNSUPPORTED, NO_STATUS, ABNORMAL = 1000, 1001, 1003, 1005, 1006
INVALID, REFUSED, TOO_BIG, INTERNAL, TRY_LATER = 1007, 1008, 1009, 1011, 1013
CLOSED = "mallgen.closed"  # in the ASGI scope: the code that the socket was closed with
LEAVE_SECONDS = 5.0  # what logic gets to end after its client has left
_REASON_BYTES = 123


class Close(NamedTuple):
    """The end of a WebSocket as RFC 6455 has it; `is_ours` when the logic has closed it."""

    code: int
    reason: str = ""
    is_ours: bool = False


class SocketClosed(ClientGone):
    """A message was sent or awaited when the socket was closed, with `code` and `reason`."""

    def __init__(self, close: Close) -> None:
        super().__init__(f"the socket is closed: {close.code} {close.reason}".rstrip())
        self.code = close.code
        self.reason = close.reason


class MessageLink(Protocol):
    """The way to a client."""

    @property
    def closed(self) -> Close | None:
        """The close of the socket, None while it is open."""

    async def accept(self) -> None:
        """Answer the handshake. Raises ClientGone."""

    async def receive(self) -> bytes | None:
        """Return the next message, None behind the last one."""

    async def send(self, data: bytes) -> None:
        """Send a message and wait until the client takes it. Raises SocketClosed."""

    async def close(self, code: int, reason: str) -> None:
        """Close, unless it is closed."""

    def stop(self) -> None:
        """Note that the logic has ended."""


def fitting(reason: str) -> str:
    """Return as much of a reason as a close frame can have."""
    return reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
