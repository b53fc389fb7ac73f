"""Tables as values, in no dialect's words: what the reader makes and the emitter, the rules and migrations take."""

from enum import Enum
from typing import NamedTuple

from mallgen.text.span import Span


class Dialect(Enum):
    """The SQL dialect of a file; MariaDB is read as MySQL."""

    MYSQL = "mysql"
    POSTGRES = "postgres"
    SQLITE = "sqlite"

    @property
    def title(self) -> str:
        """Return the database's name for messages."""
        return {Dialect.MYSQL: "MySQL", Dialect.POSTGRES: "PostgreSQL", Dialect.SQLITE: "SQLite"}[self]


class Base(Enum):
    """The nature of a column's values, which decides on their Python type."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    DECIMAL = "decimal"
    TEXT = "text"
    BYTES = "bytes"
    BITS = "bits"
    BIT_STRING = "bit string"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    YEAR = "year"
    JSON = "json"
    ENUM = "enum"
    SET = "set"
    UUID = "uuid"
    ARRAY = "array"


DATED = (Base.DATE, Base.DATETIME)


class ColumnType(NamedTuple):
    """The type of a column.

    `spelt` is the text of the DDL in its own dialect. `bits` is the width of an INT or FLOAT (`tinyint` 8), of BITS and
    of PostgreSQL's BIT_STRING. `length` is the most characters of a TEXT or bytes of a BYTES, 0 without a bound.
    `precision` and `scale` are digits of a DECIMAL; a DATETIME or TIME has its fractional digits in `scale`. A DATETIME
    is `zoned` when the database knows its instant (MySQL's TIMESTAMP, PostgreSQL's timestamptz). `values` are those of
    an ENUM or SET, `item` is the type of an ARRAY's elements. `bool_like` is MySQL's tinyint(1). `made` is the name of
    CREATE TYPE. `fixed`: all values have the length (CHAR, BINARY, BIT of PostgreSQL).
    """

    base: Base
    spelt: str
    bits: int = 0
    unsigned: bool = False
    length: int = 0
    precision: int = 0
    scale: int = 0
    zoned: bool = False
    values: tuple[str, ...] = ()
    item: "ColumnType | None" = None
    bool_like: bool = False
    made: str = ""
    fixed: bool = False
    domain: str = ""


UNTOLD = ColumnType(Base.TEXT, "")  # of a column whose type cannot be read


class DefaultKind(Enum):
    """The nature of a default: a literal value, the current time, or another expression."""

    LITERAL = "literal"
    NOW = "now"
    EXPRESSION = "expression"


class Default(NamedTuple):
    """The default of a column: the value of a literal without quotes, or the expression as the DDL spells it.

    `is_text` tells a quoted literal from a number; NULL is no Default.
    """

    kind: DefaultKind
    text: str
    span: Span
    is_text: bool = False


class Generated(NamedTuple):
    """The expression of a generated column as the DDL spells it; `stored` on disk or computed at each read."""

    expression: str
    stored: bool


class Column(NamedTuple):
    """A column of a table.

    `auto`: the database numbers it (AUTO_INCREMENT, serial, identity, SQLite's rowid). `on_update`: MySQL sets it to
    the current time at each change. `charset` is its own or its table's. `identity` is ALWAYS or BY DEFAULT for
    PostgreSQL's. `span` is that of the name.
    """

    name: str
    type: ColumnType
    span: Span
    nullable: bool = True
    default: Default | None = None
    auto: bool = False
    on_update: bool = False
    generated: Generated | None = None
    comment: str = ""
    collation: str = ""
    charset: str = ""
    identity: str = ""


class Index(NamedTuple):
    """An index or unique constraint; `name` is the database's own where the DDL gives none.

    `where` is the predicate of a partial index. `is_plain` is False when a part of it is an expression or a prefix of a
    column, and for full-text and spatial indexes: it serves no lists and its uniqueness is not that of columns.
    `spelt` are its parts and options as the DDL has them, empty for plain columns; `kind` is FULLTEXT, SPATIAL or
    PostgreSQL's method. `is_constraint` tells a UNIQUE constraint from CREATE UNIQUE INDEX.
    """

    name: str
    columns: tuple[str, ...]
    unique: bool
    span: Span
    where: str = ""
    is_plain: bool = True
    spelt: str = ""
    kind: str = ""
    is_constraint: bool = False


class ForeignKey(NamedTuple):
    """A reference to another table; `columns` refer to `target_columns` of `target`, empty for its primary key.

    `target_database` is empty for a table of the same database. `name` is the database's own where the DDL gives none;
    `options` are words such as DEFERRABLE.
    """

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    span: Span
    on_delete: str = ""
    on_update: str = ""
    target_database: str = ""
    name: str = ""
    options: str = ""


class ListRule(NamedTuple):
    """A list declared above a table: `-- mallgen:list sales by category, sort sales desc, limit 1000`.

    `limit` is the number of rows that a cache keeps of it; 0: the database alone answers.
    """

    name: str
    by: tuple[str, ...]
    sort: str
    descending: bool
    limit: int
    span: Span


class Table(NamedTuple):
    """A table or view. `key` are the columns of its primary key; `database` that of `USE` or of its qualified name.

    `select` is the query of a view, which is read only, and empty for a table. `version` is the column that each change
    raises (`-- mallgen:version COLUMN`), `deleted` the one that marks deleted rows (`-- mallgen:soft-delete COLUMN`).
    `refers` are references that the database does not know (`-- mallgen:refers COLUMN TABLE`).
    `checks` are the expressions of CHECK constraints as spelt, `check_names` their names. `options` are ENGINE=… of
    MySQL, WITHOUT ROWID, STRICT and AUTOINCREMENT of SQLite, MATERIALIZED of a view. `span` is that of the name.
    """

    name: str
    columns: tuple[Column, ...]
    span: Span
    dialect: Dialect
    database: str = ""
    key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[str, ...] = ()
    lists: tuple[ListRule, ...] = ()
    comment: str = ""
    charset: str = ""
    select: str = ""
    version: str = ""
    deleted: str = ""
    key_name: str = ""
    check_names: tuple[str, ...] = ()
    collation: str = ""
    options: tuple[str, ...] = ()
    refers: tuple[ForeignKey, ...] = ()

    def column(self, name: str) -> Column:
        """Return the column of a name that the table has."""
        return next(column for column in self.columns if column.name == name)


class Schema(NamedTuple):
    """All tables that files of DDL leave, in the order of their creation."""

    tables: tuple[Table, ...]

    @property
    def databases(self) -> tuple[str, ...]:
        """The databases that have tables, "" for tables of none."""
        return tuple(dict.fromkeys(table.database for table in self.tables))

    def of(self, database: str) -> tuple[Table, ...]:
        """Return the tables of a database; all without a name."""
        return tuple(table for table in self.tables if not database or table.database == database)
