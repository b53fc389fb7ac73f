"""The reader of CREATE INDEX."""

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import Cursor
from mallgen.tables.elements import key_options
from mallgen.tables.keys import Keys, read_parts
from mallgen.tables.lookup import named_table
from mallgen.tables.model import Dialect

_SORTED = frozenset(("", "BTREE", "RTREE"))


def create_index(cursor: Cursor, catalog: Catalog, replaces: bool) -> None:
    """Read what follows CREATE: UNIQUE, FULLTEXT or INDEX."""
    kind = cursor.accept_any("UNIQUE", "FULLTEXT", "SPATIAL", "CLUSTERED")
    cursor.expect("INDEX", f"CREATE {kind}".strip())
    first = cursor.before
    cursor.accept("CONCURRENTLY")
    lenient = cursor.accept("IF", "NOT", "EXISTS")
    named = None if cursor.now.upper == "ON" else cursor.qualified("index")[1]
    method = _method(cursor)
    cursor.expect("ON", "the name of the index")
    cursor.accept("ONLY")
    draft = named_table(cursor, catalog)
    method = _method(cursor) or method
    keys = Keys(cursor, draft)
    start = cursor.at
    parts = read_parts(cursor, keys)
    span = named.span if named is not None else cursor.span(first)
    key_options(cursor)
    spelt = cursor.source(start, cursor.at)
    while cursor.accept_any("ALGORITHM", "LOCK"):
        cursor.accept("=")
        cursor.take()
    where = _where(cursor, keys)
    if named is not None and draft.index(named.text) is not None:
        if lenient:
            return
        if replaces:
            draft.remove_index(named.text)
    plain = kind in ("", "UNIQUE", "CLUSTERED") and (cursor.dialect is not Dialect.POSTGRES or method in _SORTED)
    own = method if kind in ("", "UNIQUE", "CLUSTERED") and method not in _SORTED else kind.replace("UNIQUE", "")
    keys.index(named, parts, kind == "UNIQUE", span, where, plain, spelt, own)
    keys.finish()


def _method(cursor: Cursor) -> str:
    return cursor.take().upper if cursor.accept("USING") else ""


def _where(cursor: Cursor, keys: Keys) -> str:
    """Read the predicate of a partial index: all up to the end of the statement."""
    if not cursor.accept("WHERE"):
        return ""
    start = cursor.at
    while cursor.now.kind != "end" and not cursor.begins_statement():
        cursor.take()
    if start == cursor.at:
        cursor.fail("a condition follows WHERE", "write one, such as `WHERE deleted_at IS NULL`")
    keys.expression(start, cursor.at, "the index")
    return cursor.source(start, cursor.at)
