"""The columns that people may see, and how each travels as a field of an admin's contract."""

import re
from collections.abc import Container, Iterator

from msgspec import Struct

from mallgen.emit.admin.named import NamedValue, named_values
from mallgen.emit.model.names import TableNames, names_of
from mallgen.emit.model.typing import has_default
from mallgen.python.names import variable
from mallgen.tables.lists import Listed, lists
from mallgen.tables.model import Base, Column, Dialect, Table

_SECRET = re.compile(
    r"pass_?(word|wd|phrase)|secret|(^|_)(salt|token|pwd|otp|totp|credentials?|digest|cvv|pin)(_|$)|(api|private)_?key",
    re.I,
)
_HASHED = re.compile(r"argon2|bcrypt|scrypt|pbkdf2|哈希|密码|密钥|(password|secret|token) hash", re.I)
_INTS = {8: "int8", 16: "int16", 24: "int32", 32: "int32", 64: "int64"}
_TEXTS = (Base.DECIMAL, Base.DATE, Base.TIME, Base.DATETIME, Base.UUID)
_UNSEEN = (Base.BYTES, Base.BITS, Base.BIT_STRING, Base.ARRAY)
_FILTERS = (Base.INT, Base.TEXT, Base.BOOL, Base.YEAR)
_PYTHON = {
    Base.TEXT: "str",
    Base.BOOL: "bool",
    Base.FLOAT: "float",
    Base.DECIMAL: "Decimal",
    Base.DATE: "date",
    Base.DATETIME: "datetime",
    Base.TIME: "time",
    Base.UUID: "UUID",
}
_LOOKS = {Base.DECIMAL: "decimal", Base.DATE: "date", Base.DATETIME: "datetime", Base.TIME: "time"}
_IMAGE = re.compile(r"(^|_)(image|img|avatar|photo|picture|logo|cover|icon)(_?(url|path))?$", re.I)
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
SEVERAL = ("keys", "action")  # what a change of several rows says itself
_REQUESTS = ("cursor", "ps", "sort", "order", "clear")  # keys that requests have beside columns


class AdminField(Struct, frozen=True):
    """A column as a field: `key` on the wire, `go` in the contract, `attribute` of the schema, `row` of the model."""

    column: Column
    key: str
    go: str
    attribute: str
    row: str
    kind: str
    is_text: bool
    named: tuple[NamedValue, ...]

    @property
    def is_nullable(self) -> bool:
        """True for a column that can be NULL, which an answer says; a JSON value says it by itself."""
        return self.column.nullable and self.kind != "interface{}"

    @property
    def options(self) -> tuple[str, ...]:
        """The values that a request may have, none where any will do."""
        if self.named:
            return tuple(str(one.value) for one in self.named)
        values = self.column.type.values if self.column.type.base is Base.ENUM else ()
        return values if all(_PLAIN.fullmatch(value) for value in values) else ()

    @property
    def note(self) -> str:
        """The comment of the column on one line."""
        return " ".join("".join(c if c.isprintable() else " " for c in self.column.comment).split())


