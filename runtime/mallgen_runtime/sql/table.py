"""A table as generated models describe it, and the statements on it in each dialect."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from mallgen_runtime.sql.column import Column, Convert
from mallgen_runtime.sql.connection import Dialect
from mallgen_runtime.sql.time_columns import DatetimeColumn

_STATEMENTS = 512  # of one table, which differ in the columns that are given and the number of rows


class Table(NamedTuple):
    """A table: its name in the database, its columns, and the names of those of its primary key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def auto(self) -> str:
        """The column that the database numbers, empty where there is none."""
        return next((column.name for column in self.columns if column.auto), "")


class Keyset(NamedTuple):
    """The order of a list: rows with the same values in the columns `equal`, by the columns `by`, which are unique."""

    equal: tuple[str, ...]
    by: tuple[str, ...]


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
        if self.dialect is Dialect.SQLITE:
            zeros = "0" * (digits - 3)
            return f"strftime('%Y-%m-%d %H:%M:%f{zeros}', 'now')" if digits else "CURRENT_TIMESTAMP"
        return f"CURRENT_TIMESTAMP({digits})"

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


class Plan:
    """A table in one dialect: its statements, made once each, and the conversions of its columns."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self.table = table
        self.writer = SqlWriter(dialect)
        self.columns = {column.name: column for column in table.columns}
        self.by_attribute = {column.attribute: column for column in table.columns}
        self.binders = {column.name: column.binder(dialect) for column in table.columns}
        readers = [(place, column.reader(dialect)) for place, column in enumerate(table.columns)]
        self.readers: list[tuple[int, Convert]] = [(place, read) for place, read in readers if read is not None]
        self._name = self.writer.name(table.name)
        self._select = f"SELECT {self.writer.names(list(self.columns))} FROM {self._name}"
        self.find = lru_cache(_STATEMENTS)(self._find)
        self.find_many = lru_cache(_STATEMENTS)(self._find_many)
        self.insert = lru_cache(_STATEMENTS)(self._insert)
        self.update = lru_cache(_STATEMENTS)(self._update)
        self.page = lru_cache(_STATEMENTS)(self._page)

    def bind(self, names: Sequence[str], values: Sequence[Any]) -> list[Any]:
        """Return the driver's values for those of columns. Raises ValueRefused."""
        return [self.binders[name](value) for name, value in zip(names, values, strict=True)]

    def rows(self, found: Sequence[Sequence[Any]], make: Callable[..., Any]) -> list[Any]:
        """Return what `make` makes of the columns of each row."""
        if not self.readers:
            return [make(*values) for values in found]
        rows = []
        for values in found:
            own = list(values)
            for place, read in self.readers:
                if own[place] is not None:
                    own[place] = read(own[place])
            rows.append(make(*own))
        return rows

    def _find(self, names: tuple[str, ...]) -> str:
        return f"{self._select} WHERE {self.writer.equal(names)}"

    def _find_many(self, names: tuple[str, ...], count: int) -> str:
        one = self.writer.equal
        if len(names) == 1:
            return f"{self._select} WHERE {self.writer.name(names[0])} IN ({self.writer.marks(count)})"
        each = (f"({one(names, 1 + place * len(names))})" for place in range(count))
        return f"{self._select} WHERE {' OR '.join(each)}"

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

    def _update(self, names: tuple[str, ...], where: tuple[str, ...]) -> str:
        changed = [f"{self.writer.name(name)} = {self.writer.mark(place)}" for place, name in enumerate(names, 1)]
        changed += [
            f"{self.writer.name(column.name)} = {self.writer.now(column)}"
            for column in self.table.columns
            if column.on_update and column.name not in names
        ]
        return f"UPDATE {self._name} SET {', '.join(changed)} WHERE {self.writer.equal(where, len(names) + 1)}"

    def delete(self) -> str:
        """Return the statement that deletes the row of a primary key."""
        return f"DELETE FROM {self._name} WHERE {self.writer.equal(self.table.key)}"

    def count(self, names: tuple[str, ...]) -> str:
        """Return the statement that counts the rows with given values in columns."""
        where = f" WHERE {self.writer.equal(names)}" if names else ""
        return f"SELECT COUNT(*) FROM {self._name}{where}"

    def _page(self, keyset: Keyset, descending: bool, has_cursor: bool) -> tuple[str, list[int]]:
        """Return the statement of a page, and the place in the cursor of each of its values after the equal ones."""
        conditions = [self.writer.equal(keyset.equal)] if keyset.equal else []
        places: list[int] = []
        if has_cursor:
            beyond, places = self.writer.beyond(keyset.by, len(keyset.equal) + 1, descending)
            conditions.append(beyond)
        way = " DESC" if descending else ""
        order = ", ".join(f"{self.writer.name(name)}{way}" for name in keyset.by)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        limit = self.writer.mark(len(keyset.equal) + len(places) + 1)
        return f"{self._select}{where} ORDER BY {order} LIMIT {limit}", places


@lru_cache(4096)
def plan_of(table: Table, dialect: Dialect) -> Plan:
    """Return the plan of a table in a dialect, made once."""
    return Plan(table, dialect)
