"""A chunked body, read strictly and with a bound on everything that is not data (RFC 9112 section 7.1)."""

import re

_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[\t -~\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++:[\t -~\x80-\xff]*+")
LINE_BYTES = 256
TRAILER_BYTES = 8 << 10
OVERHEAD_BYTES = 16 << 10


class BadBody(Exception):
    """The framing of a body is broken, or there is more of it than of the body."""


class Chunks:
    """Turns what arrives into the data of the body. Trailers are skipped.

    What sizes, extensions and trailers may cost is bounded: 16 KiB, and as much as the data itself.
    """

    def __init__(self) -> None:
        self.done = False
        self._left = 0
        self._ends = False
        self._trailer = -1
        self._overhead = 0
        self._data = 0

    def feed(self, buffer: bytearray) -> list[bytes]:
        """Take the complete pieces off the start of `buffer` and return them. Raises BadBody."""
        found: list[bytes] = []
        at = 0
        while not self.done:
            if self._left:
                piece = bytes(buffer[at : at + self._left])
                if not piece:
                    break
                found.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._data += len(piece)
                self._ends = self._left == 0
                continue
            if self._ends:
                if len(buffer) - at < 2:
                    break
                if buffer[at : at + 2] != b"\r\n":
                    raise BadBody
                at += 2
                self._ends = False
            end = self._line_end(buffer, at)
            if end < 0:
                break
            self._line(bytes(buffer[at:end]))
            at = end + 2
        del buffer[:at]
        return found

    def _line_end(self, buffer: bytearray, at: int) -> int:
        """Return where the line that begins at `at` ends; -1 when its end has not come."""
        most = LINE_BYTES if self._trailer < 0 else TRAILER_BYTES
        end = buffer.find(b"\n", at, at + most + 2)
        if end < 0:
            if len(buffer) - at > most:
                raise BadBody
            return -1
        if end == at or buffer[end - 1] != 13:
            raise BadBody
        return end - 1

    def _line(self, line: bytes) -> None:
        if self._trailer >= 0:
            self._trailer += len(line) + 2
            self.done = not line
            if line and (self._trailer > TRAILER_BYTES or _TRAILER.fullmatch(line) is None):
                raise BadBody
            return
        size = _SIZE.fullmatch(line)
        if size is None:
            raise BadBody
        self._left = int(size[1], 16)
        self._overhead += len(line) + 4
        if self._overhead > OVERHEAD_BYTES + self._data:
            raise BadBody
        if not self._left:
            self._trailer = 0
