"""The statements of a migration of SQLite, which alters little: most tables are made anew and filled.

The steps are those of https://sqlite.org/lang_altertable.html#otheralter.
"""

from collections.abc import Iterator

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import SchemaChange, TableChange
from mallgen.tables.migration.definitions import Definitions
from mallgen.tables.migration.narrowing import is_cut
from mallgen.tables.migration.order import by_references, needing
from mallgen.tables.migration.step import FAILS, LOSES, REWRITES, Caution, MigrationStep
from mallgen.tables.model import Base, Column, DefaultKind, Dialect, Table


class SqlitePlanner:
    """Makes the statements of one change."""

    def __init__(self, canon: Canon, change: SchemaChange) -> None:
        self._canon, self._change = canon, change
        self._write = Definitions(Dialect.SQLITE)

    def steps(self) -> Iterator[MigrationStep]:
        """Yield the statements in the order in which they apply; foreign keys are off while tables are made anew."""
        rebuilt = [one for one in self._change.changed if not self._is_small(one)]
        is_apart = bool(rebuilt or self._change.dropped)
        if is_apart:
            yield MigrationStep("PRAGMA foreign_keys = OFF")
            yield MigrationStep("BEGIN")
        yield from self._steps(rebuilt)
        if is_apart:
            yield MigrationStep("PRAGMA foreign_key_check")
            yield MigrationStep("COMMIT")
            yield MigrationStep("PRAGMA foreign_keys = ON")

    def _steps(self, rebuilt: list[TableChange]) -> Iterator[MigrationStep]:
        change, write = self._change, self._write
        views = self._views(rebuilt)
        for view in reversed([view for view in change.old if view.select and self._canon.table(view.name) in views]):
            yield MigrationStep(f"DROP VIEW {write.name(view.name)}")
        for table in reversed(by_references(self._canon, change.dropped)):
            message = f"the rows of `{table.name}` are gone"
            hint = "keep a copy of them; ALTER TABLE … RENAME TO if it has another name"
            yield MigrationStep(f"DROP TABLE {write.name(table.name)}", (Caution(LOSES, message, hint, table.span),))
        for one in change.changed:
            yield from self._rebuild(one) if one in rebuilt else self._alter(one)
        for table in by_references(self._canon, change.added):
            yield MigrationStep(write.table(table, table.foreign_keys))
            yield from self._indexes(table)
        gone = {self._canon.table(view.name) for view in change.dropped_views}
        added = {self._canon.table(view.name) for view in change.added_views}
        for view in change.new:
            if view.select and self._canon.table(view.name) in (views - gone) | added:
                yield MigrationStep(write.view(view))

    def _views(self, rebuilt: list[TableChange]) -> set[str]:
        """Return the views to drop: those that change or go, and those that would stand without their table."""
        views = [view for view in self._change.old if view.select]
        touched = [*(one.old for one in rebuilt), *self._change.dropped]
        touched += [*self._change.dropped_views, *(old for old, _ in self._change.changed_views)]
        apart = needing(self._canon, views, {table.name for table in touched})
        found = [*apart, *self._change.dropped_views, *(old for old, _ in self._change.changed_views)]
        return {self._canon.table(view.name) for view in found}

    def _is_small(self, change: TableChange) -> bool:
        """Return whether a table can stay: only indexes change, or columns come that ALTER TABLE can add."""
        columns = change.dropped or change.changed or change.new_key or change.new_options
        references = change.dropped_references or change.added_references
        checks = change.dropped_checks or change.added_checks
        indexes = (
            *change.dropped_indexes,
            *change.added_indexes,
            *(one for pair in change.renamed_indexes for one in pair),
        )
        if columns or references or checks or any(index.is_constraint for index in indexes):
            return False
        return all(map(_is_addable, change.added))

    def _alter(self, change: TableChange) -> Iterator[MigrationStep]:
        write = self._write
        for index in (*change.dropped_indexes, *(old for old, _ in change.renamed_indexes)):
            yield MigrationStep(f"DROP INDEX {write.name(index.name)}")
        for column in change.added:
            clause = f"ADD COLUMN {write.name(column.name)} {write.column(change.new, column)}"
            yield MigrationStep(f"ALTER TABLE {write.name(change.new.name)} {clause}")
        for index in (*change.added_indexes, *(new for _, new in change.renamed_indexes)):
            message = f"`{index.name}` is unique: it fails where two rows have the same values"
            hint = "look for them first: GROUP BY its columns HAVING COUNT(*) > 1"
            cautions = (
                (Caution(FAILS, message, hint, index.span),) if index in change.added_indexes and index.unique else ()
            )
            yield MigrationStep(write.index(change.new, index), cautions)

    def _rebuild(self, change: TableChange) -> Iterator[MigrationStep]:
        write, old, new = self._write, change.old, change.new
        names = {self._canon.table(table.name) for table in (*self._change.old, *self._change.new)}
        other = next(name for name in _free_names(new.name) if self._canon.table(name) not in names)
        before = {self._canon.folded(column.name): column for column in old.columns}
        pairs = [(before.get(self._canon.folded(column.name)), column) for column in new.columns]
        filled = [(a, b) for a, b in pairs if a is not None and b.generated is None]
        yield MigrationStep(write.table(new, new.foreign_keys, other), tuple(self._cautions(change)))
        if filled:
            targets, sources = write.names(b.name for _, b in filled), write.names(a.name for a, _ in filled)
            yield MigrationStep(
                f"INSERT INTO {write.name(other)} ({targets}) SELECT {sources} FROM {write.name(old.name)}"
            )
        if "AUTOINCREMENT" in old.options and "AUTOINCREMENT" in new.options:
            yield MigrationStep(f"DELETE FROM sqlite_sequence WHERE name = {write.text(other)}")
            where = f"FROM sqlite_sequence WHERE name = {write.text(old.name)}"
            yield MigrationStep(f"INSERT INTO sqlite_sequence (name, seq) SELECT {write.text(other)}, seq {where}")
        yield MigrationStep(f"DROP TABLE {write.name(old.name)}")
        yield MigrationStep(f"ALTER TABLE {write.name(other)} RENAME TO {write.name(new.name)}")
        yield from self._indexes(new)

    def _indexes(self, table: Table) -> Iterator[MigrationStep]:
        for index in table.indexes:
            if not index.is_constraint:
                yield MigrationStep(self._write.index(table, index))

    def _cautions(self, change: TableChange) -> Iterator[Caution]:
        old, new = change.old, change.new
        message = (
            f"`{new.name}` is made anew and filled: nobody can write to the file meanwhile; its triggers go with it"
        )
        yield Caution(REWRITES, message, "run it while the service stands still, and make the triggers again", new.span)
        for column in change.dropped:
            hint = f"if it has another name now: ALTER TABLE {self._write.name(new.name)} RENAME COLUMN … TO …"
            yield Caution(LOSES, f"the values of `{old.name}.{column.name}` are gone", hint, column.span)
        for column in change.added:
            if not (column.nullable or column.default is not None or column.auto or column.generated is not None):
                message = f"`{new.name}.{column.name}` is NOT NULL and has no DEFAULT: it fails where there are rows"
                yield Caution(FAILS, message, "give it a DEFAULT, or make it nullable first and fill it", column.span)
        for before, after in change.changed:
            yield from self._changed(change, before, after)
        for index in change.added_indexes:
            if index.unique:
                message = f"`{new.name}` has another unique key: it fails where two rows have the same values"
                yield Caution(
                    FAILS, message, "look for them first: GROUP BY its columns HAVING COUNT(*) > 1", index.span
                )
        if change.added_checks:
            message = f"`{new.name}` has another CHECK: it fails where a row is against it"
            yield Caution(FAILS, message, "look for such rows first", new.span)

    def _changed(self, change: TableChange, old: Column, new: Column) -> Iterator[Caution]:
        place = f"`{change.new.name}.{new.name}`"
        if old.nullable and not new.nullable:
            message = f"{place} is NOT NULL now: a row that has NULL there makes it fail"
            yield Caution(FAILS, message, "fill it first", new.span)
        is_strict = "STRICT" in change.new.options
        if is_cut(old.type, new.type) and (is_strict or Base.INT in (old.type.base, new.type.base)):
            message = f"{place} was {old.type.spelt} and is {new.type.spelt}: its values are read in another way"
            yield Caution(LOSES, message, "look at them first", new.span)


def _is_addable(column: Column) -> bool:
    """Return whether ALTER TABLE ADD COLUMN takes a column."""
    if column.auto or (column.generated is not None and column.generated.stored):
        return False
    default = column.default
    is_constant = default is None or default.kind is DefaultKind.LITERAL
    return is_constant and (column.nullable or default is not None or column.generated is not None)


def _free_names(name: str) -> Iterator[str]:
    number = 0
    while True:
        yield f"{name}_new{number or ''}"
        number += 1
