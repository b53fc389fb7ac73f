"""All tables, types and databases that the statements read so far have left."""

from collections.abc import Collection
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.tables.annotations import Annotations
from mallgen.tables.drafts import Draft
from mallgen.tables.model import Base, Column, ColumnType, Default, Dialect, ForeignKey, Schema
from mallgen.text.limits import DEFAULT, Limits

_DEFAULT_SCHEMAS = {Dialect.POSTGRES: ("public", "pg_catalog"), Dialect.SQLITE: ("main",), Dialect.MYSQL: ()}


class MadeType(NamedTuple):
    """A type of CREATE TYPE or CREATE DOMAIN; `type` is None where a model has nothing for it."""

    type: ColumnType | None
    not_null: bool = False
    default: Default | None = None


class Catalog:
    """The state of reading; `database` is that of the last USE, `schema` that of PostgreSQL's search_path.

    `hidden` are tables that are known and get no model: temporary ones, those of Flink. `charsets` are those of
    databases. `altered` are enums of ALTER TYPE by the name that they were created with, `renamed` their values.
    """

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.limits = limits
        self.drafts: dict[tuple[str, str], Draft] = {}
        self.hidden: set[tuple[str, str]] = set()
        self.made: dict[str, MadeType] = {}
        self.altered: dict[str, ColumnType] = {}
        self.renamed: dict[str, list[tuple[str, str]]] = {}
        self.sequences: set[str] = set()
        self.charsets: dict[str, str] = {}
        self.database, self.schema = "", ""
        self.annotations: Annotations | None = None
        self.count, self.is_full = 0, False
        self.found: list[Diagnostic] = []

    def begin(self, annotations: Annotations) -> None:
        """Begin a file: it is in no database."""
        self.database, self.schema, self.annotations = "", "", annotations

    def home(self, outer: str, dialect: Dialect) -> str:
        """Return the database of a name with `outer` in front: that of USE where there is none."""
        if not outer:
            return self.schema or self.database
        return self.database if outer.lower() in _DEFAULT_SCHEMAS[dialect] else outer

    def get(self, outer: str, name: str, dialect: Dialect) -> Draft | None:
        """Return a table or view."""
        return self.drafts.get((self.home(outer, dialect), folded(name, dialect)))

    def put(self, draft: Draft) -> None:
        """Add a table, or put it back under its new name."""
        if not draft.number:
            self.count += 1
            draft.number = self.count
        place = draft.database, folded(draft.name, draft.dialect)
        self.hidden.discard(place)
        self.drafts[place] = draft

    def annotate(self, draft: Draft) -> None:
        """Give a table the annotations above the statement that is read."""
        if self.annotations is not None:
            draft.annotations += self.annotations.take()

    def drop(self, draft: Draft) -> None:
        """Take a table out."""
        del self.drafts[draft.database, folded(draft.name, draft.dialect)]

    def hide(self, outer: str, name: str, dialect: Dialect) -> None:
        """Remember a table that gets no model."""
        self.hidden.add((self.home(outer, dialect), folded(name, dialect)))

    def is_hidden(self, outer: str, name: str, dialect: Dialect) -> bool:
        """Return whether a table is known and gets no model."""
        return (self.home(outer, dialect), folded(name, dialect)) in self.hidden

    def rename(self, draft: Draft, name: str, database: str) -> None:
        """Give a table another name, and foreign keys that refer to it another target."""
        old, old_database = draft.name, draft.database
        self.drop(draft)
        draft.name, draft.database = name, database
        self.put(draft)
        for one in self.drafts.values():
            for key, reference in one.foreign_keys.items():
                home = reference.target_database or (old_database if one is draft else one.database)
                if reference.target == old and home == old_database:
                    there = "" if database == one.database else database
                    one.foreign_keys[key] = reference._replace(target=name, target_database=there)

    def rename_target(self, draft: Draft, old: str, new: str) -> None:
        """Give a column's new name to the foreign keys that refer to it."""
        for one in self.drafts.values():
            for key, reference in one.foreign_keys.items():
                if old in reference.target_columns and self.target(one, reference) is draft:
                    columns = tuple(new if name == old else name for name in reference.target_columns)
                    one.foreign_keys[key] = reference._replace(target_columns=columns)

    def release(self, draft: Draft, names: Collection[str] = ()) -> None:
        """Take out the foreign keys to a table, or those to some of its columns alone, as CASCADE does."""
        for one in self.drafts.values():
            for key, reference in list(one.foreign_keys.items()):
                columns = reference.target_columns or draft.key
                if self.target(one, reference) is draft and (not names or set(names) & set(columns)):
                    del one.foreign_keys[key]

    def target(self, draft: Draft, reference: ForeignKey) -> Draft | None:
        """Return the table that a foreign key refers to."""
        name = folded(reference.target, draft.dialect)
        outer = reference.target_database
        homes = [outer or draft.database]
        if draft.dialect is Dialect.POSTGRES and outer in ("", "public"):
            homes += ["", draft.database]  # the search path ends in public
        return next((self.drafts[home, name] for home in homes if (home, name) in self.drafts), None)

    def _renamed(self, column: Column) -> Default | None:
        """Return the default of a column whose enum has other names for its values now."""
        default = column.default
        for old, new in self.renamed.get(column.type.made, ()) if default is not None else ():
            if default is not None and default.text == old:
                default = default._replace(text=new)
        return default

    def in_order(self) -> list[Draft]:
        """Return all tables in the order of their creation."""
        return sorted(self.drafts.values(), key=lambda draft: draft.number)

    def settle_types(self) -> None:
        """Give the columns of altered types what these have become."""
        for draft in self.drafts.values() if self.altered else ():
            for column in draft.columns.values():
                new = self.altered.get((column.type.item or column.type).made)
                if new is not None:
                    draft.put(column._replace(type=_with_values(column.type, new), default=self._renamed(column)))

    def finished(self) -> Schema:
        """Return all tables as values."""
        return Schema(tuple(draft.finished() for draft in self.in_order()))


def _with_values(kind: ColumnType, new: ColumnType) -> ColumnType:
    if kind.base is Base.ARRAY and kind.item is not None:
        return kind._replace(item=kind.item._replace(values=new.values))
    return kind._replace(values=new.values)


def folded(name: str, dialect: Dialect) -> str:
    """Return a table's name as the dialect compares it."""
    return name.lower() if dialect is Dialect.SQLITE else name
