"""The reader of PostgreSQL's DO: migrations wrap in it what may be there already."""

from collections.abc import Callable
from contextlib import suppress

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import BEGINNINGS, Cursor, Misread
from mallgen.tables.scan import DdlToken, scan_part

_OPENS = frozenset(("BEGIN", "THEN", "ELSE", "LOOP"))
_THERE = frozenset(("ddl-duplicate-table", "ddl-duplicate-column", "ddl-duplicate-index", "ddl-two-primary-keys"))
Reader = Callable[[Cursor, Catalog], None]


def read_block(cursor: Cursor, catalog: Catalog, read: Reader) -> bool:
    """Read the statements of a DO that create or change tables; return whether all that it does is seen.

    What is there already is no finding in a block that looks first, or that catches the error.
    """
    body = next((token for token in cursor.tokens if token.kind == "text"), None)
    text = cursor.places.text
    if body is None or not text.startswith("$", body.start):
        return False
    width = text.index("$", body.start + 1) + 1 - body.start
    statements = scan_part(cursor.places, body.start + width, body.end - width, cursor.dialect, catalog.limits)
    if statements is None:
        return False
    words = {token.upper for statement in statements for token in statement.tokens}
    before = len(catalog.found)
    for statement in statements:
        inner = Cursor(statement, cursor.places, cursor.dialect, catalog.found)
        for at in range(len(statement.tokens)):
            if _begins(statement.tokens, at):
                inner.at = at
                with suppress(Misread):
                    read(inner, catalog)
                break
    if words & {"EXCEPTION", "IF"}:
        catalog.found[before:] = [one for one in catalog.found[before:] if one.code not in _THERE]
    return not words & {"EXECUTE", "PERFORM", "CALL"}


def _begins(tokens: tuple[DdlToken, ...], at: int) -> bool:
    """Tell the first token of a statement about tables, at the beginning or behind BEGIN, THEN and the like."""
    upper = tokens[at].upper
    follows = BEGINNINGS.get(upper, frozenset())
    opens = at == 0 or tokens[at - 1].upper in _OPENS
    return opens and at + 1 < len(tokens) and (tokens[at + 1].upper in follows or upper == "COMMENT")
