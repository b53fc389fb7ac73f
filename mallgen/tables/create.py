"""The reader of CREATE TABLE."""

from mallgen.diagnostics import Note
from mallgen.tables.catalog import Catalog
from mallgen.tables.columns import ColumnReader
from mallgen.tables.cursor import Cursor, Misread, Name
from mallgen.tables.drafts import Draft, copy_table
from mallgen.tables.elements import begins_key, read_key
from mallgen.tables.keys import Keys
from mallgen.tables.lookup import named_table, put_table
from mallgen.tables.model import Dialect
from mallgen.tables.options import read_options
from mallgen.tables.table_checks import check_table
from mallgen.tables.views import columns_of_query
from mallgen.text.limits import raise_it


def create_table(cursor: Cursor, catalog: Catalog, replaces: bool) -> None:
    """Read what follows CREATE TABLE into the catalog."""
    lenient = cursor.accept("IF", "NOT", "EXISTS")
    outer, name = cursor.qualified("table")
    database = catalog.home(outer, cursor.dialect)
    draft = Draft(name.text, database, name.span, cursor.dialect)
    known = catalog.get(outer, name.text, cursor.dialect)
    if known is not None and lenient:
        message = f"`{name.text}` is there already: this CREATE TABLE IF NOT EXISTS changes nothing"
        notes = (Note(known.span, "the first one"),)
        cursor.report("ddl-table-again", message, name.span, "delete one of the two", "warning", notes)
        cursor.pass_over()
        return
    if known is not None and replaces:
        catalog.drop(known)
        known = None
    if known is not None:
        notes = (Note(known.span, "the first one"),)
        hint = "delete one of the two, or write DROP TABLE in between"
        cursor.report("ddl-duplicate-table", f"there are two tables `{name.text}`", name.span, hint, notes=notes)
    catalog.annotate(draft)
    draft.charset = catalog.charsets.get(database, "")
    keys = Keys(cursor, draft)
    _body(cursor, catalog, keys)
    keys.finish()
    check_table(draft, catalog.found)
    if known is None:
        put_table(cursor, catalog, draft)


def _body(cursor: Cursor, catalog: Catalog, keys: Keys) -> None:
    """Read the columns: in brackets, of another table, or of a query."""
    draft = keys.draft
    if cursor.now.upper == "LIKE" or (cursor.now.upper == "(" and cursor.ahead().upper == "LIKE" and _is_mysql(cursor)):
        bracket = cursor.accept("(")
        cursor.take()
        copy_table(draft, named_table(cursor, catalog), everything=True)
        if bracket:
            cursor.expect(")", "the table's name")
        return
    if cursor.accept("PARTITION", "OF"):
        copy_table(draft, named_table(cursor, catalog), everything=True)
        cursor.pass_over()
        return
    if cursor.now.upper == "(" and cursor.ahead().upper not in ("SELECT", "WITH"):
        _definitions(cursor, catalog, keys)
        read_options(cursor, draft, catalog)
    elif cursor.now.upper in ("ENGINE", "CHARSET", "DEFAULT", "COMMENT", "WITH", "TABLESPACE", "UNLOGGED"):
        read_options(cursor, draft, catalog)
    cursor.accept_any("IGNORE", "REPLACE")
    if cursor.accept("AS") or cursor.now.upper in ("SELECT", "WITH", "(", "VALUES"):
        columns_of_query(cursor, catalog, draft)
    elif not draft.columns:
        cursor.fail("a table's name is followed by `(`", "write the columns in brackets")


def _is_mysql(cursor: Cursor) -> bool:
    return cursor.dialect is Dialect.MYSQL


def _definitions(cursor: Cursor, catalog: Catalog, keys: Keys) -> None:
    """Read columns and keys up to the closing bracket; a bad one does not hide the next."""
    opening = cursor.take()
    while not cursor.accept(")"):
        if cursor.now.kind == "end":
            cursor.report("ddl-syntax", "this `(` is never closed", cursor.span(opening), "close it with `)`")
            return
        if _is_option(cursor) or cursor.begins_statement():
            message = f"`)` is missing in front of {cursor.shown()}"
            is_option = _is_option(cursor)
            edits = (
                cursor.insertion(cursor.now.start if is_option else cursor.before.end, ") " if is_option else ")"),
            )
            cursor.report("ddl-syntax", message, cursor.span(cursor.now), "close the columns with `)`", edits=edits)
            return
        start = cursor.at
        try:
            _definition(cursor, catalog, keys)
        except Misread:
            cursor.skip_to(",")
        if cursor.accept(","):
            if cursor.now.upper == ")":
                message = "there is a `,` behind the last definition"
                comma = (cursor.deletion(cursor.before.start, cursor.before.end),)
                cursor.report("ddl-syntax", message, cursor.span(cursor.before), "delete it", edits=comma)
        elif cursor.at == start:
            cursor.take()


def _is_option(cursor: Cursor) -> bool:
    return cursor.now.upper in ("ENGINE", "CHARSET", "AUTO_INCREMENT") and cursor.ahead().upper == "="


def _definition(cursor: Cursor, catalog: Catalog, keys: Keys) -> None:
    if cursor.dialect is Dialect.POSTGRES and cursor.now.upper == "LIKE":
        _like(cursor, catalog, keys.draft)
        return
    if begins_key(cursor):
        read_key(cursor, keys)
        if cursor.now.kind != "end" and cursor.now.upper not in (",", ")") and not _is_option(cursor):
            if cursor.places.line(cursor.now.start) == cursor.places.line(cursor.before.start):
                cursor.fail("`,` or `)` follows a key", "delete it, or write `,` in front")
            message = f"a `,` is missing in front of {cursor.shown()}"
            edits = (cursor.insertion(cursor.before.end, ","),)
            hint = "write `,` between two definitions"
            cursor.report("ddl-syntax", message, cursor.span(cursor.now), hint, edits=edits)
        return
    name = cursor.name("column")
    add_column(cursor, catalog, keys, name)


def _like(cursor: Cursor, catalog: Catalog, draft: Draft) -> None:
    """Read PostgreSQL's LIKE among the columns: those of another table, without its keys unless they are INCLUDED."""
    cursor.take()
    other = named_table(cursor, catalog)
    included: set[str] = set()
    while sign := cursor.accept_any("INCLUDING", "EXCLUDING"):
        words = {"ALL": ("ALL", "DEFAULTS", "INDEXES", "IDENTITY", "GENERATED", "COMMENTS")}
        word = cursor.take().upper
        change = set(words.get(word, (word,)))
        included = included | change if sign == "INCLUDING" else included - change
    copy_table(draft, other, everything=False, included=frozenset(included))


def add_column(cursor: Cursor, catalog: Catalog, keys: Keys, name: Name, stops: tuple[str, ...] = ()) -> str:
    """Read a column behind its name and put it at the table's end; return its name."""
    draft, known, limits = keys.draft, keys.draft.column(name.text), catalog.limits
    column = ColumnReader(cursor, name, keys, catalog.made, stops).read()
    if known is not None:
        notes = (Note(known.span, "the first one"),)
        message = f"`{draft.name}` has two columns `{name.text}`"
        cursor.report("ddl-duplicate-column", message, name.span, "delete one or give it another name", notes=notes)
        return ""
    if len(draft.columns) == limits.columns and draft.is_complete:
        message = f"`{draft.name}` has more than {limits.columns} columns"
        hint = "part the table, " + raise_it("columns", 2 * limits.columns)
        cursor.report("too-many-columns", message, name.span, hint)
    if len(draft.columns) < limits.columns:
        draft.put(column)
    else:
        draft.is_complete = False
    return column.name
