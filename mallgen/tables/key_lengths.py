"""The bytes that MySQL's columns take, and keys that are too long for it."""

from collections.abc import Sequence
from typing import NamedTuple

from mallgen.tables.cursor import Cursor, Name
from mallgen.tables.drafts import Draft
from mallgen.tables.model import Base, Column, ColumnType, Dialect
from mallgen.text.span import Span

_KEY_BYTES = 3072  # https://dev.mysql.com/doc/refman/8.0/en/innodb-limits.html
_WIDTHS = {"utf8mb4": 4, "utf16": 4, "utf16le": 4, "utf32": 4, "gb18030": 4, "utf8": 3, "utf8mb3": 3, "ujis": 3}
_WIDTHS |= dict.fromkeys(("gbk", "gb2312", "big5", "sjis", "cp932", "euckr", "ucs2", "eucjpms"), 2)
_WIDTHS["eucjpms"] = 3
_FIXED = {Base.DATE: 3, Base.YEAR: 1, Base.ENUM: 2, Base.UUID: 16}


class Part(NamedTuple):
    """A part of a key: a column's name, or an expression (without a name); `length` of a prefix."""

    name: Name | None
    length: int = 0


def is_large(column: Column) -> bool:
    """Return whether MySQL stores a column's values beside the row: texts, blobs and JSON."""
    word = column.type.spelt.lower().partition("(")[0].split(" ")[0]
    return column.type.base is Base.JSON or word.endswith(("text", "blob")) or word == "long"


def width(column: Column, draft: Draft) -> int:
    """Return the most bytes of one character of a column."""
    if column.type.base is not Base.TEXT:
        return 1
    charset = column.charset or column.collation.partition("_")[0] or draft.charset or "utf8mb4"
    return _WIDTHS.get(charset.lower(), 1)


_WIDER = {"tinytext": ("text", 65535), "text": ("mediumtext", 16_777_215), "mediumtext": ("longtext", 0)}


def widened(kind: ColumnType) -> ColumnType:
    """Return the type that a text has behind CONVERT TO a character set with more bytes to a character."""
    spelt, length = _WIDER.get(kind.spelt.lower(), (kind.spelt, kind.length))
    return kind._replace(spelt=spelt, length=length)


def column_bytes(column: Column, draft: Draft) -> int:
    """Return the most bytes that a column of a row takes, texts and blobs beside the row left out."""
    kind = column.type
    if kind.base in (Base.TEXT, Base.BYTES):
        return kind.length * width(column, draft)
    if kind.base is Base.DECIMAL:
        return sum(4 * (digits // 9) + (digits % 9 + 1) // 2 for digits in (kind.precision - kind.scale, kind.scale))
    if kind.base in (Base.TIME, Base.DATETIME):
        whole = 3 if kind.base is Base.TIME else 4 if kind.zoned else 5
        return whole + (kind.scale + 1) // 2
    if kind.base is Base.SET:
        return min((len(kind.values) + 7) // 8, 8)
    return _FIXED.get(kind.base, (kind.bits + 7) // 8)


def check_length(cursor: Cursor, draft: Draft, parts: Sequence[Part], span: Span) -> None:
    """Report a key that holds more than InnoDB takes, and parts that need a length or have a wrong one."""
    if draft.dialect is not Dialect.MYSQL:
        return
    total = 0
    for part in parts:
        column = draft.column(part.name.text) if part.name is not None else None
        if column is None or part.name is None:
            continue
        if is_large(column) and not part.length:
            message = f"`{column.name}` is {_article(column)} and stands in a key without a length"
            hint = f"write `{column.name}(100)`, or make the column a varchar"
            hint = "a JSON column has no key: index a generated column" if column.type.base is Base.JSON else hint
            cursor.report("ddl-key-length", message, part.name.span, hint)
            continue
        _prefix(cursor, column, part.name, part.length)
        whole = column_bytes(column, draft)
        prefix = part.length * width(column, draft)
        total += min(prefix, whole or prefix) if part.length else whole
    if total > _KEY_BYTES:
        message = f"this key has up to {total} bytes; InnoDB takes {_KEY_BYTES}"
        cursor.report("ddl-key-length", message, span, "make a column shorter, or give it a length in the key")


def _article(column: Column) -> str:
    word = column.type.spelt.split("(")[0].split(" ")[0].lower()
    return f"a {word}"


def _prefix(cursor: Cursor, column: Column, name: Name, length: int) -> None:
    """Report a prefix that is longer than its column, or of a number."""
    if not length:
        return
    if column.type.base not in (Base.TEXT, Base.BYTES):
        message = f"`{column.name}` is no text: a key takes it as a whole"
        cursor.report("ddl-key-length", message, name.span, "delete the length")
    elif column.type.length and length > column.type.length:
        message = f"the key takes {length} characters of `{column.name}`, which has {column.type.length}"
        cursor.report("ddl-key-length", message, name.span, "delete the length, or make it smaller")
