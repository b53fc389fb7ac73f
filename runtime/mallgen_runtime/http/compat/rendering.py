"""Values into JSON as Go's encoder writes them, without escapes for HTML."""

import base64
import math
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from msgspec import NODEFAULT, Struct, structs

from mallgen_runtime.http.compat.kinds import go_fields
from mallgen_runtime.http.compat.strconv import GoError, single
from mallgen_runtime.http.compat.values import GivenBytes, GivenDict, GivenList, Spelled
from mallgen_runtime.schema import FLOAT32_MAX

_SPECIAL = re.compile('["\\\\\x00-\x1f\u2028\u2029\ud800-\udfff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_EMPTY = (bool, int, float, str, bytes, list, dict, type(None))
_GIVEN = (GivenList, GivenDict, GivenBytes)


def render(value: Any) -> bytes:
    """Return the JSON text of an answer. Raises GoError for NaN and infinities."""
    return _nil(value).encode("utf-8")


def _nil(value: Any) -> str:
    """Write a value; an empty list that no request had is nil in Go."""
    if not value and isinstance(value, list | dict | bytes) and not isinstance(value, _GIVEN):
        return "null"
    return _any(value)


def _any(value: Any) -> str:
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return value.text if isinstance(value, Spelled) else number(value, 64)
    if isinstance(value, Struct):
        return _struct(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_nil, value)) + "]"
    if isinstance(value, dict):
        rows = sorted(((str(key), item) for key, item in value.items()), key=_order)
        return "{" + ",".join(f"{_text(key)}:{_nil(item)}" for key, item in rows) + "}"
    if isinstance(value, datetime):
        return f'"{_time(value)}"'
    if isinstance(value, bytes):
        return f'"{base64.b64encode(value).decode()}"'
    raise GoError(f"json: unsupported type: {type(value).__name__}")


def _time(value: datetime) -> str:
    """Return a time as RFC 3339, without zeros at the end of its fraction; one without a zone is UTC."""
    text = value.isoformat()
    head, dot, rest = text.partition(".")
    if dot:
        text = f"{head}.{rest[:6]}".rstrip("0") + rest[6:]
    return text.removesuffix("+00:00") + "Z" if value.utcoffset() in (None, timedelta(0)) else text


def _order(row: tuple[str, Any]) -> bytes:
    return row[0].encode("utf-8", "replace")


def _text(value: str) -> str:
    return f'"{_SPECIAL.sub(_escape, value)}"'


def _escape(found: re.Match[str]) -> str:
    char = found.group()
    if char in _SHORT:
        return _SHORT[char]
    return "\\ufffd" if "\ud800" <= char <= "\udfff" else f"\\u{ord(char):04x}"


def number(value: float, bits: int) -> str:
    """Return a float as Go writes it: exponents below -6 and from 21 on. Raises GoError for NaN and infinities."""
    if not math.isfinite(value):
        word = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        raise GoError(f"json: unsupported value: {word}")
    digits = _shortest(value) if bits == 32 else repr(value)
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    mantissa, _, exponent = digits.partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    figures = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(figures)
    figures = figures.rstrip("0")
    if not figures:
        return f"{sign}0"
    if -6 < point <= 21:
        return sign + _fixed(figures, point)
    head = figures[0] + (f".{figures[1:]}" if len(figures) > 1 else "")
    return f"{sign}{head}e{point - 1:+d}"


def _fixed(figures: str, point: int) -> str:
    if point <= 0:
        return "0." + "0" * -point + figures
    if point >= len(figures):
        return figures + "0" * (point - len(figures))
    return f"{figures[:point]}.{figures[point:]}"


def _shortest(value: float) -> str:
    """Return the shortest decimal that is read as the same float32."""
    for digits in range(1, 9):
        text = f"{value:.{digits}g}"
        if abs(float(text)) <= FLOAT32_MAX and single(float(text)) == single(value):
            return text
    return f"{value:.9g}"


@cache
def _rows(cls: Any) -> tuple[tuple[str, str, int, bool, Any], ...]:
    """Return attribute, key, bits of a float32, whether it is text, and the default that is left out."""
    omits = cls.__struct_config__.omit_defaults
    rows = []
    for info, field in zip(structs.fields(cls), go_fields(cls), strict=True):
        left_out: Any = NODEFAULT
        if omits and info.default is not NODEFAULT:
            left_out = info.default
        elif omits and info.default_factory in (list, dict):
            left_out = info.default_factory()
        bits = 32 if field.kind.name == "float32" else 64
        rows.append((field.name, field.key, bits, field.quoted, left_out))
    return tuple(rows)


def _struct(value: Struct) -> str:
    parts = []
    for name, key, bits, quoted, left_out in _rows(type(value)):
        item = getattr(value, name)
        if left_out is not NODEFAULT and isinstance(item, _EMPTY) and item == left_out:
            continue
        if bits == 32 and isinstance(item, float) and not isinstance(item, Spelled):
            text = number(item, 32)
        else:
            text = _nil(item)
        if quoted and item is not None:
            text = _text(text)
        parts.append(f"{_text(key)}:{text}")
    return "{" + ",".join(parts) + "}"
