"""Tables and columns that have another name now: one change, and neither a drop nor an addition.

The evidence is what they are: a column with the same type and default between the same neighbours, a table with the
same columns. Where two could be meant, neither is: a drop stays a drop.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import SchemaChange, TableChange
from mallgen.tables.model import Column, ForeignKey, Index, Table

One = TypeVar("One")
_WORD = re.compile(r"""'(?:[^']|'')*'|(?P<quote>[`"])(?P<quoted>(?:(?!(?P=quote)).)+)(?P=quote)|(?P<plain>\w+)""", re.S)


class RenamedColumn(NamedTuple):
    """A column that has another name, in a table of both versions."""

    old_table: Table
    table: Table
    old: Column
    new: Column


class Renames(NamedTuple):
    """The tables and columns of a database that have another name."""

    canon: Canon
    tables: tuple[tuple[Table, Table], ...]
    columns: tuple[RenamedColumn, ...]

    def applied(self, tables: Iterable[Table]) -> tuple[Table, ...]:
        """Return the old tables under the names of today."""
        return tuple(map(_Renamer(self).table, tables))


def renames(canon: Canon, change: SchemaChange) -> Renames:
    """Return the tables and columns of a change that have another name."""

    def shape(table: Table) -> Hashable:
        columns = tuple((canon.folded(column.name), canon.column(table, column)) for column in table.columns)
        return columns, tuple(map(canon.folded, table.key))

    tables = tuple(_matched(change.dropped, change.added, shape, shape))
    columns = [RenamedColumn(one.old, one.new, *pair) for one in change.changed for pair in _columns(canon, one)]
    return Renames(canon, tables, tuple(columns))


def _columns(canon: Canon, change: TableChange) -> Iterable[tuple[Column, Column]]:
    kept = {canon.folded(column.name) for column in change.new.columns}
    kept &= {canon.folded(column.name) for column in change.old.columns}
    left, right = (_places(canon, table, kept) for table in (change.old, change.new))
    return _matched(
        change.dropped,
        change.added,
        lambda column: (canon.column(change.old, column), left[column.name]),
        lambda column: (canon.column(change.new, column), right[column.name]),
    )


def _places(canon: Canon, table: Table, kept: set[str]) -> dict[str, tuple[str, str]]:
    """Return for each column the nearest ones before and behind it that both versions have."""
    before, behind = _nearest(canon, table.columns, kept), _nearest(canon, table.columns[::-1], kept)
    return {column.name: (before[column.name], behind[column.name]) for column in table.columns}


def _nearest(canon: Canon, columns: Sequence[Column], kept: set[str]) -> dict[str, str]:
    found, last = {}, ""
    for column in columns:
        found[column.name] = last
        last = canon.folded(column.name) if canon.folded(column.name) in kept else last
    return found


def _matched(
    old: Sequence[One], new: Sequence[One], form: Callable[[One], Hashable], other: Callable[[One], Hashable]
) -> Iterable[tuple[One, One]]:
    """Yield what has one form on both sides, and nothing else has it."""
    left, right = _alone(old, form), _alone(new, other)
    return [(one, right[key]) for key, one in left.items() if key in right]


def _alone(found: Sequence[One], form: Callable[[One], Hashable]) -> dict[Hashable, One]:
    forms = [(form(one), one) for one in found]
    counts = Counter(key for key, _ in forms)
    return {key: one for key, one in forms if counts[key] == 1}


class _Renamer:
    """Writes old tables under the names of today."""

    def __init__(self, renames: Renames) -> None:
        self._canon = canon = renames.canon
        self._tables = {canon.table(old.name): new.name for old, new in renames.tables}
        self._columns: dict[str, dict[str, str]] = {}
        for one in renames.columns:
            names = self._columns.setdefault(canon.table(one.old_table.name), {})
            names[canon.folded(one.old.name)] = one.new.name

    def table(self, table: Table) -> Table:
        """Return a table under its new name and with the new names of its columns and of those that it refers to."""
        own = self._columns.get(self._canon.table(table.name), {})
        renamed = table._replace(
            name=self._name(table.name),
            foreign_keys=tuple(self._reference(own, one) for one in table.foreign_keys),
            select=self._text(table.select),
        )
        if not own:
            return renamed
        return renamed._replace(
            columns=tuple(self._column(own, one) for one in table.columns),
            key=self._all(own, table.key),
            indexes=tuple(self._index(own, one) for one in table.indexes),
            checks=tuple(_words(own, one) for one in table.checks),
            lists=tuple(one._replace(by=self._all(own, one.by), sort=self._one(own, one.sort)) for one in table.lists),
            version=self._one(own, table.version),
            deleted=self._one(own, table.deleted),
        )

    def _name(self, name: str) -> str:
        return self._tables.get(self._canon.table(name), name)

    def _text(self, select: str) -> str:
        """Return the query of a view with new names; a word that is another table's column may be renamed too."""
        if not select:
            return select
        names = dict(self._tables)
        for one in self._columns.values():
            names |= one
        return _words(names, select)

    def _one(self, own: Mapping[str, str], name: str) -> str:
        return own.get(self._canon.folded(name), name)

    def _all(self, own: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._one(own, name) for name in names)

    def _column(self, own: Mapping[str, str], column: Column) -> Column:
        made = column.generated
        made = made._replace(expression=_words(own, made.expression)) if made is not None else None
        return column._replace(name=self._one(own, column.name), generated=made)

    def _index(self, own: Mapping[str, str], index: Index) -> Index:
        spelt, where = _words(own, index.spelt), _words(own, index.where)
        return index._replace(columns=self._all(own, index.columns), spelt=spelt, where=where)

    def _reference(self, own: Mapping[str, str], reference: ForeignKey) -> ForeignKey:
        theirs = self._columns.get(self._canon.table(reference.target), {})
        return reference._replace(
            columns=self._all(own, reference.columns),
            target=self._name(reference.target),
            target_columns=self._all(theirs, reference.target_columns),
        )


def _words(names: Mapping[str, str], text: str) -> str:
    """Return an expression with other names; texts in it stay as they are."""

    def renamed(found: re.Match[str]) -> str:
        word, quote = found["plain"] or found["quoted"] or "", found["quote"] or ""
        new = names.get(word) or names.get(word.lower())
        return f"{quote}{new}{quote}" if word and new else found[0]

    return _WORD.sub(renamed, text)
