"""Go's spelling of durations."""

import re
from typing import Annotated

from mallgen_runtime.process.errors import ConfigError

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_EXAMPLES = "a duration is written as 500ms, 2s or 1m30s"


class DurationRule:
    """The mark of a text that is a duration; `above_zero`: neither `0` nor empty."""

    __slots__ = ("above_zero",)

    def __init__(self, above_zero: bool) -> None:
        self.above_zero = above_zero


Duration = Annotated[str, DurationRule(False)]  # empty and `0` have a meaning of their own
LongerThanZero = Annotated[str, DurationRule(True)]


def wrong_duration(text: str, rule: DurationRule) -> str:
    """Return the reason why a text is not the duration that a setting needs, empty where it is."""
    try:
        found = seconds(text, "")
    except ConfigError:
        return f"is {text!r}; {_EXAMPLES}"
    return f"is {text or 'empty'}; it must be more than 0, as 2s" if rule.above_zero and not found else ""


def seconds(text: str, key: str) -> float:
    """Return the seconds of `1m30s`, `500ms`, `0`; an empty text is 0. Raises ConfigError that names `key`."""
    if text in ("", "0"):
        return 0.0
    if not re.fullmatch(f"(?:{_PART.pattern})+", text):
        raise ConfigError(f"{key} is {text!r}; {_EXAMPLES}")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
