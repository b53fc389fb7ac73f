"""Go's spelling of durations."""

import re

from mallgen_runtime.process.errors import ConfigError

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")


def seconds(text: str, key: str) -> float:
    """Return the seconds of `1m30s`, `500ms`, `0`; an empty text is 0. Raises ConfigError that names `key`."""
    if text in ("", "0"):
        return 0.0
    if not re.fullmatch(f"(?:{_PART.pattern})+", text):
        raise ConfigError(f"{key} is {text!r}; a duration is written as 500ms, 2s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
