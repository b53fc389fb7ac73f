"""A table as generated models describe it, and the statements on it in each dialect."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from mallgen_runtime.sql.column import Column, Convert
from mallgen_runtime.sql.columns import BoolColumn, BytesColumn, IntColumn
from mallgen_runtime.sql.connection import Dialect
from mallgen_runtime.sql.errors import ValueRefused
from mallgen_runtime.sql.time_columns import DateColumn, DatetimeColumn
from mallgen_runtime.sql.value_columns import UuidColumn

_LOG = logging.getLogger("mallgen.sql")
_NO_INDEX = "1176"  # of MySQL: Key '…' doesn't exist in table '…'
_STATEMENTS = 512  # of one table, which differ in the columns that are given and the number of rows
_EXACT = (BoolColumn, BytesColumn, DateColumn, DatetimeColumn, IntColumn, UuidColumn)


class Table(NamedTuple):
    """A table: its name in the database, its columns, and the names of those of its primary key.

    `version` is the column that every change raises, an int or a datetime: a change names the version that it was made
    from. `deleted` is the column that marks deleted rows, which no method finds: a datetime that is NULL while the row
    lives, a bool or an int that is 0.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    version: str = ""
    deleted: str = ""

    @property
    def auto(self) -> str:
        """The column that the database numbers, empty where there is none."""
        return next((column.name for column in self.columns if column.auto), "")


class Keyset(NamedTuple):
    """The order of a list: rows with the same values in the columns `equal`, by the columns `by`, which are unique.

    `served_by` is the index that serves it. Statements of MySQL name it: by itself it may step over all rows before a
    cursor, or sort the table, depending on its statistics. Empty: the choice is the database's.
    """

    equal: tuple[str, ...]
    by: tuple[str, ...]
    served_by: str = ""


class SqlWriter:
    """The spelling of statements in one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._quote = "`" if dialect is Dialect.MYSQL else '"'

    def name(self, name: str) -> str:
        """Return an identifier in the dialect's quotes."""
        quoted = f"{self._quote}{name.replace(self._quote, 2 * self._quote)}{self._quote}"
        return quoted.replace("%", "%%") if self.dialect is Dialect.MYSQL else quoted

    def names(self, names: Sequence[str]) -> str:
        """Return identifiers with commas between them."""
        return ", ".join(map(self.name, names))

    def mark(self, number: int) -> str:
        """Return the placeholder of value `number`, from 1."""
        if self.dialect is Dialect.POSTGRES:
            return f"${number}"
        return "%s" if self.dialect is Dialect.MYSQL else "?"

    def marks(self, count: int, first: int = 1) -> str:
        """Return `count` placeholders with commas between them."""
        return ", ".join(self.mark(number) for number in range(first, first + count))

    def equal(self, names: Sequence[str], first: int = 1) -> str:
        """Return the condition that columns have given values."""
        return " AND ".join(f"{self.name(name)} = {self.mark(first + place)}" for place, name in enumerate(names))

    def now(self, column: Column) -> str:
        """Return the current time as a column keeps it."""
        digits = column.digits if isinstance(column, DatetimeColumn) else 0
        if self.dialect is not Dialect.SQLITE:
            return f"CURRENT_TIMESTAMP({digits})"
        exact = f"substr(strftime('%Y-%m-%d %H:%M:%f000', 'now'), 1, {20 + digits})"
        return exact if digits else "CURRENT_TIMESTAMP"

    def true(self, column: Column) -> str:
        """Return the mark of a deleted row: true, or 1 in a column of numbers."""
        return "TRUE" if isinstance(column, BoolColumn) and self.dialect is Dialect.POSTGRES else "1"

    def false(self, column: Column) -> str:
        """Return the value of a row that is not marked as deleted."""
        return "FALSE" if isinstance(column, BoolColumn) and self.dialect is Dialect.POSTGRES else "0"

    def beyond(self, names: Sequence[str], first: int, descending: bool) -> tuple[str, list[int]]:
        """Return the condition that a row stands after a cursor, and the place in the cursor of each of its values.

        `a <= ? AND (a < ? OR b < ?)`: in this form every database takes the start from the index.
        """
        sign = "<" if descending else ">"
        places: list[int] = []

        def mark(place: int) -> str:
            places.append(place)
            return self.mark(first + len(places) - 1)

        def condition(place: int) -> str:
            name = self.name(names[place])
            if place == len(names) - 1:
                return f"{name} {sign} {mark(place)}"
            inner = f"{name} {sign}= {mark(place)} AND ({name} {sign} {mark(place)} OR "
            return f"{inner}{condition(place + 1)})"

        return condition(0), places


RowMaker = Callable[[Sequence[Sequence[Any]], Callable[..., Any]], list[Any]]