class AdminTable(Struct, frozen=True):
    """A table with the fields that people see; `left_out` are its other columns with the reason.

    `role` is that of those who may read it, empty for all; `is_fixed`: nobody changes its rows.
    """

    table: Table
    names: TableNames
    fields: tuple[AdminField, ...]
    left_out: tuple[tuple[Column, str], ...]
    lists: tuple[Listed, ...]
    attribute: str
    role: str = ""
    is_fixed: bool = False

    @property
    def key(self) -> tuple[AdminField, ...]:
        """The fields of the primary key."""
        return tuple(self.field(name) for name in self.table.key)

    @property
    def new(self) -> tuple[AdminField, ...]:
        """The fields that a new row may give."""
        return tuple(one for one in self.fields if not one.column.auto and self._is_written(one.column))

    @property
    def changed(self) -> tuple[AdminField, ...]:
        """The fields that a change may give."""
        fixed = (*self.table.key, self.table.version)
        return tuple(one for one in self.fields if one.column.name not in fixed and self._is_written(one.column))

    @property
    def settable(self) -> tuple[AdminField, ...]:
        """The fields with options, which one request sets in several rows; it has no room for two names of its own."""
        fields = self.changed if len(self.table.key) == 1 else ()
        return tuple(one for one in fields if one.options and one.attribute not in SEVERAL)

    @property
    def missing(self) -> Column | None:
        """A column that every new row needs and no request can give, None where there is none."""
        seen = {one.column.name for one in self.new}
        needed = (one for one in self.table.columns if one.name not in seen and not one.auto and one.generated is None)
        return next((one for one in needed if not has_default(one)), None)

    @property
    def filters(self) -> tuple[AdminField, ...]:
        """The fields that a list can be narrowed by."""
        used = {name for one in self.lists for name in one.equal}
        return tuple(one for one in self.fields if one.column.name in used)

    @property
    def sorts(self) -> tuple[AdminField, ...]:
        """The fields that a list can be sorted by, the most general one first."""
        general = sorted(self.lists, key=lambda one: len(one.equal))
        return tuple(self.field(name) for name in dict.fromkeys(one.by[0] for one in general))

    def field(self, column: str) -> AdminField:
        """Return the field of a column that people see."""
        return next(one for one in self.fields if one.column.name == column)

    def look(self, field: AdminField, tables: Container[str]) -> str:
        """Return the words that tell the page what a field is beside its type, empty where the type says it all.

        It refers to those of `tables` alone, which the service shows.
        """
        words = ["" if self._is_span(field.column) else _LOOKS.get(field.column.type.base, "")]
        if field.column.type.base is Base.TEXT and _IMAGE.search(field.column.name):
            words.append("image")
        own = (one for one in (*self.table.refers, *self.table.foreign_keys) if one.columns == (field.column.name,))
        found = [f"refers={one.target}" for one in own if not one.target_database and one.target in tables]
        words += found[:1]
        return ",".join(filter(None, words))

    def python(self, name: str) -> str:
        """Return the Python type of a column's values in a key or cursor."""
        kind = self.table.column(name).type
        if kind.base is Base.ENUM:
            return f"Literal[{', '.join(map(repr, kind.values))}]"
        return "timedelta" if self._is_span(self.table.column(name)) else _PYTHON.get(kind.base, "int")

    def _is_span(self, column: Column) -> bool:
        """Return whether a column's values are durations, as those of TIME in MySQL are."""
        return column.type.base is Base.TIME and self.table.dialect is Dialect.MYSQL

    def _is_written(self, column: Column) -> bool:
        is_made = column.generated is not None or column.on_update or column.name == self.table.version
        return not is_made and not self.is_fixed


def admin_table(table: Table, attribute: str) -> AdminTable:
    """Return what people see of a table; `attribute` is that of its model in the service context."""
    names = names_of(table)
    reasons = [(column, _reason(table, column)) for column in table.columns]
    fields = tuple(_field(column, names.attribute(column.name)) for column, why in reasons if not why)
    shown = {one.column.name for one in fields}
    found = tuple(_served(table, shown))
    return AdminTable(table, names, fields, tuple((column, why) for column, why in reasons if why), found, attribute)


def _reason(table: Table, column: Column) -> str:
    """Return why people do not see a column, empty where they do."""
    if _SECRET.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.name)) or _HASHED.search(column.comment):
        return "it looks like a secret"
    if column.type.base in _UNSEEN:
        return "its values are no text"
    return "it marks deleted rows" if column.name == table.deleted else ""


def _field(column: Column, row: str) -> AdminField:
    go = "".join(word[:1].upper() + word[1:] for word in re.split(r"_+", column.name) if word)
    go = f"{go}Column" if column.name in _REQUESTS else go
    key = f"{column.name}_column" if column.name in _REQUESTS else column.name
    kind = _kind(column)
    return AdminField(column, key, go, variable(go), row, kind, column.type.base in _TEXTS, named_values(column))


def _kind(column: Column) -> str:
    """Return the type of a column in a contract."""
    kind = column.type
    if kind.base is Base.INT:
        return f"{'u' if kind.unsigned else ''}{_INTS.get(kind.bits, 'int64')}"
    named = {Base.BOOL: "bool", Base.FLOAT: "float64", Base.YEAR: "int64", Base.JSON: "interface{}"}
    return named.get(kind.base, "[]string" if kind.base is Base.SET else "string")


def _served(table: Table, shown: set[str]) -> Iterator[Listed]:
    """Yield the lists whose columns are seen and can be asked for, one for each order."""
    seen = set()
    for one in lists(table):
        same = (frozenset(one.equal), one.by[0])
        fits = all(table.column(name).type.base in _FILTERS for name in one.equal)
        if fits and shown.issuperset((*one.equal, *one.by)) and same not in seen:
            seen.add(same)
            yield one
