"""Statements about databases and schemas, and those that choose one."""

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import Cursor
from mallgen.tables.model import Dialect

_HARMLESS = frozenset(("", "$user", "public", "pg_catalog"))


def use(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows USE."""
    catalog.database, catalog.schema = cursor.name("database").text, ""


def set_variable(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows SET: only PostgreSQL's search_path decides on tables."""
    if cursor.dialect is not Dialect.POSTGRES:
        cursor.pass_over()
        return
    cursor.accept_any("SESSION", "LOCAL")
    if cursor.accept("SEARCH_PATH"):
        cursor.accept_any("TO", "=")
        token = cursor.now
        name = token.text if token.kind in ("name", "text") else token.text.lower()
        catalog.schema = "" if name in _HARMLESS else name
    cursor.pass_over()


def create_database(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows CREATE DATABASE or SCHEMA."""
    cursor.accept("IF", "NOT", "EXISTS")
    if cursor.accept("AUTHORIZATION"):
        cursor.name("role")
        return
    _character_set(cursor, catalog, cursor.name("database").text)


def alter_database(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows ALTER DATABASE or SCHEMA."""
    if cursor.dialect is Dialect.MYSQL and cursor.now.upper in ("DEFAULT", "CHARACTER", "CHARSET", "COLLATE"):
        _character_set(cursor, catalog, catalog.database)
        return
    name = cursor.name("database").text
    if cursor.accept("RENAME", "TO"):
        new = cursor.name("database").text
        for draft in [one for one in catalog.drafts.values() if one.database == name]:
            catalog.rename(draft, draft.name, new)
        return
    _character_set(cursor, catalog, name)


def _character_set(cursor: Cursor, catalog: Catalog, name: str) -> None:
    """Take options of a database: its character set is that of tables without one."""
    while cursor.now.kind != "end" and not cursor.begins_statement():
        if cursor.accept("CHARACTER", "SET") or cursor.accept("CHARSET"):
            cursor.accept("=")
            catalog.charsets[name] = cursor.take().text.lower()
        elif cursor.accept("COLLATE"):
            cursor.accept("=")
            catalog.charsets[name] = cursor.take().text.lower().partition("_")[0]
        elif cursor.now.upper == "CREATE":
            cursor.fail("CREATE within CREATE SCHEMA is not read", "write it as a statement of its own")
        else:
            cursor.take()


def drop_database(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows DROP DATABASE or SCHEMA: its tables are gone too."""
    cursor.accept("IF", "EXISTS")
    while True:
        home = catalog.home(cursor.name("database").text, cursor.dialect)
        for draft in [one for one in catalog.drafts.values() if one.database == home]:
            catalog.drop(draft)
        if not cursor.accept(","):
            break
    cursor.accept_any("CASCADE", "RESTRICT")
