"""The reader of one column: its name, type and attributes, with every flaw at its place."""

from collections.abc import Callable

from mallgen.diagnostics import Note
from mallgen.tables.catalog import MadeType
from mallgen.tables.cursor import Cursor, Misread, Name
from mallgen.tables.default_values import check_default
from mallgen.tables.defaults import ReadDefault, read_default
from mallgen.tables.elements import key_options
from mallgen.tables.guess import guess
from mallgen.tables.keys import Keys, read_reference
from mallgen.tables.model import UNTOLD, Base, Column, ColumnType, Default, DefaultKind, Dialect, Generated
from mallgen.tables.type_words import NUMBERED
from mallgen.tables.types import read_type, type_token_follows
from mallgen.text.span import Span, SpanEdit


class ColumnReader:
    """The attributes of one column while they are read; `keys` are the table's, which attributes add to."""

    def __init__(
        self, cursor: Cursor, name: Name, keys: Keys, made: dict[str, MadeType], stops: tuple[str, ...] = ()
    ) -> None:
        self.cursor, self.name, self.keys, self.made = cursor, name, keys, made
        self.stops = (",", ")", *stops)
        self.type = UNTOLD
        self.nullable: bool | None = None
        self.null_span = name.span
        self.default: ReadDefault | None = None
        self.default_place = (0, 0)
        self.auto, self.on_update, self.primary = False, False, False
        self.generated: Generated | None = None
        self.comment, self.collation, self.character_set = "", "", ""
        self.constraint, self.identity = "", ""
        self.missing_comma = False

    def read(self) -> Column:
        """Return the column; one that cannot be read to its end has what could be."""
        try:
            self._type()
            while not self._is_done():
                self._attribute()
        except Misread:
            self.cursor.skip_to(",")
        return self._finished()

    def _is_done(self) -> bool:
        cursor = self.cursor
        return (
            cursor.now.kind == "end"
            or cursor.now.upper in self.stops
            or self.missing_comma
            or cursor.begins_statement()
        )

    def _type(self) -> None:
        cursor, first = self.cursor, self.cursor.now
        if cursor.now.upper in _GENERATED and cursor.dialect is Dialect.SQLITE:
            self.type = ColumnType(Base.TEXT, "")
            return
        try:
            self.type = read_type(cursor, self.made)
        except Misread:
            if cursor.now is first and first.kind == "sign":
                raise
            self._skip_unknown()
        word = first.upper.removeprefix("PUBLIC.")
        if word in NUMBERED and cursor.dialect is not Dialect.SQLITE:
            self.auto, self.nullable = True, False
            if cursor.dialect is Dialect.MYSQL:
                self.keys.unique_column(self.name, "")

    def _attribute(self) -> None:
        """Read one attribute; pass over a word that is none, up to the next one."""
        cursor = self.cursor
        if self._begins_another():
            self.missing_comma = True
            message = f"a `,` is missing in front of {cursor.shown()}"
            edits = (cursor.insertion(cursor.before.end, ","),)
            hint = "write `,` between two definitions"
            cursor.report("ddl-syntax", message, cursor.span(cursor.now), hint, edits=edits)
            return
        word = cursor.now.upper
        reader = _ATTRIBUTES.get(word) or (_BY_DIALECT[cursor.dialect].get(word) if word else None)
        if reader is not None:
            cursor.take()
            reader(self)
            return
        near = guess(cursor.found, word, [*_ATTRIBUTES, *_BY_DIALECT[cursor.dialect]]) if word.isalpha() else ""
        message = f"{cursor.shown()} cannot stand here: an attribute of the column, `,` or `)` may"
        cursor.report("ddl-syntax", message, cursor.span(cursor.now), near or "delete it, or put `,` in front")
        self._skip_unknown()

    def _skip_unknown(self) -> None:
        cursor = self.cursor
        cursor.take() if cursor.now.upper not in (",", ")") else None
        while cursor.now.kind != "end" and cursor.now.upper not in _STOPS and not self._begins_another():
            cursor.skip_group() if cursor.now.upper == "(" else cursor.take()

    def _begins_another(self) -> bool:
        """Tell a column or key whose comma in front is missing."""
        cursor, now, after = self.cursor, self.cursor.now, self.cursor.ahead()
        if cursor.places.line(now.start) == cursor.places.line(cursor.before.start):
            return False
        if now.upper in ("KEY", "UNIQUE", "INDEX"):
            return "(" in (cursor.ahead(1).upper, cursor.ahead(2).upper, cursor.ahead(3).upper) and after.upper != ","
        if now.kind == "name" or (now.kind == "word" and now.upper not in _ATTRIBUTES):
            return type_token_follows(after, cursor.dialect)
        if now.upper == "PRIMARY":
            return after.upper == "KEY" and cursor.ahead(2).upper == "("
        return now.upper == "CONSTRAINT" and cursor.ahead(2).upper in ("FOREIGN", "PRIMARY")

    def not_(self) -> None:
        """Read NOT NULL; another word behind NOT is meant as NULL."""
        cursor, first = self.cursor, self.cursor.before
        if cursor.accept("DEFERRABLE"):
            return
        if not cursor.accept("NULL"):
            message = f"{cursor.shown()} after NOT; only NULL may follow"
            is_meant = cursor.now.kind == "word" and cursor.now.upper not in _STOPS
            span = cursor.span(cursor.now)
            edit = SpanEdit(span, "NULL") if is_meant else cursor.insertion(cursor.before.end, " NULL")
            cursor.report("ddl-syntax", message, span, "write `NOT NULL`", edits=(edit,))
            if is_meant:
                cursor.take()
        self._null(False, cursor.span(first, cursor.before))

    def null(self) -> None:
        """Read NULL."""
        self._null(True, self.cursor.span(self.cursor.before))

    def _null(self, nullable: bool, span: Span) -> None:
        if self.nullable is not None and self.nullable != nullable:
            message = f"`{self.name.text}` is both NULL and NOT NULL"
            self.cursor.report("ddl-null-not-null", message, span, "delete one of them", notes=self._note())
        self.nullable, self.null_span = nullable, span

    def _note(self) -> tuple[Note, ...]:
        return (Note(self.null_span, "the other one"),)

    def default_(self) -> None:
        """Read DEFAULT; of two the last counts, as for MySQL."""
        cursor, start = self.cursor, self.cursor.before.start
        read = read_default(cursor)
        if self.default is not None:
            notes = (Note(self.default.span, "the first one"),)
            message = f"`{self.name.text}` has two defaults"
            value = self.default.value
            is_plain = value is None or value.kind is not DefaultKind.EXPRESSION
            edits = (cursor.deletion(*self.default_place),) if is_plain else ()
            hint = "delete the first one: MySQL takes the last"
            cursor.report("ddl-double-default", message, read.span, hint, notes=notes, edits=edits)
        self.default, self.default_place = read, (start, cursor.before.end)

    def numbered(self) -> None:
        """Read AUTO_INCREMENT."""
        self.auto = True
        self.keys.draft.numbers_anew = self.cursor.dialect is Dialect.SQLITE

    def primary_(self) -> None:
        """Read PRIMARY KEY, or KEY alone, which MySQL takes for the same."""
        cursor = self.cursor
        if cursor.before.upper == "PRIMARY":
            cursor.expect("KEY", "PRIMARY")
        self.keys.descends = cursor.accept_any("ASC", "DESC") == "DESC"
        self.primary = True
        self.keys.primary((self.name,), cursor.span(cursor.before), self.constraint)
        self._conflict()

    def unique(self) -> None:
        """Read UNIQUE."""
        self.cursor.accept_any("KEY", "INDEX")
        if self.cursor.accept("NULLS"):
            self.cursor.accept("NOT")
            self.cursor.accept("DISTINCT")
        self.keys.unique_column(self.name, self.constraint)
        self._conflict()

    def _conflict(self) -> None:
        if self.cursor.dialect is Dialect.POSTGRES:
            key_options(self.cursor)
        elif self.cursor.accept("ON", "CONFLICT"):
            self.cursor.take()

    def comment_(self) -> None:
        """Read COMMENT."""
        self.cursor.accept("=")
        if self.cursor.now.kind != "text":
            self.cursor.fail("COMMENT is followed by a text", "write it in quotes: COMMENT '…'")
        self.comment = self.cursor.take().text

    def collate(self) -> None:
        """Read COLLATE."""
        self.cursor.accept("=")
        token = self.cursor.take()
        self.collation = token.text
        while self.cursor.accept("."):
            self.collation = self.cursor.take().text

    def charset(self) -> None:
        """Read CHARACTER SET."""
        if self.cursor.before.upper in ("CHARACTER", "CHAR"):
            self.cursor.expect("SET", "CHARACTER")
        self.cursor.accept("=")
        self.character_set = self.cursor.take().text.lower()

    def on(self) -> None:
        """Read ON UPDATE CURRENT_TIMESTAMP."""
        cursor = self.cursor
        cursor.expect("UPDATE", "ON")
        if not cursor.accept_any("CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"):
            cursor.fail("ON UPDATE is followed by CURRENT_TIMESTAMP", "write `ON UPDATE CURRENT_TIMESTAMP`")
        if cursor.now.upper == "(":
            cursor.skip_group()
        if self.type.base is not Base.DATETIME:
            message = f"`{self.name.text}` is neither DATETIME nor TIMESTAMP, which alone can have ON UPDATE"
            cursor.report("ddl-bad-default", message, cursor.span(cursor.before), "delete ON UPDATE")
        self.on_update = True

    def as_(self) -> None:
        """Read the expression of a generated column, or PostgreSQL's identity."""
        cursor = self.cursor
        if cursor.before.upper == "GENERATED":
            is_strict = cursor.accept("ALWAYS") or not cursor.accept("BY", "DEFAULT")
            cursor.expect("AS", "GENERATED ALWAYS")
            self.identity = "ALWAYS" if is_strict else "BY DEFAULT"
        if cursor.accept("IDENTITY"):
            if cursor.now.upper == "(":
                cursor.skip_group()
            self.auto, self.nullable = True, False
            return
        self.identity = ""
        if cursor.now.upper != "(":
            cursor.fail("an expression in brackets follows AS", "write `AS (a + b)`")
        first, last = cursor.skip_group()
        kind = cursor.accept_any("VIRTUAL", "STORED", "PERSISTENT")
        stored = kind in ("STORED", "PERSISTENT")
        self.generated = Generated(cursor.source(first, last), stored)
        self.keys.expression(first, last, "this expression")

    def check(self) -> None:
        """Read CHECK."""
        self.keys.check(self.constraint)

    def references(self) -> None:
        """Read REFERENCES: of one column in MySQL it is read and has no effect there before 9.0."""
        read_reference(self.cursor, (self.name,), self.keys, self.constraint, inline=True)

    def constraint_(self) -> None:
        """Read CONSTRAINT and the name of the attribute behind it."""
        self.constraint = "" if self.cursor.now.upper in _ATTRIBUTES else self.cursor.name("constraint").text

    def one_word(self) -> None:
        """Take an attribute's value that no model needs: COLUMN_FORMAT FIXED."""
        self.cursor.accept("=")
        self.cursor.take()

    def nothing(self) -> None:
        """Take an attribute that no model needs."""

    def _finished(self) -> Column:
        self._check()
        default = self._default()
        made = self.made.get(self.type.made) if self.type.made else None
        nullable = self.nullable is not False and not self.primary and not (made is not None and made.not_null)
        default = default or (made.default if made is not None else None)
        mysql = self.cursor.dialect is Dialect.MYSQL
        return Column(
            self.name.text,
            self.type,
            self.name.span,
            nullable,
            default,
            self.auto,
            self.on_update,
            self.generated,
            self.comment,
            self.collation,
            self.character_set or self.collation.lower().partition("_")[0] if mysql else "",
            self.identity,
        )

    def _default(self) -> Default | None:
        if self.default is None:
            return None
        if self.default.next_id:
            self.auto = True
        value = self.default.value
        if value is None or value.kind is not DefaultKind.LITERAL:
            return value
        if self.type.base is Base.INT and value.text[:2] in ("0x", "0b") and not value.is_text:
            return value._replace(text=str(int(value.text, 0)))
        if self.type.base is Base.BOOL and self.cursor.dialect is Dialect.POSTGRES:
            truth = value.text.lower() in ("t", "true", "y", "yes", "on", "1")
            return value._replace(text=str(truth).lower(), is_text=False)
        return value

    def _with_null(self) -> tuple[SpanEdit, ...]:
        """Return the edits by which the column is nullable and NULL at first; none for a key, which cannot be.

        A TIMESTAMP of MySQL is NOT NULL where nothing is said, unless explicit_defaults_for_timestamp is on.
        """
        if self.default is None or self.primary:
            return ()
        value = SpanEdit(self.default.span, "NULL")
        if self.nullable is False:
            return SpanEdit(self.null_span, "NULL"), value
        if self.nullable is None and self.type.zoned:
            return self.cursor.insertion(self.default_place[0], "NULL "), value
        return (value,)

    def _check(self) -> None:
        """Report attributes that the database refuses together."""
        cursor, default = self.cursor, self.default
        if default is not None:
            check_default(cursor, self.name.text, self.type, default, self._with_null())
            is_null = default.value is None and not default.next_id
            if is_null and (self.nullable is False or self.primary):
                message = f"`{self.name.text}` is NOT NULL and its default is NULL"
                notes = () if self.nullable is None else (Note(self.null_span, "NOT NULL stands here"),)
                hint = "delete `DEFAULT NULL`, or `NOT NULL`"
                cursor.report("ddl-default-null-not-null", message, default.span, hint, notes=notes)
            if self.auto and not is_null and not default.next_id:
                message = f"`{self.name.text}` is numbered by the database and has a default"
                edits = (cursor.deletion(*self.default_place),)
                cursor.report("ddl-bad-default", message, default.span, "delete DEFAULT", edits=edits)
            if self.generated is not None:
                message = f"`{self.name.text}` is generated and has a default"
                cursor.report("ddl-bad-default", message, default.span, "delete DEFAULT")
        if self.auto and self.type.base not in (Base.INT, Base.FLOAT) and self.type.spelt:
            message = f"`{self.name.text}` is no whole number: the database cannot number it"
            cursor.report("ddl-bad-auto-increment", message, self.name.span, "make it `bigint unsigned`")


