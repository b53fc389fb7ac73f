"""Two schemas of one dialect side by side: tables that are new, gone and changed, and what changed in each."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.model import Column, ForeignKey, Index, Table

Found = TypeVar("Found")


class Check(NamedTuple):
    """A CHECK constraint."""

    name: str
    expression: str


class TableChange(NamedTuple):
    """A table of both schemas that differs. `changed` and `renamed` are pairs of the old and the new one."""

    old: Table
    new: Table
    dropped: tuple[Column, ...]
    added: tuple[Column, ...]
    changed: tuple[tuple[Column, Column], ...]
    new_key: bool
    dropped_indexes: tuple[Index, ...]
    added_indexes: tuple[Index, ...]
    renamed_indexes: tuple[tuple[Index, Index], ...]
    dropped_references: tuple[ForeignKey, ...]
    added_references: tuple[ForeignKey, ...]
    dropped_checks: tuple[Check, ...]
    added_checks: tuple[Check, ...]
    new_options: bool
    new_comment: bool
    new_charset: bool

    @property
    def is_empty(self) -> bool:
        """Return whether nothing changed."""
        return not any(self[2:])


class SchemaChange(NamedTuple):
    """The tables and views that differ, in the order of their schemas."""

    old: tuple[Table, ...]
    new: tuple[Table, ...]
    dropped: tuple[Table, ...]
    added: tuple[Table, ...]
    changed: tuple[TableChange, ...]
    dropped_views: tuple[Table, ...]
    added_views: tuple[Table, ...]
    changed_views: tuple[tuple[Table, Table], ...]


class Comparer:
    """Compares schemas in the words of one dialect."""

    def __init__(self, canon: Canon, old: Sequence[Table], new: Sequence[Table]) -> None:
        self.canon, self._old, self._new = canon, tuple(old), tuple(new)

    def compare(self) -> SchemaChange:
        """Return all that differs."""
        before = {self.canon.table(table.name): table for table in self._old}
        after = {self.canon.table(table.name): table for table in self._new}
        pairs = [(before[name], table) for name, table in after.items() if name in before]
        same = [(old, new) for old, new in pairs if bool(old.select) == bool(new.select)]
        kept = {id(table) for pair in same for table in pair}
        gone = [table for table in self._old if id(table) not in kept]
        made = [table for table in self._new if id(table) not in kept]
        changes = [self._table(old, new) for old, new in same if not new.select]
        return SchemaChange(
            self._old,
            self._new,
            tuple(table for table in gone if not table.select),
            tuple(table for table in made if not table.select),
            tuple(change for change in changes if not change.is_empty),
            tuple(table for table in gone if table.select),
            tuple(table for table in made if table.select),
            tuple((old, new) for old, new in same if new.select and self._view(old) != self._view(new)),
        )

    def _view(self, view: Table) -> tuple[object, ...]:
        names = tuple(self.canon.folded(column.name) for column in view.columns)
        return (self.canon.words(view.select), names, view.options, view.comment)

    def _table(self, old: Table, new: Table) -> TableChange:
        canon = self.canon
        before = {canon.folded(column.name): column for column in old.columns}
        after = {canon.folded(column.name): column for column in new.columns}
        pairs = [(before[name], column) for name, column in after.items() if name in before]
        indexes = self._indexes(old, new)
        references = self._sides(
            old.foreign_keys,
            new.foreign_keys,
            lambda one: self._reference(one, self._old),
            lambda one: self._reference(one, self._new),
        )
        checks = self._sides(checks_of(old), checks_of(new), lambda one: canon.check(one.expression))
        return TableChange(
            old,
            new,
            tuple(column for name, column in before.items() if name not in after),
            tuple(column for name, column in after.items() if name not in before),
            tuple((a, b) for a, b in pairs if self._differs(old, a, new, b)),
            tuple(map(canon.folded, old.key)) != tuple(map(canon.folded, new.key)),
            *indexes,
            *references,
            *checks,
            sorted(old.options) != sorted(new.options),
            old.comment != new.comment,
            self._has_new_charset(old, new),
        )

    def _differs(self, old: Table, before: Column, new: Table, after: Column) -> bool:
        if self.canon.column(old, before) != self.canon.column(new, after) or before.comment != after.comment:
            return True
        return self.canon.told_apart(self.canon.charset(old, before), self.canon.charset(new, after))

    def _has_new_charset(self, old: Table, new: Table) -> bool:
        return self.canon.told_apart(self.canon.table_charset(old), self.canon.table_charset(new))

    def _reference(self, reference: ForeignKey, tables: tuple[Table, ...]) -> tuple[object, ...]:
        target = self.canon.table(reference.target)
        key = next((table.key for table in tables if self.canon.table(table.name) == target), ())
        return self.canon.reference(reference, key)

    def _indexes(
        self, old: Table, new: Table
    ) -> tuple[tuple[Index, ...], tuple[Index, ...], tuple[tuple[Index, Index], ...]]:
        """Return the indexes that are gone, new, and those that have another name."""
        canon = self.canon
        before = {canon.folded(one.name): one for one in old.indexes}
        after = {canon.folded(one.name): one for one in new.indexes}
        alike = {
            name for name, one in after.items() if name in before and canon.index(before[name]) == canon.index(one)
        }
        gone = [one for name, one in before.items() if name not in alike]
        made = [one for name, one in after.items() if name not in alike]
        renamed = []
        for one in list(made):
            other = next((old_one for old_one in gone if canon.index(old_one) == canon.index(one)), None)
            if other is not None:
                renamed.append((other, one))
                gone.remove(other)
                made.remove(one)
        return tuple(gone), tuple(made), tuple(renamed)

    def _sides(
        self,
        old: Iterable[Found],
        new: Iterable[Found],
        form: Callable[[Found], Hashable],
        other_form: Callable[[Found], Hashable] | None = None,
    ) -> tuple[tuple[Found, ...], tuple[Found, ...]]:
        """Return what only one side has, by its canonical form; of two that are alike each counts."""
        left = [(form(one), one) for one in old]
        made = []
        for one in new:
            wanted = (other_form or form)(one)
            found = next((pair for pair in left if pair[0] == wanted), None)
            if found is None:
                made.append(one)
            else:
                left.remove(found)
        return tuple(one for _, one in left), tuple(made)


def checks_of(table: Table) -> tuple[Check, ...]:
    """Return the CHECK constraints of a table with their names."""
    return tuple(Check(name, text) for name, text in zip(table.check_names, table.checks, strict=True))
