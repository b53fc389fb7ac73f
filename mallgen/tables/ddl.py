"""Tables as the DDL of a dialect, which need not be that of the contract."""

from collections.abc import Iterator, Mapping

from mallgen.tables.model import Base, Column, ColumnType, Default, DefaultKind, Dialect, ForeignKey, Index, Table
from mallgen.tables.parsing import UnreadableSql, condition, parsed, written
from mallgen.tables.sqlite_taste import UUID, Scratch, is_now, is_uuid, takes

_INTS = {Dialect.MYSQL: {8: "tinyint", 16: "smallint", 24: "mediumint", 32: "int", 64: "bigint"}}
_INTS[Dialect.POSTGRES] = {8: "smallint", 16: "smallint", 24: "integer", 32: "integer", 64: "bigint"}
_NAMES = {
    Dialect.MYSQL: {
        Base.BOOL: "tinyint(1)",
        Base.DATE: "date",
        Base.YEAR: "year",
        Base.JSON: "json",
        Base.UUID: "char(36)",
        Base.ARRAY: "json",
    },
    Dialect.POSTGRES: {
        Base.BOOL: "boolean",
        Base.BITS: "bigint",
        Base.BYTES: "bytea",
        Base.DATE: "date",
        Base.YEAR: "smallint",
        Base.JSON: "jsonb",
        Base.UUID: "uuid",
        Base.SET: "text",
        Base.ENUM: "text",
    },
    Dialect.SQLITE: {
        Base.BOOL: "BOOLEAN",
        Base.INT: "INTEGER",
        Base.BITS: "INTEGER",
        Base.YEAR: "INTEGER",
        Base.FLOAT: "REAL",
        Base.BYTES: "BLOB",
    },
}
_TIMES = (Base.DATETIME, Base.DATE, Base.TIME)
_LONG_TEXT = 16_383  # characters of utf8mb4 that fit into a varchar


