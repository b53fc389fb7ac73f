"""The reader of PostgreSQL's COMMENT ON."""

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import Cursor, Name
from mallgen.tables.guess import guess
from mallgen.tables.lookup import named_table, unknown


def comment_on(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows COMMENT: comments of tables and columns belong to models."""
    cursor.expect("ON", "COMMENT")
    cursor.accept("MATERIALIZED")
    word = cursor.accept_any("TABLE", "VIEW", "COLUMN")
    if not word:
        cursor.pass_over()
    elif word == "COLUMN":
        _column(cursor, catalog)
    else:
        draft = named_table(cursor, catalog, word.lower())
        draft.comment = _text(cursor)


def _column(cursor: Cursor, catalog: Catalog) -> None:
    names = [cursor.name("table")]
    while cursor.accept("."):
        names.append(cursor.after_dot("column"))
    if len(names) < 2:
        cursor.fail("a column is named with its table", "write COMMENT ON COLUMN orders.total IS '…'")
    outer, table, name = (names[-3].text if len(names) > 2 else ""), names[-2], names[-1]
    draft = catalog.get(outer, table.text, cursor.dialect)
    text = _text(cursor)
    if draft is None:
        if not catalog.is_hidden(outer, table.text, cursor.dialect):
            unknown(cursor, catalog, Name(table.text, table.span), "table")
        return
    column = draft.column(name.text)
    if column is not None:
        draft.put(column._replace(comment=text))
    elif draft.is_complete:
        known = (one.name for one in draft.columns.values())
        message = f"`{draft.name}` has no column `{name.text}`, which this comment names"
        hint = guess(cursor.found, name.text, known) or "correct the name, or add the column"
        cursor.report("ddl-unknown-column", message, name.span, hint)


def _text(cursor: Cursor) -> str:
    cursor.expect("IS", "the name of what is commented on")
    if cursor.accept("NULL"):
        return ""
    if cursor.now.kind != "text":
        cursor.fail("IS is followed by a text", "write it in quotes: IS '…'")
    text = cursor.take().text
    while cursor.now.kind == "text":
        text += cursor.take().text
    return text
