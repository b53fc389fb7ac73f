"""The reader of a key or constraint among the columns of CREATE TABLE, or behind ADD of ALTER TABLE."""

from mallgen.tables.cursor import Cursor, Name
from mallgen.tables.key_lengths import Part
from mallgen.tables.keys import Keys, read_parts, read_reference
from mallgen.tables.model import Dialect

_HEADS = frozenset("PRIMARY UNIQUE CONSTRAINT FOREIGN CHECK".split())
_MYSQL_HEADS = frozenset("KEY INDEX FULLTEXT SPATIAL".split())


def begins_key(cursor: Cursor) -> bool:
    """Tell a key or constraint from a column, whose name may be such a word in PostgreSQL and SQLite."""
    upper = cursor.now.upper
    if upper in _MYSQL_HEADS:
        return cursor.dialect is Dialect.MYSQL or (upper in ("KEY", "INDEX") and cursor.ahead(2).upper == "(")
    return upper in _HEADS or (upper == "EXCLUDE" and cursor.dialect is Dialect.POSTGRES)


def read_key(cursor: Cursor, keys: Keys) -> None:
    """Read one key or constraint. Raises Misread, with a finding, where it cannot be read."""
    constraint = ""
    named: Name | None = None
    if cursor.accept("CONSTRAINT") and cursor.now.upper not in _HEADS:
        named = cursor.name("constraint")
        constraint = named.text
    first = cursor.now
    if cursor.accept("PRIMARY"):
        cursor.expect("KEY", "PRIMARY")
        _primary(cursor, keys, constraint)
    elif cursor.accept("UNIQUE"):
        cursor.accept_any("KEY", "INDEX")
        _index(cursor, keys, True, named)
    elif cursor.accept("FOREIGN"):
        _foreign(cursor, keys, constraint)
    elif cursor.accept("CHECK"):
        keys.check(constraint)
    elif cursor.accept("EXCLUDE"):
        _exclude(cursor)
    elif word := cursor.accept_any("FULLTEXT", "SPATIAL"):
        cursor.accept_any("KEY", "INDEX")
        _index(cursor, keys, False, named, word)
    elif cursor.accept_any("KEY", "INDEX"):
        if cursor.dialect is not Dialect.MYSQL:
            message = f"{cursor.dialect.value} knows no KEY in CREATE TABLE"
            cursor.report("ddl-syntax", message, cursor.span(first), "write CREATE INDEX behind the table")
        _index(cursor, keys, False, named)
    else:
        cursor.fail("PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK follows CONSTRAINT", "write one of them")


def _primary(cursor: Cursor, keys: Keys, constraint: str) -> None:
    first = cursor.before
    if cursor.dialect is Dialect.POSTGRES and cursor.accept("USING", "INDEX"):
        index = keys.take_index(cursor.name("index"))
        key_options(cursor)
        keys.primary_key(tuple(Part(Name(name, index.span)) for name in index.columns), index.span, constraint)
        return
    _method(cursor)
    if cursor.now.kind in ("word", "name") and cursor.now.upper != "(":
        cursor.take()
        _method(cursor)
    parts = read_parts(cursor, keys)
    key_options(cursor)
    keys.primary_key(parts, cursor.span(first, cursor.before), constraint)


def _method(cursor: Cursor) -> None:
    if cursor.accept("USING") or cursor.accept("TYPE"):
        cursor.take()


def _index(cursor: Cursor, keys: Keys, unique: bool, named: Name | None, kind: str = "") -> None:
    """Read an index's name, method, parts and options."""
    first = cursor.now
    if cursor.dialect is Dialect.POSTGRES and cursor.accept("USING", "INDEX"):
        index = keys.take_index(cursor.name("index"))
        key_options(cursor)
        named = named or Name(index.name, index.span)
        keys.index(named, tuple(Part(Name(name, index.span)) for name in index.columns), True, named.span)
        return
    if cursor.dialect is Dialect.POSTGRES and cursor.accept("NULLS"):
        cursor.accept("NOT")
        cursor.expect("DISTINCT", "NULLS")
    if cursor.now.upper != "(" and cursor.now.upper != "USING":
        cursor.accept("IF", "NOT", "EXISTS")
        named = cursor.name("index")
    _method(cursor)
    start = cursor.at
    parts = read_parts(cursor, keys)
    span = named.span if named is not None else cursor.span(first, cursor.before)
    key_options(cursor)
    spelt = cursor.source(start, cursor.at)
    is_constraint = unique and cursor.dialect is not Dialect.MYSQL
    keys.index(named, parts, unique, span, plain=not kind, spelt=spelt, kind=kind, is_constraint=is_constraint)


def key_options(cursor: Cursor) -> None:
    """Take the options behind a key, none of which a model needs."""
    while True:
        if cursor.accept("USING", "INDEX", "TABLESPACE"):
            cursor.take()
        elif cursor.accept("USING") or cursor.accept("COMMENT") or cursor.accept("KEY_BLOCK_SIZE"):
            cursor.accept("=")
            cursor.take()
        elif cursor.accept("WITH", "PARSER"):
            cursor.take()
        elif cursor.accept("INCLUDE") or (cursor.dialect is Dialect.POSTGRES and cursor.accept("WITH")):
            cursor.skip_group()
        elif cursor.accept("ON", "CONFLICT") or cursor.accept("INITIALLY"):
            cursor.take()
        elif not (
            cursor.accept_any("VISIBLE", "INVISIBLE", "IGNORED", "DEFERRABLE")
            or cursor.accept("NOT", "IGNORED")
            or cursor.accept("NOT", "DEFERRABLE")
            or cursor.accept("CLUSTERING", "=", "YES")
        ):
            return


def _foreign(cursor: Cursor, keys: Keys, constraint: str) -> None:
    cursor.expect("KEY", "FOREIGN")
    if cursor.now.upper != "(":
        cursor.accept("IF", "NOT", "EXISTS")
        name = cursor.name("foreign key").text
        constraint = constraint or name
    parts = read_parts(cursor, keys)
    cursor.expect("REFERENCES", "a foreign key's columns")
    names = tuple(part.name for part in parts if part.name is not None)
    read_reference(cursor, names, keys, constraint)


def _exclude(cursor: Cursor) -> None:
    """Take PostgreSQL's EXCLUDE, which a model needs nothing of: a row that it refuses is the database's error."""
    _method(cursor)
    cursor.skip_group()
    if cursor.accept("WHERE"):
        cursor.skip_group()
    key_options(cursor)
