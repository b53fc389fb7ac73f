"""Foreign keys that stand in the way of a change: they are dropped before it and added again behind it."""

from typing import NamedTuple

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import SchemaChange, TableChange
from mallgen.tables.model import ForeignKey, Index, Table


class HeldReferences(NamedTuple):
    """Foreign keys to drop and to add, by the name of their table, in the order of the schemas."""

    dropped: list[tuple[Table, ForeignKey]]
    added: list[tuple[Table, ForeignKey]]


def references(canon: Canon, change: SchemaChange) -> HeldReferences:
    """Return the foreign keys to drop before tables are changed, and those to add afterwards."""
    touched = {canon.table(one.old.name): _touched(canon, one) for one in change.changed}
    dropped = [(one.old, reference) for one in change.changed for reference in one.dropped_references]
    added = [(one.new, reference) for one in change.changed for reference in one.added_references]
    gone = {canon.table(table.name) for table in change.dropped}
    known = {id(reference) for _, reference in dropped}
    new = {canon.table(table.name): table for table in change.new}
    for table in change.old:
        if table.select or canon.table(table.name) in gone:
            continue
        for reference in table.foreign_keys:
            if id(reference) not in known and _is_in_the_way(canon, table, reference, touched):
                after = new[canon.table(table.name)]
                dropped.append((table, reference))
                added.append((after, _same(canon, after, reference)))
    return HeldReferences(dropped, added)


def _same(canon: Canon, table: Table, reference: ForeignKey) -> ForeignKey:
    """Return the foreign key of the new schema that stands for one of the old; only its name may differ."""

    def form(one: ForeignKey) -> tuple[object, ...]:
        return tuple(map(canon.folded, one.columns)), canon.table(one.target), one.on_delete, one.on_update

    return next((one for one in table.foreign_keys if form(one) == form(reference)), reference)


def _is_in_the_way(canon: Canon, table: Table, reference: ForeignKey, touched: dict[str, set[str]]) -> bool:
    own = touched.get(canon.table(table.name), set())
    target = touched.get(canon.table(reference.target), set())
    columns = {canon.folded(name) for name in reference.columns}
    targets = {canon.folded(name) for name in reference.target_columns}
    return bool(own & columns or target & targets or (target and not targets))


def _touched(canon: Canon, change: TableChange) -> set[str]:
    """Return the columns whose type, index or key changes, so that no foreign key may hold on to them."""
    names = [column.name for pair in change.changed for column in pair]
    names += [column.name for column in change.dropped]
    names += [name for index in _indexes(change) for name in index.columns]
    names += [*change.old.key, *change.new.key] if change.new_key else []
    names += [column.name for column in change.new.columns] if change.new_charset else []
    return {canon.folded(name) for name in names}


def _indexes(change: TableChange) -> tuple[Index, ...]:
    return (*change.dropped_indexes, *change.added_indexes)
