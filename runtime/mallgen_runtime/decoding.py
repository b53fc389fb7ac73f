"""JSON into structs, as go-zero reads it, with every wrong field named.

msgspec does the work when nothing is wrong and no marker asks for more; otherwise the text is walked field by field.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from mallgen_runtime.problems import FieldError, TooMany, note
from mallgen_runtime.schema import AsString, Below, Limit, NotNull, Options, Range, Together, With, Without
from mallgen_runtime.shapes import Field, Type, any_marker, describe, fields, is_struct

T = TypeVar("T")
MARKERS = (AsString, Below, Limit, NotNull, Options, Range, Together, With, Without)
WHOLE = re.compile(r"[+-]?[0-9]{1,40}")
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_LONGEST = 1000
TRUE, FALSE = frozenset({"1", "true"}), frozenset({"0", "false"})
_BAD = object()


class Wrong(Exception):
    """The fields of a JSON text that cannot be taken."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(", ".join(f"{error.name} {error.reason}" for error in errors))
        self.errors = errors


@cache
def _fast(cls: Any) -> "msgspec.json.Decoder[Any] | None":
    return None if any_marker(cls, MARKERS) else msgspec.json.Decoder(cls)


def decode(data: bytes, cls: type[T], source: str = "json") -> T:
    """The value of a JSON text; an empty text is an empty object. Raises Wrong."""
    kind: Any = cls
    decoder = _fast(kind)
    if decoder is not None and data:
        try:
            value: T = decoder.decode(data)
            return value
        except (msgspec.DecodeError, RecursionError):
            pass  # the walk below says which fields are wrong
    made: T = convert(_parsed(data, source), cls, source)
    return made


