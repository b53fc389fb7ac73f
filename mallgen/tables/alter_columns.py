"""The actions of ALTER TABLE on columns."""

from mallgen.tables.catalog import Catalog
from mallgen.tables.columns import ColumnReader
from mallgen.tables.create import add_column
from mallgen.tables.cursor import Cursor, Name
from mallgen.tables.default_values import check_default
from mallgen.tables.defaults import read_default
from mallgen.tables.expressions import rename_in_expressions
from mallgen.tables.guess import guess
from mallgen.tables.keys import Keys
from mallgen.tables.model import Column, Dialect
from mallgen.tables.scan import DdlToken
from mallgen.tables.types import read_type
from mallgen.text.span import Span

_PLACES = ("FIRST", "AFTER")


class ColumnActions:
    """The columns of the table that is altered; `keys` are those that the statement adds."""

    def __init__(self, cursor: Cursor, catalog: Catalog, keys: Keys) -> None:
        self.cursor, self.catalog, self.keys, self.draft = cursor, catalog, keys, keys.draft

    def missing(self, span: Span, noun: str, name: str, known: list[str]) -> None:
        """Report what the table has not."""
        named = f" `{name}`" if name else ""
        message = f"`{self.draft.name}` has no {noun}{named}"
        code = "ddl-unknown-column" if noun == "column" else "ddl-unknown-index"
        hint = guess(self.cursor.found, name, known) or "correct the name, or delete this action"
        self.cursor.report(code, message, span, hint)

    def add(self) -> None:
        """Read what follows ADD: a column, or several in brackets."""
        cursor = self.cursor
        cursor.accept("COLUMN")
        lenient = cursor.accept("IF", "NOT", "EXISTS")
        if cursor.dialect is not Dialect.POSTGRES and cursor.accept("("):
            while True:
                self._added(cursor.name("column"), lenient)
                if cursor.accept(")"):
                    return
                if not cursor.accept(","):
                    cursor.fail("`,` or `)` follows a column", "write `,` between columns")
        self._added(cursor.name("column"), lenient)

    def _added(self, name: Name, lenient: bool) -> None:
        known = self.draft.column(name.text)
        if known is not None and lenient:
            ColumnReader(self.cursor, name, Keys(self.cursor, self.draft), self.catalog.made, _PLACES).read()
            self._place(None)
            return
        if add_column(self.cursor, self.catalog, self.keys, name, _PLACES):
            self._place(self.draft.column(name.text))
        else:
            self._place(None)

    def _place(self, column: Column | None, instead: str = "") -> None:
        """Take FIRST or AFTER and put the column there; without them where `instead` is."""
        cursor, after = self.cursor, None
        if cursor.accept("FIRST"):
            after = ""
        elif cursor.accept("AFTER"):
            name = self._known()
            after = name.name if name is not None else None
        if column is not None and (after is not None or instead):
            self.draft.place(column, after, instead)

    def _known(self) -> Column | None:
        """Take the name of a column; report one that the table has not."""
        name = self.cursor.name("column")
        found = self.draft.column(name.text)
        if found is None and self.draft.is_complete:
            self.missing(name.span, "column", name.text, [one.name for one in self.draft.columns.values()])
        return found

    def drop(self) -> None:
        """Read what follows DROP: a column."""
        cursor = self.cursor
        cursor.accept("COLUMN")
        lenient = cursor.accept("IF", "EXISTS")
        if lenient and self.draft.column(cursor.now.text) is None:
            cursor.name("column")
        elif (column := self._known()) is not None:
            self._dropped(column)
        cursor.accept_any("CASCADE", "RESTRICT")

    def _dropped(self, column: Column) -> None:
        if len(self.draft.columns) == 1:
            message = f"`{column.name}` is the only column of `{self.draft.name}`"
            span = self.cursor.span(self.cursor.before)
            self.cursor.report("ddl-syntax", message, span, "drop the table instead: DROP TABLE")
            return
        self.draft.drop_column(column.name)

    def rename(self) -> None:
        """Read what follows RENAME: `[COLUMN] old TO new`."""
        cursor = self.cursor
        cursor.accept("COLUMN")
        column = self._known()
        cursor.expect("TO", "the name of a column")
        token, new = cursor.now, cursor.name("column")
        if column is not None:
            self._renamed(column, column._replace(name=new.text, span=new.span), token)

    def _renamed(self, old: Column, new: Column, token: DdlToken) -> bool:
        there = self.draft.column(new.name)
        if there is not None and there is not old:
            message = f"`{self.draft.name}` has a column `{new.name}` already"
            span = self.cursor.span(token)
            self.cursor.report("ddl-duplicate-column", message, span, "give it another name")
            return False
        self.draft.place(new, None, old.name)
        self.draft.rename_column(old.name, new.name)
        rename_in_expressions(self.draft, old.name, new.name)
        self.catalog.rename_target(self.draft, old.name, new.name)
        return True

    def replace(self) -> None:
        """Read MySQL's MODIFY `column …` and CHANGE `old new …`: a column is defined anew."""
        cursor = self.cursor
        changes = cursor.take().upper == "CHANGE"
        cursor.accept("COLUMN")
        lenient = cursor.accept("IF", "EXISTS")
        old = self.draft.column(cursor.now.text) if lenient else self._known()
        if lenient:
            cursor.name("column")
        token = cursor.now if changes else cursor.before
        name = cursor.name("column") if changes else Name(cursor.before.text, cursor.span(cursor.before))
        if changes and old is not None:
            renamed = self._renamed(old, old._replace(name=name.text, span=name.span), token)
            old = self.draft.column(name.text) if renamed else old
            name = name if renamed else Name(old.name if old is not None else name.text, name.span)
        column = ColumnReader(cursor, name, self.keys, self.catalog.made, _PLACES).read()
        self._place(column if old is not None else None, name.text)

    def alter(self) -> None:
        """Read what follows ALTER: `[COLUMN] name` with a new default, type or nullability."""
        cursor = self.cursor
        cursor.accept("COLUMN")
        cursor.accept("IF", "EXISTS")
        column = self._known()
        if cursor.accept("SET", "DEFAULT"):
            self._default(column)
        elif cursor.accept("DROP", "DEFAULT"):
            self._put(column and column._replace(default=None, auto=False))
        elif cursor.dialect is Dialect.MYSQL:
            if not (cursor.accept("SET", "VISIBLE") or cursor.accept("SET", "INVISIBLE")):
                cursor.fail("SET or DROP DEFAULT follows the column", "write MODIFY with the whole definition")
        else:
            self._postgres(column)

    def _postgres(self, column: Column | None) -> None:
        """Read PostgreSQL's changes of a column."""
        cursor = self.cursor
        if cursor.accept("SET", "NOT", "NULL"):
            self._put(column and column._replace(nullable=False))
        elif cursor.accept("DROP", "NOT", "NULL"):
            self._put(column and column._replace(nullable=column.name not in self.draft.key or column.nullable))
        elif cursor.accept("TYPE") or cursor.accept("SET", "DATA", "TYPE"):
            self._type(column)
        elif cursor.accept("ADD", "GENERATED"):
            self._put(column and column._replace(auto=True, nullable=False))
            self._rest()
        elif cursor.accept("DROP", "IDENTITY"):
            cursor.accept("IF", "EXISTS")
            self._put(column and column._replace(auto=False))
        elif cursor.accept("DROP", "EXPRESSION"):
            cursor.accept("IF", "EXISTS")
            self._put(column and column._replace(generated=None))
        elif cursor.accept_any("SET", "RESET", "RESTART"):
            self._rest()
        else:
            cursor.fail("SET, DROP or TYPE follows the column", "write `SET DEFAULT 0`, `TYPE bigint` …")

    def _put(self, column: Column | None) -> None:
        if column is not None:
            self.draft.put(column)

    def _rest(self) -> None:
        cursor = self.cursor
        while cursor.now.kind != "end" and cursor.now.upper != "," and not cursor.begins_statement():
            cursor.skip_group() if cursor.now.upper == "(" else cursor.take()

    def _default(self, column: Column | None) -> None:
        read = read_default(self.cursor)
        if column is not None:
            check_default(self.cursor, column.name, column.type, read, ())
            self.draft.put(column._replace(default=read.value, auto=column.auto or read.next_id))

    def _type(self, column: Column | None) -> None:
        cursor = self.cursor
        kind = read_type(cursor, self.catalog.made)
        collation = ""
        if cursor.accept("COLLATE"):
            collation = cursor.qualified("collation")[1].text
        if cursor.accept("USING"):
            self._rest()
        if column is not None:
            self.draft.put(column._replace(type=kind, collation=collation))
