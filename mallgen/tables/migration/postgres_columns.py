"""The actions of PostgreSQL's ALTER TABLE on columns, and the comments of tables."""

from collections.abc import Iterator

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import TableChange
from mallgen.tables.migration.definitions import Definitions
from mallgen.tables.migration.narrowing import is_grown
from mallgen.tables.migration.step import MigrationStep
from mallgen.tables.model import DATED, Base, Column, Table

_NUMBERS = (Base.INT, Base.DECIMAL, Base.FLOAT)


class ColumnClauses:
    """Writes what changes in columns; `types` are the types that are made anew, whose columns follow apart."""

    def __init__(self, canon: Canon, write: Definitions, types: frozenset[str]) -> None:
        self._canon, self._write, self._types = canon, write, types

    def remade(self, change: TableChange) -> list[tuple[Column, Column]]:
        """Return the generated columns that are made anew, and those over a column whose type changes."""
        retyped = [old.name for old, new in change.changed if self._canon.type(old.type) != self._canon.type(new.type)]
        retyped += [column.name for column in change.dropped]
        before = {self._canon.folded(column.name): column for column in change.old.columns}
        found = []
        for new in change.new.columns:
            old = before.get(self._canon.folded(new.name))
            if old is None or not (old.generated or new.generated):
                continue
            texts = " ".join(one.generated.expression for one in (old, new) if one.generated)
            is_other = self._canon.column(change.old, old) != self._canon.column(change.new, new)
            if is_other or any(self._canon.mentions(texts, name) for name in retyped):
                found.append((old, new))
        return found

    def changed(self, change: TableChange, old: Column, new: Column) -> Iterator[str]:
        """Yield the actions that make one column of another."""
        if any(new is column for _, column in self.remade(change)):
            return
        name = f"ALTER COLUMN {self._write.name(new.name)}"
        old_default, new_default = self._canon.default(old), self._canon.default(new)
        is_late = (new.type.item or new.type).made in self._types  # its type and default follow when the type is made
        retyped = self._canon.type(old.type) != self._canon.type(new.type) and not is_late
        retyped = retyped and not is_grown(old.type, new.type)  # ALTER TYPE has changed the column already
        retyped = retyped or old.collation != new.collation
        moved = old_default != new_default or (retyped and old_default is not None)
        if moved and old_default is not None:
            yield f"{name} DROP DEFAULT"
        if old.auto and (not new.auto or bool(old.identity) != bool(new.identity)):
            yield f"{name} DROP IDENTITY" if old.identity else f"{name} DROP DEFAULT"
        if retyped:
            yield f"{name} TYPE {self._type(new)} USING {self._cast(old, new)}"
        yield from self._null(change, name, old, new)
        if moved and new_default is not None and not is_late:
            yield f"{name} SET DEFAULT {self._write.default(new)}"
        if new.auto and new.identity and (not old.auto or not old.identity):
            yield f"{name} ADD GENERATED {new.identity} AS IDENTITY"
        elif new.auto and new.identity and new.identity != old.identity:
            yield f"{name} SET GENERATED {new.identity}"
        elif new.auto and not new.identity and (not old.auto or old.identity):
            sequence = self._write.text(self._write.name(_sequence(change.new, new)))
            yield f"{name} SET DEFAULT nextval({sequence}::regclass)"

    def _null(self, change: TableChange, name: str, old: Column, new: Column) -> Iterator[str]:
        was_null = old.nullable and old.name not in change.old.key
        is_null = new.nullable and new.name not in change.new.key and not new.auto
        if was_null != is_null:
            yield f"{name} {'DROP' if is_null else 'SET'} NOT NULL"

    def _type(self, column: Column) -> str:
        collation = f" COLLATE {self._write.name(column.collation)}" if column.collation else ""
        return f"{self._write.type(column)}{collation}"

    def _cast(self, old: Column, new: Column) -> str:
        name, kind = self._write.name(old.name), self._write.type(new)
        bases = (old.type.base, new.type.base)
        is_direct = bases[0] is bases[1] or all(one in _NUMBERS for one in bases) or all(one in DATED for one in bases)
        is_direct = (is_direct or new.type.base is Base.TEXT) and not old.type.made and not new.type.made
        return f"{name}::{kind}" if is_direct else f"{name}::text::{kind}"

    def sequences(self, change: TableChange) -> Iterator[MigrationStep]:
        """Yield the sequences for columns that are numbered by one from now on."""
        for old, new in change.changed:
            if new.auto and not new.identity and (not old.auto or old.identity):
                owner = f"{self._write.name(change.new.name)}.{self._write.name(new.name)}"
                yield MigrationStep(f"CREATE SEQUENCE {self._write.name(_sequence(change.new, new))} OWNED BY {owner}")


def _sequence(table: Table, column: Column) -> str:
    return f"{table.name}_{column.name}_seq"[:63]


def comment_steps(write: Definitions, old: Table | None, new: Table) -> Iterator[MigrationStep]:
    """Yield the comments that differ from those of the old table."""
    kind = "TABLE" if not new.select else "MATERIALIZED VIEW" if "MATERIALIZED" in new.options else "VIEW"
    if (old.comment if old is not None else "") != new.comment:
        yield MigrationStep(f"COMMENT ON {kind} {write.name(new.name)} IS {_literal(write, new.comment)}")
    before = {column.name: column for column in old.columns} if old is not None else {}
    for column in new.columns if not new.select else ():
        known = before.get(column.name)
        if (known.comment if known is not None else "") != column.comment:
            place = f"{write.name(new.name)}.{write.name(column.name)}"
            yield MigrationStep(f"COMMENT ON COLUMN {place} IS {_literal(write, column.comment)}")


def _literal(write: Definitions, text: str) -> str:
    return write.text(text) if text else "NULL"
