"""The types of PostgreSQL that a migration makes, extends and drops."""

from collections.abc import Iterable, Iterator

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import SchemaChange
from mallgen.tables.migration.definitions import Definitions
from mallgen.tables.migration.narrowing import is_grown
from mallgen.tables.migration.step import BY_HAND, FAILS, REWRITES, Caution, MigrationStep
from mallgen.tables.model import Base, Column, ColumnType, Table


class TypeSteps:
    """The enums of two schemas, which are those that their columns have."""

    def __init__(self, canon: Canon, change: SchemaChange, write: Definitions) -> None:
        self._canon, self._change, self._write = canon, change, write
        self._old, self._new = _enums(change.old), _enums(change.new)
        pairs = [(name, self._old[name], kind) for name, kind in self._new.items() if name in self._old]
        other = [(name, old, new) for name, old, new in pairs if old.values != new.values]
        self._grown = [one for one in other if is_grown(one[1], one[2])]
        self._remade = [one for one in other if one not in self._grown]
        self.remade = frozenset(name for name, _, _ in self._remade)

    def before(self) -> Iterator[MigrationStep]:
        """Yield the types that new columns need, and the domains that nobody makes for the user."""
        for name, kind in self._new.items():
            if name not in self._old:
                yield MigrationStep(self._create(kind, kind.spelt))
        for _, old, new in self._grown:
            yield from self._grow(old, new)
        known = _domains(self._change.old)
        for name, (_, column) in _domains(self._change.new).items():
            kind = column.type.item or column.type
            before = (known[name][1].type.item or known[name][1].type) if name in known else None
            if before is None:
                yield MigrationStep(f"CREATE DOMAIN {_plain(column.type.spelt)} {kind.domain}")
            elif self._canon.domain(before.domain) != self._canon.domain(kind.domain):
                message = f"the domain `{_plain(column.type.spelt)}` is another one now"
                hint = "write its ALTER DOMAIN in front of these statements"
                yield MigrationStep("", (Caution(BY_HAND, message, hint, column.span),))

    def after(self) -> Iterator[MigrationStep]:
        """Yield the types that are made anew, with the columns that have them, and drop those that none has."""
        for name, old, new in self._remade:
            other = f"{name}_old"
            yield MigrationStep(f"ALTER TYPE {_plain(old.spelt)} RENAME TO {self._write.name(other)}")
            yield MigrationStep(self._create(new, new.spelt))
            for table, column in _columns_of(self._change.new, name):
                yield self._retype(table, column)
            yield MigrationStep(f"DROP TYPE {self._write.name(other)}")
        for name, kind in self._old.items():
            if name not in self._new:
                yield MigrationStep(f"DROP TYPE {_plain(kind.spelt)}")
        kept = _domains(self._change.new)
        for name, (_, column) in _domains(self._change.old).items():
            if name not in kept:
                yield MigrationStep(f"DROP DOMAIN {_plain(column.type.spelt)}")

    def _create(self, kind: ColumnType, spelt: str) -> str:
        return f"CREATE TYPE {_plain(spelt)} AS ENUM ({', '.join(map(self._write.text, kind.values))})"

    def _grow(self, old: ColumnType, new: ColumnType) -> Iterator[MigrationStep]:
        for at, value in enumerate(new.values):
            if value in old.values:
                continue
            place = (
                f" AFTER {self._write.text(new.values[at - 1])}" if at else f" BEFORE {self._write.text(old.values[0])}"
            )
            message = f"the new value {value!r} cannot be used in the transaction that adds it"
            caution = Caution(FAILS, message, "run ALTER TYPE apart from the statements that use the value")
            yield MigrationStep(
                f"ALTER TYPE {_plain(new.spelt)} ADD VALUE {self._write.text(value)}{place}", (caution,)
            )

    def _retype(self, table: Table, column: Column) -> MigrationStep:
        name, kind = self._write.name(column.name), column.type.spelt
        array = "[]" * kind.count("[")
        clauses = [f"ALTER COLUMN {name} TYPE {kind} USING {name}::text{array}::{kind}"]
        if default := self._write.default(column):
            clauses = [f"ALTER COLUMN {name} DROP DEFAULT", *clauses, f"ALTER COLUMN {name} SET DEFAULT {default}"]
        message = (
            f"`{table.name}.{column.name}` is written anew, under a lock; it fails where a row has a value that is gone"
        )
        caution = Caution(REWRITES, message, "look for such rows first", column.span)
        return MigrationStep(f"ALTER TABLE {self._write.name(table.name)}\n  " + ",\n  ".join(clauses), (caution,))


def _plain(spelt: str) -> str:
    return spelt.replace("[]", "").strip()


def _enums(tables: Iterable[Table]) -> dict[str, ColumnType]:
    """Return the enums that columns have, by name, as the columns spell them."""
    found: dict[str, ColumnType] = {}
    for table in tables:
        for column in table.columns if not table.select else ():
            kind = column.type.item or column.type
            if kind.made and kind.base is Base.ENUM and kind.values:
                plain = _plain(column.type.spelt)
                is_own = plain.strip('"').lower() == kind.made
                found.setdefault(kind.made, kind._replace(spelt=plain if is_own else f'"{kind.made}"'))
    return found


def _domains(tables: Iterable[Table]) -> dict[str, tuple[Table, Column]]:
    found: dict[str, tuple[Table, Column]] = {}
    for table in tables:
        for column in table.columns if not table.select else ():
            kind = column.type.item or column.type
            if kind.made and kind.domain:
                found.setdefault(kind.made, (table, column))
    return found


def _columns_of(tables: Iterable[Table], name: str) -> list[tuple[Table, Column]]:
    return [
        (table, column)
        for table in tables
        if not table.select
        for column in table.columns
        if (column.type.item or column.type).made == name
    ]
