"""The readers of CREATE VIEW and of tables made of a query: columns with the types of what they come from."""

from typing import NoReturn

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import Cursor, Misread, Name
from mallgen.tables.drafts import Draft
from mallgen.tables.lookup import put_table
from mallgen.tables.model import UNTOLD, Column
from mallgen.tables.query import QueryReader, Typed
from mallgen.tables.query_places import projections

_BEGINNINGS = ("SELECT", "WITH", "VALUES", "TABLE", "(")


def create_view(cursor: Cursor, catalog: Catalog, replaces: bool) -> None:
    """Read a view from behind CREATE or ALTER: its options, its name and its query."""
    is_materialized = False
    while not cursor.accept("VIEW"):
        is_materialized = cursor.take().upper == "MATERIALIZED"
    lenient = cursor.accept("IF", "NOT", "EXISTS")
    outer, name = cursor.qualified("view")
    known = catalog.get(outer, name.text, cursor.dialect)
    draft = Draft(name.text, catalog.home(outer, cursor.dialect), name.span, cursor.dialect)
    draft.is_materialized = is_materialized
    catalog.annotate(draft)
    names = _names(cursor)
    while cursor.now.kind != "end" and not cursor.accept("AS"):
        cursor.skip_group() if cursor.now.upper == "(" else cursor.take()
    if (known is not None and lenient) or catalog.is_full:
        catalog.hide(outer, name.text, cursor.dialect)
        cursor.pass_over()
        return
    draft.select = columns_of_query(cursor, catalog, draft, names)
    if known is None:
        put_table(cursor, catalog, draft)
    elif replaces and known.select:
        draft.number = known.number
        catalog.put(draft)
    else:
        message = f"there is a table or view `{name.text}` already"
        cursor.report("ddl-duplicate-table", message, name.span, "give it another name, or write OR REPLACE")


def _names(cursor: Cursor) -> list[Name]:
    """Take the names of a view's columns."""
    found: list[Name] = []
    if not cursor.accept("("):
        return found
    while not cursor.accept(")"):
        found.append(cursor.name("column"))
        if not cursor.accept(",") and cursor.now.upper != ")":
            cursor.fail("`,` or `)` follows a column's name", "write `,` between names")
    return found


def columns_of_query(cursor: Cursor, catalog: Catalog, draft: Draft, names: list[Name] | None = None) -> str:
    """Read a query to its end into the columns of a table or view; return its text."""
    first = cursor.at
    if cursor.now.upper not in _BEGINNINGS:
        cursor.fail("a query follows", "write `AS SELECT …`")
    while cursor.now.kind != "end" and not cursor.begins_statement():
        cursor.take()
    last = _without_options(cursor, first)
    text = cursor.source(first, last)
    places, own = projections(cursor, first, last), set(draft.columns)
    found = QueryReader(cursor, catalog, draft).read(text, cursor.span(cursor.tokens[first]))
    if found is None:
        draft.is_complete = False
        _unread(catalog, draft)
    if names and len(names) != len(found):
        message = f"the view names {len(names)} columns and its query has {len(found)}"
        cursor.report("ddl-unread-view", message, names[0].span, "name as many as SELECT has")
    for at, typed in enumerate(found):
        named = names[at] if names and at < len(names) else None
        span = named.span if named is not None else places[min(typed.place, len(places) - 1)]
        name = named.text if named is not None else typed.name
        if draft.folded(name) not in own:
            _put(cursor, draft, typed, name, Name("", span))
    return text


def _unread(catalog: Catalog, draft: Draft) -> NoReturn:
    """Hide a view whose columns cannot be told, so that later statements about it are no findings."""
    catalog.hide(draft.database, draft.name, draft.dialect)
    raise Misread


def _without_options(cursor: Cursor, first: int) -> int:
    """Return the end of a query without WITH CHECK OPTION and WITH NO DATA."""
    last = cursor.at
    words = [token.upper for token in cursor.tokens[max(first, last - 4) : last]]
    for count, ends in ((4, ("CHECK", "OPTION")), (3, ("CHECK", "OPTION")), (3, ("NO", "DATA")), (2, ("DATA",))):
        if len(words) >= count and words[-count] == "WITH" and tuple(words[-len(ends) :]) == ends:
            return last - count
    return last


def _put(cursor: Cursor, draft: Draft, typed: Typed, name: str, place: Name) -> None:
    if not name:
        message = f"this column of `{draft.name}` has no name"
        cursor.report("ddl-unread-view", message, place.span, "give it one: AS total")
        return
    if draft.column(name) is not None:
        message = f"`{draft.name}` has two columns `{name}`"
        cursor.report("ddl-duplicate-column", message, place.span, "give one another name: AS …")
        return
    if typed.type is None:
        message = f"the type of `{name}` cannot be told from the query{typed.reason}"
        hint = "write a cast, such as `CAST(… AS DECIMAL(20, 2))`"
        cursor.report("ddl-unread-view", message, place.span, hint, "unfit")
    kind = typed.type if typed.type is not None else UNTOLD
    draft.put(Column(name, kind, place.span, typed.nullable, comment=typed.comment))
