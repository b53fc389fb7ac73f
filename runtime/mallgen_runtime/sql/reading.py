"""Rows of a user's own query, as the struct that the user names."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from mallgen_runtime.sql.column import Column, Convert
from mallgen_runtime.sql.columns import BoolColumn, BytesColumn, DecimalColumn, FloatColumn
from mallgen_runtime.sql.connection import Dialect
from mallgen_runtime.sql.table import Plan
from mallgen_runtime.sql.time_columns import DateColumn, DatetimeColumn, TimeColumn
from mallgen_runtime.sql.value_columns import UuidColumn

RowT = TypeVar("RowT", bound=msgspec.Struct)
_UNIONS = (Union, UnionType)
_COLUMNS: dict[Any, type[Column]] = {
    bool: BoolColumn,
    bytes: BytesColumn,
    date: DateColumn,
    datetime: DatetimeColumn,
    Decimal: DecimalColumn,
    float: FloatColumn,
    time: TimeColumn,
    UUID: UuidColumn,
}


def rows_of(
    row: type[RowT],
    names: tuple[str, ...],
    found: Sequence[Sequence[Any]],
    dialect: Dialect,
    plan: Plan | None = None,
) -> list[RowT]:
    """Return rows as structs of the class `row`. Raises TypeError where columns and fields do not match.

    `plan` is that of a table whose row it is: the values of its columns are read as everywhere else.
    """
    fields, readers = _readers(row, names, dialect, plan)
    rows = []
    for values in found:
        own = dict(zip(fields, values, strict=True))
        for name, read in readers:
            if own[name] is not None:
                own[name] = read(own[name])
        rows.append(row(**own))
    return rows


@lru_cache(1024)
def _readers(
    row: type[msgspec.Struct], names: tuple[str, ...], dialect: Dialect, plan: Plan | None
) -> tuple[tuple[str, ...], list[tuple[str, Convert]]]:
    """Return the field of each column of a query, and the conversions by field."""
    known = {} if plan is None else plan.columns
    fields = {field.name: field for field in msgspec.structs.fields(row)}
    own = tuple(known[name].attribute if name in known else name for name in names)
    for name, attribute in zip(names, own, strict=True):
        if attribute not in fields:
            raise TypeError(f"the query has the column {name}, and {row.__name__} has no field of this name")
    for name, field in fields.items():
        if field.required and name not in own:
            raise TypeError(f"{row.__name__} needs {name}, and the query has no column of this name")
    hints = get_type_hints(row)
    readers = {column.attribute: column.reader(dialect) for column in known.values()}
    found = ((name, readers[name] if name in readers else _reader(hints[name], dialect)) for name in own)
    return own, [(name, read) for name, read in found if read is not None]


def _reader(hint: Any, dialect: Dialect) -> Convert | None:
    """Return the conversion of a driver's value to a type, None where there is nothing to convert."""
    options = [one for one in get_args(hint) if one is not NoneType] if get_origin(hint) in _UNIONS else [hint]
    column = _COLUMNS.get(options[0]) if len(options) == 1 else None
    return column("value").reader(dialect) if column is not None else None
