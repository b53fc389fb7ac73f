"""The statements of a migration of MySQL and MariaDB: one ALTER TABLE for each table."""

from collections import defaultdict
from collections.abc import Iterator

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import SchemaChange, TableChange
from mallgen.tables.migration.definitions import Definitions
from mallgen.tables.migration.mysql_cautions import (
    added_column,
    added_index,
    added_reference,
    changed_charset,
    changed_column,
    changed_key,
    dropped_column,
    dropped_table,
    new_check,
)
from mallgen.tables.migration.order import by_references, late_references
from mallgen.tables.migration.step import Caution, MigrationStep
from mallgen.tables.migration.touched import references
from mallgen.tables.model import Column, Dialect, ForeignKey, Index, Table


class _Clauses:
    """The clauses of one ALTER TABLE, and what they do."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.cautions: list[Caution] = []

    def add(self, line: str, *cautions: Caution) -> None:
        """Add a clause."""
        self.lines.append(line)
        self.cautions += cautions


class MysqlPlanner:
    """Makes the statements of one change."""

    def __init__(self, canon: Canon, change: SchemaChange) -> None:
        self._canon, self._change = canon, change
        self._write = Definitions(Dialect.MYSQL)
        self._references = references(canon, change)

    def steps(self) -> Iterator[MigrationStep]:
        """Yield the statements in the order in which they apply."""
        change, write = self._change, self._write
        for view in reversed(change.dropped_views):
            yield MigrationStep(f"DROP VIEW {write.name(view.name)}")
        yield from self._drop_references()
        for table in reversed(by_references(self._canon, change.dropped)):
            yield MigrationStep(f"DROP TABLE {write.name(table.name)}", (dropped_table(table),))
        made = by_references(self._canon, change.added)
        moving = {id(table) for table in change.added} | {id(one.new) for one in change.changed}
        kept = [table.name for table in change.new if not table.select and id(table) not in moving]
        late = late_references(self._canon, made, kept)
        for table in made:
            at_once = [one for one in table.foreign_keys if one not in late[table.name]]
            yield MigrationStep(write.table(table, at_once))
        for one in change.changed:
            yield from self._alter(one)
        yield from self._add_references([(table, one) for table in made for one in late[table.name]])
        yield from self._views()

    def _drop_references(self) -> Iterator[MigrationStep]:
        dropped = list(self._references.dropped)
        cut = late_references(
            self._canon,
            by_references(self._canon, self._change.dropped),
            [t.name for t in self._change.old if t not in self._change.dropped],
        )
        for table in self._change.dropped:
            dropped += [(table, one) for one in cut[table.name]]
        by_table: defaultdict[str, list[str]] = defaultdict(list)
        for table, reference in dropped:
            by_table[table.name].append(f"DROP FOREIGN KEY {self._write.name(reference.name)}")
        for name, clauses in by_table.items():
            yield MigrationStep(f"ALTER TABLE {self._write.name(name)}\n  " + ",\n  ".join(clauses))

    def _add_references(self, late: list[tuple[Table, ForeignKey]]) -> Iterator[MigrationStep]:
        by_table: defaultdict[str, list[tuple[Table, ForeignKey]]] = defaultdict(list)
        for table, reference in (*late, *self._references.added):
            by_table[table.name].append((table, reference))
        for name, found in by_table.items():
            lines = [f"ADD {self._write.reference(table, reference)}" for table, reference in found]
            is_new = any(table.name == name for table in self._change.added)
            cautions = () if is_new else (added_reference(*found[0]),)
            yield MigrationStep(f"ALTER TABLE {self._write.name(name)}\n  " + ",\n  ".join(lines), cautions)

    def _views(self) -> Iterator[MigrationStep]:
        changed = {id(new) for _, new in self._change.changed_views}
        added = {id(view) for view in self._change.added_views}
        for view in self._change.new:
            if id(view) in changed or id(view) in added:
                yield MigrationStep(self._write.view(view, id(view) in changed))

    def _alter(self, change: TableChange) -> Iterator[MigrationStep]:
        clauses = _Clauses()
        self._drops(change, clauses)
        self._columns(change, clauses)
        self._adds(change, clauses)
        self._options(change, clauses)
        if clauses.lines:
            inner = ",\n  ".join(clauses.lines)
            yield MigrationStep(f"ALTER TABLE {self._write.name(change.new.name)}\n  {inner}", tuple(clauses.cautions))

    def _drops(self, change: TableChange, clauses: _Clauses) -> None:
        write = self._write
        for check in change.dropped_checks:
            clauses.add(f"DROP CONSTRAINT {write.name(check.name)}")
        for index in (*change.dropped_indexes, *self._rebuilt(change)):
            clauses.add(f"DROP INDEX {write.name(index.name)}")
        if change.new_key and change.old.key:
            clauses.add("DROP PRIMARY KEY")
        for column in change.dropped:
            clauses.add(f"DROP COLUMN {write.name(column.name)}", dropped_column(change, column))
        for old, _ in self._remade(change):
            clauses.add(f"DROP COLUMN {write.name(old.name)}")

    def _columns(self, change: TableChange, clauses: _Clauses) -> None:
        write, remade = self._write, {new.name for _, new in self._remade(change)}
        for old, new in change.changed:
            if new.name not in remade:
                name = write.name(new.name)
                clause = (
                    f"MODIFY COLUMN {name}" if old.name == new.name else f"CHANGE COLUMN {write.name(old.name)} {name}"
                )
                clauses.add(f"{clause} {self._column(change, new)}", *changed_column(self._canon, change, old, new))
        added = {column.name for column in change.added} | remade
        for column in change.new.columns:
            if column.name in added:
                place = self._place(change.new, column, added)
                cautions = added_column(change, column) if column.name not in remade else ()
                clauses.add(f"ADD COLUMN {write.name(column.name)} {self._column(change, column)}{place}", *cautions)

    def _column(self, change: TableChange, column: Column) -> str:
        old = next(
            (one for one in change.old.columns if self._canon.folded(one.name) == self._canon.folded(column.name)), None
        )
        before = self._canon.charset(change.old, old) if old is not None else ("", "")
        after = self._canon.charset(change.new, column)
        is_other = change.new_charset or (old is not None and self._canon.told_apart(before, after))
        return self._write.column(change.new, column, after if is_other else ("", ""))

    def _place(self, table: Table, column: Column, added: set[str]) -> str:
        """Return ` AFTER x` where a column that was there before stands behind the new one."""
        at = table.columns.index(column)
        if all(other.name in added for other in table.columns[at:]):
            return ""
        return f" AFTER {self._write.name(table.columns[at - 1].name)}" if at else " FIRST"

    def _adds(self, change: TableChange, clauses: _Clauses) -> None:
        write = self._write
        if change.new_key and change.new.key:
            clauses.add(f"ADD {write.key(change.new)}", changed_key(change))
        for old, new in change.renamed_indexes:
            clauses.add(f"RENAME INDEX {write.name(old.name)} TO {write.name(new.name)}")
        for index in change.added_indexes:
            clauses.add(f"ADD {write.index_line(index)}", *added_index(change, index))
        for index in self._rebuilt(change):
            clauses.add(f"ADD {write.index_line(index)}")
        for check in change.added_checks:
            clauses.add(f"ADD {write.check(change.new, check)}", new_check(change))

    def _options(self, change: TableChange, clauses: _Clauses) -> None:
        old, new = change.old, change.new
        if change.new_charset:
            charset = f"DEFAULT CHARACTER SET {new.charset}" if new.charset else ""
            collation = f"COLLATE {new.collation}" if new.collation else ""
            clauses.add(" ".join(filter(None, (charset, collation))), *changed_charset(change))
        if change.new_options:
            engine = next((word for word in new.options if word.startswith("ENGINE=")), "ENGINE=InnoDB")
            clauses.add(engine, changed_key(change))
        if old.comment != new.comment:
            clauses.add(f"COMMENT={self._write.text(new.comment)}")

    def _remade(self, change: TableChange) -> list[tuple[Column, Column]]:
        """Return the generated columns that are made anew: MySQL changes no expression in place."""
        return [
            (old, new)
            for old, new in change.changed
            if (old.generated or new.generated)
            and self._canon.column(change.old, old) != self._canon.column(change.new, new)
        ]

    def _rebuilt(self, change: TableChange) -> list[Index]:
        """Return the indexes that stay as they are, but have a column that is made anew."""
        names = {self._canon.folded(new.name) for _, new in self._remade(change)}
        changed = {index.name for index in (*change.added_indexes, *(new for _, new in change.renamed_indexes))}
        return [
            index
            for index in change.new.indexes
            if index.name not in changed and names & set(map(self._canon.folded, index.columns))
        ]
