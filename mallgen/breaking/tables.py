"""Two versions of a service's tables, paired: what differs in each table, and the statement that carries it out.

The differences are those that `mallgen model migrate` acts on; columns and tables that have another name are found
before, so that their indexes and keys are compared under the new name.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from mallgen.breaking.phases import Phase
from mallgen.breaking.table_renames import Renames, renames
from mallgen.diagnostics import Note
from mallgen.rules import Finding
from mallgen.tables.lists import Listed, lists
from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import Check, Comparer, SchemaChange, TableChange
from mallgen.tables.migration.definitions import Definitions
from mallgen.tables.migration.migrate import Side, planned, sides
from mallgen.tables.migration.step import MigrationStep
from mallgen.tables.model import Column, Dialect, ForeignKey, Index, Schema, Table
from mallgen.text.limits import DEFAULT
from mallgen.text.span import Span

_WIDEST = 160  # characters of a statement that is shown whole
Facts = tuple[tuple[str, str], ...]
One = TypeVar("One")


class Paired(NamedTuple, Generic[One]):
    """A part of a table in both versions; None: it is not in that one."""

    old: One | None
    new: One | None


class TablePair:
    """A table in both versions and what differs in it, `change`; the old one has the names of today there."""

    def __init__(self, owner: "TablesChange", canon: Canon, change: TableChange) -> None:
        self.owner, self.canon, self.change = owner, canon, change
        self.name, self.old, self.new = change.new.name, change.old, change.new

    @cached_property
    def indexes(self) -> tuple[Paired[Index], ...]:
        """Return the indexes that differ: those of one name are one, and so are those of the same columns."""
        canon = self.canon

        def columns(index: Index) -> Hashable:
            return tuple(map(canon.folded, index.columns)), index.spelt, index.where

        def name(index: Index) -> Hashable:
            return canon.folded(index.name)

        return tuple(_paired(self.change.dropped_indexes, self.change.added_indexes, (name, columns)))

    @cached_property
    def references(self) -> tuple[Paired[ForeignKey], ...]:
        """Return the foreign keys that differ: those of the same columns and target are one."""

        def ends(reference: ForeignKey) -> Hashable:
            return tuple(map(self.canon.folded, reference.columns)), self.canon.table(reference.target)

        return tuple(_paired(self.change.dropped_references, self.change.added_references, (ends,)))

    @cached_property
    def checks(self) -> tuple[Paired[Check], ...]:
        """Return the CHECKs that differ: those of one name are one."""
        return tuple(_paired(self.change.dropped_checks, self.change.added_checks, (lambda one: one.name,)))

    @cached_property
    def lost_lists(self) -> dict[str, list[Listed]]:
        """Return the lists of the model that go or that no index serves any more, by the old index that served them."""
        after = {(one.columns, one.word): one for one in lists(self.new)}
        found: dict[str, list[Listed]] = {}
        for one in lists(self.old):
            other = after.get((one.columns, one.word))
            if one.served_by and (other is None or not other.served_by):
                found.setdefault(one.served_by, []).append(one)
        return found

    def finding(
        self, message: str, hint: str, phase: Phase, *, span: Span | None = None, was: Span | None = None, **only: Any
    ) -> Finding:
        """Return a finding about the table; `only` are the parts of its change that the finding is about."""
        facts = self._statement(only) if only else ()
        return self.owner.finding(message, hint, phase, span or self.new.span, was, self.new, facts)

    def altered(self, message: str, hint: str, phase: Phase, old: Column, new: Column) -> Finding:
        """Return a finding about a column in both versions."""
        return self.finding(message, hint, phase, span=new.span, was=old.span, changed=((old, new),))

    def _statement(self, only: dict[str, Any]) -> Facts:
        part = unchanged(self.old, self.new)._replace(**only)
        schema = SchemaChange((part.old,), (part.new,), (), (), (part,), (), (), ())
        return statement_facts(planned(self.canon, schema))


class TablesChange:
    """The subject of the rules: two versions of a service's tables. `label` names the old one in messages.

    `users` are the names of the services that have a table, by its place in either version. `elsewhere` are database
    and name of tables that other services have, in the old version and in the new one.
    """

    def __init__(
        self,
        old: Schema,
        new: Schema,
        label: str,
        users: Mapping[Span, tuple[str, ...]],
        elsewhere: tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]] = (frozenset(), frozenset()),
    ) -> None:
        self.old, self.new, self.label, self._users, self._elsewhere = old, new, label, users, elsewhere

    @cached_property
    def databases(self) -> tuple[tuple[Renames, SchemaChange], ...]:
        """Return what has another name in each database, and what differs apart from that."""
        tables = (*self.new.tables, *self.old.tables)
        dialect = tables[0].dialect if tables else Dialect.MYSQL
        found = []
        for side in sides(Side(self.old), Side(self.new), dialect, "", DEFAULT):
            change = Comparer(side.canon, side.old, side.new).compare()
            names = renames(side.canon, change)
            if names.tables or names.columns:
                change = Comparer(side.canon, names.applied(side.old), side.new).compare()
            found.append((names, change))
        return tuple(found)

    @cached_property
    def tables(self) -> tuple[TablePair, ...]:
        """Return the tables of both versions, those without a difference too."""
        return tuple(self._tables())

    def _tables(self) -> Iterator[TablePair]:
        for names, schema in self.databases:
            canon = names.canon
            changed = {id(one.new): one for one in schema.changed}
            before = {canon.table(table.name): table for table in schema.old if not table.select}
            for table in schema.new:
                old = before.get(canon.table(table.name))
                if old is not None and not table.select:
                    yield TablePair(self, canon, changed.get(id(table)) or unchanged(old, table))

    def gone(self, tables: Iterable[Table]) -> Iterator[Table]:
        """Yield those of the old tables that no other service has now: one that has moved is not gone."""
        return (table for table in tables if (table.database, table.name) not in self._elsewhere[1])

    def made(self, tables: Iterable[Table]) -> Iterator[Table]:
        """Yield those of the new tables that no service had before."""
        return (table for table in tables if (table.database, table.name) not in self._elsewhere[0])

    def planned(
        self,
        canon: Canon,
        message: str,
        hint: str,
        phase: Phase,
        *,
        old: Table | None = None,
        new: Table | None = None,
        **only: Any,
    ) -> Finding:
        """Return a finding about a table or view as a whole; `only` is the part of the change that it is about."""
        before, after = ((one,) if one is not None else () for one in (old, new))
        schema = SchemaChange(before, after, (), (), (), (), (), ())._replace(**only)
        table = new or old
        assert table is not None
        was = old.span if old is not None and new is not None else None
        return self.finding(message, hint, phase, table.span, was, table, statement_facts(planned(canon, schema)))

    def was(self, span: Span) -> Note:
        """Return the note that shows the old place."""
        return Note(span, f"was, at {self.label}")

    def finding(
        self, message: str, hint: str, phase: Phase, span: Span, was: Span | None, table: Table, facts: Facts = ()
    ) -> Finding:
        """Return a finding with the services that have the table, and when the migration is to run beside them."""
        services = self._users.get(table.span, ())
        affected = (("affects", ", ".join(services)),) if services else ()
        notes = (self.was(was),) if was is not None else ()
        facts = (*affected, *facts, *phase.facts(services))
        return Finding(message, span, hint, notes, facts=facts, key=(span, message))


def unchanged(old: Table, new: Table) -> TableChange:
    """Return the change of a table in which nothing differs."""
    return TableChange(old, new, (), (), (), False, (), (), (), (), (), (), (), False, False, False)


def renaming(canon: Canon, table: str, column: str, new: str) -> Facts:
    """Return the statement that gives a table, or a column of it, another name."""
    name = Definitions(canon.dialect).name
    what = f"RENAME COLUMN {name(column)} TO {name(new)}" if column else f"RENAME TO {name(new)}"
    return (("statement", f"ALTER TABLE {name(table)} {what}"),)


def statement_facts(steps: Iterable[MigrationStep]) -> Facts:
    """Return the statements of steps as a line, and what they do to rows and to other sessions."""
    found = [step for step in steps if step.statement]
    texts = [" ".join(step.statement.split()) for step in found]
    shown = "; ".join(texts)
    if len(shown) > _WIDEST:
        shown = f"{texts[0][:_WIDEST]}…" if len(texts) == 1 else f"{len(texts)} of mallgen model migrate"
    cautions = dict.fromkeys(caution.message for step in found for caution in step.cautions)
    return (("statement", shown), *(("caution", message) for message in cautions)) if found else ()


def _paired(old: Sequence[One], new: Sequence[One], keys: Sequence[Callable[[One], Hashable]]) -> Iterator[Paired[One]]:
    """Yield what is gone and new, in pairs where both have the first key in common, else the next one."""
    match: dict[int, int] = {}
    for key in keys:
        taken = {*match.values()}
        free = {key(one): at for at, one in enumerate(new) if at not in taken}
        for at, one in enumerate(old):
            if at not in match and key(one) in free:
                match[at] = free.pop(key(one))
    taken = {*match.values()}
    yield from (Paired(one, new[match[at]] if at in match else None) for at, one in enumerate(old))
    yield from (Paired(None, one) for at, one in enumerate(new) if at not in taken)
