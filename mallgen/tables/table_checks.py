"""Checks of one table as a whole: names, rows and numbered columns that the database refuses."""

from collections.abc import Iterator

from mallgen.diagnostics import Diagnostic
from mallgen.tables.drafts import Draft
from mallgen.tables.key_lengths import column_bytes, is_large, width
from mallgen.tables.model import Base, Dialect

_ROW_BYTES = 65535  # https://dev.mysql.com/doc/refman/8.0/en/column-count-limit.html
_PAGE_BYTES = 8126  # of 16 KiB: two rows have to fit into one
_HEAD = 5 + 6 + 7  # of each row, for its transaction
_LARGE = 12  # bytes of a row for a text or blob, which is stored elsewhere
_NAME = {Dialect.MYSQL: 64, Dialect.POSTGRES: 63}
_STRICT = frozenset(("INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"))


def check_table(draft: Draft, found: list[Diagnostic]) -> None:
    """Report what is wrong with a table, once for each flaw however often it is checked."""
    new = [one for one in _flaws(draft) if one not in draft.reported]
    draft.reported += new
    found += new


def _flaws(draft: Draft) -> Iterator[Diagnostic]:
    yield from _names(draft)
    if draft.select or not draft.is_complete:
        return
    if draft.dialect is Dialect.MYSQL:
        yield from _bytes(draft)
        yield from _page(draft)
        yield from _numbered(draft)
    elif draft.dialect is Dialect.SQLITE:
        yield from _sqlite(draft)


def _names(draft: Draft) -> Iterator[Diagnostic]:
    """Yield a finding for each name that is too long."""
    longest = _NAME.get(draft.dialect, 1 << 30)
    for name, span in ((draft.name, draft.span), *((one.name, one.span) for one in draft.columns.values())):
        size = len(name.encode("utf-8", "replace")) if draft.dialect is Dialect.POSTGRES else len(name)
        if size > longest:
            unit = "bytes" if draft.dialect is Dialect.POSTGRES else "characters"
            message = f"the name `{name[:40]}…` has {size} {unit}; the database takes {longest}"
            yield Diagnostic("ddl-bad-length", message, span, "write a shorter name")
        if name.endswith(" ") and draft.dialect is Dialect.MYSQL:
            yield Diagnostic("ddl-syntax", f"the name `{name[:40]}` ends in a space", span, "delete the space")


def _bytes(draft: Draft) -> Iterator[Diagnostic]:
    """Yield a finding for a column or row that holds more than MySQL takes."""
    total = 0
    for column in draft.columns.values():
        if is_large(column):
            total += _LARGE
            continue
        size = column_bytes(column, draft)
        if size > _ROW_BYTES:
            most = _ROW_BYTES // width(column, draft)
            message = f"`{column.name}` has up to {size} bytes; a column of MySQL takes {_ROW_BYTES}"
            hint = f"write `{column.type.spelt.partition('(')[0]}({most})` or less, or `text`"
            yield Diagnostic("ddl-bad-length", message, column.span, hint)
            return
        total += size
    if total > _ROW_BYTES:
        message = f"a row of `{draft.name}` has up to {total} bytes; MySQL takes {_ROW_BYTES} beside texts and blobs"
        yield Diagnostic("ddl-bad-length", message, draft.span, "make long columns shorter, or `text`")


def _page(draft: Draft) -> Iterator[Diagnostic]:
    """Yield a warning for a row that does not fit into a page of InnoDB, with as much as can be stored elsewhere.

    MySQL counts 41 bytes of a longer text or blob, MariaDB 21 of one that may have more than 255 and all of others.
    """
    if draft.engine.lower() not in ("", "innodb"):
        return
    columns = [one for one in draft.columns.values() if one.generated is None or one.generated.stored]
    head = _HEAD + 6 * (not draft.key) + (sum(column.nullable for column in columns) + 7) // 8
    mysql = mariadb = head
    for column in columns:
        size = column_bytes(column, draft) if not is_large(column) else _ROW_BYTES
        varies = column.type.base is Base.TEXT or (column.type.base is Base.BYTES and not column.type.fixed)
        mysql += min(size, 40) + 1 if varies or is_large(column) else size
        mariadb += (21 if size > 255 else size + 1) if varies or is_large(column) else size
    if max(mysql, mariadb) >= _PAGE_BYTES:
        refusing = [name for name, total in (("MySQL", mysql), ("MariaDB", mariadb)) if total >= _PAGE_BYTES]
        message = f"a row of `{draft.name}` may not fit into a page of InnoDB in {' and '.join(refusing)}"
        yield Diagnostic("ddl-row-size", message, draft.span, "part the table", severity="warning")


def _numbered(draft: Draft) -> Iterator[Diagnostic]:
    """Yield a finding for a column that MySQL cannot number: it is the second one, or begins no key."""
    autos = [column for column in draft.columns.values() if column.auto]
    for column in autos[1:]:
        message = f"`{column.name}` is the second column of `{draft.name}` that the database numbers"
        hint = "there can be one: delete AUTO_INCREMENT"
        yield Diagnostic("ddl-bad-auto-increment", message, column.span, hint)
    begins = {draft.folded(one.columns[0]) for one in draft.indexes.values() if one.columns}
    if autos and draft.folded(autos[0].name) not in {*begins, *map(draft.folded, draft.key[:1])}:
        message = f"`{autos[0].name}` is numbered by the database and begins no key"
        name = autos[0].name.replace("`", "``")
        yield Diagnostic("ddl-bad-auto-increment", message, autos[0].span, f"add PRIMARY KEY (`{name}`)")


def _sqlite(draft: Draft) -> Iterator[Diagnostic]:
    """Yield a finding for a column that SQLite cannot number, and for a type that its STRICT tables have not."""
    single = draft.column(draft.key[0]) if len(draft.key) == 1 and draft.has_rowid else None
    for column in draft.columns.values():
        if column.auto and (column is not single or column.type.spelt.upper() != "INTEGER"):
            message = f"`{column.name}` is no INTEGER PRIMARY KEY, which alone SQLite numbers"
            yield Diagnostic("ddl-bad-auto-increment", message, column.span, "write `INTEGER PRIMARY KEY`")
        if draft.is_strict and column.type.spelt.partition("(")[0].strip().upper() not in _STRICT:
            message = f"`{column.type.spelt[:60]}` is no type of a STRICT table"
            hint = "write INT, INTEGER, REAL, TEXT, BLOB or ANY"
            yield Diagnostic("ddl-unknown-type", message, column.span, hint)
