"""Columns of dates and times."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from mallgen_runtime.sql.column import Column, Convert
from mallgen_runtime.sql.connection import Dialect

_SOME_DAY = date(2000, 1, 2)
_LONGEST = timedelta(hours=838, minutes=59, seconds=59)


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


_from_text = datetime.fromisoformat


def _instant(value: Any) -> datetime:
    try:
        return _from_text(value + "+00:00")
    except ValueError:  # another program has written it with its zone
        return _from_text(value)


class TimeColumn(Column, frozen=True):
    """A column of times of the day.

    `span`: MySQL's TIME, which is a timedelta of up to 838 hours either way. `zoned`: PostgreSQL's TIME WITH TIME ZONE,
    whose values have an offset; MySQL keeps them in UTC.
    """

    digits: int = 0
    span: bool = False
    zoned: bool = False

    def _bind(self, dialect: Dialect) -> Convert:
        step = 10 ** (6 - self.digits)

        def bind(value: Any) -> Any:
            if not self.span and isinstance(value, time):
                return self._of_day(value.replace(microsecond=value.microsecond // step * step), dialect)
            if not self.span or not isinstance(value, timedelta):
                word = "timedelta" if self.span else "time"
                raise self.refused(f"a {word} is needed, not {type(value).__name__}")
            if not -_LONGEST <= value <= _LONGEST:
                raise self.refused("the time must be from -838:59:59 to 838:59:59")
            micros = value // timedelta(microseconds=1) // step * step
            return timedelta(microseconds=micros) if dialect is Dialect.MYSQL else micros

        return bind

    def _of_day(self, value: time, dialect: Dialect) -> Any:
        """Return the driver's value of a time of the day."""
        offset = value.utcoffset()
        if self.zoned and offset is None:
            raise self.refused("the time needs a zone: time(12, tzinfo=UTC), not time(12)")
        if not self.zoned and offset is not None:
            raise self.refused("the time has a zone, which the column does not keep")
        if dialect is Dialect.SQLITE:
            return value.isoformat()
        if offset is None or dialect is Dialect.POSTGRES:
            return value
        return (datetime.combine(_SOME_DAY, value) - offset).time()

    def reader(self, dialect: Dialect) -> Convert | None:
        """Return the time of a driver's value; only MySQL has spans, elsewhere they are microseconds."""
        if self.zoned and dialect is Dialect.MYSQL:
            return lambda value: _time_of_day(value).replace(tzinfo=UTC)
        if not self.span:
            return _time_of_day
        return None if dialect is Dialect.MYSQL else lambda value: timedelta(microseconds=value)


def _time_of_day(value: Any) -> time:
    if isinstance(value, str):
        return time.fromisoformat(value)
    return (datetime.min + value).time() if isinstance(value, timedelta) else value
