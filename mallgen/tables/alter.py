"""The reader of ALTER: what each action changes in a table, and the ALTER of views, types and indexes."""

from mallgen.tables.alter_columns import ColumnActions
from mallgen.tables.catalog import Catalog
from mallgen.tables.creation import HARMLESS, ROUTINES
from mallgen.tables.cursor import Cursor, Misread
from mallgen.tables.databases import alter_database
from mallgen.tables.drafts import Draft
from mallgen.tables.drops import drop_index, rename_table
from mallgen.tables.elements import begins_key, read_key
from mallgen.tables.key_lengths import widened, width
from mallgen.tables.keys import Keys
from mallgen.tables.lookup import named_table
from mallgen.tables.made_types import alter_type
from mallgen.tables.model import Base, Dialect
from mallgen.tables.options import mysql_options
from mallgen.tables.views import create_view

# actions that change no model, for MySQL's and PostgreSQL's tables
_IDLE = frozenset(
    "DISABLE ENABLE FORCE LOCK ALGORITHM DISCARD IMPORT UPGRADE NO OWNER CLUSTER RESET REPLICA VALIDATE INHERIT OF NOT "
    "SET WITHOUT ATTACH DETACH WITH SECONDARY_LOAD SECONDARY_UNLOAD WAIT NOWAIT".split()
)
# actions about partitions, behind which nothing else can stand
_PARTITIONS = frozenset(
    "PARTITION REORGANIZE COALESCE EXCHANGE REBUILD OPTIMIZE REPAIR REMOVE ORDER CHECK ANALYZE".split()
)

_SQLITE = frozenset(("ADD", "DROP", "RENAME"))
_ELSEWHERE = {
    Dialect.MYSQL: frozenset(("OWNER", "CLUSTER", "RESET", "REPLICA", "VALIDATE", "ATTACH", "DETACH", "INHERIT")),
    Dialect.POSTGRES: frozenset(("MODIFY", "CHANGE", "CONVERT", "LOCK", "ALGORITHM", "DISCARD", "IMPORT")),
    Dialect.SQLITE: frozenset[str](),
}
_ACTIONS = {
    Dialect.MYSQL: "ADD, DROP, MODIFY, CHANGE, ALTER or RENAME",
    Dialect.POSTGRES: "ADD, DROP, ALTER or RENAME",
    Dialect.SQLITE: "ADD, DROP or RENAME COLUMN, or RENAME TO",
}


def alter(cursor: Cursor, catalog: Catalog) -> None:
    """Read what follows ALTER."""
    cursor.accept_any("ONLINE", "OFFLINE")
    cursor.accept("IGNORE")
    cursor.accept_any("FOREIGN", "MATERIALIZED")
    if cursor.accept("TABLE"):
        _table(cursor, catalog)
    elif cursor.accept("TYPE"):
        alter_type(cursor, catalog)
    elif cursor.accept("INDEX"):
        _index(cursor, catalog)
    elif cursor.accept_any("DATABASE", "SCHEMA"):
        alter_database(cursor, catalog)
    elif cursor.now.upper in ("VIEW", "ALGORITHM", "DEFINER", "SQL"):
        _view(cursor, catalog)
    elif cursor.now.upper in HARMLESS or cursor.now.upper in ROUTINES or cursor.now.upper in _OTHERS:
        cursor.pass_over()
    else:
        cursor.fail("ALTER is followed by what it changes", "write ALTER TABLE and its name")


_OTHERS = frozenset(("SEQUENCE", "DOMAIN", "DEFAULT", "INSTANCE", "CONSTRAINT", "USER", "SERVER"))


def _view(cursor: Cursor, catalog: Catalog) -> None:
    """Read ALTER VIEW: MySQL's replaces the view, PostgreSQL's changes names and options."""
    if cursor.dialect is Dialect.MYSQL:
        create_view(cursor, catalog, True)
        return
    cursor.take()
    lenient = cursor.accept("IF", "EXISTS")
    alteration = _alteration(cursor, catalog, lenient, "view")
    if alteration is not None:
        alteration.run()


