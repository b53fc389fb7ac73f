"""Tables, columns and keys in the words of their own dialect, complete enough to make them again."""

import re
from collections.abc import Iterable, Iterator

from mallgen.tables.ddl import DdlWriter
from mallgen.tables.migration.compare import Check, checks_of
from mallgen.tables.model import Base, Column, DefaultKind, Dialect, ForeignKey, Index, Table

_SERIALS = {16: "smallserial", 32: "serial", 64: "bigserial"}
_INTS = {"serial": "integer", "bigserial": "bigint", "smallserial": "smallint"}
_BITS = re.compile(r"[bBxX]'[0-9A-Fa-f]*'|0[xb][0-9A-Fa-f]+")
_INTS |= {"serial4": "integer", "serial8": "bigint", "serial2": "smallint"}


class Definitions:
    """Writes the definitions of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._writer = DdlWriter(dialect)

    def name(self, name: str) -> str:
        """Return an identifier in quotes."""
        return self._writer.name(name)

    def names(self, names: Iterable[str]) -> str:
        """Return identifiers with commas between them."""
        return ", ".join(map(self.name, names))

    def text(self, text: str) -> str:
        """Return a text literal."""
        return self._writer.text(text)

    def type(self, column: Column) -> str:
        """Return the type of a column, without what numbers it."""
        kind = column.type
        if self.dialect is Dialect.MYSQL and kind.base in (Base.ENUM, Base.SET):
            return f"{kind.base.value}({', '.join(map(self.text, kind.values))})"
        if self.dialect is Dialect.MYSQL and kind.spelt.lower() == "serial":
            return "bigint unsigned"
        if self.dialect is Dialect.POSTGRES:
            return _INTS.get(kind.spelt.lower(), kind.spelt)
        return kind.spelt

    def default(self, column: Column) -> str:
        """Return the value of a DEFAULT, empty where there is none."""
        default = column.default
        if default is None or column.auto or column.generated is not None:
            return ""
        if default.kind is DefaultKind.LITERAL and not default.is_text and _BITS.fullmatch(default.text):
            return default.text
        if default.kind is DefaultKind.LITERAL:
            return self._writer.default(column, default, self.dialect)
        text = default.text.strip()
        is_call = self.dialect is Dialect.POSTGRES or default.kind is DefaultKind.NOW
        return text if is_call or text.startswith("(") else f"({text})"

    def column(self, table: Table, column: Column, charset: tuple[str, str] = ("", "")) -> str:
        """Return what follows a column's name; `charset` is written instead of its own."""
        if self.dialect is Dialect.SQLITE and self.numbers_inline(table) and column.name == table.key[0]:
            return "INTEGER PRIMARY KEY" + (" AUTOINCREMENT" if "AUTOINCREMENT" in table.options else "")
        words = [*self._first(column), *self._charset(column, charset)]
        is_nullable = column.nullable and column.name not in table.key
        if column.generated is not None:
            stored = "STORED" if column.generated.stored or self.dialect is Dialect.POSTGRES else "VIRTUAL"
            words.append(f"GENERATED ALWAYS AS ({column.generated.expression}) {stored}")
        if not is_nullable:
            words.append("NOT NULL")
        elif self.dialect is Dialect.MYSQL and column.generated is None:
            words.append("NULL")
        if default := self.default(column):
            words.append(f"DEFAULT {default}")
        return " ".join([*words, *self._last(column)])

    def _first(self, column: Column) -> list[str]:
        is_serial = self.dialect is Dialect.POSTGRES and column.auto and not column.identity
        return [_SERIALS.get(column.type.bits or 32, "serial")] if is_serial else [self.type(column)]

    def _charset(self, column: Column, charset: tuple[str, str]) -> list[str]:
        if self.dialect is not Dialect.MYSQL:
            return [f"COLLATE {self.name(column.collation)}"] if column.collation else []
        if column.type.base not in (Base.TEXT, Base.ENUM, Base.SET):
            return []
        own = charset if any(charset) else (column.charset, column.collation)
        return [
            word for what, name in zip(("CHARACTER SET", "COLLATE"), own, strict=True) if name for word in (what, name)
        ]

    def _last(self, column: Column) -> list[str]:
        if self.dialect is Dialect.POSTGRES:
            return [f"GENERATED {column.identity} AS IDENTITY"] if column.auto and column.identity else []
        if self.dialect is Dialect.SQLITE:
            return []
        words = ["AUTO_INCREMENT"] if column.auto else []
        if column.on_update:
            words.append(
                f"ON UPDATE CURRENT_TIMESTAMP({column.type.scale})"
                if column.type.scale
                else "ON UPDATE CURRENT_TIMESTAMP"
            )
        return [*words, *([f"COMMENT {self.text(column.comment)}"] if column.comment else [])]

    def numbers_inline(self, table: Table) -> bool:
        """Return whether SQLite numbers the primary key: then the column itself declares it."""
        is_sqlite = self.dialect is Dialect.SQLITE and len(table.key) == 1
        return is_sqlite and table.column(table.key[0]).auto

    def parts(self, index: Index) -> str:
        """Return the parts of an index in brackets, with its options."""
        return index.spelt or f"({self.names(index.columns)})"

    def index_line(self, index: Index) -> str:
        """Return an index as a line of MySQL's CREATE TABLE, or a unique constraint as one of the others'."""
        if self.dialect is Dialect.MYSQL:
            word = (
                f"{index.kind} KEY"
                if index.kind in ("FULLTEXT", "SPATIAL")
                else "UNIQUE KEY" if index.unique else "KEY"
            )
            return f"{word} {self.name(index.name)} {self.parts(index)}"
        is_named = not index.name.startswith("sqlite_autoindex_")
        return f"{f'CONSTRAINT {self.name(index.name)} ' if is_named else ''}UNIQUE {self.parts(index)}"

    def index(self, table: Table, index: Index) -> str:
        """Return the statement that creates an index of PostgreSQL or SQLite."""
        method = f" USING {index.kind.lower()}" if index.kind and self.dialect is Dialect.POSTGRES else ""
        where = f" WHERE {index.where}" if index.where else ""
        unique = "UNIQUE " if index.unique else ""
        on = f"{self.name(index.name)} ON {self.name(table.name)}"
        return f"CREATE {unique}INDEX {on}{method} {self.parts(index)}{where}"

    def check(self, table: Table, check: Check) -> str:
        """Return a CHECK constraint; its name only where the contract has one."""
        named = "" if is_unnamed(table, check.name) else f"CONSTRAINT {self.name(check.name)} "
        return f"{named}CHECK ({check.expression})"

    def reference(self, table: Table, reference: ForeignKey) -> str:
        """Return a foreign key; its name only where the contract has one."""
        is_own = is_unnamed(table, reference.name) or self.dialect is Dialect.SQLITE
        words = [] if is_own else [f"CONSTRAINT {self.name(reference.name)}"]
        outer = f"{self.name(reference.target_database)}." if reference.target_database else ""
        targets = f" ({self.names(reference.target_columns)})" if reference.target_columns else ""
        words.append(
            f"FOREIGN KEY ({self.names(reference.columns)}) REFERENCES {outer}{self.name(reference.target)}{targets}"
        )
        words += [f"ON DELETE {reference.on_delete}"] if reference.on_delete else []
        words += [f"ON UPDATE {reference.on_update}"] if reference.on_update else []
        return " ".join([*words, *([reference.options] if reference.options else [])])

    def key(self, table: Table) -> str:
        """Return the primary key."""
        own = table.key_name if self.dialect is Dialect.POSTGRES else ""
        return f"{f'CONSTRAINT {self.name(own)} ' if own else ''}PRIMARY KEY ({self.names(table.key)})"

    def table(self, table: Table, references: Iterable[ForeignKey], other_name: str = "") -> str:
        """Return CREATE TABLE with some of its foreign keys; the indexes of PostgreSQL and SQLite are apart from it."""
        inner = ",\n".join(f"  {line}" for line in self._lines(table, references))
        return f"CREATE TABLE {self.name(other_name or table.name)} (\n{inner}\n){self.options(table)}"

    def _lines(self, table: Table, references: Iterable[ForeignKey]) -> Iterator[str]:
        for column in table.columns:
            yield f"{self.name(column.name)} {self.column(table, column)}"
        if table.key and not self.numbers_inline(table):
            yield self.key(table)
        for index in table.indexes:
            if self.dialect is Dialect.MYSQL or index.is_constraint:
                yield self.index_line(index)
        yield from (self.check(table, check) for check in checks_of(table))
        yield from (self.reference(table, reference) for reference in references)

    def options(self, table: Table) -> str:
        """Return the options behind the columns of CREATE TABLE."""
        if self.dialect is Dialect.SQLITE:
            words = [word for word in table.options if word in ("WITHOUT ROWID", "STRICT")]
            return f" {', '.join(words)}" if words else ""
        if self.dialect is not Dialect.MYSQL:
            return ""
        words = [word for word in table.options if word.startswith("ENGINE=")]
        words += [f"DEFAULT CHARSET={table.charset}"] if table.charset else []
        words += [f"COLLATE={table.collation}"] if table.collation else []
        words += [f"COMMENT={self.text(table.comment)}"] if table.comment else []
        return "".join(f" {word}" for word in words)

    def view(self, view: Table, replaces: bool = False) -> str:
        """Return CREATE VIEW."""
        kind = "MATERIALIZED VIEW" if "MATERIALIZED" in view.options else "VIEW"
        names = self.names(column.name for column in view.columns)
        return f"CREATE {'OR REPLACE ' if replaces else ''}{kind} {self.name(view.name)} ({names}) AS\n{view.select}"


def is_unnamed(table: Table, name: str) -> bool:
    """Return whether a constraint's name is one that the reader has made up, as the database does."""
    return bool(re.fullmatch(rf"{re.escape(table.name.lower())}_(?:chk|ibfk)_\d+", name.lower()))