def row_maker(readers: dict[int, Convert], width: int) -> RowMaker:
    """Return a function that gives what its second argument makes of the columns of each row, converted by readers.

    It is made of places alone, as a loop over readers takes a third of the time of a page.
    """
    if not readers:
        return lambda rows, make: [make(*row) for row in rows]
    made = (
        f"None if row[{at}] is None else r{at}(row[{at}])" if at in readers else f"row[{at}]" for at in range(width)
    )
    code = f"lambda rows, make: [make({', '.join(made)}) for row in rows]"
    found: RowMaker = eval(code, {f"r{at}": read for at, read in readers.items()})  # noqa: S307
    return found


class Beginning(NamedTuple):
    """The statement of the columns that make a list, their attributes, and the function that makes rows of them."""

    text: str
    attributes: tuple[str, ...]
    rows: RowMaker


class Plan:
    """A table in one dialect: its statements, made once each, and the conversions of its columns."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self.table = table
        self.writer = SqlWriter(dialect)
        self.columns = {column.name: column for column in table.columns}
        self.by_attribute = {column.attribute: column for column in table.columns}
        self.binders = {column.name: column.binder(dialect) for column in table.columns}
        self._converts = any(column.reader(dialect) is not None for column in table.columns)
        self.rows = self._reading(tuple(self.columns))
        self.missing: set[str] = set()
        self._name = self.writer.name(table.name)
        self._alive = self._condition(table.deleted) if table.deleted else ""
        self._select = f"SELECT {self.writer.names(list(self.columns))} FROM {self._name}"
        self.find = lru_cache(_STATEMENTS)(self._find)
        self.find_many = lru_cache(_STATEMENTS)(self._find_many)
        self.insert = lru_cache(_STATEMENTS)(self._insert)
        self.update = lru_cache(_STATEMENTS)(self._update)
        self.delete = lru_cache(_STATEMENTS)(self._delete)
        self.count = lru_cache(_STATEMENTS)(self._count)
        self.page = lru_cache(_STATEMENTS)(self._page)
        self.beginning = lru_cache(_STATEMENTS)(self._beginning)

    def bind(self, names: Sequence[str], values: Sequence[Any]) -> list[Any]:
        """Return the driver's values for those of columns. Raises ValueRefused."""
        return [self.binders[name](value) for name, value in zip(names, values, strict=True)]

    def sent(self, names: Sequence[str], row: Any) -> tuple[Any, ...] | None:
        """Return the driver's values of a row's columns, None where the database has one that its column refuses."""
        try:
            return tuple(self.binders[name](getattr(row, self.columns[name].attribute)) for name in names)
        except ValueRefused:
            return None

    def has_exact(self, names: Sequence[str]) -> bool:
        """Return whether no database takes values of columns for equal that differ for the driver."""
        return all(isinstance(self.columns[name], _EXACT) for name in names)

    def row(self, values: Sequence[Any], make: Callable[..., Any]) -> Any:
        """Return what `make` makes of the columns of a row."""
        return self.rows((values,), make)[0] if self._converts else make(*values)

    def newer(self, old: Any) -> list[Any]:
        """Return the driver's value of the version after `old`; none where the database counts it."""
        column = self.columns[self.table.version]
        if not isinstance(column, DatetimeColumn):
            return []
        least = old + timedelta(microseconds=10 ** (6 - column.digits))
        return [self.binders[column.name](max(datetime.now(UTC), least))]

    def is_without(self, index: str, code: str, statement: str) -> bool:
        """Return whether a statement failed as it names an index that is missing, which is not named again then."""
        hint = self._hint(index)
        if code != _NO_INDEX or not hint or hint not in statement:
            return False
        if index not in self.missing:
            self.missing.add(index)
            self.page.cache_clear()
            self.beginning.cache_clear()
            _LOG.warning("%s has no index %s: its lists may be slow", self.table.name, index)
        return True

    def _reading(self, names: tuple[str, ...]) -> RowMaker:
        """Return the function that makes rows of some columns."""
        found = [(place, self.columns[name].reader(self.writer.dialect)) for place, name in enumerate(names)]
        return row_maker({place: read for place, read in found if read is not None}, len(names))

    def _hint(self, index: str) -> str:
        """Return the clause that names the index of a list, empty where the database chooses."""
        return f" FORCE INDEX ({self.writer.name(index)})" if self.writer.dialect is Dialect.MYSQL and index else ""

    def _condition(self, name: str) -> str:
        """Return the condition that a row is not marked as deleted."""
        column = self.columns[name]
        if isinstance(column, DatetimeColumn):
            return f"{self.writer.name(name)} IS NULL"
        return f"{self.writer.name(name)} = {self.writer.false(column)}"

    def _where(self, *conditions: str) -> str:
        """Return conditions as a clause, with the one that a row is not deleted."""
        given = [condition for condition in (*conditions, self._alive) if condition]
        return f" WHERE {' AND '.join(given)}" if given else ""

    def _find(self, names: tuple[str, ...]) -> str:
        return f"{self._select}{self._where(self.writer.equal(names))}"

    def _find_many(self, names: tuple[str, ...], count: int) -> str:
        one = self.writer.equal
        if len(names) == 1:
            return f"{self._select}{self._where(f'{self.writer.name(names[0])} IN ({self.writer.marks(count)})')}"
        each = " OR ".join(f"({one(names, 1 + place * len(names))})" for place in range(count))
        return f"{self._select}{self._where(f'({each})')}"

    def _insert(self, names: tuple[str, ...], count: int) -> str:
        width = len(names)
        rows = ", ".join(f"({self.writer.marks(width, 1 + place * width)})" for place in range(count))
        statement = f"INSERT INTO {self._name} ({self.writer.names(names)}) VALUES {rows}"
        if not names:
            is_mysql = self.writer.dialect is Dialect.MYSQL
            statement = f"INSERT INTO {self._name} {'() VALUES ()' if is_mysql else 'DEFAULT VALUES'}"
        auto = self.table.auto
        if auto and count == 1 and self.writer.dialect is Dialect.POSTGRES:
            statement += f" RETURNING {self.writer.name(auto)}"
        return statement

    def _update(self, names: tuple[str, ...]) -> str:
        """Return the statement that changes columns of a row; with a version, its new one is the last of `names`."""
        version = self.table.version
        changed = [f"{self.writer.name(name)} = {self.writer.mark(place)}" for place, name in enumerate(names, 1)]
        if version and version not in names:
            changed.append(f"{self.writer.name(version)} = {self.writer.name(version)} + 1")
        changed += self._touched({*names, version})
        where = self.writer.equal((*self.table.key, version) if version else self.table.key, len(names) + 1)
        return f"UPDATE {self._name} SET {', '.join(changed)}{self._where(where)}"

    def _touched(self, given: Collection[str]) -> list[str]:
        """Return the assignments to the columns that have the time of the last change."""
        return [
            f"{self.writer.name(column.name)} = {self.writer.now(column)}"
            for column in self.table.columns
            if column.on_update and column.name not in given
        ]

    def _delete(self, names: tuple[str, ...]) -> str:
        """Return the statement that deletes the row with given values in columns, or marks it as deleted."""
        where = self._where(self.writer.equal(names))
        if not self.table.deleted:
            return f"DELETE FROM {self._name}{where}"
        column = self.columns[self.table.deleted]
        value = self.writer.now(column) if isinstance(column, DatetimeColumn) else self.writer.true(column)
        changed = [f"{self.writer.name(column.name)} = {value}", *self._touched({column.name})]
        return f"UPDATE {self._name} SET {', '.join(changed)}{where}"

    def _count(self, names: tuple[str, ...]) -> str:
        """Return the statement that counts the rows with given values in columns."""
        return f"SELECT COUNT(*) FROM {self._name}{self._where(self.writer.equal(names))}"

    def _page(self, keyset: Keyset, descending: bool, has_cursor: bool) -> tuple[str, list[int]]:
        """Return the statement of a page, and the place in the cursor of each of its values after the equal ones."""
        conditions = [self.writer.equal(keyset.equal)]
        places: list[int] = []
        if has_cursor:
            beyond, places = self.writer.beyond(keyset.by, len(keyset.equal) + 1, descending)
            conditions.append(beyond)
        return (
            f"{self._select}{self._ordered(conditions, keyset, descending, len(keyset.equal) + len(places))}",
            places,
        )

    def _ordered(self, conditions: Sequence[str], keyset: Keyset, descending: bool, count: int) -> str:
        """Return the clauses of a page after `count` values of its conditions."""
        way = " DESC" if descending else ""
        order = ", ".join(f"{self.writer.name(name)}{way}" for name in keyset.by)
        index = "" if keyset.served_by in self.missing else self._hint(keyset.served_by)
        return f"{index}{self._where(*conditions)} ORDER BY {order} LIMIT {self.writer.mark(count + 1)}"

    def _beginning(self, keyset: Keyset, descending: bool) -> Beginning:
        names = tuple(dict.fromkeys((*keyset.equal, *keyset.by)))
        clauses = self._ordered([self.writer.equal(keyset.equal)], keyset, descending, len(keyset.equal))
        text = f"SELECT {self.writer.names(names)} FROM {self._name}{clauses}"
        return Beginning(text, tuple(self.columns[name].attribute for name in names), self._reading(names))


@lru_cache(4096)
def plan_of(table: Table, dialect: Dialect) -> Plan:
    """Return the plan of a table in a dialect, made once."""
    return Plan(table, dialect)
