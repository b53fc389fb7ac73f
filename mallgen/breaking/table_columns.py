"""Rules about columns of tables that come, go, or have another name."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.breaking import BEHAVIOUR, ERROR, INFO, WARNING, table_rule
from mallgen.breaking.phases import AFTER, BEFORE, releases
from mallgen.rules import Finding

if TYPE_CHECKING:
    from mallgen.breaking.tables import TablesChange
    from mallgen.tables.model import Column


@table_rule("column-dropped", ERROR, BEHAVIOUR)
def column_dropped(change: "TablesChange") -> Iterator[Finding]:
    """A column is dropped: statements of the code that still runs name it, and its values are gone.

    Release code that does not use the column first, and drop it when the last old process has stopped. Until then a
    column that is NOT NULL needs a DEFAULT, or the new code could insert no row.
    """
    for pair in change.tables:
        for column in pair.change.dropped:
            message = f"`{pair.name}` has no column `{column.name}` any more"
            hint = "release code that does not use it first, and keep it until then"
            if not _is_given(column):
                hint += ", with a DEFAULT: the new code inserts rows without it"
            yield pair.finding(message, hint, AFTER, was=column.span, dropped=(column,))


@table_rule("column-renamed", ERROR, BEHAVIOUR)
def column_renamed(change: "TablesChange") -> Iterator[Finding]:
    """A column has another name: the code that still runs names the old one, the new code the new one.

    No moment suits both, so that it takes two releases: the new column beside the old one, written together; then the
    old one goes. A column counts as renamed when one of the same type and default stands between the same neighbours;
    where another one was meant, it is a drop and an addition, and just as breaking.
    """
    from mallgen.breaking.tables import renaming

    for names, _ in change.databases:
        for one in names.columns:
            old, new = one.old.name, one.new.name
            steps = (
                f"add `{new}` beside `{old}`, write both and read `{old}`; fill `{new}` in the rows that are there",
                f"read and write `{new}` alone; drop `{old}` when that is rolled out everywhere",
            )
            message = f"`{one.table.name}.{old}` is named `{new}` now"
            hint = f"keep `{old}`, or go by the two releases; if `{new}` is another column, drop `{old}` after it"
            facts = renaming(names.canon, one.table.name, old, new)
            yield change.finding(message, hint, releases(*steps), one.new.span, one.old.span, one.table, facts)


@table_rule("column-added", INFO, BEHAVIOUR)
def column_added(change: "TablesChange") -> Iterator[Finding]:
    """A column is added that rows can do without: it may be NULL, or has a DEFAULT.

    The code that still runs does not name it, and inserts rows without it. The migration runs before the new code,
    which reads it. Only statements with `SELECT *` or INSERT without names of columns would notice.
    """
    for pair in change.tables:
        for column in pair.change.added:
            if _is_given(column):
                message = f"`{pair.name}` has a new column `{column.name}`"
                yield pair.finding(message, "", BEFORE, span=column.span, added=(column,))


@table_rule("column-added-required", ERROR, BEHAVIOUR)
def column_added_required(change: "TablesChange") -> Iterator[Finding]:
    """A column is added that is NOT NULL and has no DEFAULT: the code that still runs can insert no row.

    PostgreSQL and SQLite refuse to add it to a table with rows, MySQL fills these with an empty text or 0. Add it with
    a DEFAULT, or so that it may be NULL; the new code writes it. In a later release it can be what it is to be.
    """
    for pair in change.tables:
        for column in pair.change.added:
            if not _is_given(column):
                steps = (
                    "add it with a DEFAULT, or so that it may be NULL, before code that writes it; fill the rows",
                    "run this migration, when that code is rolled out everywhere",
                )
                message = f"`{pair.name}` has a new column `{column.name}`, which is NOT NULL and has no DEFAULT"
                hint = "give it a DEFAULT, or let it be NULL until all code writes it"
                yield pair.finding(message, hint, releases(*steps), span=column.span, added=(column,))


@table_rule("column-not-null", ERROR, BEHAVIOUR)
def column_not_null(change: "TablesChange") -> Iterator[Finding]:
    """A column that could be NULL is NOT NULL: rows that have NULL stop the migration, and old code may write more.

    The new code reads the column as one that has always a value, the old one may leave it out. So the code that writes
    a value comes first, then the rows are filled, then the migration runs, and then comes the code that relies on it.
    """
    for pair in change.tables:
        for old, new in pair.change.changed:
            if _is_null(old, pair.old.key) and not _is_null(new, pair.new.key):
                steps = (
                    f"code that always writes `{new.name}` and still reads NULL; then fill the rows that have NULL",
                    "run the migration, then roll out code that expects no NULL",
                )
                message = f"`{pair.name}.{new.name}` could be NULL and is NOT NULL now"
                hint = "leave it as it is until all code writes it and no row has NULL"
                yield pair.altered(message, hint, releases(*steps), old, old._replace(nullable=False, span=new.span))


@table_rule("column-nullable", WARNING, BEHAVIOUR)
def column_nullable(change: "TablesChange") -> Iterator[Finding]:
    """A column that was NOT NULL may be NULL: the code that still runs does not expect None there.

    The migration itself does no harm; the first row with NULL does. Roll out code that reads NULL before the one that
    writes it. The attribute of the generated row may be None now, which a type checker shows where it is used.
    """
    for pair in change.tables:
        for old, new in pair.change.changed:
            if not _is_null(old, pair.old.key) and _is_null(new, pair.new.key):
                steps = (
                    f"run the migration, and roll out code that reads NULL in `{new.name}` and writes none",
                    "code that writes NULL",
                )
                message = f"`{pair.name}.{new.name}` was NOT NULL and may be NULL now"
                hint = "write no NULL before the code that reads it is rolled out everywhere"
                yield pair.altered(message, hint, releases(*steps), old, old._replace(nullable=True, span=new.span))


def _is_given(column: "Column") -> bool:
    """Return whether a row can be inserted that does not name the column."""
    return column.nullable or column.default is not None or column.auto or column.generated is not None


def _is_null(column: "Column", key: tuple[str, ...]) -> bool:
    return column.nullable and column.name not in key