def _index(cursor: Cursor, catalog: Catalog) -> None:
    """Read PostgreSQL's ALTER INDEX, of which only RENAME TO changes a model."""
    cursor.accept("IF", "EXISTS")
    outer, name = cursor.qualified("index")
    home = catalog.home(outer, cursor.dialect)
    if not cursor.accept("RENAME", "TO"):
        if cursor.now.kind != "end":
            cursor.pass_over()
        return
    new = cursor.name("index")
    for draft in catalog.drafts.values():
        if draft.database == home and draft.index(name.text) is not None:
            draft.rename_index(name.text, new.text)
            return


def _alteration(cursor: Cursor, catalog: Catalog, lenient: bool, noun: str = "table") -> "_Alteration | None":
    cursor.accept("ONLY")
    start = cursor.at
    outer, name = cursor.qualified(noun)
    draft = catalog.get(outer, name.text, cursor.dialect)
    if draft is None and (lenient or name.text in catalog.sequences):
        if cursor.now.kind != "end":
            cursor.pass_over()
        return None
    cursor.at = start
    draft = named_table(cursor, catalog, noun)
    cursor.accept("*")
    catalog.annotate(draft)
    return _Alteration(cursor, catalog, draft)


def _table(cursor: Cursor, catalog: Catalog) -> None:
    alteration = _alteration(cursor, catalog, cursor.accept("IF", "EXISTS"))
    if alteration is not None:
        alteration.run()


