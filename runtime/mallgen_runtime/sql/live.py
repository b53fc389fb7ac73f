"""The columns that a table has in the database."""

from typing import NamedTuple

from mallgen_runtime.sql.connection import DatabaseConnection, Dialect

_QUERIES = {
    Dialect.MYSQL: "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = %s",
    Dialect.POSTGRES: "SELECT column_name, udt_name, is_nullable FROM information_schema.columns "
    "WHERE table_schema = ANY (current_schemas(false)) AND table_name = $1",
    Dialect.SQLITE: 'SELECT name, type, "notnull" FROM pragma_table_xinfo(?)',
}


class LiveColumn(NamedTuple):
    """A column in the database: the name of its type, in lower case and without a length."""

    type: str
    nullable: bool


async def live_columns(connection: DatabaseConnection, table: str) -> dict[str, LiveColumn]:
    """Return the columns of a table by name, none when there is no such table."""
    found = await connection.fetch(_QUERIES[connection.dialect], (table,))
    return {str(name): LiveColumn(_plain(str(kind)), nullable in ("YES", 0)) for name, kind, nullable in found}


def _plain(kind: str) -> str:
    return kind.partition("(")[0].strip().lower()
