"""The bytes that MySQL's columns take, and the keys, rows and names that are too long for the databases."""

from collections.abc import Sequence
from typing import NamedTuple

from mallgen.tables.cursor import Cursor, Name
from mallgen.tables.drafts import Draft
from mallgen.tables.model import Base, Column, ColumnType, Dialect
from mallgen.text.span import Span

_KEY_BYTES, _ROW_BYTES = 3072, 65535  # https://dev.mysql.com/doc/refman/8.0/en/innodb-limits.html
_WIDTHS = {"utf8mb4": 4, "utf16": 4, "utf16le": 4, "utf32": 4, "gb18030": 4, "utf8": 3, "utf8mb3": 3, "ujis": 3}
_WIDTHS |= dict.fromkeys(("gbk", "gb2312", "big5", "sjis", "cp932", "euckr", "ucs2", "eucjpms"), 2)
_WIDTHS["eucjpms"] = 3
_FIXED = {Base.DATE: 3, Base.TIME: 6, Base.DATETIME: 8, Base.YEAR: 1, Base.ENUM: 2, Base.SET: 8, Base.UUID: 16}
_LARGE = 12  # bytes of a row for a text or blob, which is stored elsewhere
_NAME = {Dialect.MYSQL: 64, Dialect.POSTGRES: 63}


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


def _bytes(column: Column, draft: Draft) -> int:
    kind = column.type
    if kind.base in (Base.TEXT, Base.BYTES):
        return kind.length * width(column, draft)
    if kind.base is Base.DECIMAL:
        return kind.precision // 2 + 1
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
        whole = _bytes(column, draft)
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


def check_row(cursor: Cursor, draft: Draft) -> None:
    """Report names that are too long, and columns and rows that hold more than MySQL's 65535 bytes."""
    longest = _NAME.get(draft.dialect, 0)
    for name, span in ((draft.name, draft.span), *((one.name, one.span) for one in draft.columns.values())):
        size = len(name.encode("utf-8", "replace")) if draft.dialect is Dialect.POSTGRES else len(name)
        if longest and size > longest:
            unit = "bytes" if draft.dialect is Dialect.POSTGRES else "characters"
            message = f"the name `{name[:40]}…` has {size} {unit}; the database takes {longest}"
            cursor.report("ddl-bad-length", message, span, "write a shorter name")
    if draft.dialect is Dialect.MYSQL:
        _check_bytes(cursor, draft)


def _check_bytes(cursor: Cursor, draft: Draft) -> None:
    total = 0
    for column in draft.columns.values():
        if is_large(column):
            total += _LARGE
            continue
        each = width(column, draft)
        size = _bytes(column, draft)
        if size > _ROW_BYTES:
            message = f"`{column.name}` has up to {size} bytes; a column of MySQL takes {_ROW_BYTES}"
            hint = f"write `{column.type.spelt.partition('(')[0]}({_ROW_BYTES // each})` or less, or `text`"
            cursor.report("ddl-bad-length", message, column.span, hint)
            return
        total += size
    if total > _ROW_BYTES:
        message = f"a row of `{draft.name}` has up to {total} bytes; MySQL takes {_ROW_BYTES} beside texts and blobs"
        cursor.report("ddl-bad-length", message, draft.span, "make long columns shorter, or `text`")


def check_auto(cursor: Cursor, draft: Draft) -> None:
    """Report a column that the database cannot number: it is the second one, or begins no key."""
    autos = [column for column in draft.columns.values() if column.auto and draft.is_complete]
    if draft.dialect is Dialect.POSTGRES or not autos:
        return
    for column in autos[1:]:
        message = f"`{column.name}` is the second column of `{draft.name}` that the database numbers"
        cursor.report("ddl-bad-auto-increment", message, column.span, "there can be one: delete AUTO_INCREMENT")
    first, folded = autos[0], draft.folded(autos[0].name)
    begins = [columns[0] for columns in (draft.key, *(one.columns for one in draft.indexes.values())) if columns]
    if folded not in map(draft.folded, begins):
        message = f"`{first.name}` is numbered by the database and begins no key"
        cursor.report("ddl-bad-auto-increment", message, first.span, f"add PRIMARY KEY ({cursor.quoted(first.name)})")
