"""The headers of an answer: what a header cannot hold is refused where it is set."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t -~\x80-\xff]*")
_FRAMING = ("transfer-encoding", "trailer", "upgrade", "keep-alive")
_OFFER = ("upgrade", "websocket")  # what a 426 must say


class Unsendable(ValueError):
    """An answer that HTTP has no form for; the text is for the log."""


class Headers(dict[str, str]):
    """Headers by lower-case name; to set one that HTTP has no form for raises Unsendable, a ValueError.

    A value is Latin-1 without line breaks. Several Set-Cookie lines are an answer's `cookies`. The constructor takes
    what has been checked before.
    """

    def __setitem__(self, name: str, value: str) -> None:
        _checked(name, value)
        super().__setitem__(name.lower(), value)

    def __ior__(self, other: Any) -> "Headers":  # type: ignore[override,misc]  # dict promises more kinds
        self.update(other)
        return self

    def setdefault(self, name: str, value: str = "") -> str:
        """Set a header that is not there yet; return its value."""
        if name.lower() not in self:
            self[name] = value
        return self[name.lower()]

    def update(self, other: Any = (), /, **more: str) -> None:
        """Set several headers."""
        for name, value in dict(other, **more).items():
            self[name] = value


def headers_of(given: Mapping[str, str] | None) -> Headers:
    """Return headers that may be sent. Raises Unsendable."""
    if given.__class__ is Headers:
        return given
    made = Headers()
    for name, value in given.items() if given else ():
        made[name] = value
    return made


def join(values: Iterable[str]) -> str:
    """Return a list's header value, each item once: `a, b`."""
    return ", ".join(dict.fromkeys(values))


def _checked(name: str, value: str) -> None:
    try:
        header_line(name, value)
    except TypeError:
        raise Unsendable(f"the header {name!r} is not text: {value!r}") from None


@lru_cache(maxsize=1024)
def header_line(name: str, value: str) -> bytes:
    """Return a header line as it is sent. Raises Unsendable."""
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError
    if _NAME.fullmatch(name) is None:
        raise Unsendable(f"{name!r} is not the name of a header")
    if _VALUE.fullmatch(value) is None:
        raise Unsendable(f"the header {name} has characters that headers do not have: {value!r}")
    if name.lower() in _FRAMING and (name.lower(), value) != _OFFER:
        raise Unsendable(f"the header {name} is the server's own")
    return f"{name.lower()}: {value}\r\n".encode("latin-1")
