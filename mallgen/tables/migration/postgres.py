"""The statements of a migration of PostgreSQL."""

from collections.abc import Iterator

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import Check, SchemaChange, TableChange, checks_of
from mallgen.tables.migration.definitions import Definitions, is_unnamed
from mallgen.tables.migration.order import by_references, late_references, needing
from mallgen.tables.migration.postgres_cautions import (
    added_column,
    added_index,
    added_reference,
    changed_column,
    dropped_column,
    dropped_table,
    new_check,
)
from mallgen.tables.migration.postgres_columns import ColumnClauses, comment_steps
from mallgen.tables.migration.postgres_types import TypeSteps
from mallgen.tables.migration.step import Caution, MigrationStep
from mallgen.tables.migration.touched import references
from mallgen.tables.model import Dialect, Index, Table


class PostgresPlanner:
    """Makes the statements of one change."""

    def __init__(self, canon: Canon, change: SchemaChange) -> None:
        self._canon, self._change = canon, change
        self._write = Definitions(Dialect.POSTGRES)
        self._references = references(canon, change)
        self._types = TypeSteps(canon, change, self._write)
        self._clauses = ColumnClauses(canon, self._write, self._types.remade)

    def steps(self) -> Iterator[MigrationStep]:
        """Yield the statements in the order in which they apply."""
        change, write = self._change, self._write
        views = self._views()
        for view in reversed([view for view in change.old if view.select and view.name in views]):
            yield MigrationStep(f"DROP {_kind(view)} {write.name(view.name)}")
        for table, reference in self._references.dropped:
            yield self._drop_constraint(table, reference.name)
        for one in change.changed:
            yield from self._drop_keys(one)
        yield from self._drop_tables()
        yield from self._types.before()
        yield from self._create_tables()
        for one in change.changed:
            yield from self._alter(one)
        yield from self._types.after()
        for one in change.changed:
            yield from self._add_keys(one)
        yield from self._add_references()
        for table in (*change.added, *(one.new for one in change.changed)):
            before = next((one.old for one in change.changed if one.new is table), None)
            yield from comment_steps(write, before, table)
        yield from self._create_views(views)

    def _views(self) -> set[str]:
        """Return the views to drop: those that change or go, and those that hold on to columns that change."""
        change = self._change
        old = [view for view in change.old if view.select]
        touched = {one.old.name for one in change.changed if one.dropped or one.changed}
        touched |= {table.name for table in change.dropped}
        own = {view.name for view in (*change.dropped_views, *(before for before, _ in change.changed_views))}
        return own | {view.name for view in needing(self._canon, old, touched | own)}

    def _create_views(self, dropped: set[str]) -> Iterator[MigrationStep]:
        added = {view.name for view in self._change.added_views}
        gone = {view.name for view in self._change.dropped_views}
        for view in self._change.new:
            if view.select and view.name in (dropped - gone) | added:
                yield MigrationStep(self._write.view(view))
                for index in view.indexes:
                    yield MigrationStep(self._write.index(view, index))
                yield from comment_steps(self._write, None, view)

    def _drop_tables(self) -> Iterator[MigrationStep]:
        dropped = by_references(self._canon, self._change.dropped)
        kept = [table.name for table in self._change.old if table not in self._change.dropped]
        for name, late in late_references(self._canon, dropped, kept).items():
            table = next(one for one in dropped if one.name == name)
            for reference in late:
                yield self._drop_constraint(table, reference.name)
        for table in reversed(dropped):
            yield MigrationStep(f"DROP TABLE {self._write.name(table.name)}", (dropped_table(table),))

    def _create_tables(self) -> Iterator[MigrationStep]:
        made = by_references(self._canon, self._change.added)
        for table in made:
            yield MigrationStep(self._write.table(table, ()))
            for index in table.indexes:
                if not index.is_constraint:
                    yield MigrationStep(self._write.index(table, index))

    def _add_references(self) -> Iterator[MigrationStep]:
        made = [(table, reference) for table in self._change.added for reference in table.foreign_keys]
        for table, reference in (*made, *self._references.added):
            cautions = () if table in self._change.added else (added_reference(table, reference),)
            yield self._add(table, self._write.reference(table, reference), *cautions)

    def _drop_keys(self, change: TableChange) -> Iterator[MigrationStep]:
        for check in (*change.dropped_checks, *self._recast(change, change.old)):
            yield self._drop_constraint(change.old, _own_name(self._canon, change.old, check))
        for index in (*change.dropped_indexes, *self._rebuilt(change, change.old)):
            if index.is_constraint:
                yield self._drop_constraint(change.old, index.name)
            else:
                yield MigrationStep(f"DROP INDEX {self._write.name(index.name)}")
        if change.new_key and change.old.key:
            yield self._drop_constraint(change.old, change.old.key_name or f"{change.old.name}_pkey")

    def _add_keys(self, change: TableChange) -> Iterator[MigrationStep]:
        new, write = change.new, self._write
        if change.new_key and new.key:
            yield self._add(new, write.key(new), added_index(change, None))
        for old, index in change.renamed_indexes:
            names = f"{write.name(old.name)} TO {write.name(index.name)}"
            table = f"ALTER TABLE {write.name(new.name)} RENAME CONSTRAINT {names}"
            yield MigrationStep(
                table
                if index.is_constraint
                else f"ALTER INDEX {write.name(old.name)} RENAME TO {write.name(index.name)}"
            )
        for index in (*change.added_indexes, *self._rebuilt(change, new)):
            if index.is_constraint:
                yield self._add(new, write.index_line(index), added_index(change, index))
            else:
                yield MigrationStep(write.index(new, index), (added_index(change, index),))
        for check in (*change.added_checks, *self._recast(change, new)):
            yield self._add(new, write.check(new, check), new_check(change))

    def _recast(self, change: TableChange, table: Table) -> list[Check]:
        """Return the checks that stay, but have a column of another type: they would keep a cast to the old one."""
        pairs = [(old, new) for old, new in change.changed if self._canon.type(old.type) != self._canon.type(new.type)]
        listed = (*change.dropped_checks, *change.added_checks)
        return [
            check
            for check in checks_of(table)
            if check not in listed and any(self._canon.mentions(check.expression, old.name) for old, _ in pairs)
        ]

    def _rebuilt(self, change: TableChange, table: Table) -> list[Index]:
        """Return the indexes that stay, but have a column that is made anew or an expression over a changed one."""
        remade = {self._canon.folded(new.name) for _, new in self._clauses.remade(change)}
        changed = [new.name for _, new in change.changed]
        listed = (
            *change.dropped_indexes,
            *change.added_indexes,
            *(one for pair in change.renamed_indexes for one in pair),
        )
        names = {index.name for index in listed}
        return [
            index
            for index in table.indexes
            if index.name not in names
            and (
                remade & set(map(self._canon.folded, index.columns))
                or any(self._canon.mentions(f"{index.spelt} {index.where}", name) for name in remade)
                or (index.where and any(self._canon.mentions(index.where, name) for name in changed))
            )
        ]

    def _alter(self, change: TableChange) -> Iterator[MigrationStep]:
        clauses: list[str] = []
        cautions: list[Caution] = []
        write = self._write
        computed = [column for column in change.dropped if column.generated is not None]
        remade = [old for old, _ in self._clauses.remade(change)]
        plain = [column for column in change.dropped if column not in computed]
        clauses += [f"DROP COLUMN {write.name(column.name)}" for column in (*computed, *remade, *plain)]
        cautions += [dropped_column(change, column) for column in plain]
        for old, new in change.changed:
            clauses += self._clauses.changed(change, old, new)
            cautions += changed_column(self._canon, change, old, new)
        for column in change.added:
            clauses.append(f"ADD COLUMN {write.name(column.name)} {write.column(change.new, column)}")
            cautions += added_column(change, column)
        for _, column in self._clauses.remade(change):
            clauses.append(f"ADD COLUMN {write.name(column.name)} {write.column(change.new, column)}")
        yield from self._clauses.sequences(change)
        if clauses:
            yield MigrationStep(
                f"ALTER TABLE {write.name(change.new.name)}\n  " + ",\n  ".join(clauses), tuple(cautions)
            )

    def _drop_constraint(self, table: Table, name: str) -> MigrationStep:
        return MigrationStep(f"ALTER TABLE {self._write.name(table.name)} DROP CONSTRAINT {self._write.name(name)}")

    def _add(self, table: Table, definition: str, *cautions: Caution) -> MigrationStep:
        return MigrationStep(f"ALTER TABLE {self._write.name(table.name)} ADD {definition}", cautions)


def _kind(view: Table) -> str:
    return "MATERIALIZED VIEW" if "MATERIALIZED" in view.options else "VIEW"


def _own_name(canon: Canon, table: Table, check: Check) -> str:
    """Return the name of a CHECK; PostgreSQL names one without a name after the one column that it mentions."""
    taken: set[str] = set()
    for other in checks_of(table):
        name = other.name
        if is_unnamed(table, name):
            columns = [column.name for column in table.columns if canon.mentions(other.expression, column.name)]
            stem = f"{table.name}_{columns[0]}_check" if len(columns) == 1 else f"{table.name}_check"
            name, number = stem, 0
            while name in taken:
                number += 1
                name = f"{stem}{number}"
        taken.add(name)
        if other == check:
            return name
    return check.name
