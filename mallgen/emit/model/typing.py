"""The Python side of columns: the type of a row's attribute, and the column as the runtime describes it."""

from collections.abc import Sequence

from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import Imports, literal
from mallgen.python.names import Scope
from mallgen.tables.model import Base, Column, ColumnType, DefaultKind, Dialect

SQL, CACHE = "mallgen_runtime.sql", "mallgen_runtime.cache"
_PLAIN = {Base.BOOL: "bool", Base.INT: "int", Base.BITS: "int", Base.YEAR: "int", Base.FLOAT: "float"}
_PLAIN |= {Base.TEXT: "str", Base.BIT_STRING: "str", Base.BYTES: "bytes"}
_IMPORTED = {
    Base.DECIMAL: ("decimal", "Decimal"),
    Base.DATE: ("datetime", "date"),
    Base.DATETIME: ("datetime", "datetime"),
    Base.JSON: ("typing", "Any"),
    Base.UUID: ("uuid", "UUID"),
}
_COLUMNS = {
    Base.BOOL: "BoolColumn",
    Base.INT: "IntColumn",
    Base.FLOAT: "FloatColumn",
    Base.DECIMAL: "DecimalColumn",
    Base.TEXT: "TextColumn",
    Base.BYTES: "BytesColumn",
    Base.BITS: "BitsColumn",
    Base.BIT_STRING: "BitStringColumn",
    Base.DATE: "DateColumn",
    Base.TIME: "TimeColumn",
    Base.DATETIME: "DatetimeColumn",
    Base.YEAR: "YearColumn",
    Base.JSON: "JsonColumn",
    Base.ENUM: "EnumColumn",
    Base.SET: "SetColumn",
    Base.UUID: "UuidColumn",
    Base.ARRAY: "ArrayColumn",
}


class ColumnTypes:
    """Spells the types of one table's columns for a file with given imports."""

    def __init__(self, imports: Imports, scope: Scope, dialect: Dialect) -> None:
        self._imports = imports
        self._scope = scope
        self._has_spans = dialect is Dialect.MYSQL

    def runtime(self, name: str) -> PyIdent:
        """Import a name from the runtime and return its local name."""
        return self.name(SQL, name)

    def name(self, module: str, name: str) -> PyIdent:
        """Import a name from a module and return its local name."""
        return self._imports.add(module, name, self._scope.local_name(name))

    def base(self, module: str, name: str) -> PyIdent:
        """Import a name that stands outside of classes, where no attribute hides it."""
        return self._imports.add(module, name)

    def value(self, kind: ColumnType) -> Code:
        """Return the type of a value that is not NULL."""
        if kind.base in _PLAIN:
            return self._builtin(_PLAIN[kind.base])
        if kind.base in _IMPORTED:
            return self.name(*_IMPORTED[kind.base])
        if kind.base is Base.TIME:
            return self.name("datetime", "timedelta" if self._has_spans else "time")
        if kind.base is Base.ARRAY:
            assert kind.item is not None, "the reader gives every array its item"
            return code("{}[{}]", self._builtin("list"), self.value(kind.item))
        words = listed([literal(value) for value in kind.values])
        one = code("{}[{}]", self.name("typing", "Literal"), words)
        return code("{}[{}]", self._builtin("frozenset"), one) if kind.base is Base.SET else one

    def _builtin(self, name: str) -> PyIdent:
        """Return the name of a built-in type, imported under another one where an attribute hides it."""
        local = self._scope.local_name(name)
        return local if local == name else self._imports.add("builtins", name, local)

    def attribute(self, column: Column) -> Code:
        """Return the type of a column's attribute in a row."""
        value = self.value(column.type)
        return code("{} | None", value) if column.nullable and value != "Any" else value

    def column(self, column: Column, attribute: PyIdent) -> Code:
        """Return the column as the runtime describes it."""
        words = [*self._arguments(column.type)]
        if attribute != column.name:
            words.append(code("attr={}", literal(str(attribute))))
        flags = {
            "null": column.nullable,
            "has_default": has_default(column),
            "auto": column.auto,
            "on_update": column.on_update,
            "made": column.generated is not None,
        }
        words += [code("{}=True", PyIdent(name)) for name, is_set in flags.items() if is_set]
        name = self.runtime(_COLUMNS[column.type.base])
        return code("{}({})", name, listed([literal(column.name), *words]))

    def _arguments(self, kind: ColumnType) -> list[Code]:
        base = kind.base
        if base is Base.INT:
            return [literal(kind.bits or 32), *([Code("unsigned=True")] if kind.unsigned else [])]
        if base in (Base.FLOAT, Base.BITS):
            return [literal(kind.bits or 1)]
        if base is Base.BIT_STRING:
            return [literal(kind.bits), *_fixed(kind)]
        if base is Base.DECIMAL:
            return [literal(kind.precision), literal(kind.scale)] if kind.precision else []
        if base in (Base.TEXT, Base.BYTES):
            return [*([literal(kind.length)] if kind.length else []), *_fixed(kind)]
        if base is Base.DATETIME:
            return [literal(kind.scale)] if kind.scale else []
        if base is Base.TIME:
            flags = [Code("span=True")] if self._has_spans else [Code("zoned=True")] if kind.zoned else []
            return [*([literal(kind.scale)] if kind.scale else []), *flags]
        if base in (Base.ENUM, Base.SET):
            return [literal(kind.values)]
        return [self._item(kind)] if base is Base.ARRAY else []

    def _item(self, kind: ColumnType) -> Code:
        assert kind.item is not None, "the reader gives every array its item"
        name = self.runtime(_COLUMNS[kind.item.base])
        return code("item={}({})", name, listed([literal("item"), *self._arguments(kind.item)]))


def _fixed(kind: ColumnType) -> list[Code]:
    return [Code("fixed=True")] if kind.fixed else []


def listed(items: Sequence[Code]) -> Code:
    """Return code with commas between its parts."""
    return Code(", ".join(items))


def has_default(column: Column) -> bool:
    """Return whether a new row need not give the column."""
    return column.default is not None or column.nullable or column.on_update


def is_now(column: Column) -> bool:
    """Return whether the default of a column is the current time."""
    return column.default is not None and column.default.kind is DefaultKind.NOW
