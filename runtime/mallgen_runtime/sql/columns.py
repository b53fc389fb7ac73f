"""Columns of numbers, texts and bytes: the Python values that each takes, and the way of a value to and from a driver.

A value that a column cannot keep exactly is refused before it is sent, on every database alike: SQLite itself would
take it, and MySQL would round it.
"""

from decimal import Context, Decimal
from struct import Struct
from typing import Any

from mallgen_runtime.sql.column import BIGGEST, Column, Convert
from mallgen_runtime.sql.connection import Dialect

_WIDE = Context(prec=200)  # MySQL has 65 digits, PostgreSQL 147 455; more are refused by quantize
_SINGLE, _BIGGEST = Struct("<f"), 3.4028234663852886e38
_EXACT_DIGITS = 15  # of a decimal in SQLite, whose numbers are doubles


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
            high = min(high, BIGGEST)

        def bind(value: Any) -> int:
            if type(value) is not int:
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
            if 0 <= value <= min(high, BIGGEST if dialect is not Dialect.MYSQL else high):
                return int(value)
            raise self.refused(f"the number must be from 0 to {high}")

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the number of a driver's bytes."""

        def read(value: Any) -> int:
            return int.from_bytes(value, "big") if isinstance(value, bytes) else int(value)

        return read


class BitStringColumn(Column, frozen=True):
    """PostgreSQL's bit strings, as texts of 0 and 1.

    They have at most `bits` characters, exactly so many if `fixed`; 0: no bound.
    """

    bits: int = 0
    fixed: bool = False

    def _bind(self, dialect: Dialect) -> Convert:
        def bind(value: Any) -> Any:
            if not isinstance(value, str) or set(value) - {"0", "1"}:
                raise self.refused("a str of 0 and 1 is needed")
            if self.bits and (len(value) > self.bits or (self.fixed and len(value) != self.bits)):
                few = "exactly" if self.fixed else "at most"
                raise self.refused(f"there are {len(value)} bits, not {few} {self.bits}")
            return _bit_string(value) if dialect is Dialect.POSTGRES else value

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the text of the driver's bit string."""
        return (lambda value: value.as_string().replace(" ", "")) if dialect is Dialect.POSTGRES else None


def _bit_string(text: str) -> Any:
    from asyncpg import BitString  # type: ignore[import-untyped]

    return BitString(text)


class FloatColumn(Column, frozen=True):
    """A column of floating point numbers; NaN and infinity are refused, because MySQL has neither.

    One of 32 bits gives back the shortest number that it keeps in the same way: 1.1 and not 1.10000002.
    """

    bits: int = 64

    def _bind(self, dialect: Dialect) -> Convert:
        check = self._typed((int, float), "a float")
        biggest = _BIGGEST if self.bits == 32 else 1.7976931348623157e308

        def bind(value: Any) -> float:
            check(value)
            number = float(value)
            if -biggest <= number <= biggest:
                return number if self.bits == 64 else _single(number)
            raise self.refused("the number must be finite and in the range of the column")

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return float, because SQLite may give an int; of single precision the shortest number."""
        if self.bits == 32:
            return _single
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
        if not self.precision:
            return lambda value: Decimal(repr(value) if isinstance(value, float) else value)
        exponent, text = Decimal(1).scaleb(-self.scale), f"%.{self.scale}f".__mod__

        def read(value: Any) -> Decimal:
            if type(value) is float:
                return Decimal(text(value))  # exact, as no more digits are written than a double keeps
            return Decimal(value).quantize(exponent, context=_WIDE)

        return read


class TextColumn(Column, frozen=True):
    """A column of texts of at most `length` characters; 0: no bound.

    `fixed`: CHAR, which keeps no spaces at the end, so a text that ends with one is refused.
    """

    length: int = 0
    fixed: bool = False

    def _bind(self, dialect: Dialect) -> Convert:
        length = self.length

        def bind(value: Any) -> str:
            if not isinstance(value, str):
                raise self.refused(f"a str is needed, not {type(value).__name__}")
            if length and len(value) > length:
                raise self.refused(f"the text has {len(value)} characters, more than {length}")
            if self.fixed and value.endswith(" "):
                raise self.refused("the text ends with a space, which CHAR does not keep")
            if "\0" in value or not _is_unicode(value):
                raise self.refused("the text has a NUL or half of a surrogate pair, which databases do not keep")
            return value

        return bind

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the text without the spaces that PostgreSQL adds to a CHAR."""
        return (lambda value: value.rstrip(" ")) if self.fixed and dialect is Dialect.POSTGRES else None


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


def _single(number: float) -> float:
    """Return the shortest number that single precision keeps as it keeps this one."""
    kept = _SINGLE.pack(number)
    exact: float = _SINGLE.unpack(kept)[0]
    shorter = (float(f"{exact:.{digits}g}") for digits in (6, 7, 8))
    return next((short for short in shorter if abs(short) <= _BIGGEST and _SINGLE.pack(short) == kept), exact)


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
