"""Rules about keys and indexes, and the lists that they serve."""

from collections.abc import Iterator

from mallgen.diagnostics import Note
from mallgen.rules import Finding
from mallgen.tablerules import rule
from mallgen.tablerules.scope import TableScope
from mallgen.tables.model import Dialect
from mallgen.tables.serving import serving_index


@rule("table-without-key")
def table_without_key(scope: TableScope) -> Iterator[Finding]:
    """A table has no primary key: no row can be read, changed or deleted alone, and replication reads whole tables.

    Give it a number of its own, or make a key of the columns that tell its rows apart:

        id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY
    """
    for table in scope.tables:
        if not table.key:
            hint = "add PRIMARY KEY (…); a table of pairs has both columns"
            yield Finding(f"`{table.name}` has no primary key", table.span, hint)


@rule("nullable-unique")
def nullable_unique(scope: TableScope) -> Iterator[Finding]:
    """A unique key has a column that may be NULL, and NULL equals nothing: any number of rows may have it there.

    Make the column NOT NULL, with a value for "none". Where rows without a value are intended, say so:

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

    An index serves a list if it begins with the columns behind `by`, in any order, and goes on with the one behind
    `sort`:

        -- mallgen:list sales by category, sort sales desc, limit 1000
        CREATE TABLE product (
          …
          KEY ix_category_sales (category, sales)
        );
    """
    for table in scope.tables:
        for one in table.lists:
            if serving_index(table, one) is None:
                wanted = ", ".join((*one.by, one.sort))
                is_key = table.dialect is Dialect.MYSQL
                hint = f"add KEY ({wanted})" if is_key else f"write CREATE INDEX … ON {table.name} ({wanted})"
                message = f"no index of `{table.name}` serves the list `{one.name}`"
                yield Finding(message, one.span, hint, (Note(table.span, "the table"),))
