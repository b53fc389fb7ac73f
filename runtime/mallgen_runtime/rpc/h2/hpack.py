"""HPACK (RFC 7541): decoding with a dynamic table, encoding as literals that leave no trace in the peer's table."""

import re
from collections import deque

from mallgen_runtime.rpc.h2.frames import ConnectionFault, Reason
from mallgen_runtime.rpc.h2.huffman import HuffmanError
from mallgen_runtime.rpc.h2.huffman import decode as unhuffed

Field = tuple[bytes, bytes]
TABLE_SIZE, OVERHEAD = 4096, 32
_EMPTY = (
    "accept-charset|accept-encoding gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|"
    "allow|authorization|cache-control|content-disposition|content-encoding|content-language|content-length|"
    "content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|"
    "if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|"
    "proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|strict-transport-security|"
    "transfer-encoding|user-agent|vary|via|www-authenticate"
)
_FIRST = (
    ":authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|"
    ":status 206|:status 304|:status 400|:status 404|:status 500"
)
STATIC: tuple[Field, ...] = tuple(
    (name.encode(), value.encode())
    for name, _, value in (entry.partition(" ") for entry in f"{_FIRST}|{_EMPTY}".split("|"))
)
_FIXED = len(STATIC)
_NAME = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_FORBIDDEN = re.compile(rb"[\x00\r\n]|^[ \t]|[ \t]$")
_SEEN_NAMES: set[bytes] = {name for name, _ in STATIC}
_MOST_SEEN = 1024


class Decoder:
    """Decodes one header block after the other; `changes` counts what they did to the table.

    Fields of a list beyond `most_bytes` or `most_fields` are left out and `over` is set; beyond twice as much the
    connection ends. A name or value that HTTP forbids sets `malformed`. The table has `size` bytes.
    """

    def __init__(self, most_bytes: int, most_fields: int) -> None:
        self.changes = 0
        self.over = False
        self.malformed = False
        self.most_bytes = most_bytes
        self._most_fields = most_fields
        self._table: deque[Field] = deque()
        self.size = 0
        self._limit = TABLE_SIZE

    def decode(self, block: bytes, at: int = 0, size: int = 0, count: int = 0) -> list[Field]:
        """Decode the fields from `at` on; `count` fields of `size` bytes came before. Raises ConnectionFault."""
        try:
            return self._decode(block, at, size, count)
        except (IndexError, HuffmanError) as problem:
            raise ConnectionFault(Reason.COMPRESSION_ERROR, f"not HPACK: {problem}") from None

    def _decode(self, block: bytes, at: int, size: int, count: int) -> list[Field]:
        found: list[Field] = []
        end, most_bytes, most = len(block), self.most_bytes, self._most_fields - count
        self.over = self.malformed = False
        while at < end:
            first = block[at]
            if first & 0xEF == 0 and (stop := at + 2 + block[at + 1]) < at + 129 and block[stop] < 0x7F:
                name = block[at + 2 : stop]  # the commonest: a literal that no table keeps, with short plain strings
                at = stop + 1 + block[stop]
                if at > end:
                    raise IndexError("a string that is longer than its block")
                field = name, block[stop + 1 : at]
                if name not in _SEEN_NAMES or field[1].strip(b" \t") is not field[1] or b"\0" in field[1]:
                    self._check(field)
                elif b"\n" in field[1] or b"\r" in field[1]:
                    self.malformed = True
            elif first >= 0x80:
                index, at = (first & 0x7F, at + 1) if first != 0xFF else _integer(block, at, 7)
                field = STATIC[index - 1] if 0 < index <= _FIXED else self._dynamic(index)
            elif first & 0x60 == 0x20:
                at = self._resized(block, at, late=bool(found) or count > 0)
                continue
            else:
                field, at = self._literal(block, at, 6 if first & 0x40 else 4)
            size += len(field[0]) + len(field[1]) + OVERHEAD
            if size > most_bytes or len(found) >= most:
                self._too_much(size)
            else:
                found.append(field)
        return found

    def _literal(self, block: bytes, at: int, bits: int) -> tuple[Field, int]:
        most = (1 << bits) - 1
        index, at = (block[at] & most, at + 1) if block[at] & most != most else _integer(block, at, bits)
        if index:
            name = (STATIC[index - 1] if index <= _FIXED else self._dynamic(index))[0]
        else:
            name, at = _string(block, at)
        value, at = _string(block, at)
        field = name, value
        self._check(field)
        if bits == 6:
            self._add(field)
        return field, at

    def _check(self, field: Field) -> None:
        name, value = field
        if (name not in _SEEN_NAMES and not self._sound(name)) or _FORBIDDEN.search(value):
            self.malformed = True

    @staticmethod
    def _sound(name: bytes) -> bool:
        if not _NAME.fullmatch(name):
            return False
        if len(_SEEN_NAMES) < _MOST_SEEN and len(name) <= 64:
            _SEEN_NAMES.add(name)
        return True

    def _dynamic(self, index: int) -> Field:
        if index <= _FIXED:
            raise IndexError("index 0")
        return self._table[index - _FIXED - 1]

    def _add(self, field: Field) -> None:
        self.changes += 1
        self._table.appendleft(field)
        self.size += len(field[0]) + len(field[1]) + OVERHEAD
        if self.size > self._limit:
            self._evict()

    def _evict(self) -> None:
        while self.size > self._limit:
            name, value = self._table.pop()
            self.size -= len(name) + len(value) + OVERHEAD

    def _resized(self, block: bytes, at: int, *, late: bool) -> int:
        limit, at = _integer(block, at, 5)
        if late or limit > TABLE_SIZE:
            raise ConnectionFault(Reason.COMPRESSION_ERROR, "a table size that is too large or too late")
        self.changes += 1
        self._limit = limit
        self._evict()
        return at

    def _too_much(self, size: int) -> None:
        self.over = True
        if size > 2 * self.most_bytes:
            raise ConnectionFault(Reason.ENHANCE_YOUR_CALM, "a header list that is far too large")


def _integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """Read an integer with a prefix of some bits; return it and where it ends (section 5.1)."""
    most = (1 << bits) - 1
    value = block[at] & most
    at += 1
    if value < most:
        return value, at
    for shift in range(0, 29, 7):
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise IndexError("an integer that is too large")


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    first = block[at]
    if first & 0x7F == 0x7F:
        size, at = _integer(block, at, 7)
    else:
        size, at = first & 0x7F, at + 1
    end = at + size
    if end > len(block):
        raise IndexError("a string that is longer than its block")
    text = block[at:end]
    return (unhuffed(text) if first & 0x80 else text), end


def literal(name: bytes, value: bytes) -> bytes:
    """Encode a field as a never-indexed literal (section 6.2.3)."""
    return b"\x10" + plain(name) + plain(value)


def indexed(index: int) -> bytes:
    """Encode a field of the static table."""
    return bytes((0x80 | index,))


def plain(text: bytes) -> bytes:
    """Encode a string with its length, without Huffman code (section 5.2)."""
    size = len(text)
    if size < 0x7F:
        return bytes((size,)) + text
    size -= 0x7F
    found = bytearray(b"\x7f")
    while size >= 0x80:
        found.append(size & 0x7F | 0x80)
        size >>= 7
    found.append(size)
    return bytes(found) + text
