"""Columns of a table: the Python values that each takes, and the way of a value to and from a driver.

A value that a column cannot keep exactly is refused before it is sent, on every database alike: SQLite itself would
take it, and MySQL would round it.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from mallgen_runtime.sql.connection import Dialect
from mallgen_runtime.sql.errors import ValueRefused

Convert: TypeAlias = Callable[[Any], Any]
_BIGGEST = (1 << 63) - 1  # of SQLite's integers and PostgreSQL's bigint
_WIDE = Context(prec=200)  # MySQL has 65 digits, PostgreSQL 147 455; more are refused by quantize
_LONGEST = timedelta(hours=838, minutes=59, seconds=59)
_EXACT_DIGITS = 15  # of a decimal in SQLite, whose numbers are doubles


_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
_BLOBS = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
LIVE_TYPES = {
    Dialect.MYSQL: {
        "BoolColumn": ("tinyint", "bit"),
        "IntColumn": _INTEGERS,
        "YearColumn": ("year", "smallint"),
        "BitsColumn": ("bit", "bigint"),
        "FloatColumn": ("float", "double"),
        "DecimalColumn": ("decimal",),
        "TextColumn": _TEXTS,
        "BytesColumn": _BLOBS,
        "DateColumn": ("date",),
        "TimeColumn": ("time",),
        "DatetimeColumn": ("datetime", "timestamp"),
        "JsonColumn": ("json", "longtext"),
        "EnumColumn": ("enum", *_TEXTS),
        "SetColumn": ("set", *_TEXTS),
        "UuidColumn": ("char", "varchar", "uuid"),
        "ArrayColumn": ("json", "longtext"),
    },
    Dialect.POSTGRES: {
        "BoolColumn": ("bool",),
        "IntColumn": ("int2", "int4", "int8"),
        "YearColumn": ("int2", "int4"),
        "BitsColumn": ("int8",),
        "FloatColumn": ("float4", "float8"),
        "DecimalColumn": ("numeric",),
        "TextColumn": ("text", "varchar", "bpchar", "citext", "name"),
        "BytesColumn": ("bytea",),
        "DateColumn": ("date",),
        "TimeColumn": ("time", "int8"),
        "DatetimeColumn": ("timestamptz", "timestamp"),
        "JsonColumn": ("json", "jsonb"),
        "EnumColumn": ("text", "varchar"),
        "SetColumn": ("text", "varchar"),
        "UuidColumn": ("uuid",),
    },
    Dialect.SQLITE: {},
}


class _Named(msgspec.Struct, frozen=True):
    name: str


class Column(_Named, frozen=True, kw_only=True):
    """A column of a table.

    `attr` is its attribute in the row where that is not its name. `null`: it may be NULL. `has_default`: a new row need
    not give it. `auto`: the database numbers it. `on_update`: it has the time of the last change. `made`: the database
    computes it from other columns.
    """

    attr: str = ""
    null: bool = False
    has_default: bool = False
    auto: bool = False
    on_update: bool = False
    made: bool = False

    @property
    def attribute(self) -> str:
        """The attribute of the row."""
        return self.attr or self.name

    def fits(self, dialect: Dialect, type_name: str) -> bool:
        """Return whether a type of the database, in lower case without its length, keeps the column's values."""
        known = LIVE_TYPES[dialect].get(type(self).__name__)
        return known is None or type_name in known

    def refused(self, reason: str) -> ValueRefused:
        """Return the error for a value that the column does not take."""
        return ValueRefused(f"{self.name}: {reason}")

    def binder(self, dialect: Dialect) -> Convert:
        """Return the function that checks a value and makes the driver's of it. It raises ValueRefused."""
        convert = self._bind(dialect)

        def bind(value: Any) -> Any:
            if value is not None:
                return convert(value)
            if self.null:
                return None
            raise self.refused("NULL is not allowed")

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the function that makes the row's value of a driver's, which is never None; None: they are equal."""
        return None

    def _bind(self, dialect: Dialect) -> Convert:
        raise NotImplementedError

    def _typed(self, kind: type | tuple[type, ...], word: str) -> Callable[[Any], None]:
        """Return a check that a value has a type; a bool is no number."""

        def check(value: Any) -> None:
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise self.refused(f"{word} is needed, not {type(value).__name__}")

        return check


class BoolColumn(Column, frozen=True):
    """A column of True and False."""

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed(bool, "a bool")

        def bind(value: Any) -> Any:
            check(value)
            return value if dialect is Dialect.POSTGRES else int(value)

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return bool where the database keeps a number."""
        return None if dialect is Dialect.POSTGRES else bool


