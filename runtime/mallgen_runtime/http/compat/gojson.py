"""JSON texts as Go's decoder reads them: numbers keep their spelling, what follows the first value is not looked at."""

import json
import re
from json import scanner
from typing import Any, NoReturn

from mallgen_runtime.http.compat.goscan import mistake
from mallgen_runtime.http.compat.strconv import GoError

_BLANK = re.compile(r"[ \t\r\n]*")
_SURROGATES = re.compile("[\ud800-\udfff]")


class Number(str):
    """A number of a JSON text, as it was written."""

    __slots__ = ()


def utf8(data: bytes) -> str:
    """Return a text; each byte that is not UTF-8 becomes U+FFFD, as in Go."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return sound(data.decode("utf-8", "surrogateescape"))


def sound(text: str) -> str:
    """Return a text with U+FFFD for every half of a surrogate pair."""
    return _SURROGATES.sub("\ufffd", text)


def _constant(text: str) -> NoReturn:
    raise ValueError(text)


_MAKE: Any = scanner.make_scanner
_scan: Any = _MAKE(json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_constant))


def loads(data: bytes) -> Any:
    """Return the first value of a JSON text: dict, list, str, Number, bool or None. Raises GoError."""
    text = utf8(data)
    start = _BLANK.match(text)
    try:
        found, _ = _scan(text, start.end() if start else 0)
    except (StopIteration, ValueError, RecursionError):
        raise _error(data) from None
    return _clean(found) if "\\u" in text else found


def _error(data: bytes) -> GoError:
    reason, at = mistake(data)
    return GoError(f"string: `{_read(data, at).decode('utf-8', 'surrogateescape')}`, error: `{reason}`")


def _read(data: bytes, at: int) -> bytes:
    """Return what Go's decoder has read when it sees a mistake: its buffer has 512 bytes and doubles."""
    size = 512
    while size <= at:
        size = 2 * size + 512
    return data[:size]


def _clean(value: Any) -> Any:
    """Replace halves of surrogate pairs, as Go does."""
    if isinstance(value, str):
        return value if isinstance(value, Number) else sound(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
