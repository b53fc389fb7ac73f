"""JSON into structs, as go-zero reads it, with every wrong field named.

msgspec reads the text into the type, then the rules of markers are checked on the fields that have one. Where that
fails, or a marker needs to know which keys came, plain values are read and walked. Of two equal keys the last counts.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Meta

from mallgen_runtime.schema import AsString, Below, Limit, NotNull, Options, Range, Together, With, Without
from mallgen_runtime.schema.errors import FieldError, shown
from mallgen_runtime.schema.reflection import Field, Type, any_marker, describe, fields, is_struct
from mallgen_runtime.schema.scalars import Holds, holds
from mallgen_runtime.schema.walking import Found, name_of, reader

T = TypeVar("T")
_WALKED = (AsString, Together, With, Without)  # these need to know how a field came, or whether
_CHECKED = (Below, Limit, NotNull, Options, Range)
_MANY = 60_000  # more objects are walked at once: msgspec would hold the interpreter for as long as it makes them all
_MOST, _SHORTEST = 100_000, 7  # `{"a":1}` has seven bytes: what is shorter only takes memory, fifty times its own
_NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)


class Wrong(Exception):
    """A JSON text with wrong fields."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(", ".join(f"{error.name} {error.reason}" for error in errors))
        self.errors = errors


class _Fast(NamedTuple):
    decoder: "msgspec.json.Decoder[Any]"
    keeps: Holds | None


@cache
def _fast(cls: Any) -> _Fast | None:
    """Return how to read a type while nothing is wrong; None when its text must be walked."""
    return None if any_marker(cls, _WALKED) else _Fast(msgspec.json.Decoder(cls), _Checks().of(describe(cls)))


def decode(data: bytes, cls: type[T], source: str = "json") -> T:
    """Return the value of a JSON text; an empty text is an empty object. Raises Wrong."""
    kind: Any = cls
    objects = data.count(b"{")
    if objects > _MOST and objects * _SHORTEST > len(data):
        raise Wrong([FieldError(source, "", f"has more than {_MOST} objects, and most of them are empty")])
    fast = None if not data or objects > _MANY else _fast(kind)
    if fast is not None:
        try:
            value: T = fast.decoder.decode(data)
            if fast.keeps is None or fast.keeps(value):
                return value
        except _NOT_JSON:
            pass  # the walk below says which fields are wrong
    made: T = convert(_parsed(data, source), cls, source)
    return made


_PLAIN: "msgspec.json.Decoder[Any]" = msgspec.json.Decoder()


def _parsed(data: bytes, source: str) -> Any:
    try:
        return _PLAIN.decode(data) if data.strip() else {}
    except RecursionError:
        raise Wrong([_too_deep(source)]) from None
    except _NOT_JSON as problem:
        raise Wrong([FieldError(source, "", f"is not JSON: {problem}")]) from None


def convert(value: Any, cls: Any, source: str = "json", *, nulls: bool = False) -> Any:
    """Turn plain values (dict, list, str, numbers) into `cls`. Raises Wrong.

    `nulls`: every pointer may be null, as in values that a service makes; only who reads asks that it is not.
    """
    found: Found = []
    try:
        made = reader(cls, nulls)(value, found)
    except RecursionError:
        raise Wrong([_too_deep(source)]) from None
    if found:
        raise Wrong([FieldError(source, shown(name_of(path)), reason) for path, reason in found])
    return made


def _too_deep(source: str) -> FieldError:
    return FieldError(source, "", "is nested too deeply")


class _Checks:
    """Compiles the rules of markers into one function that looks at marked fields only."""

    def __init__(self) -> None:
        self._structs: dict[Any, Holds | None] = {}

    def of(self, kind: Type) -> Holds | None:
        """Return a function that checks a value and all below it; None when there are no rules."""
        options = tuple(marker for marker in kind.markers if kind.origin is list and isinstance(marker, Options))
        own = _all(holds(marker) for marker in kind.markers if marker not in options and not isinstance(marker, Meta))
        return _optional(kind, _all((own, self._below(kind, options))))

    def _below(self, kind: Type, options: tuple[object, ...]) -> Holds | None:
        if is_struct(kind.origin):
            return self._struct(kind.origin)
        if kind.origin is list and kind.args:
            inner = describe(kind.args[0])
            item = self.of(inner._replace(markers=(*inner.markers, *options)))
            return item and _each(item)
        if kind.origin is dict and kind.args:
            key, item = (self.of(describe(arg)) for arg in kind.args)
            return _all((key and _each(key), item and (lambda value: all(map(item, value.values())))))
        return None

    def _struct(self, cls: Any) -> Holds | None:
        if cls not in self._structs:
            rows: list[tuple[str, Holds]] = []
            self._structs[cls] = _rows(rows) if any_marker(cls, _CHECKED) else None
            rows += [(field.name, rule) for field in fields(cls) if (rule := self._field(field))]
        return self._structs[cls]

    def _field(self, field: Field) -> Holds | None:
        limit = field.marker(Limit)  # outside of it the walk takes the default
        found = _all((self.of(field.kind), limit and _optional(field.kind, limit.holds)))
        if field.marker(NotNull):
            return _all((lambda value: value is not None, found))
        return found


def _all(rules: Iterable[Holds | None]) -> Holds | None:
    """Join rules into one; None where there are none."""
    found = [rule for rule in rules if rule is not None]
    if len(found) < 2:
        return found[0] if found else None
    return lambda value: all(rule(value) for rule in found)


def _optional(kind: Type, rule: Holds | None) -> Holds | None:
    return (lambda value: value is None or rule(value)) if rule and kind.nullable else rule


def _each(rule: Holds) -> Holds:
    return lambda values: all(map(rule, values))


def _rows(rows: list[tuple[str, Holds]]) -> Holds:
    def keeps(value: Any) -> bool:
        for name, rule in rows:
            item = getattr(value, name)
            if item is not UNSET and not rule(item):
                return False
        return True

    return keeps