class IntColumn(Column, frozen=True):
    """A column of whole numbers of `bits` bits."""

    bits: int = 32
    unsigned: bool = False

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the greatest value."""
        half = 1 << (self.bits - 1)
        return (0, 2 * half - 1) if self.unsigned else (-half, half - 1)

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed(int, "an int")
        low, high = self.bounds
        if dialect is not Dialect.MYSQL:
            high = min(high, _BIGGEST)

        def bind(value: Any) -> int:
            check(value)
            if low <= value <= high:
                return int(value)
            raise self.refused(f"the number must be from {low} to {high}")

        return bind


class YearColumn(Column, frozen=True):
    """MySQL's YEAR: 0, and 1901 to 2155."""

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed(int, "an int")

        def bind(value: Any) -> int:
            check(value)
            if value == 0 or 1901 <= value <= 2155:
                return int(value)
            raise self.refused("the year must be from 1901 to 2155")

        return bind


class BitsColumn(Column, frozen=True):
    """A column of `bits` bits, as a whole number."""

    bits: int = 1

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed(int, "an int")
        high = (1 << self.bits) - 1

        def bind(value: Any) -> int:
            check(value)
            if 0 <= value <= min(high, _BIGGEST if dialect is not Dialect.MYSQL else high):
                return int(value)
            raise self.refused(f"the number must be from 0 to {high}")

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the number of a driver's bytes."""

        def read(value: Any) -> int:
            return int.from_bytes(value, "big") if isinstance(value, bytes) else int(value)

        return read


class FloatColumn(Column, frozen=True):
    """A column of floating point numbers; NaN and infinity are refused, because MySQL has neither."""

    bits: int = 64

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed((int, float), "a float")
        biggest = 3.4028234663852886e38 if self.bits == 32 else 1.7976931348623157e308

        def bind(value: Any) -> float:
            check(value)
            number = float(value)
            if -biggest <= number <= biggest:
                return number
            raise self.refused("the number must be finite and in the range of the column")

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return float, because SQLite may give an int."""
        return float if dialect is Dialect.SQLITE else None


class DecimalColumn(Column, frozen=True):
    """A column of decimals of `precision` digits, `scale` of them after the point; 0 digits: any."""

    precision: int = 0
    scale: int = 0

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed((int, Decimal), "a Decimal")
        exponent = Decimal(1).scaleb(-self.scale)
        limit = Decimal(10) ** (self.precision - self.scale) if self.precision else None

        def bind(value: Any) -> Any:
            check(value)
            number = Decimal(value)
            if not number.is_finite():
                raise self.refused("the number must be finite")
            if limit is not None:
                if not -limit < number < limit:
                    raise self.refused(
                        f"the number has more than {self.precision - self.scale} digits before the point"
                    )
                if number != (number := number.quantize(exponent, context=_WIDE)):
                    raise self.refused(f"the number has more than {self.scale} digits after the point")
            if dialect is not Dialect.SQLITE:
                return number
            if len(number.normalize(_WIDE).as_tuple().digits) > _EXACT_DIGITS:
                raise self.refused(f"SQLite keeps {_EXACT_DIGITS} digits exactly; use another database for more")
            return str(number)

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the exact decimal of SQLite's number."""
        if dialect is not Dialect.SQLITE:
            return None
        exponent = Decimal(1).scaleb(-self.scale)

        def read(value: Any) -> Decimal:
            number = Decimal(repr(value) if isinstance(value, float) else value)
            return number.quantize(exponent, context=_WIDE) if self.precision else number

        return read


class TextColumn(Column, frozen=True):
    """A column of texts of at most `length` characters; 0: no bound."""

    length: int = 0

    def _bind(self, dialect: Dialect) -> Convert:
        length = self.length

        def bind(value: Any) -> str:
            if not isinstance(value, str):
                raise self.refused(f"a str is needed, not {type(value).__name__}")
            if length and len(value) > length:
                raise self.refused(f"the text has {len(value)} characters, more than {length}")
            if "\0" in value or not _is_unicode(value):
                raise self.refused("the text has a NUL or half of a surrogate pair, which databases do not keep")
            return value

        return bind


class BytesColumn(Column, frozen=True):
    """A column of at most `length` bytes; 0: no bound. `fixed`: of exactly so many."""

    length: int = 0
    fixed: bool = False

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed((bytes, bytearray, memoryview), "bytes")

        def bind(value: Any) -> bytes:
            check(value)
            data = bytes(value)
            if self.length and (len(data) > self.length or (self.fixed and len(data) != self.length)):
                few = "exactly" if self.fixed else "at most"
                raise self.refused(f"there are {len(data)} bytes, not {few} {self.length}")
            return data

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return bytes, because a driver may give a text or a view."""
        return lambda value: value.encode() if isinstance(value, str) else bytes(value)


class DateColumn(Column, frozen=True):
    """A column of dates."""

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> Any:
            if not isinstance(value, date) or isinstance(value, datetime):
                raise self.refused(f"a date is needed, not {type(value).__name__}")
            return value.isoformat() if dialect is Dialect.SQLITE else value

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the date of SQLite's text."""
        return date.fromisoformat if dialect is Dialect.SQLITE else None


