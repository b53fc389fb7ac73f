"""The readers of CREATE: tables, views, indexes and types are read, the rest is passed over or a finding."""

from mallgen.tables.catalog import Catalog
from mallgen.tables.create import create_table
from mallgen.tables.cursor import Cursor
from mallgen.tables.databases import create_database
from mallgen.tables.flink import is_flink
from mallgen.tables.indexes import create_index
from mallgen.tables.made_types import create_domain, create_type
from mallgen.tables.views import create_view

# parts of a database that hold no rows and change none
HARMLESS = frozenset(
    "USER ROLE EXTENSION SERVER TABLESPACE PUBLICATION SUBSCRIPTION COLLATION OPERATOR CAST LANGUAGE STATISTICS "
    "CONVERSION ACCESS TEXT GROUP SYSTEM LARGE LOGFILE RESOURCE UNDO SPATIAL_REFERENCE CATALOG TRANSFORM".split()
)
ROUTINES = frozenset(("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "RULE", "POLICY", "AGGREGATE", "PACKAGE"))
_AHEAD = 16


def create(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows CREATE."""
    replaces = cursor.accept("OR", "REPLACE")
    if cursor.accept_any("DATABASE", "SCHEMA"):
        create_database(cursor, catalog)
    elif _is_view(cursor):
        create_view(cursor, catalog, replaces)
    elif cursor.now.upper in ("UNIQUE", "INDEX", "FULLTEXT", "SPATIAL") and cursor.ahead().upper != "REFERENCE":
        create_index(cursor, catalog, replaces)
    elif cursor.accept("TYPE"):
        create_type(cursor, catalog)
    elif cursor.accept("DOMAIN"):
        create_domain(cursor, catalog)
    elif not _table(cursor, catalog, replaces):
        _other(cursor, catalog)


def _table(cursor: Cursor, catalog: Catalog, replaces: bool) -> bool:
    """Read CREATE TABLE; one that is no table of the database gets no model."""
    cursor.accept_any("GLOBAL", "LOCAL")
    kind = cursor.accept_any("TEMPORARY", "TEMP", "FOREIGN", "VIRTUAL", "UNLOGGED", "EXTERNAL")
    if not cursor.accept("TABLE"):
        return False
    if kind not in ("", "UNLOGGED"):
        _hidden(cursor, catalog, kind)
    elif is_flink(cursor):
        cursor.accept("IF", "NOT", "EXISTS")
        outer, name = cursor.qualified("table")
        catalog.hide(outer, name.text, cursor.dialect)
        message = f"`{name.text}` is a table of Flink SQL: it gets no model"
        cursor.report("ddl-flink", message, name.span, "keep this file out of `tables`", "warning")
        cursor.pass_over()
    else:
        create_table(cursor, catalog, replaces)
    return True


def _hidden(cursor: Cursor, catalog: Catalog, kind: str) -> None:
    kinds = {"TEMPORARY": "temporary", "TEMP": "temporary", "FOREIGN": "foreign", "VIRTUAL": "virtual"}
    cursor.accept("IF", "NOT", "EXISTS")
    outer, name = cursor.qualified("table")
    catalog.hide(outer, name.text, cursor.dialect)
    message = f"`{name.text}` is a {kinds.get(kind, 'external')} table: it gets no model"
    cursor.report("ddl-unmodelled", message, name.span, "write your own queries on it", "warning")
    if cursor.now.kind != "end":
        cursor.pass_over()


def _is_view(cursor: Cursor) -> bool:
    """Tell a view by its word behind ALGORITHM, DEFINER and the like."""
    for count in range(_AHEAD):
        token = cursor.ahead(count)
        if token.upper == "VIEW":
            return True
        if token.kind == "end" or token.upper in ("AS", "(", "TABLE", "ON") or token.upper in ROUTINES:
            return False
    return False


def _other(cursor: Cursor, catalog: Catalog) -> None:
    first = cursor.now
    words = [cursor.ahead(count).upper for count in range(_AHEAD)]
    routine = next((word for word in words if word in ROUTINES), "")
    if routine and first.upper not in HARMLESS:
        cursor.end()
        message = f"this {routine.lower()} is no part of a model"
        cursor.report("ddl-unmodelled", message, cursor.span(first), "nothing: the database keeps it", "warning")
    elif cursor.accept("SEQUENCE"):
        cursor.accept("IF", "NOT", "EXISTS")
        catalog.sequences.add(cursor.qualified("sequence")[1].text)
        if cursor.now.kind != "end":
            cursor.pass_over()
    elif first.upper in HARMLESS or first.upper == "SPATIAL":
        cursor.pass_over()
    else:
        cursor.fail("CREATE is followed by what it makes", "write CREATE TABLE, VIEW, INDEX, TYPE or DATABASE")
