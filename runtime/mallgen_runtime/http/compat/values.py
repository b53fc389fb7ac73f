"""Values that know that a request had them: Go writes an empty list that came as [], and one that never was as null."""

from typing import Any, TypeVar

T = TypeVar("T")


class GivenList(list[T]):
    """A list that a request has."""

    __slots__ = ()


class GivenDict(dict[str, T]):
    """An object that a request has."""

    __slots__ = ()


class GivenBytes(bytes):
    """Bytes that a request has."""

    __slots__ = ()


class Spelled(float):
    """A number in a field of any type; it is written as it was read."""

    text: str

    def __new__(cls, text: str) -> "Spelled":
        """Read a number of a JSON text."""
        made = super().__new__(cls, text)
        made.text = str(text)
        return made


def plain(value: Any) -> Any:
    """Return a value of any type as logic reads it: whole numbers as int."""
    from mallgen_runtime.http.compat.gojson import Number

    if isinstance(value, Number):
        whole = value.lstrip("-").isdecimal() and value != "-0"
        return int(value) if whole and len(value) < 4000 else Spelled(value)
    if isinstance(value, list):
        return GivenList(plain(item) for item in value)
    if isinstance(value, dict):
        return GivenDict((key, plain(item)) for key, item in value.items())
    return value
