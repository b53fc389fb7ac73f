"""Tables that a statement names: known ones, and findings for those that are not."""

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import Cursor, Misread, Name
from mallgen.tables.drafts import Draft
from mallgen.tables.guess import guess
from mallgen.text.limits import raise_it


def named_table(cursor: Cursor, catalog: Catalog, noun: str = "table") -> Draft:
    """Take a table's name and return the table. Raises Misread when there is none; a hidden one is no finding."""
    outer, name = cursor.qualified(noun)
    draft = catalog.get(outer, name.text, cursor.dialect)
    if draft is not None:
        return draft
    if not catalog.is_hidden(outer, name.text, cursor.dialect):
        unknown(cursor, catalog, name, noun)
    raise Misread


def unknown(cursor: Cursor, catalog: Catalog, name: Name, noun: str, severity: str = "error") -> None:
    """Report a table or view that no statement before this one creates."""
    names = (draft.name for draft in catalog.drafts.values())
    message = f"no statement before this one creates the {noun} `{name.text}`"
    hint = guess(cursor.found, name.text, names) or "put its CREATE in front, in this file or one with a lower number"
    cursor.report("ddl-unknown-table", message, name.span, hint, severity)


def put_table(cursor: Cursor, catalog: Catalog, draft: Draft) -> None:
    """Add a table, unless there are too many."""
    most = catalog.limits.tables
    if len(catalog.drafts) < most:
        catalog.put(draft)
        return
    catalog.hide(draft.database, draft.name, draft.dialect)
    if not catalog.is_full:
        catalog.is_full = True
        hint = "read fewer files at once, " + raise_it("tables", 2 * most)
        cursor.report("too-many-tables", f"there are more than {most} tables", draft.span, hint)
