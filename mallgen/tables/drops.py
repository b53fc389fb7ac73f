"""The readers of DROP and RENAME."""

from mallgen.tables.catalog import Catalog, folded
from mallgen.tables.cursor import Cursor, Name
from mallgen.tables.databases import drop_database
from mallgen.tables.drafts import Draft
from mallgen.tables.guess import guess
from mallgen.tables.lookup import named_table, unknown
from mallgen.tables.model import Dialect


def drop(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows DROP; what is neither table, index nor type was no part of a model."""
    cursor.accept_any("TEMPORARY", "MATERIALIZED", "FOREIGN")
    if word := cursor.accept_any("TABLE", "TABLES", "VIEW"):
        _tables(cursor, catalog, "view" if word == "VIEW" else "table")
    elif cursor.accept_any("DATABASE", "SCHEMA"):
        drop_database(cursor, catalog)
    elif cursor.accept("INDEX"):
        _indexes(cursor, catalog)
    elif cursor.accept_any("TYPE", "DOMAIN"):
        cursor.accept("IF", "EXISTS")
        for _, name in _names(cursor, "type"):
            catalog.made.pop(name.text.lower(), None)
        cursor.accept_any("CASCADE", "RESTRICT")
    elif cursor.now.kind == "end":
        cursor.fail("DROP is followed by what is to go", "write DROP TABLE and its name")
    else:
        cursor.pass_over()


def _names(cursor: Cursor, noun: str) -> list[tuple[str, Name]]:
    found = [cursor.qualified(noun)]
    while cursor.accept(","):
        found.append(cursor.qualified(noun))
    return found


def _tables(cursor: Cursor, catalog: Catalog, noun: str) -> None:
    lenient = cursor.accept("IF", "EXISTS")
    names = _names(cursor, noun)
    cascades = False
    while word := cursor.accept_any("CASCADE", "RESTRICT", "CONSTRAINTS", "PURGE"):
        cascades = cascades or word == "CASCADE"
    for outer, name in names:
        draft = catalog.get(outer, name.text, cursor.dialect)
        if draft is not None:
            if cascades and cursor.dialect is Dialect.POSTGRES:
                catalog.release(draft)
            catalog.drop(draft)
        elif catalog.is_hidden(outer, name.text, cursor.dialect):
            catalog.hidden.discard((catalog.home(outer, cursor.dialect), folded(name.text, cursor.dialect)))
        elif not lenient:
            unknown(cursor, catalog, name, noun, "warning")


def _indexes(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows DROP INDEX: with its table in MySQL, by its name alone in the others."""
    cursor.accept("CONCURRENTLY")
    lenient = cursor.accept("IF", "EXISTS")
    if cursor.dialect is Dialect.MYSQL:
        name = cursor.name("index")
        cursor.expect("ON", "the name of the index")
        drop_index(cursor, named_table(cursor, catalog), name, lenient)
        while cursor.accept_any("ALGORITHM", "LOCK"):
            cursor.accept("=")
            cursor.take()
        return
    for outer, name in _names(cursor, "index"):
        draft = _owner(catalog, outer, name, cursor.dialect)
        if draft is not None:
            draft.remove_index(name.text)
        elif not lenient:
            _unknown_index(cursor, name, "no table", [])
    cursor.accept_any("CASCADE", "RESTRICT")


def _owner(catalog: Catalog, outer: str, name: Name, dialect: Dialect) -> Draft | None:
    home = catalog.home(outer, dialect)
    owners = (one for one in catalog.drafts.values() if one.index(name.text) is not None)
    return next((one for one in owners if one.database == home), None)


def drop_index(cursor: Cursor, draft: Draft, name: Name, lenient: bool = False) -> None:
    """Take an index out of its table."""
    if draft.index(name.text) is not None:
        draft.remove_index(name.text)
    elif name.text.upper() == "PRIMARY" and draft.key and cursor.dialect is Dialect.MYSQL:
        draft.key = ()
    elif not lenient:
        _unknown_index(cursor, name, f"`{draft.name}`", [one.name for one in draft.indexes.values()])


def _unknown_index(cursor: Cursor, name: Name, where: str, known: list[str]) -> None:
    message = f"{where} has {'an' if where == 'no table' else 'no'} index `{name.text}`"
    hint = guess(cursor.found, name.text, known) or "correct the name, or delete the statement"
    cursor.report("ddl-unknown-index", message, name.span, hint)


def rename(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows RENAME: tables; users are no part of a model."""
    if not cursor.accept_any("TABLE", "TABLES"):
        cursor.pass_over()
        return
    while True:
        cursor.accept("IF", "EXISTS")
        draft = named_table(cursor, catalog)
        cursor.expect("TO", "the name of the table")
        rename_table(cursor, catalog, draft)
        if not cursor.accept(","):
            return


def rename_table(cursor: Cursor, catalog: Catalog, draft: Draft) -> None:
    """Take the new name of a table, unless another table has it."""
    outer, name = cursor.qualified("table")
    database = catalog.home(outer, cursor.dialect) if outer else draft.database
    there = catalog.drafts.get((database, folded(name.text, cursor.dialect)))
    if there is not None and there is not draft:
        message = f"there is a table `{name.text}` already"
        cursor.report("ddl-duplicate-table", message, name.span, "give it another name, or DROP the other one first")
        return
    draft.span = name.span
    catalog.rename(draft, name.text, database)
