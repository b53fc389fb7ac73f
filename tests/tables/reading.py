"""DDL as short lines: what a test compares."""

from textwrap import dedent

from mallgen.tables.model import Column, DefaultKind, Dialect, Table
from mallgen.tables.read import DdlSource, Read, read


def of(text: str, dialect: Dialect | None = Dialect.MYSQL) -> Read:
    """Read one file."""
    return read([DdlSource("x.sql", dedent(text).lstrip("\n"))], dialect)


def model(text: str, dialect: Dialect | None = Dialect.MYSQL) -> list[str]:
    """Return the lines of all tables of a file that has no flaw."""
    found = of(text, dialect)
    assert found.diagnostics == (), flaws(text, dialect)
    return [line for table in found.schema.tables for line in lines(table)]


def flaws(text: str, dialect: Dialect | None = Dialect.MYSQL) -> list[str]:
    """Return the findings of a file: place, code and message; warnings have a `?`."""
    marks = {"error": "", "unfit": "!", "warning": "?"}
    return [
        f"{one.span.line}:{one.span.col} {marks[one.severity]}{one.code}: {one.message}"
        for one in of(text, dialect).diagnostics
        if one.span is not None
    ]


def lines(table: Table) -> list[str]:
    """Return a table as lines: its name, columns, indexes and references."""
    key = f" ({', '.join(table.key)})" if table.key else ""
    home = f"{table.database}." if table.database else ""
    found = [f"{'view' if table.select else 'table'} {home}{table.name}{key}{_comment(table.comment)}"]
    found += [f"  {column_line(column)}" for column in table.columns]
    for index in table.indexes:
        where = f" where {index.where}" if index.where else ""
        kind = "unique" if index.unique else "index"
        shape = "" if index.is_plain else " (not plain)"
        found.append(f"  {kind} {index.name} ({', '.join(index.columns)}){where}{shape}")
    for one in table.foreign_keys:
        found.append(f"  ({', '.join(one.columns)}) -> {one.target} ({', '.join(one.target_columns)})")
    return [*found, *(f"  check {check}" for check in table.checks)]


def column_line(column: Column) -> str:
    """Return a column as a line."""
    words = [column.name, column.type.spelt or column.type.base.value]
    words += [] if column.nullable else ["not null"]
    if column.default is not None:
        shown = f"'{column.default.text}'" if column.default.is_text else column.default.text
        words.append("= now" if column.default.kind is DefaultKind.NOW else f"= {shown}")
    words += ["auto"] if column.auto else []
    words += ["on update"] if column.on_update else []
    if column.generated is not None:
        words.append(f"as ({column.generated.expression}){' stored' if column.generated.stored else ''}")
    return " ".join(words) + _comment(column.comment)


def _comment(text: str) -> str:
    return f" -- {text}" if text else ""