class _Alteration:
    """The actions of one ALTER TABLE, applied from left to right."""

    def __init__(self, cursor: Cursor, catalog: Catalog, draft: Draft) -> None:
        self.cursor, self.catalog, self.draft = cursor, catalog, draft
        self.keys = Keys(cursor, draft)
        self.columns = ColumnActions(cursor, catalog, self.keys)

    def run(self) -> None:
        """Read all actions; a bad one does not hide the next."""
        cursor = self.cursor
        if cursor.accept_any("WAIT", "NOWAIT"):
            cursor.number()
        while True:
            start = cursor.at
            try:
                self._action()
            except Misread:
                cursor.skip_to(",")
            if cursor.now.kind == "end" or cursor.begins_statement():
                break
            if not cursor.accept(",") and (cursor.before.upper != "," or cursor.at == start):
                message = f"{cursor.shown()} cannot stand here: `,` or the end follows an action of ALTER TABLE"
                cursor.report("ddl-syntax", message, cursor.span(cursor.now), "delete it, or write `,` in front")
                cursor.take()
                cursor.skip_to(",")
                cursor.accept(",") or cursor.accept(")")
        self.keys.finish()
        self.draft.is_altered = True

    def _action(self) -> None:
        cursor, word = self.cursor, self.cursor.now.upper
        if word in _ELSEWHERE[cursor.dialect] or (cursor.dialect is Dialect.SQLITE and word not in _SQLITE):
            cursor.fail(f"{cursor.dialect.title} has no such action", f"write {_ACTIONS[cursor.dialect]}")
        elif cursor.dialect is Dialect.SQLITE and cursor.before.upper == ",":
            cursor.fail("SQLite changes one thing at a time", "write ALTER TABLE again")
        elif cursor.accept("ADD"):
            self._add()
        elif cursor.accept("DROP"):
            self._drop()
        elif cursor.accept("RENAME"):
            self._rename()
        elif word in ("ALTER", "MODIFY", "CHANGE"):
            self._alter()
        elif cursor.accept("CONVERT", "TO"):
            self._convert()
        elif cursor.accept("SET", "SCHEMA"):
            self.catalog.rename(self.draft, self.draft.name, cursor.name("schema").text)
        elif word in _PARTITIONS:
            cursor.pass_over()
        elif word in _IDLE:
            self._idle()
        elif cursor.dialect is not Dialect.MYSQL or not mysql_options(cursor, self.draft):
            cursor.fail("an action follows", "write ADD, DROP, MODIFY, RENAME …")

    def _idle(self) -> None:
        cursor = self.cursor
        cursor.take()
        while cursor.now.kind != "end" and cursor.now.upper != "," and not cursor.begins_statement():
            cursor.skip_group() if cursor.now.upper == "(" else cursor.take()

    def _add(self) -> None:
        cursor = self.cursor
        if cursor.now.upper == "PARTITION":
            cursor.pass_over()
        elif cursor.now.upper == "PERIOD" and cursor.ahead().upper == "FOR":
            self._idle()
        elif begins_key(cursor):
            if cursor.dialect is Dialect.SQLITE:
                cursor.fail("SQLite adds no key to a table that is there", "write CREATE UNIQUE INDEX")
            read_key(cursor, self.keys)
        else:
            self.columns.add()

    def _drop(self) -> None:
        cursor, draft = self.cursor, self.draft
        if cursor.accept("PRIMARY"):
            cursor.expect("KEY", "PRIMARY")
            if not draft.key:
                self.columns.missing(cursor.span(cursor.before), "primary key", "", [])
            draft.key = ()
        elif cursor.now.upper in ("INDEX", "KEY") and cursor.dialect is Dialect.MYSQL:
            cursor.take()
            lenient = cursor.accept("IF", "EXISTS")
            drop_index(cursor, draft, cursor.name("index"), lenient)
        elif cursor.accept("FOREIGN", "KEY"):
            self._drop_constraint("foreign key")
        elif cursor.accept_any("CONSTRAINT", "CHECK"):
            self._drop_constraint("constraint")
        elif cursor.now.upper == "PARTITION":
            cursor.pass_over()
        else:
            self.columns.drop()

    def _drop_constraint(self, noun: str) -> None:
        cursor, draft = self.cursor, self.draft
        lenient = cursor.accept("IF", "EXISTS")
        name = cursor.name(noun)
        index = draft.index(name.text)
        columns = index.columns if index is not None else draft.key
        is_key = index is not None or draft.key_name == name.text
        if cursor.accept_any("CASCADE", "RESTRICT") == "CASCADE" and is_key:
            self.catalog.release(draft, columns)
        if not draft.remove_constraint(name.text) and not lenient:
            known = [*draft.foreign_keys, *draft.checks, *draft.indexes]
            self.columns.missing(name.span, noun, name.text, known)

    def _rename(self) -> None:
        cursor, draft = self.cursor, self.draft
        if cursor.now.upper in ("INDEX", "KEY") and cursor.dialect is Dialect.MYSQL and cursor.ahead(2).upper == "TO":
            cursor.take()
            old = cursor.name("index")
            cursor.expect("TO", "the name of an index")
            new = cursor.name("index")
            if draft.index(old.text) is None:
                self.columns.missing(old.span, "index", old.text, list(draft.indexes))
            else:
                draft.rename_index(old.text, new.text)
        elif cursor.accept("CONSTRAINT"):
            name = cursor.name("constraint").text
            cursor.expect("TO", "the name of a constraint")
            draft.rename_constraint(name, cursor.name("constraint").text)
        elif cursor.accept_any("TO", "AS", "=") or (cursor.dialect is Dialect.MYSQL and cursor.now.upper != "COLUMN"):
            rename_table(cursor, self.catalog, draft)
        else:
            self.columns.rename()

    def _alter(self) -> None:
        cursor, after = self.cursor, self.cursor.ahead().upper
        if cursor.now.upper == "ALTER" and after in ("INDEX", "CHECK", "CONSTRAINT") and cursor.ahead(2).upper != "SET":
            self._idle()
        elif cursor.accept("ALTER"):
            self.columns.alter()
        else:
            self.columns.replace()

    def _convert(self) -> None:
        """Read MySQL's CONVERT TO CHARACTER SET, which is for all texts of the table."""
        cursor, draft = self.cursor, self.draft
        widths = {name: width(column, draft) for name, column in draft.columns.items()}
        if not mysql_options(cursor, draft):
            cursor.fail("CHARACTER SET follows CONVERT TO", "write `CONVERT TO CHARACTER SET utf8mb4`")
        for name, column in list(draft.columns.items()):
            if column.type.base in (Base.TEXT, Base.ENUM, Base.SET):
                column = column._replace(charset="", collation="")
                draft.put(column)
                if width(column, draft) > widths[name]:
                    draft.put(column._replace(type=widened(column.type)))
