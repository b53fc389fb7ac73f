"""Rows as CSV that a spreadsheet cannot take for formulas."""

import csv
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-[0-9]{1,40}(\.[0-9]{1,40})?")
Rows = Callable[[str], Awaitable[tuple[list[Any], str]]]


async def csv_lines(names: Sequence[str], page: Rows) -> AsyncIterator[bytes]:
    """Yield the lines of all rows; `page` returns those behind a cursor and the next cursor."""
    rows, cursor = await page("")
    yield "\ufeff".encode() + _lines([names])
    while True:
        if rows:
            yield _lines([_cell(getattr(row, name)) for name in row.__struct_fields__] for row in rows)
        if not cursor:
            return
        rows, cursor = await page(cursor)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """Return a value as a cell; a text that begins as a formula, and is no number, has a quotation mark in front."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"'{text}" if text.startswith(_FORMULAS) and not _NUMBER.fullmatch(text) else text
