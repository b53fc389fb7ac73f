"""A column of a table: what each kind of column is asked."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from mallgen_runtime.sql.connection import Dialect
from mallgen_runtime.sql.errors import ValueRefused

Convert: TypeAlias = Callable[[Any], Any]
BIGGEST = (1 << 63) - 1  # of SQLite's integers and PostgreSQL's bigint

_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
_BLOBS = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
LIVE_TYPES = {
    Dialect.MYSQL: {
        "BoolColumn": ("tinyint", "bit"),
        "IntColumn": _INTEGERS,
        "YearColumn": ("year", "smallint"),
        "BitsColumn": ("bit", "bigint"),
        "BitStringColumn": _TEXTS,
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
        "BitStringColumn": ("bit", "varbit"),
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
