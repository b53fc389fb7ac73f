"""The tables of a service beside those of its database: SQLite's are made in dev mode, others are only compared."""

from collections.abc import Iterator
from typing import NamedTuple

from mallgen_runtime.sql.connection import DatabaseConnection, Dialect
from mallgen_runtime.sql.embedded import bring_up
from mallgen_runtime.sql.live import LiveColumn, live_columns
from mallgen_runtime.sql.table import Table

_MIGRATE = "`mallgen model migrate URL FILE.sql`"


class Schema(NamedTuple):
    """The tables of a service; `sqlite` has the statements that make them in SQLite.

    `prefix` is the first part of the keys in a cache.
    """

    database: str
    tables: tuple[Table, ...]
    sqlite: str
    prefix: str = "cache"


async def prepare(connection: DatabaseConnection, schema: Schema, makes: bool) -> list[str]:
    """Return a line for each difference between the tables of a database and their models.

    In dev mode (`makes`) a file of SQLite first gets the tables, columns and indexes that it lacks.
    """
    if makes and connection.dialect is Dialect.SQLITE:
        problems = await bring_up(connection, schema.sqlite)
        if problems:
            return problems
    lines: list[str] = []
    for table in schema.tables:
        lines += _differences(table, await live_columns(connection, table.name), connection.dialect)
    return lines


def _differences(table: Table, found: dict[str, LiveColumn], dialect: Dialect) -> Iterator[str]:
    if not found:
        making = "in dev mode the service makes it (`Mode: dev`), else " if dialect is Dialect.SQLITE else ""
        yield f"the table {table.name} is missing; {making}{_MIGRATE} prints the statement that makes it"
        return
    missing = [column.name for column in table.columns if column.name not in found]
    wrong = [
        f"{column.name} is {found[column.name].type}"
        for column in table.columns
        if column.name in found and not column.fits(dialect, found[column.name].type)
    ]
    if missing or wrong:
        parts = "; ".join([*([f"has no {', '.join(missing)}"] if missing else []), *wrong])
        way = f"{_MIGRATE} prints the statements that change it"
        yield f"the table {table.name} differs from its model: {parts}; {way}"
