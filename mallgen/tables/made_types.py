"""The readers of PostgreSQL's CREATE TYPE and CREATE DOMAIN, and of ALTER TYPE."""

from mallgen.tables.catalog import Catalog, MadeType
from mallgen.tables.cursor import Cursor, Name
from mallgen.tables.defaults import read_default
from mallgen.tables.model import Base, ColumnType
from mallgen.tables.types import read_type

_ENUM = ColumnType(Base.ENUM, "")


def create_type(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows CREATE TYPE: an enum; others have no counterpart in a model."""
    name = cursor.qualified("type")[1]
    if name.text.lower() in catalog.made:
        message = f"there is a type `{name.text}` already"
        cursor.report("ddl-duplicate-table", message, name.span, "delete one of the two")
    if not cursor.accept("AS", "ENUM"):
        catalog.made[name.text.lower()] = MadeType(None)
        cursor.pass_over() if cursor.now.kind != "end" else None
        return
    cursor.expect("(", "AS ENUM")
    values: list[str] = []
    while not cursor.accept(")"):
        values.append(_value(cursor, values))
        if not cursor.accept(",") and cursor.now.upper != ")":
            cursor.fail("`,` or `)` follows a value", "write `,` between values")
    made = MadeType(_ENUM._replace(values=tuple(values), made=name.text.lower()))
    catalog.made.setdefault(name.text.lower(), made)


def _value(cursor: Cursor, known: list[str]) -> str:
    if cursor.now.kind != "text":
        cursor.fail("a value of an enum is a text", "write it in quotes: 'new'")
    token = cursor.take()
    if token.text in known:
        message = f"the value `{token.text[:40]}` is there twice"
        cursor.report("ddl-syntax", message, cursor.span(token), "delete one")
    return token.text


def create_domain(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows CREATE DOMAIN: a type with a default and NOT NULL; its checks are the database's."""
    name, start = cursor.qualified("domain")[1], cursor.at
    cursor.accept("AS")
    kind = read_type(cursor, catalog.made)
    not_null, default = False, None
    while cursor.now.kind != "end" and not cursor.begins_statement():
        if cursor.accept("NOT", "NULL"):
            not_null = True
        elif cursor.accept("DEFAULT"):
            default = read_default(cursor).value
        elif cursor.now.upper == "(":
            cursor.skip_group()
        else:
            cursor.take()
    folded = name.text.lower()
    catalog.made[folded] = MadeType(
        kind._replace(made=kind.made or folded, domain=cursor.source(start, cursor.at)), not_null, default
    )


def alter_type(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows ALTER TYPE: values that are added or renamed, and its name."""
    name = cursor.qualified("type")[1]
    made = catalog.made.get(name.text.lower())
    if made is None or made.type is None or cursor.now.upper not in ("ADD", "RENAME"):
        if made is None and cursor.now.upper in ("ADD", "RENAME"):
            message = f"no statement before this one creates the type `{name.text}`"
            cursor.report("ddl-unknown-table", message, name.span, "put its CREATE TYPE in front")
        cursor.pass_over() if cursor.now.kind != "end" else None
    elif cursor.accept("RENAME", "TO"):
        new = cursor.name("type").text.lower()
        catalog.made[new] = catalog.made.pop(name.text.lower())
    elif cursor.accept("ADD", "VALUE") or cursor.accept("RENAME", "VALUE"):
        _values(cursor, catalog, made.type, name)
    else:
        cursor.pass_over()


def _values(cursor: Cursor, catalog: Catalog, old: ColumnType, name: Name) -> None:
    adds = cursor.ahead(-2).upper == "ADD"
    lenient = cursor.accept("IF", "NOT", "EXISTS")
    value = cursor.take()
    values = list(old.values)
    if not adds:
        cursor.expect("TO", "a value")
        catalog.renamed.setdefault(old.made, []).append((value.text, cursor.now.text))
        values = [cursor.now.text if one == value.text else one for one in values]
        cursor.take()
    elif value.text not in values:
        side = cursor.accept_any("BEFORE", "AFTER")
        at = len(values)
        if side and cursor.take().text in values:
            at = values.index(cursor.before.text) + (side == "AFTER")
        values.insert(at, value.text)
    else:
        if not lenient:
            message = f"the value `{value.text[:40]}` is there already"
            cursor.report("ddl-syntax", message, cursor.span(value), "delete this statement")
        while cursor.now.kind != "end" and not cursor.begins_statement():
            cursor.take()
    new = old._replace(values=tuple(values))
    catalog.made[name.text.lower()] = MadeType(new)
    catalog.altered[new.made] = new
