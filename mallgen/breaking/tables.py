"""Two versions of a service's tables, paired: what differs in each table, and the statement that carries it out.

The differences are those that `mallgen model migrate` acts on; columns and tables that have another name are found
before, so that their indexes and keys are compared under the new name.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from mallgen.breaking.phases import Phase
from mallgen.breaking.table_renames import Renames, renames
from mallgen.diagnostics import Note
from mallgen.rules import Finding
from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import Comparer, SchemaChange, TableChange
from mallgen.tables.migration.migrate import Side, planned, sides
from mallgen.tables.migration.step import MigrationStep
from mallgen.tables.model import Dialect, Schema, Table
from mallgen.text.limits import DEFAULT
from mallgen.text.span import Span

_WIDEST = 140  # characters of a statement that is shown whole


class TablePair:
    """A table in both versions and what differs in it, `change`; the old one has the names of today there."""

    def __init__(self, owner: "TablesChange", canon: Canon, change: TableChange) -> None:
        self.owner, self.canon, self.change = owner, canon, change

    @property
    def name(self) -> str:
        """Return the name of the table."""
        return self.change.new.name

    @property
    def new(self) -> Table:
        """Return the table as it is now."""
        return self.change.new

    def finding(
        self, message: str, hint: str, phase: Phase, *, span: Span | None = None, was: Span | None = None, **only: Any
    ) -> Finding:
        """Return a finding about the table; `only` are the parts of its change that the finding is about."""
        facts = self._statement(only) if only else ()
        return self.owner.finding(message, hint, phase, span or self.new.span, was, self.new, facts)

    def _statement(self, only: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the statements that carry out a part of the change, and what these do to rows and other sessions."""
        nothing = {name: type(value)() for name, value in self.change._asdict().items() if name not in ("old", "new")}
        part = TableChange(self.change.old, self.change.new, **{**nothing, **only})
        schema = SchemaChange((part.old,), (part.new,), (), (), (part,), (), (), ())
        return statement_facts(list(planned(self.canon, schema)))


class TablesChange:
    """The subject of the rules: two versions of a service's tables. `label` names the old one in messages.

    `users` are the names of the services that have a table, by its place in either version.
    """

    def __init__(self, old: Schema, new: Schema, label: str, users: Mapping[Span, tuple[str, ...]]) -> None:
        self.old, self.new, self.label, self._users = old, new, label, users

    @cached_property
    def databases(self) -> tuple[tuple[Renames, SchemaChange], ...]:
        """Return what has another name in each database, and what differs apart from that."""
        found = []
        left, right = Side(self.old), Side(self.new)
        for side in sides(left, right, self._dialect, "", DEFAULT):
            change = Comparer(side.canon, side.old, side.new).compare()
            names = renames(side.canon, change)
            if names.tables or names.columns:
                change = Comparer(side.canon, names.applied(side.old), side.new).compare()
            found.append((names, change))
        return tuple(found)

    @property
    def _dialect(self) -> Dialect:
        tables = (*self.new.tables, *self.old.tables)
        return tables[0].dialect if tables else Dialect.MYSQL

    @cached_property
    def tables(self) -> tuple[TablePair, ...]:
        """Return the tables of both versions that differ."""
        return tuple(TablePair(self, names.canon, one) for names, change in self.databases for one in change.changed)

    def finding(
        self,
        message: str,
        hint: str,
        phase: Phase,
        span: Span,
        was: Span | None,
        table: Table,
        facts: tuple[tuple[str, str], ...] = (),
    ) -> Finding:
        """Return a finding with the services that have the table, and when the migration is to run beside them."""
        services = self._users.get(table.span, ())
        affected = (("affects", ", ".join(services)),) if services else ()
        notes = (Note(was, f"was, at {self.label}"),) if was is not None else ()
        facts = (*affected, *facts, *phase.facts(services))
        return Finding(message, span, hint, notes, facts=facts, key=(span, message))


def statement_facts(steps: list[MigrationStep]) -> tuple[tuple[str, str], ...]:
    """Return the statements of steps as a line, and each of their warnings."""
    texts = [" ".join(step.statement.split()) for step in steps if step.statement]
    whole = "; ".join(texts)
    shown = whole if len(whole) <= _WIDEST else f"{len(texts)} statements; mallgen model migrate prints them"
    if len(texts) == 1 and len(whole) > _WIDEST:
        shown = f"{whole[:_WIDEST]}…"
    cautions = dict.fromkeys(caution.message for step in steps for caution in step.cautions)
    return (*((("statement", shown),) if texts else ()), *(("caution", message) for message in cautions))
