"""Rules about keys and indexes, and the lists that they serve."""

from collections.abc import Iterator

from mallgen.diagnostics import Note
from mallgen.rules import Finding
from mallgen.tablerules import rule
from mallgen.tablerules.scope import TableScope
from mallgen.tables.model import Dialect, Index, ListRule, Table


@rule("table-without-key")
def table_without_key(scope: TableScope) -> Iterator[Finding]:
    """A table has no primary key: no row can be read, changed or deleted alone, and replication reads whole tables.

    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY
    """
    for table in scope.tables:
        if not table.key:
            hint = "add PRIMARY KEY (…); a table of pairs has both columns"
            yield Finding(f"`{table.name}` has no primary key", table.span, hint)


@rule("nullable-unique")
def nullable_unique(scope: TableScope) -> Iterator[Finding]:
    """A unique key has a column that may be NULL, and NULL equals nothing: rows with it are as many as you like.

    Make the column NOT NULL, with a value for "none". Where a row without a value is meant to be allowed, say so:

        -- mallgen:ignore nullable-unique a user has one phone or none
        UNIQUE KEY uk_phone (phone)
    """
    for table in scope.tables:
        for index in table.indexes:
            columns = (scope.column(table, name) for name in index.columns)
            found = next((column for column in columns if column is not None and column.nullable), None)
            if index.unique and not index.where and found is not None:
                message = f"`{found.name}` may be NULL, and then the unique key `{index.name}` does not hold"
                notes = (Note(found.span, "it is nullable here"),) if found.span.line != index.span.line else ()
                yield Finding(message, index.span, f"make `{found.name}` NOT NULL", notes)


@rule("list-without-index")
def list_without_index(scope: TableScope) -> Iterator[Finding]:
    """No index serves a list: each page of it reads and sorts all rows.

    An index serves a list when it begins with the columns that the list is chosen by, in any order, and goes on with
    the one that it is sorted by:

        -- mallgen:list sales by category, sort sales desc, limit 1000
        CREATE TABLE product (
          …
          KEY ix_category_sales (category, sales)
        );
    """
    for table in scope.tables:
        for one in table.lists:
            if not any(_serves(table, columns, one) for columns in _orders(table)):
                wanted = ", ".join((*one.by, one.sort))
                is_key = table.dialect is Dialect.MYSQL
                hint = f"add KEY ({wanted})" if is_key else f"write CREATE INDEX … ON {table.name} ({wanted})"
                message = f"no index of `{table.name}` serves the list `{one.name}`"
                yield Finding(message, one.span, hint, (Note(table.span, "the table"),))


def _orders(table: Table) -> Iterator[tuple[str, ...]]:
    """Yield the columns of the primary key and of each index that has all rows, in the order of the index."""
    if table.key:
        yield table.key
    for index in table.indexes:
        if index.is_plain and not index.where:
            yield _whole(table, index)


def _whole(table: Table, index: Index) -> tuple[str, ...]:
    """Return the columns of an index with those of the primary key, which InnoDB puts behind them."""
    more = table.key if table.dialect is Dialect.MYSQL else ()
    return (*index.columns, *(name for name in more if name not in index.columns))


def _serves(table: Table, columns: tuple[str, ...], one: ListRule) -> bool:
    count = len(one.by)
    first = {name.lower() for name in columns[:count]}
    return first == {name.lower() for name in one.by} and [name.lower() for name in columns[count : count + 1]] == [
        one.sort.lower()
    ]
