"""Values of requests as those of columns, and of columns as those of answers."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from mallgen_runtime.admin.tables import KEY_LENGTH
from mallgen_runtime.http.problems import ApiError, invalid
from mallgen_runtime.schema.errors import FieldError
from mallgen_runtime.sql.errors import DuplicateKey, ForeignKeyViolated, ValueRefused

T = TypeVar("T")


def given(kind: type[T], pairs: Iterable[tuple[str, Any]], cleared: Iterable[str] = ()) -> T:
    """Return the values that a request gives as a model takes them: `pairs` without None, `cleared` as NULL.

    `kind` is the model's class of values. Raises ApiError for a value that is none of its column, and for one of both.
    """
    found = {name: value for name, value in pairs if value is not None}
    gone = dict.fromkeys(cleared)
    if both := [name for name in gone if name in found]:
        raise invalid([FieldError("json", "clear", f"`{name}` has a value as well") for name in both])
    found.update(gone)
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as problem:
        text, _, where = str(problem).partition(" - at `$.")
        raise invalid([FieldError("json", where.rstrip("`"), text)]) from problem


def key_of(kind: type[T], text: str) -> T:
    """Return a part of a key that travels as text: a UUID, number, date or time. Raises ApiError."""
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError as problem:
        raise ApiError(400, "bad_key", str(problem)) from problem


def key_text(*key: Any) -> str:
    """Return a row's key as the trail has it: its parts as answers spell them, cut where the column ends."""
    return " ".join(map(text_of, key))[:KEY_LENGTH]


@contextmanager
def refusing() -> Iterator[None]:
    """Make answers of what a database refuses: 409 for a key that is taken or in use, 400 for a wrong value."""
    try:
        yield
    except DuplicateKey as problem:
        raise ApiError(409, "duplicate", "another row has this value already") from problem
    except ForeignKeyViolated as problem:
        raise ApiError(
            409, "referred", "a row that is referred to is missing, or others refer to this one"
        ) from problem
    except ValueRefused as problem:
        raise ApiError(400, "value_refused", str(problem)) from problem


def text_of(value: Any) -> str:
    """Return a number, date, time or UUID as JSON spells it."""
    return str(msgspec.to_builtins(value))


def texts_of(value: Iterable[str]) -> list[str]:
    """Return the values of a set in their order."""
    return sorted(value)
