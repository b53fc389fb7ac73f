"""Checks of a default beside its column's type: what the database would refuse, at its place."""

import re
from collections.abc import Callable

from mallgen.tables.cursor import Cursor
from mallgen.tables.defaults import ReadDefault
from mallgen.tables.model import DATED, Base, ColumnType, DefaultKind, Dialect
from mallgen.text.span import SpanEdit

_NUMBER = re.compile(r"\s*[-+]?(\d*)(?:\.\d*)?(?:[eE][-+]?\d{1,3})?\s*")
_DATE = re.compile(
    r"\s*(\d{2,4})\D(\d{1,2})\D(\d{1,2})(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d*)?)?.*)?\s*", re.S
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TRUTH = frozenset("t f true false y n yes no on off 1 0".split())


def check_default(
    cursor: Cursor, column: str, type_: ColumnType, read: ReadDefault, with_null: tuple[SpanEdit, ...]
) -> None:
    """Report a default that the column's type cannot hold; `with_null` are edits that make it NULL."""
    if read.value is None:
        return
    if read.value.kind is DefaultKind.NOW:
        _check_now(cursor, column, type_, read)
        return
    if read.value.kind is DefaultKind.EXPRESSION:
        return
    if _is_large(type_, cursor.dialect):
        message = f"MySQL refuses a literal as the default of `{type_.spelt}`; MariaDB takes it"
        hint, edits = "write it in brackets: DEFAULT ('…')", cursor.bracketed(read.span)
        cursor.report("ddl-text-default", message, read.span, hint, "warning", edits=edits)
        return
    text, is_text = read.value.text, read.value.is_text
    if _is_zero_date(type_, text):
        message = f"the default of `{column}` is a date that no calendar has, which NO_ZERO_DATE refuses"
        hint = "make the column nullable: NULL DEFAULT NULL"
        cursor.report("ddl-zero-date", message, read.span, hint, edits=with_null)
        return
    check = _CHECKS.get(type_.base)
    reason = check(type_, text, is_text, cursor.dialect) if check is not None else ""
    if reason:
        shown = f"'{text[:40]}'" if is_text else text[:40]
        message = f"the default {shown} of `{column}` {reason}"
        cursor.report("ddl-bad-default", message, read.span, f"write a value of `{type_.spelt[:60]}`, or no DEFAULT")


def _is_large(type_: ColumnType, dialect: Dialect) -> bool:
    if dialect is not Dialect.MYSQL:
        return False
    word = type_.spelt.lower().partition("(")[0].split(" ")[0]
    return type_.base is Base.JSON or word.endswith(("text", "blob"))


def _check_now(cursor: Cursor, column: str, type_: ColumnType, read: ReadDefault) -> None:
    assert read.value is not None
    bracketed = read.value.text.startswith("(")
    if cursor.dialect is not Dialect.MYSQL or bracketed:
        return
    if type_.base is not Base.DATETIME:
        message = f"the current time is no default of `{column}`, which is no DATETIME or TIMESTAMP"
        cursor.report("ddl-bad-default", message, read.span, f"write it in brackets: `({read.value.text})`")
    elif read.digits != type_.scale:
        now = f"CURRENT_TIMESTAMP({type_.scale})" if type_.scale else "CURRENT_TIMESTAMP"
        message = f"`{column}` has {type_.scale} fractional digits and its default {read.digits}, which MySQL refuses"
        edits = (SpanEdit(read.span, now),)
        cursor.report("ddl-bad-default", message, read.span, f"write `{now}`", edits=edits)


def _is_zero_date(type_: ColumnType, text: str) -> bool:
    if type_.base not in DATED:
        return False
    found = _DATE.fullmatch(text)
    if found is None:
        return bool(text.strip()) and set(text) <= set("0-: .")
    return 0 in (int(found[2]), int(found[3]))


def _number(type_: ColumnType, text: str, is_text: bool, dialect: Dialect) -> str:
    found = _NUMBER.fullmatch(text)
    if found is None or not text.strip():
        return "" if text.startswith(("0x", "0b", "b'", "B'", "x'", "X'")) and not is_text else "is no number"
    whole = found[1].lstrip("0")
    if type_.base is Base.INT and "." not in text and "e" not in text.lower():
        negative = text.strip().startswith("-")
        if len(whole) > 20 or _out_of_range(type_, int(whole or 0), negative):
            return "does not fit into its type"
    if type_.base is Base.DECIMAL and type_.precision and len(whole) > type_.precision - type_.scale:
        return "has more digits than its type"
    return ""


def _out_of_range(type_: ColumnType, value: int, negative: bool) -> bool:
    if type_.unsigned:
        return value >= 1 << type_.bits or (negative and value > 0)
    return value > (1 << (type_.bits - 1)) - (not negative)


def _truth(type_: ColumnType, text: str, is_text: bool, dialect: Dialect) -> str:
    if dialect is Dialect.POSTGRES:
        right = text.lower() in (_TRUTH if is_text else ("true", "false"))
        return "" if right else "is neither true nor false"
    return _number(type_._replace(base=Base.INT), text, is_text, dialect)


def _characters(type_: ColumnType, text: str, is_text: bool, dialect: Dialect) -> str:
    if type_.length and len(text) > type_.length and is_text:
        return f"is longer than {type_.length} characters"
    return ""


def _day(type_: ColumnType, text: str, is_text: bool, dialect: Dialect) -> str:
    found = _DATE.fullmatch(text)
    if found is None:
        return "" if dialect is not Dialect.MYSQL or (text.isdecimal() and len(text) >= 6) else "is no date"
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = 0 if not 1 <= month <= 12 else 28 if month == 2 and not leap else _DAYS[month - 1]
    if not 1 <= day <= days or hour > 23 or minute > 59 or second > 59:
        return "is no date"
    early = (year, month, day, hour, minute, second) < (1970, 1, 1, 0, 0, 1) and len(found[1]) == 4
    return "lies before 1970, where a TIMESTAMP begins" if type_.zoned and dialect is Dialect.MYSQL and early else ""


def _member(type_: ColumnType, text: str, is_text: bool, dialect: Dialect) -> str:
    known = {value.casefold() if dialect is Dialect.MYSQL else value for value in type_.values}
    asked = text.split(",") if type_.base is Base.SET and text else [text] if type_.base is Base.ENUM else []
    if all((one.casefold() if dialect is Dialect.MYSQL else one) in known for one in asked) or not known:
        return ""
    return "is none of its values"


_CHECKS: dict[Base, Callable[[ColumnType, str, bool, Dialect], str]] = {
    Base.INT: _number,
    Base.FLOAT: _number,
    Base.DECIMAL: _number,
    Base.YEAR: _number,
    Base.BOOL: _truth,
    Base.TEXT: _characters,
    Base.DATE: _day,
    Base.DATETIME: _day,
    Base.ENUM: _member,
    Base.SET: _member,
}