_GENERATED = frozenset(("GENERATED", "AS"))
_ATTRIBUTES: dict[str, Callable[[ColumnReader], None]] = {
    "NOT": ColumnReader.not_,
    "NULL": ColumnReader.null,
    "DEFAULT": ColumnReader.default_,
    "PRIMARY": ColumnReader.primary_,
    "UNIQUE": ColumnReader.unique,
    "COLLATE": ColumnReader.collate,
    "GENERATED": ColumnReader.as_,
    "AS": ColumnReader.as_,
    "CHECK": ColumnReader.check,
    "REFERENCES": ColumnReader.references,
    "CONSTRAINT": ColumnReader.constraint_,
}
_BY_DIALECT: dict[Dialect, dict[str, Callable[[ColumnReader], None]]] = {
    Dialect.MYSQL: {
        "AUTO_INCREMENT": ColumnReader.numbered,
        "KEY": ColumnReader.primary_,
        "COMMENT": ColumnReader.comment_,
        "CHARACTER": ColumnReader.charset,
        "CHAR": ColumnReader.charset,
        "CHARSET": ColumnReader.charset,
        "ON": ColumnReader.on,
        "COLUMN_FORMAT": ColumnReader.one_word,
        "STORAGE": ColumnReader.one_word,
        "SRID": ColumnReader.one_word,
        "ENGINE_ATTRIBUTE": ColumnReader.one_word,
        "INVISIBLE": ColumnReader.nothing,
        "VISIBLE": ColumnReader.nothing,
    },
    Dialect.POSTGRES: {
        "STORAGE": ColumnReader.one_word,
        "COMPRESSION": ColumnReader.one_word,
        "DEFERRABLE": ColumnReader.nothing,
    },
    Dialect.SQLITE: {"AUTOINCREMENT": ColumnReader.numbered},
}
_STOPS = frozenset((",", ")", *_ATTRIBUTES, *_BY_DIALECT[Dialect.MYSQL], "AUTOINCREMENT"))
