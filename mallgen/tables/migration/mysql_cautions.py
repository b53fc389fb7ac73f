"""Warnings of what a change of MySQL's or MariaDB's tables does to rows and to other sessions.

The tables of InnoDB's online DDL are the source: https://dev.mysql.com/doc/refman/8.0/en/innodb-online-ddl-operations.html
"""

from collections.abc import Iterator

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import TableChange
from mallgen.tables.migration.narrowing import fits_in_place, is_cut
from mallgen.tables.migration.step import FAILS, LOCKS, LOSES, REWRITES, Caution
from mallgen.tables.model import DATED, Column, Dialect, ForeignKey, Index, Table

_QUIET = "run it when few write to the table, or with a tool that copies it: gh-ost, pt-online-schema-change"


def dropped_table(table: Table) -> Caution:
    """Return the caution for a table that goes."""
    return Caution(
        LOSES,
        f"the rows of `{table.name}` are gone",
        "keep a copy of them; RENAME TABLE if it has another name",
        table.span,
    )


def dropped_column(change: TableChange, column: Column) -> Caution:
    """Return the caution for a column that goes."""
    message = f"the values of `{change.old.name}.{column.name}` are gone"
    hint = f"if it has another name now: ALTER TABLE `{change.new.name}` RENAME COLUMN `{column.name}` TO …"
    return Caution(LOSES, message, hint, column.span)


def added_column(change: TableChange, column: Column) -> Iterator[Caution]:
    """Yield the cautions for a new column."""
    place = f"`{change.new.name}.{column.name}`"
    is_stored = column.generated is not None and column.generated.stored
    if column.auto or is_stored:
        what = "numbers its rows" if column.auto else "computes it for each row"
        yield Caution(
            REWRITES, f"{place} {what}: the table is written anew, and nobody else can write to it", _QUIET, column.span
        )
    is_given = column.nullable or column.default is not None or column.auto or column.generated is not None
    if not is_given and column.type.base in DATED:
        message = f"{place} is NOT NULL and has no DEFAULT: where there are rows, NO_ZERO_DATE refuses it"
        yield Caution(FAILS, message, "give it a DEFAULT, or make it nullable first and fill it", column.span)
    elif not is_given:
        message = f"{place} is NOT NULL and has no DEFAULT: rows that are there get an empty text or 0"
        yield Caution(FAILS, message, "give it a DEFAULT if that is not meant", column.span)


def changed_column(canon: Canon, change: TableChange, old: Column, new: Column) -> Iterator[Caution]:
    """Yield the cautions for a column that is another one now."""
    place = f"`{change.new.name}.{new.name}`"
    if is_cut(old.type, new.type):
        message = f"{place} was {old.type.spelt} and is {new.type.spelt}: values that do not fit are refused"
        yield Caution(LOSES, message, "look for them first, or change the type in several steps", new.span)
    if old.nullable and not new.nullable and new.name not in change.old.key:
        message = f"{place} is NOT NULL now: a row that has NULL there makes it fail"
        yield Caution(FAILS, message, f"UPDATE `{change.new.name}` SET … WHERE `{new.name}` IS NULL before", new.span)
    same_type = canon.type(old.type) == canon.type(new.type)
    is_grown = same_type or fits_in_place(new.type, old.type, Dialect.MYSQL)
    changed_null = old.nullable != new.nullable
    numbering = old.auto != new.auto
    if not is_grown or numbering:
        yield Caution(
            REWRITES, f"{place}: the table is written anew, and nobody else can write to it", _QUIET, new.span
        )
    elif changed_null:
        yield Caution(REWRITES, f"{place}: the table is written anew", _QUIET, new.span)
    elif canon.charset(change.old, old) != canon.charset(change.new, new) and canon.charset(change.old, old)[0]:
        yield Caution(REWRITES, f"{place} has another character set: the table is written anew", _QUIET, new.span)


def changed_key(change: TableChange) -> Caution:
    """Return the caution for another primary key or engine."""
    return Caution(
        REWRITES, f"the rows of `{change.new.name}` are written anew in another order", _QUIET, change.new.span
    )


def added_index(change: TableChange, index: Index) -> Iterator[Caution]:
    """Yield the cautions for a new index."""
    place = f"`{change.new.name}.{index.name}`"
    if index.unique:
        message = f"{place} is unique: it fails where two rows have the same values"
        yield Caution(FAILS, message, "look for them first: GROUP BY its columns HAVING COUNT(*) > 1", index.span)
    if index.kind in ("FULLTEXT", "SPATIAL"):
        yield Caution(
            LOCKS, f"{place} is {index.kind}: nobody else can write to the table meanwhile", _QUIET, index.span
        )


def added_reference(table: Table, reference: ForeignKey) -> Caution:
    """Return the caution for a new foreign key."""
    message = (
        f"`{table.name}` gets a foreign key: nobody can write to it meanwhile; a row without its target makes it fail"
    )
    return Caution(LOCKS, message, "look for such rows first; run it when few write to the table", reference.span)


def new_check(change: TableChange) -> Caution:
    """Return the caution for a new CHECK."""
    message = f"`{change.new.name}` gets a CHECK: nobody can write to it meanwhile, and a row against it makes it fail"
    return Caution(LOCKS, message, _QUIET, change.new.span)


def changed_charset(change: TableChange) -> Iterator[Caution]:
    """Yield the caution for another character set of a table; its columns have their own."""
    if change.changed:
        message = f"`{change.new.name}` has another character set: its texts are converted, nobody else can write"
        yield Caution(REWRITES, message, _QUIET, change.new.span)
