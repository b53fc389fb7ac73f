"""Types that contracts do not have and settings of the user's own may: paths, choices, dates, tuples and sets."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal, get_args

import msgspec

from mallgen_runtime.schema.reflection import Type
from mallgen_runtime.schema.scalars import BAD

_EXAMPLES = {
    "datetime.date": "must be a date, as 2026-01-31",
    "datetime.datetime": "must be a time, as 2026-01-31T12:00:00+01:00",
    "datetime.time": "must be a time of the day, as 12:00:00",
    "datetime.timedelta": "must be a duration, as PT1M30S",
    "decimal.Decimal": "must be a number",
    "uuid.UUID": "must be a UUID",
    "builtins.tuple": "must be a list of other values, or of another length",
    "builtins.set": "must be a list, or of other values",
    "builtins.frozenset": "must be a list, or of other values",
}


def is_other(kind: Type) -> bool:
    """Return whether values of a type are read by `taker`."""
    return kind.origin is Literal or _name(kind) in _EXAMPLES or _is_enum(kind) or _is_path(kind.origin)


def taker(kind: Type) -> Callable[[Any], Any]:
    """Return a function that turns a plain value into such a type, and gives BAD for what is none."""
    annotation = kind.origin[kind.args] if kind.args else kind.origin

    def take(value: Any) -> Any:
        if value is None:
            return BAD
        try:
            return msgspec.convert(value, annotation, strict=False, dec_hook=_path)
        except (msgspec.ValidationError, NotImplementedError):
            return BAD

    return take


def word(kind: Type) -> str:
    """Return what a value of such a type must be."""
    if kind.origin is Literal:
        return f"must be one of {', '.join(map(str, get_args(kind.origin[kind.args])))}"
    if _is_enum(kind):
        return f"must be one of {', '.join(str(one.value) for one in kind.origin)}"
    return _EXAMPLES.get(_name(kind), "must be a path")


def _name(kind: Type) -> str:
    return f"{getattr(kind.origin, '__module__', '')}.{getattr(kind.origin, '__qualname__', '')}"


def _is_enum(kind: Type) -> bool:
    return isinstance(kind.origin, type) and issubclass(kind.origin, Enum)


def _is_path(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "__fspath__")


def _path(kind: Any, value: Any) -> Any:
    if _is_path(kind) and isinstance(value, str):
        return kind(value)
    raise NotImplementedError(kind)
