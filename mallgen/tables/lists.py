"""The methods that a table's keys and indexes can serve: rows by unique columns, lists by cursor."""

from collections.abc import Iterator
from typing import NamedTuple

from mallgen.tables.model import Base, Table
from mallgen.tables.serving import PRIMARY, serving_index

_SORTED = (Base.DATETIME, Base.DATE)
_UNLISTED = (Base.JSON, Base.ARRAY, Base.SET, Base.BITS, Base.BIT_STRING)


class Listed(NamedTuple):
    """A list: the columns that its method is named after, those with given values, and its order.

    `word` ends the name of a list that a rule declares, of which a cache keeps `limit` rows. `descending`: unless asked
    otherwise, the last row comes first. `served_by` is the index that serves it.
    """

    columns: tuple[str, ...]
    equal: tuple[str, ...]
    by: tuple[str, ...]
    descending: bool = False
    word: str = ""
    limit: int = 0
    served_by: str = ""


def unique(table: Table) -> Iterator[tuple[str, ...]]:
    """Yield the columns of each unique index that finds one row."""
    seen = {table.key}
    for index in table.indexes:
        if index.unique and index.is_plain and not index.where and index.columns not in seen:
            seen.add(index.columns)
            yield index.columns


def lists(table: Table) -> Iterator[Listed]:
    """Yield the lists that the primary key, rules and indexes serve, none for a table without a primary key."""
    seen: set[tuple[str, ...]] = set()
    if table.key:
        seen.add(table.key)
        yield Listed(table.key, table.key[:-1], table.key[-1:], served_by=PRIMARY)
    for rule in table.lists if table.key else ():
        seen.add((*rule.by, rule.name))
        by = (rule.sort, *(name for name in table.key if name != rule.sort))
        serving = serving_index(table, rule)
        yield Listed(rule.by, rule.by, by, rule.descending, rule.name, rule.limit, serving or "")
    for index in table.indexes:
        fits = table.key and index.is_plain and not index.where and index.columns not in seen
        if fits and all(table.column(name).type.base not in _UNLISTED for name in index.columns):
            found = _listed(table, index.columns, index.unique)
            if found is not None:
                seen.add(index.columns)
                yield found._replace(served_by=index.name)


def _listed(table: Table, columns: tuple[str, ...], is_unique: bool) -> Listed | None:
    *first, last = columns
    if is_unique:
        nullable = any(table.column(name).nullable for name in columns)
        return None if not first or nullable else Listed(columns, tuple(first), (last,))
    if table.column(last).type.base in _SORTED and not table.column(last).nullable:
        return Listed(columns, tuple(first), (last, *(name for name in table.key if name not in columns)), True)
    ties = tuple(name for name in table.key if name not in columns)
    return Listed(columns, columns, ties) if ties else None
