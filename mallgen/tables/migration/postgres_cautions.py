"""Warnings of what a change of PostgreSQL's tables does to rows and to other sessions.

The source: https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES.
"""

from collections.abc import Iterator

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import TableChange
from mallgen.tables.migration.narrowing import fits_in_place, is_cut
from mallgen.tables.migration.step import FAILS, LOCKS, LOSES, REWRITES, Caution
from mallgen.tables.model import Column, DefaultKind, Dialect, ForeignKey, Index, Table

_QUIET = "run it when few use the table, with a lock_timeout"


def dropped_table(table: Table) -> Caution:
    """Return the caution for a table that goes."""
    hint = "keep a copy of them; ALTER TABLE … RENAME TO if it has another name"
    return Caution(LOSES, f"the rows of `{table.name}` are gone", hint, table.span)


def dropped_column(change: TableChange, column: Column) -> Caution:
    """Return the caution for a column that goes."""
    hint = f'if it has another name now: ALTER TABLE "{change.new.name}" RENAME COLUMN "{column.name}" TO …'
    return Caution(LOSES, f"the values of `{change.old.name}.{column.name}` are gone", hint, column.span)


def added_column(change: TableChange, column: Column) -> Iterator[Caution]:
    """Yield the cautions for a new column."""
    place = f"`{change.new.name}.{column.name}`"
    is_computed = column.default is not None and column.default.kind is DefaultKind.EXPRESSION
    if column.auto or column.generated is not None or is_computed:
        message = f"{place} has a value of its own in each row: the table is written anew, and nobody else can use it"
        yield Caution(REWRITES, message, _QUIET, column.span)
    elif not column.nullable and column.default is None:
        message = f"{place} is NOT NULL and has no DEFAULT: it fails where there are rows"
        yield Caution(FAILS, message, "give it a DEFAULT, or make it nullable first and fill it", column.span)


def changed_column(canon: Canon, change: TableChange, old: Column, new: Column) -> Iterator[Caution]:
    """Yield the cautions for a column that is another one now."""
    place = f"`{change.new.name}.{new.name}`"
    if is_cut(old.type, new.type):
        message = f"{place} was {old.type.spelt} and is {new.type.spelt}: a value that does not fit makes it fail"
        yield Caution(
            LOSES, message, "look for them first; numerics are rounded, char and varchar cut by the cast", new.span
        )
    if canon.type(old.type) != canon.type(new.type) and not fits_in_place(new.type, old.type, Dialect.POSTGRES):
        message = f"{place} has another type: the table is written anew, and nobody else can use it"
        yield Caution(REWRITES, message, _QUIET, new.span)
    if old.nullable and not new.nullable:
        message = f"{place} is NOT NULL now: all rows are read under a lock, and one that has NULL makes it fail"
        yield Caution(LOCKS, message, "fill it first; a valid CHECK (… IS NOT NULL) spares the reading", new.span)


def added_index(change: TableChange, index: Index | None) -> Caution:
    """Return the caution for a new index, None for the primary key."""
    name = index.name if index is not None else "the primary key"
    is_unique = index is None or index.unique
    tail = "; it fails where two rows have the same values" if is_unique else ""
    message = f"nobody can write to `{change.new.name}` while {name} is built{tail}"
    span = index.span if index is not None else change.new.span
    return Caution(LOCKS, message, "CREATE INDEX CONCURRENTLY, apart from the other statements, lets them", span)


def added_reference(table: Table, reference: ForeignKey) -> Caution:
    """Return the caution for a new foreign key."""
    message = f"nobody can write to `{table.name}` and `{reference.target}` while the foreign key is looked at"
    return Caution(LOCKS, message, "add it NOT VALID, and VALIDATE CONSTRAINT afterwards", reference.span)


def new_check(change: TableChange) -> Caution:
    """Return the caution for a new CHECK."""
    message = f"all rows of `{change.new.name}` are read under a lock, and one against the CHECK makes it fail"
    return Caution(LOCKS, message, "add it NOT VALID, and VALIDATE CONSTRAINT afterwards", change.new.span)