def _parsed(data: bytes, source: str) -> Any:
    try:
        return msgspec.json.decode(data) if data.strip() else {}
    except RecursionError:
        raise Wrong([FieldError(source, "", "is nested too deeply")]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise Wrong([FieldError(source, "", f"is not JSON: {problem}")]) from None


def convert(value: Any, cls: Any, source: str = "json") -> Any:
    """Plain values (dict, list, str, numbers) into `cls`. Raises Wrong."""
    walk = _Walk(source, [])
    made = None
    try:
        made = walk.read(value, describe(cls), "")
    except RecursionError:
        walk.errors[:] = [FieldError(source, "", "is nested too deeply")]
    except TooMany:
        pass  # the hundred that were found are told
    if walk.errors:
        raise Wrong(walk.errors)
    return made


class _Walk(NamedTuple):
    """One pass over a value; wrong fields are collected, `_BAD` stands where they were."""

    source: str
    errors: list[FieldError]

    def wrong(self, name: str, reason: str) -> Any:
        note(self.errors, FieldError(self.source, name, reason))
        return _BAD

    def read(self, value: Any, kind: Type, name: str) -> Any:
        if value is None and kind.nullable:
            return None
        if value is None and kind.origin is not Any:
            return self.wrong(name, "must not be null")
        if is_struct(kind.origin):
            return self._struct(value, kind.origin, name)
        if kind.origin is list:
            return self._list(value, kind, name)
        if kind.origin is dict:
            return self._dict(value, kind, name)
        made = _SCALARS[kind.origin](value) if kind.origin in _SCALARS else value
        if made is _BAD:
            return self.wrong(name, _WORDS[kind.origin])
        return self._checked(made, kind, name)

    def _checked(self, value: Any, kind: Type, name: str) -> Any:
        for marker in kind.markers:
            reason = broken(marker, value)
            if reason:
                return self.wrong(name, reason)
        return value

    def _list(self, value: Any, kind: Type, name: str) -> Any:
        if not isinstance(value, list):
            return self.wrong(name, "must be a list")
        inner = describe(kind.args[0]) if kind.args else describe(Any)
        rules = tuple(marker for marker in kind.markers if isinstance(marker, Options))
        inner = inner._replace(markers=(*inner.markers, *rules))
        return [self.read(item, inner, f"{name}[{index}]") for index, item in enumerate(value)]

    def _dict(self, value: Any, kind: Type, name: str) -> Any:
        if not isinstance(value, dict):
            return self.wrong(name, "must be an object")
        key_kind, inner = (describe(arg) for arg in kind.args or (Any, Any))
        found = {}
        for key, item in value.items():
            path = f"{name}.{key}" if name else str(key)
            made = int(key) if key_kind.origin is int and WHOLE.fullmatch(str(key)) else key
            spelled = self.read(made, key_kind, path)
            found[spelled] = self.read(item, inner, path)
        return found

    def _struct(self, value: Any, cls: Any, name: str) -> Any:
        if not isinstance(value, dict):
            return self.wrong(name, "must be an object")
        known = fields(cls)
        before = len(self.errors)
        made = {field.name: self._field(value, field, name) for field in known}
        for group in dict.fromkeys(m.group for f in known if (m := f.marker(Together))):
            self._together(value, [f for f in known if (m := f.marker(Together)) and m.group == group], name)
        return cls(**made) if len(self.errors) == before else _BAD

    def _field(self, value: dict[str, Any], field: Field, name: str) -> Any:
        path = f"{name}.{field.wire}" if name else field.wire
        given = value.get(field.wire)
        self._presence(value, field, path)
        if given is None:
            return self._absent(field, path, field.wire in value)
        made = self._text(given, field, path) if field.marker(AsString) else self.read(given, field.kind, path)
        limit = field.marker(Limit)
        if limit and made is not _BAD and field.default is not None and not limit.holds(made):
            return field.default()
        return made

    def _absent(self, field: Field, path: str, is_null: bool) -> Any:
        if field.default is not None:
            return field.default()
        if is_null and field.kind.nullable and not field.marker(NotNull):
            return None
        return self.wrong(path, "must not be null" if is_null else "is required")

    def _presence(self, value: dict[str, Any], field: Field, path: str) -> None:
        here = value.get(field.wire) is not None
        with_, without = field.marker(With), field.marker(Without)
        if with_ and here != (value.get(with_.other) is not None):
            self.wrong(path, f"must come together with {with_.other}")
        if without and here == (value.get(without.other) is not None):
            self.wrong(path, f"must come exactly when {without.other} does not")

    def _text(self, given: Any, field: Field, path: str) -> Any:
        if not isinstance(given, str):
            return self.wrong(path, "must be a string")
        made = from_text(given, field.kind.origin)
        if made is _BAD:
            return self.wrong(path, f"{_WORDS[field.kind.origin]} in a string")
        return self._checked(made, field.kind, path)

    def _together(self, value: dict[str, Any], members: list[Field], name: str) -> None:
        needed = [f.wire for f in members if f.marker(Together)]
        given = [wire for wire in needed if value.get(wire) is not None]
        if given and len(given) < len(needed):
            for wire in needed:
                if wire not in given:
                    self.wrong(f"{name}.{wire}" if name else wire, f"is required with {given[0]}")


def broken(marker: object, value: Any) -> str:
    """Why a value breaks a rule, empty when it does not."""
    match marker:
        case Meta(ge=low, le=high):
            if (low is not None and value < low) or (high is not None and value > high):
                return f"must be from {low} to {high}" if high is not None else f"must be at least {low}"
        case Below(bound=bound):
            return f"must be below {bound}" if value >= bound else ""
        case Range() as bounds:
            return "" if bounds.holds(value) else f"must be {bounds.words()}"
        case Options() as options:
            return "" if value in options.values else f"must be one of {', '.join(map(str, options.values))}"
    return ""


def from_text(text: str, kind: Any) -> Any:
    """A word of a form, header, path or `,string` field as bool, int, float or str; `_BAD` when it is none."""
    if kind is int:
        return int(text) if WHOLE.fullmatch(text) else _BAD
    if kind is float:
        return _finite(text) if len(text) <= _LONGEST and NUMBER.fullmatch(text) else _BAD
    if kind is bool:
        return boolean(text)
    return text


def boolean(text: str) -> Any:
    """1, 0, true and false in any case, as go-zero reads them; `_BAD` otherwise."""
    word = text.lower()
    return word in TRUE if word in TRUE or word in FALSE else _BAD


def is_bad(value: Any) -> bool:
    """Whether a reader of this module gave up."""
    return value is _BAD


def _finite(value: str | int | float) -> Any:
    try:
        number = float(value)
    except OverflowError:
        return _BAD
    return number if math.isfinite(number) else _BAD


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return _BAD
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return _BAD


def _exactly(kind: type[Any]) -> Callable[[Any], Any]:
    return lambda value: value if type(value) is kind else _BAD


_SCALARS: dict[Any, Callable[[Any], Any]] = {
    bool: _exactly(bool),
    int: _exactly(int),
    float: lambda value: _finite(value) if type(value) in (int, float) else _BAD,
    str: _exactly(str),
    bytes: _bytes,
}
_WORDS: dict[Any, str] = {
    bool: "must be true or false",
    int: "must be a whole number",
    float: "must be a number",
    str: "must be a string",
    bytes: "must be base64",
}