class DatetimeColumn(Column, frozen=True):
    """A column of instants with `digits` digits after the second; finer parts are cut off.

    A datetime must know its zone. SQLite keeps it as text in UTC.
    """

    digits: int = 0

    def _bind(self, dialect: Dialect) -> Convert:
        step = 10 ** (6 - self.digits)
        width = 19 if not self.digits else 20 + self.digits

        def bind(value: Any) -> Any:
            if not isinstance(value, datetime):
                raise self.refused(f"a datetime is needed, not {type(value).__name__}")
            if value.utcoffset() is None:
                raise self.refused("the datetime needs a zone: datetime.now(UTC), not datetime.now()")
            whole = value.replace(microsecond=value.microsecond // step * step)
            if dialect is not Dialect.SQLITE:
                return whole
            return f"{whole.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'microseconds')}"[:width]

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the instant of SQLite's text."""
        return _instant if dialect is Dialect.SQLITE else None


def _instant(value: Any) -> datetime:
    found = datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


class TimeColumn(Column, frozen=True):
    """A column of times of the day; `span`: MySQL's TIME, which is a timedelta of up to 838 hours either way."""

    digits: int = 0
    span: bool = False

    def _bind(self, dialect: Dialect) -> Convert:
        step = 10 ** (6 - self.digits)

        def bind(value: Any) -> Any:
            if not self.span and isinstance(value, time):
                whole = value.replace(microsecond=value.microsecond // step * step)
                return whole.isoformat() if dialect is Dialect.SQLITE else whole
            if not self.span or not isinstance(value, timedelta):
                word = "timedelta" if self.span else "time"
                raise self.refused(f"a {word} is needed, not {type(value).__name__}")
            if not -_LONGEST <= value <= _LONGEST:
                raise self.refused("the time must be from -838:59:59 to 838:59:59")
            micros = value // timedelta(microseconds=1) // step * step
            return timedelta(microseconds=micros) if dialect is Dialect.MYSQL else micros

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the time of a driver's value; only MySQL has spans, elsewhere they are microseconds."""
        if not self.span:
            return _time_of_day
        return None if dialect is Dialect.MYSQL else lambda value: timedelta(microseconds=value)


def _time_of_day(value: Any) -> time:
    if isinstance(value, str):
        return time.fromisoformat(value)
    return (datetime.min + value).time() if isinstance(value, timedelta) else value


class JsonColumn(Column, frozen=True):
    """A column of JSON values: what msgspec reads, numbers of any size included."""

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> str:
            try:
                return msgspec.json.encode(value).decode()
            except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as problem:
                raise self.refused(f"the value cannot be JSON: {problem}") from None

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the value of a JSON text."""
        return lambda value: msgspec.json.decode(value) if isinstance(value, str | bytes) else value


class EnumColumn(Column, frozen=True):
    """A column with one of some texts."""

    values: tuple[str, ...] = ()

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> Any:
            if value in self.values:
                return value
            raise self.refused(f"the value must be one of {', '.join(self.values)}")

        return bind


class SetColumn(Column, frozen=True):
    """MySQL's SET: a column with some of a few texts, as a frozenset."""

    values: tuple[str, ...] = ()

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> str:
            if isinstance(value, frozenset | set) and value <= set(self.values):
                return ",".join(word for word in self.values if word in value)
            raise self.refused(f"the value must be a set of {', '.join(self.values)}")

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the set of a text with commas."""
        return lambda value: frozenset(value.split(",")) if value else frozenset()


class UuidColumn(Column, frozen=True):
    """A column of UUIDs."""

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed(UUID, "a UUID")

        def bind(value: Any) -> Any:
            check(value)
            return value if dialect is Dialect.POSTGRES else str(value)

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the UUID of a text."""
        return lambda value: value if isinstance(value, UUID) else UUID(value)


class ArrayColumn(Column, frozen=True, kw_only=True):
    """PostgreSQL's array of one dimension; elsewhere it is kept as JSON."""

    item: Column

    def _bind(self, dialect: Dialect) -> Convert:
        inner = self.item.binder(dialect)

        def bind(value: Any) -> Any:
            if not isinstance(value, list | tuple):
                raise self.refused(f"a list is needed, not {type(value).__name__}")
            items = [inner(one) for one in value]
            return items if dialect is Dialect.POSTGRES else msgspec.json.encode(items).decode()

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the list of a driver's value."""
        inner = self.item.reader(dialect)

        def read(value: Any) -> list[Any]:
            items = msgspec.json.decode(value) if isinstance(value, str) else value
            return [one if one is None or inner is None else inner(one) for one in items]

        return read


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
