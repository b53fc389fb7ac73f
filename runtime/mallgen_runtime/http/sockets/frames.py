"""Frames of a WebSocket into messages and back, by the library `websockets`; nothing here touches a connection."""

import logging
from collections import deque

from websockets.exceptions import ProtocolError
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from mallgen_runtime.http.links import ABNORMAL, INVALID, NO_STATUS, UNSUPPORTED, Close, fitting

_SLICE = 4 << 10  # bytes that are looked at before it is seen whether there is room for more messages
_MESSAGES = 16
_QUIET = logging.getLogger("mallgen.websocket")
_QUIET.setLevel(logging.WARNING)
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class Frames:
    """The protocol of one socket. `messages` are whole and not taken yet, `ended` is how the client ended it."""

    def __init__(self, most: int) -> None:
        self.messages: deque[bytes] = deque()
        self.ended: Close | None = None
        self.is_over = self.has_begun = False
        self._most = most
        self._queued = 0
        self._part = bytearray()
        self._drops = False
        self._protocol = ServerProtocol(state=State.OPEN, max_size=most, logger=_QUIET)

    @property
    def is_full(self) -> bool:
        """Return whether the logic must take messages first."""
        return len(self.messages) >= _MESSAGES or self._queued >= self._most

    @property
    def kept(self) -> int:
        """Return the bytes that are kept."""
        return self._queued + len(self._part) + len(self._protocol.reader.buffer)

    def take(self) -> bytes:
        """Return the first message."""
        found = self.messages.popleft()
        self._queued -= len(found)
        return found

    def drop(self) -> None:
        """Take no more messages: the logic has closed the socket."""
        self._drops = True
        self.messages.clear()
        self._part.clear()
        self._queued = 0

    def feed(self, data: bytearray) -> None:
        """Take bytes off the front of what has come."""
        self._protocol.receive_data(data[:_SLICE])
        del data[:_SLICE]
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame) and frame.opcode in _DATA and self.ended is None:
                self._data(frame)
        self.has_begun = bool(self._part) or len(self._protocol.reader.buffer) > 0
        if self.ended is None:
            self.ended = self._how_ended()

    def _data(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            return self.fail(Close(UNSUPPORTED, "messages are text"))
        if self._drops:
            return
        self._part += frame.data
        if not frame.fin:
            return
        message = bytes(self._part)
        self._part.clear()
        try:
            message.decode()
        except UnicodeDecodeError:
            return self.fail(Close(INVALID, "the message is not UTF-8"))
        self.messages.append(message)
        self._queued += len(message)

    def _how_ended(self) -> Close | None:
        found = self._protocol
        close = found.close_sent if found.parser_exc is not None else found.close_rcvd
        if close is not None:
            return Close(int(close.code), close.reason)
        return Close(ABNORMAL) if found.parser_exc is not None else None

    def send(self, data: bytes) -> None:
        """Send a message."""
        self._protocol.send_text(data)

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")

    def close(self, how: Close) -> None:
        """Begin to close. Raises ValueError for a code that may not be sent."""
        if self._protocol.state is not State.OPEN:
            return
        try:
            self._protocol.send_close(None if how.code == NO_STATUS else how.code, how.reason)
        except ProtocolError:
            raise ValueError(f"{how.code} is no code to close a socket with: 1000 to 1014, 3000 to 4999 are") from None

    def fail(self, how: Close) -> None:
        """Close without waiting for the client's part of it."""
        self._protocol.fail(how.code, fitting(how.reason))
        self.ended = self.ended or how

    def to_send(self) -> list[bytes]:
        """Return what is to be written; `is_over` when nothing comes after it."""
        found = self._protocol.data_to_send()
        self.is_over = self.is_over or b"" in found
        return [data for data in found if data]