class DdlWriter:
    """Writes tables in one dialect; a statement each, without the semicolon."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def name(self, name: str) -> str:
        """Return an identifier in quotes."""
        quote = "`" if self.dialect is Dialect.MYSQL else '"'
        return f"{quote}{name.replace(quote, 2 * quote)}{quote}"

    def names(self, names: tuple[str, ...]) -> str:
        """Return identifiers with commas between them."""
        return ", ".join(map(self.name, names))

    def create(self, table: Table) -> Iterator[str]:
        """Yield the statements that create a table or view, and its indexes."""
        if table.select:
            yield self._view(table)
            return
        lines = [f"{self.name(column.name)} {self.column(table, column)}" for column in table.columns]
        if table.key and not self._numbers_inline(table):
            lines.append(f"PRIMARY KEY ({self.names(table.key)})")
        checks = (f"CHECK ({self.expression(check, table.dialect)})" for check in table.checks)
        lines += [check for check in checks if self._takes(table, check)]
        lines += [self.reference(one) for one in table.foreign_keys if self.dialect is Dialect.SQLITE]
        inner = ",\n".join(f"  {line}" for line in lines)
        yield f"CREATE TABLE {self.name(table.name)} (\n{inner}\n)"
        for index in table.indexes:
            where = f"CHECK ({self.expression(index.where, table.dialect)})"
            if index.is_plain and (not index.where or self._takes(table, where)):
                yield self.index(table, index)

    def _view(self, table: Table) -> str:
        """Return the statement that creates a view."""
        return f"{self._head(table)} {self.expression(table.select, table.dialect)}"

    def _head(self, table: Table) -> str:
        return f"CREATE VIEW {self.name(table.name)} ({self.names(tuple(one.name for one in table.columns))}) AS"

    def empty(self, table: Table) -> str:
        """Return the statement that creates a view with its columns and without rows."""
        return f"{self._head(table)} SELECT {', '.join(['NULL'] * len(table.columns))} WHERE 0"

    def _takes(self, table: Table, definition: str) -> bool:
        """Return whether the dialect takes a definition; only SQLite, which a service starts with, is asked."""
        return self.dialect is not Dialect.SQLITE or table.dialect is Dialect.SQLITE or takes(table, definition)

    def reference(self, reference: ForeignKey) -> str:
        """Return a foreign key as SQLite takes it, before the table that it refers to is there."""
        columns = f" ({self.names(reference.target_columns)})" if reference.target_columns else ""
        words = [f"FOREIGN KEY ({self.names(reference.columns)}) REFERENCES {self.name(reference.target)}{columns}"]
        words += [f"ON DELETE {reference.on_delete}"] if reference.on_delete else []
        words += [f"ON UPDATE {reference.on_update}"] if reference.on_update else []
        return " ".join(words)

    def index(self, table: Table, index: Index) -> str:
        """Return the statement that creates an index; in SQLite and PostgreSQL its name has the table's in front."""
        name = index.name if self.dialect is Dialect.MYSQL else f"{table.name}_{index.name}"
        unique = "UNIQUE " if index.unique else ""
        where = f" WHERE {self.expression(index.where, table.dialect)}" if index.where else ""
        return f"CREATE {unique}INDEX {self.name(name)} ON {self.name(table.name)} ({self.names(index.columns)}){where}"

    def column(self, table: Table, column: Column) -> str:
        """Return type and constraints of a column."""
        kind = self.type(column.type, table.dialect)
        if (column.name,) == table.key and self._numbers_inline(table):
            return "INTEGER PRIMARY KEY AUTOINCREMENT"
        made = self._made(table, column) if column.generated is not None else ""
        default = self._default(table, column) if column.default is not None and not column.auto else ""
        lacks = (column.generated is not None and not made) or (column.default is not None and not default)
        words = [kind, *([] if column.nullable or (lacks and not column.auto) else ["NOT NULL"])]
        if column.generated is not None:
            words += [made] if made else []
        elif column.auto:
            words += {Dialect.MYSQL: ["AUTO_INCREMENT"], Dialect.POSTGRES: ["GENERATED BY DEFAULT AS IDENTITY"]}.get(
                self.dialect, []
            )
        elif default:
            words.append(f"DEFAULT {default}")
        if column.on_update and self.dialect is Dialect.MYSQL:
            words.append(f"ON UPDATE CURRENT_TIMESTAMP({column.type.scale})")
        return " ".join(words)

    def _made(self, table: Table, column: Column) -> str:
        """Return how a column is generated, empty where the dialect cannot."""
        assert column.generated is not None, "its caller has looked"
        stored = "STORED" if column.generated.stored or self.dialect is Dialect.POSTGRES else "VIRTUAL"
        expression = self.expression(column.generated.expression, table.dialect)
        made = f"GENERATED ALWAYS AS ({expression}) {stored}"
        return made if self._takes(table, f'"" INTEGER {made}') else ""

    def _default(self, table: Table, column: Column) -> str:
        """Return the value of a DEFAULT, empty where the dialect has none."""
        assert column.default is not None, "its caller has looked"
        written = self.default(column, column.default, table.dialect)
        is_plain = column.default.kind is not DefaultKind.EXPRESSION
        if is_plain or self._takes(table, f'"" INTEGER DEFAULT {written}'):
            return written
        if is_uuid(column.default.text):
            return UUID
        return self._now(column) if is_now(column.default.text) and column.type.base in _TIMES else ""

    def default(self, column: Column, default: Default, source: Dialect) -> str:
        """Return the value of a DEFAULT."""
        if default.kind is DefaultKind.NOW:
            return self._now(column)
        if default.kind is DefaultKind.EXPRESSION:
            return f"({self.expression(default.text, source)})"
        if column.type.base is Base.BOOL:
            is_true = default.text.lower() in ("1", "true", "t", "yes", "on")
            return str(is_true).lower() if self.dialect is Dialect.POSTGRES else str(int(is_true))
        if column.type.base is Base.BITS and default.text[:2].lower() == "b'" and self.dialect is not source:
            bits = default.text[2:-1]
            return self.text(bits) if source is Dialect.POSTGRES else str(int(bits or "0", 2))
        is_number = column.type.base in (Base.INT, Base.FLOAT, Base.DECIMAL, Base.YEAR, Base.BITS)
        return default.text if is_number else self.text(default.text)

    def text(self, text: str) -> str:
        """Return a text literal."""
        escaped = text.replace("\\", "\\\\") if self.dialect is Dialect.MYSQL else text
        return "'" + escaped.replace("'", "''") + "'"

    def expression(self, expression: str, source: Dialect) -> str:
        """Return an expression or query of another dialect in this one."""
        if source is self.dialect:
            return expression
        try:
            is_query = expression.lstrip(" (")[:6].upper().startswith(("SELECT", "WITH"))
            return written((parsed if is_query else condition)(expression, source), self.dialect)
        except UnreadableSql:
            return expression

    def type(self, kind: ColumnType, source: Dialect) -> str:
        """Return the name of a type."""
        if source is self.dialect and self.dialect is not Dialect.SQLITE:
            return kind.spelt
        named = _NAMES[self.dialect].get(kind.base)
        if named:
            return named
        if kind.base is Base.DECIMAL:
            digits = f"({kind.precision},{kind.scale})" if kind.precision else ""
            return f"{'numeric' if self.dialect is Dialect.POSTGRES else 'DECIMAL'}{digits}"
        if self.dialect is Dialect.SQLITE:
            return "INTEGER" if kind.base is Base.TIME and source is Dialect.MYSQL else "TEXT"
        return self._mysql(kind) if self.dialect is Dialect.MYSQL else self._postgres(kind, source)

    def _mysql(self, kind: ColumnType) -> str:
        if kind.base is Base.INT:
            return _INTS[Dialect.MYSQL][kind.bits or 32] + (" unsigned" if kind.unsigned else "")
        if kind.base is Base.FLOAT:
            return "float" if kind.bits == 32 else "double"
        if kind.base is Base.BITS:
            return f"bit({kind.bits or 1})"
        if kind.base in (Base.DATETIME, Base.TIME):
            return f"{kind.base.value}({kind.scale})"
        if kind.base in (Base.ENUM, Base.SET):
            return f"{kind.base.value}({', '.join(map(self.text, kind.values))})"
        if kind.base is Base.BYTES:
            return f"varbinary({kind.length})" if 0 < kind.length <= _LONG_TEXT else "longblob"
        return f"varchar({kind.length})" if 0 < kind.length <= _LONG_TEXT else "longtext"

    def _postgres(self, kind: ColumnType, source: Dialect) -> str:
        if kind.base is Base.INT:
            bits = kind.bits or 32
            return _INTS[Dialect.POSTGRES][{8: 16, 16: 32, 24: 32, 32: 64}.get(bits, 64) if kind.unsigned else bits]
        if kind.base is Base.FLOAT:
            return "real" if kind.bits == 32 else "double precision"
        if kind.base is Base.DATETIME:
            return f"timestamptz({kind.scale})"
        if kind.base is Base.TIME:
            return "bigint" if source is Dialect.MYSQL else f"time({kind.scale})"
        if kind.base is Base.ARRAY:
            assert kind.item is not None, "the reader gives every array its item"
            return f"{self.type(kind.item, source)}[]"
        return f"varchar({kind.length})" if 0 < kind.length <= _LONG_TEXT else "text"

    def _now(self, column: Column) -> str:
        if self.dialect is not Dialect.SQLITE:
            return f"CURRENT_TIMESTAMP({column.type.scale})"
        if column.type.base is not Base.DATETIME:
            return "CURRENT_DATE" if column.type.base is Base.DATE else "CURRENT_TIME"
        if not column.type.scale:
            return "CURRENT_TIMESTAMP"
        return f"(substr(strftime('%Y-%m-%d %H:%M:%f000', 'now'), 1, {20 + column.type.scale}))"

    def _numbers_inline(self, table: Table) -> bool:
        """Return whether SQLite numbers the primary key: then the column itself declares it."""
        auto = self.dialect is Dialect.SQLITE and len(table.key) == 1 and table.column(table.key[0])
        return bool(auto and auto.auto)


def script(tables: tuple[Table, ...], dialect: Dialect) -> str:
    """Return the statements that create tables, each with a semicolon and a line end.

    A view whose query SQLite cannot carry out has its columns there, and no rows.
    """
    writer, known = DdlWriter(dialect), {table.name: table for table in tables}
    own = [
        table._replace(foreign_keys=tuple(one for one in table.foreign_keys if _is_within(one, table, known)))
        for table in tables
    ]
    made: list[str] = []
    with Scratch() as scratch:
        for table in own:
            statements = list(writer.create(table))
            if table.select and table.dialect is not dialect is Dialect.SQLITE:
                scratch.add(made)
                statements = statements if scratch.takes(statements[0], table.name) else [writer.empty(table)]
            made += statements
    return "".join(f"{statement};\n" for statement in made)


def _is_within(reference: ForeignKey, table: Table, known: Mapping[str, Table]) -> bool:
    """Return whether a foreign key refers to a key of a table that is made along with its own."""
    target = known.get(reference.target)
    if target is None or reference.target_database not in ("", table.database):
        return False
    keys = [target.key, *(index.columns for index in target.indexes if index.unique and not index.where)]
    return (reference.target_columns or target.key) in keys
