"""The options that the comment of a status column names: `1-在售,2-下架`, `0:off 1:on`."""

import re
from typing import NamedTuple

from mallgen.tables.model import Base, Column, DefaultKind

_MOST_BITS = 16  # a wider integer is a number or an id, whatever its comment says
_ONE = re.compile(
    r"(?P<value>-?[0-9]{1,5})[ \t]*(?P<sign>[-:=：.、]?)[ \t]*(?P<name>[^\W\d][^\d,，;；、/|()（）:：=]*)"
)
_BETWEEN = " \t\r\n,，;；、/|。.()（）"


class NamedValue(NamedTuple):
    """A value of a column and the name that its comment gives it."""

    value: int
    name: str


def named_values(column: Column) -> tuple[NamedValue, ...]:
    """Return the values that a comment names, none where it says anything else behind the first of them."""
    if column.type.base is not Base.INT or not 0 < column.type.bits <= _MOST_BITS:
        return ()
    found = named_in(column.comment)
    return found if found and _fits(column, found) else ()


def named_in(comment: str) -> tuple[NamedValue, ...]:
    """Return the values that a comment names, as `named_values` for a column of any type."""
    found, signs, end = [], 0, -1
    for match in _ONE.finditer(comment):
        if end >= 0 and comment[end : match.start()].strip(_BETWEEN):
            return ()
        found.append(NamedValue(int(match["value"]), match["name"].strip()))
        signs, end = signs + bool(match["sign"]), match.end()
    rest = comment[end:].strip(_BETWEEN) if found else ""
    is_told = len(found) > 1 or signs == 1
    return tuple(found) if is_told and not rest else ()


def _fits(column: Column, found: tuple[NamedValue, ...]) -> bool:
    """Return whether a column can have the values, each with one name, and its default is one of them."""
    values = {one.value for one in found}
    low = 0 if column.type.unsigned else -(1 << (column.type.bits - 1))
    default = column.default
    told = default is None or default.kind is not DefaultKind.LITERAL or default.text in {str(one) for one in values}
    return len(values) == len(found) and min(values) >= low and max(values) < low + (1 << column.type.bits) and told
