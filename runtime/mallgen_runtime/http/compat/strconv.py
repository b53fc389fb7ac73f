"""Numbers and quoted text as Go's strconv reads and writes them, with its errors."""

import re
import struct

_SIGNED = re.compile(r"[+-]?[0-9]+", re.ASCII)
_UNSIGNED = re.compile(r"[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEX = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+", re.ASCII)
_MISPLACED = re.compile(r"(?:^|[^0-9a-fA-FxX])_|_(?:$|[^0-9a-fA-F])")
_SPECIAL = re.compile(r"[+-]?inf(?:inity)?|nan", re.ASCII | re.IGNORECASE)
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_DIGITS = 25  # no 64-bit number has more


class GoError(Exception):
    """A request that go-zero refuses, in its words."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def quote(text: str) -> str:
    """Return a text in quotation marks, as Go's `%q`."""
    return '"' + "".join(_quoted(char) for char in text) + '"'


def _quoted(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def parse_int(text: str, bits: int) -> int:
    """Read a decimal number. Raises GoError."""
    if _SIGNED.fullmatch(text) is None:
        raise _wrong("ParseInt", text, "invalid syntax")
    digits = text.lstrip("+-").lstrip("0")
    value = int(text) if len(digits) <= _DIGITS else 1 << 80
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise _wrong("ParseInt", text, "value out of range")
    return value


def parse_uint(text: str, bits: int) -> int:
    """Read a decimal number without a sign. Raises GoError."""
    if _UNSIGNED.fullmatch(text) is None:
        raise _wrong("ParseUint", text, "invalid syntax")
    value = int(text) if len(text.lstrip("0")) <= _DIGITS else 1 << 80
    if value >= 1 << bits:
        raise _wrong("ParseUint", text, "value out of range")
    return value


def parse_float(text: str, bits: int) -> float:
    """Read a number, hexadecimal ones and `inf` and `nan` too. Raises GoError."""
    plain = text.replace("_", "") if "_" in text and not _MISPLACED.search(text) else text
    if _DECIMAL.fullmatch(plain) is not None:
        value = float(plain)
    elif _SPECIAL.fullmatch(plain) is not None:
        return float(plain)
    elif _HEX.fullmatch(plain) is not None:
        value = _hexadecimal(plain)
    else:
        raise _wrong("ParseFloat", text, "invalid syntax")
    try:
        value = single(value) if bits == 32 else value
    except OverflowError:
        value = float("inf")
    if value in (float("inf"), float("-inf")):
        raise _wrong("ParseFloat", text, "value out of range")
    return value


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return float("inf")


def single(value: float) -> float:
    """Return the nearest float32. Raises OverflowError."""
    found: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return found


def _wrong(function: str, text: str, reason: str) -> GoError:
    return GoError(f"strconv.{function}: parsing {quote(text)}: {reason}")
