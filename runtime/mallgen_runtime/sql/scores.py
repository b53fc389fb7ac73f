"""Columns as scores and members of sorted sets, whose order must be the database's.

A score is a double: whole numbers beyond 2**53 have none. Members with equal scores are sorted by their bytes: so
numbers have a fixed width there, and a text can only be a member if it has only digits, which all collations sort
alike.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any, NamedTuple
from uuid import UUID

from mallgen_runtime.sql.column import Column
from mallgen_runtime.sql.columns import (
    BitsColumn,
    BoolColumn,
    DecimalColumn,
    FloatColumn,
    IntColumn,
    TextColumn,
    YearColumn,
)
from mallgen_runtime.sql.time_columns import DateColumn, DatetimeColumn, TimeColumn
from mallgen_runtime.sql.value_columns import EnumColumn, UuidColumn

_EXACT = 1 << 53
_WIDTH = 20  # digits of an unsigned bigint
_WIDE = Context(prec=200)  # more digits than any column has
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
_WHOLE = (IntColumn, YearColumn, BitsColumn, BoolColumn, DateColumn, DatetimeColumn, DecimalColumn)


class Numbered(NamedTuple):
    """The values of a column as whole numbers of the same order, and back."""

    number: Callable[[Any], int]
    value: Callable[[int], Any]


def numbered(column: Column) -> Numbered | None:
    """Return a column's values as whole numbers in its smallest unit, None where it has none."""
    if isinstance(column, BoolColumn):
        return Numbered(int, bool)
    if isinstance(column, IntColumn | YearColumn | BitsColumn):
        return Numbered(int, int)
    if isinstance(column, DateColumn):
        return Numbered(date.toordinal, date.fromordinal)
    if isinstance(column, DatetimeColumn):
        unit = 10 ** (6 - column.digits)
        return Numbered(
            lambda value: (value - _EPOCH) // _MICRO // unit,
            lambda found: _EPOCH + timedelta(microseconds=found * unit),
        )
    if isinstance(column, DecimalColumn) and column.precision:
        scale = column.scale
        return Numbered(
            lambda value: int(value.scaleb(scale, _WIDE)), lambda found: Decimal(found).scaleb(-scale, _WIDE)
        )
    return None


def score_of(column: Column) -> Callable[[Any], float | None] | None:
    """Return the function that gives a value's score, None for one that has none; no function: no value has one."""
    if isinstance(column, FloatColumn):
        return float if column.bits == 64 else None
    if isinstance(column, TimeColumn):
        return _time_score
    found = numbered(column)
    if found is None:
        return None
    number = found.number

    def score(value: Any) -> float | None:
        whole = number(value)
        return float(whole) if -_EXACT <= whole <= _EXACT else None

    return score


class Part(NamedTuple):
    """A column as a part of a member, None for a value that cannot be one; and back."""

    text: Callable[[Any], str | None]
    value: Callable[[str], Any]


def part_of(column: Column) -> Part | None:
    """Return a column as a part of a member, whose parts are sorted as the column's values are."""
    if isinstance(column, UuidColumn):
        return Part(str, UUID)
    if isinstance(column, TextColumn):
        return Part(lambda given: given if given.isascii() and given.isdigit() else None, str)
    found = numbered(column)
    if found is None or (isinstance(column, DecimalColumn) and column.precision >= _WIDTH):
        return None
    number, value = found
    if number is int and value is int:
        return Part(_padded, _unpadded)
    return Part(lambda given: _padded(number(given)), lambda text: value(_unpadded(text)))


def can_choose(column: Column) -> bool:
    """Return whether values of a column can say which list a row is in; of texts the exact spelling is kept."""
    return isinstance(column, (*_WHOLE, TimeColumn, UuidColumn, EnumColumn, TextColumn))


def _padded(number: int) -> str:
    if number >= 0:
        return f"{number:0{_WIDTH}}"
    return f"-{10**_WIDTH - 1 + number:0{_WIDTH}}"


def _unpadded(text: str) -> int:
    return int(text[1:]) - 10**_WIDTH + 1 if text.startswith("-") else int(text)


def _time_score(value: Any) -> float | None:
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    return float(value // _MICRO)
