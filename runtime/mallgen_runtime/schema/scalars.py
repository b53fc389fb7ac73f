"""Base values: read from text, taken from JSON values, checked against the rules of a tag."""

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import Any

from msgspec import Meta

from mallgen_runtime.schema import Below, Options, Range

WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_LONGEST = 1000
TRUE, FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})
BAD: Any = object()
Holds = Callable[[Any], bool]


def from_text(text: str, kind: Any) -> Any:
    """Read a form, header, path or `,string` value as bool, int, float or str; return `BAD` when it is none."""
    if kind is int:
        return int(text) if WHOLE.fullmatch(text) else BAD
    if kind is float:
        return _finite(text) if len(text) <= _LONGEST and NUMBER.fullmatch(text) else BAD
    if kind is bool:
        return boolean(text)
    return text


def boolean(text: str) -> Any:
    """Read 1, 0, true and false in any case, as go-zero does; return `BAD` otherwise."""
    word = text.lower()
    return word in TRUE if word in TRUE or word in FALSE else BAD


def holds(marker: object) -> Holds | None:
    """Return a function that checks the rule of a marker; None for a marker that is no rule."""
    match marker:
        case Meta():
            return _within(marker)
        case Below(bound=bound):
            return lambda value: bool(value < bound)
        case Range():
            return marker.holds
        case Options(values=values):
            chosen = frozenset(values)
            return lambda value: value in chosen
    return None


def _within(meta: Meta) -> Holds | None:
    low, high = (-math.inf if meta.ge is None else meta.ge), (math.inf if meta.le is None else meta.le)
    least, most = meta.min_length or 0, meta.max_length
    if most is not None or least:
        return lambda value: len(value) >= least and (most is None or len(value) <= most)
    return None if (low, high) == (-math.inf, math.inf) else lambda value: low <= value <= high


def why(marker: object) -> str:
    """Return in words what the rule of a marker asks of a value."""
    match marker:
        case Meta(min_length=least, max_length=most) if most is not None and least == most:
            return f"must have exactly {most} values"
        case Meta(min_length=least, max_length=most) if most is not None or least is not None:
            return f"must have from {least or 0} to {most} values" if most is not None else f"must have {least} values"
        case Meta(ge=low, le=high):
            return f"must be from {low} to {high}" if high is not None else f"must be at least {low}"
        case Below(bound=bound):
            return f"must be below {bound}"
        case Range():
            return f"must be {marker.words()}"
        case Options(values=values):
            shown = ", ".join(str(value) for value in values if value != "")
            return f"must be {'empty or ' if '' in values else ''}one of {shown}"
    return "is wrong"


def _finite(value: str | int | float) -> Any:
    try:
        number = float(value)
    except OverflowError:
        return BAD
    return number if math.isfinite(number) else BAD


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return BAD
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return BAD


def _exactly(kind: type[Any]) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is kind else BAD


SCALARS: dict[Any, Callable[[Any], Any]] = {
    bool: _exactly(bool),
    int: _exactly(int),
    float: lambda value: _finite(value) if type(value) in (int, float) else BAD,
    str: _exactly(str),
    bytes: _bytes,
}
WORDS: dict[Any, str] = {
    bool: "must be true or false",
    int: "must be a whole number",
    float: "must be a number",
    str: "must be a string",
    bytes: "must be base64",
}
