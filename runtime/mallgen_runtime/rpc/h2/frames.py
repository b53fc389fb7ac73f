"""Frames of HTTP/2 as bytes, and their faults (RFC 9113, sections 4, 6 and 7)."""

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 1
END_HEADERS, PADDED, PRIORITIZED = 4, 8, 32
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME, MAX_HEAD = range(1, 7)
LEAST_MAX_FRAME, MOST_MAX_FRAME = 16_384, 16_777_215
WINDOW, MOST_WINDOW, MOST_STREAM = 65_535, 2**31 - 1, 2**31 - 1
HEAD = Struct(">HBBBL")  # length in two parts, type, flags, stream
HEAD_SIZE = 9
LONG = Struct(">L")
_SETTING = Struct(">HL")


class Reason(IntEnum):
    """The reason for which a stream or a connection is ended."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class ConnectionFault(Exception):
    """The peer broke a rule; the connection ends."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


class StreamFault(Exception):
    """The peer broke a rule on one stream; the stream ends."""

    def __init__(self, stream: int, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.stream = stream
        self.reason = reason


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    size = len(payload)
    return HEAD.pack(size >> 8, size & 255, kind, flags, stream) + payload


def settings(values: Iterable[tuple[int, int]]) -> bytes:
    """SETTINGS with some values."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*pair) for pair in values))


def read_settings(payload: bytes) -> dict[int, int]:
    """Read the values of SETTINGS; of two equal names the last counts. Raises ConnectionFault."""
    if len(payload) % _SETTING.size:
        raise ConnectionFault(Reason.FRAME_SIZE_ERROR, "half a setting")
    found: dict[int, int] = {}
    for name, value in _SETTING.iter_unpack(payload):
        if name == INITIAL_WINDOW and value > MOST_WINDOW:
            raise ConnectionFault(Reason.FLOW_CONTROL_ERROR, "an initial window that is too large")
        if name == MAX_FRAME and not LEAST_MAX_FRAME <= value <= MOST_MAX_FRAME:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "a frame size that is not allowed")
        if name == ENABLE_PUSH and value > 1:
            raise ConnectionFault(Reason.PROTOCOL_ERROR, "ENABLE_PUSH is 0 or 1")
        found[name] = value
    return found


def reset(stream: int, reason: Reason) -> bytes:
    """RST_STREAM."""
    return frame(RST_STREAM, 0, stream, LONG.pack(reason))


def goaway(last: int, reason: Reason, text: str = "") -> bytes:
    """GOAWAY: no stream above `last` was or will be processed."""
    return frame(GOAWAY, 0, 0, LONG.pack(last) + LONG.pack(reason) + text.encode())


def credit(stream: int, size: int) -> bytes:
    """WINDOW_UPDATE; stream 0 is the connection."""
    return frame(WINDOW_UPDATE, 0, stream, LONG.pack(size))


def headers(stream: int, block: bytes, *, end: bool, most: int = LEAST_MAX_FRAME) -> bytes:
    """HEADERS, and as many CONTINUATIONs as the block needs."""
    flags = END_STREAM if end else 0
    if len(block) <= most:
        return frame(HEADERS, flags | END_HEADERS, stream, block)
    parts = [block[at : at + most] for at in range(0, len(block), most)]
    found = [frame(HEADERS, flags, stream, parts[0])]
    found += [frame(CONTINUATION, 0, stream, part) for part in parts[1:-1]]
    return b"".join([*found, frame(CONTINUATION, END_HEADERS, stream, parts[-1])])


def unpadded(flags: int, payload: bytes) -> bytes:
    """Return the payload of DATA or HEADERS without padding and priority. Raises ConnectionFault."""
    start, end = 0, len(payload)
    if flags & PADDED:
        if not end:
            raise ConnectionFault(Reason.FRAME_SIZE_ERROR, "a padded frame without a length")
        start, end = 1, end - payload[0]
    if flags & PRIORITIZED:
        start += 5
    if start > end:
        raise ConnectionFault(Reason.PROTOCOL_ERROR, "more padding than payload")
    return payload[start:end]
