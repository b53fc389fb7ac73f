"""A table's generated module as a view: the row, the values of changes, and the methods."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from mallgen.emit.model.names import TableNames
from mallgen.emit.model.typing import ColumnTypes, has_default, listed
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import WIDTH, call, comment, docstring, fold, literal
from mallgen.python.names import Scope
from mallgen.tables.lists import Listed, lists, unique
from mallgen.tables.model import Column, Table
from mallgen.text.width import width

_KEY = PyIdent("_KEY")


class Input(Struct, frozen=True):
    """A class of values by column: its name, docstring and lines."""

    name: PyIdent
    docstring: Code
    lines: list[Code]


class ModelMethod(Struct, frozen=True):
    """A method of one statement."""

    signature: Code
    docstring: Code
    line: Code


class TableView:
    """Makes the parts of a table's module."""

    def __init__(
        self, table: Table, names: TableNames, types: ColumnTypes, unwritten: frozenset[str] = frozenset()
    ) -> None:
        self._methods = Scope()
        self._table = table
        self._names = names
        self._types = types
        self._written = [c for c in table.columns if c.generated is None and c.name.lower() not in unwritten]
        self._lists = list(lists(table))
        scope = Scope({"TABLE"})
        self._constants = [
            scope.add(PyIdent(names.method("_by", one.columns, one.word).upper())) for one in self._lists
        ]

    def table(self) -> Code:
        """Return the table as the runtime describes it."""
        described = [self._types.column(one, self._names.attribute(one.name)) for one in self._table.columns]
        columns = code("(\n{}    )", Code("".join([f"        {one},\n" for one in described])))
        words = [literal(self._table.name), columns]
        words += [code("key={}", literal(self._table.key))] if self._table.key else []
        words += [code("version={}", literal(self._table.version))] if self._table.version else []
        words += [code("deleted={}", literal(self._table.deleted))] if self._table.deleted else []
        inner = Code("".join([f"    {word},\n" for word in words]))
        return code("{}(\n{})", self._types.runtime("Table"), inner)

    def keysets(self) -> list[Code]:
        """Return the order of each list, as a constant."""
        if not self._lists:
            return []
        self._types.runtime("Keyset")
        return [self._keyset(one) for one in self._lists]

    def cached(self) -> list[Code]:
        """Return the attributes that a cache needs: unique columns, and the lists that rules declare."""
        found = []
        if uniques := list(unique(self._table)):
            found.append(code("uniques = {}", literal(tuple(uniques))))
        if lists := [self._constant(one) for one in self._lists if one.limit]:
            found.append(code("lists = {}", _tuple(lists)))
        return found

    def _keyset(self, one: Listed) -> Code:
        """Return the constant of a list: its order, and what a rule says of it."""
        words: list[Code] = [literal(one.equal), literal(one.by)]
        words += [literal(one.served_by)] if one.served_by else []
        kind = self._types.runtime("Keyset")
        if not one.limit:
            return call(f"{self._constant(one)} = {kind}(", words)
        keyset = code("{}({})", kind, listed(words))
        words = [literal(one.word), keyset, literal(one.descending), literal(one.limit)]
        return call(f"{self._constant(one)} = {self._types.runtime('ListRule')}(", words)

    def fields(self) -> list[Code]:
        """Return the attributes of a row, with the comments of their columns."""
        return [line for column in self._table.columns for line in self._field(column)]

    def inputs(self) -> list[Input]:
        """Return the classes of a new row's values and of a change's, none for a view."""
        if self._table.select:
            return []
        self._types.base("typing", "TypedDict")
        new = [self._given(column) for column in self._written]
        found = [Input(self._names.values, _line(f"Values of a new row of {self._table.name}."), new)]
        if self._changed():
            lines = [self._pair(column) for column in self._changed()]
            found.append(Input(self._names.changes, _line(f"New values of a row of {self._table.name}."), lines))
        return found

    def methods(self) -> list[ModelMethod]:
        """Return the methods of the model."""
        found = [] if self._table.select else [*self._inserts()]
        found = [*self._finds(), *found]
        if self._table.key and not self._table.select:
            found += [*self._changes()]
        return [*found, *(method for one in self._lists for method in self._listed(one))]

    def _field(self, column: Column) -> list[Code]:
        line = code("{}: {}", self._names.attribute(column.name), self._types.attribute(column))
        if not column.comment.strip():
            return [line]
        aside = comment(column.comment)
        if width(f"    {line}  {aside}") <= WIDTH:
            return [code("{}  {}", line, aside)]
        return [*(comment(text) for text in fold(column.comment, WIDTH - 6)), line]

    def _pair(self, column: Column) -> Code:
        return code("{}: {}", self._names.attribute(column.name), self._types.attribute(column))

    def _given(self, column: Column) -> Code:
        needed = not column.auto and (column.name in self._table.key or not has_default(column))
        kind = self._types.attribute(column)
        if needed:
            kind = code("{}[{}]", self._types.name("typing", "Required"), kind)
        return code("{}: {}", self._names.attribute(column.name), kind)

    def _changed(self) -> list[Column]:
        fixed = (*self._table.key, self._table.version)
        return [column for column in self._written if column.name not in fixed]

    def _key(self) -> tuple[list[PyIdent], list[Code], Code]:
        """Return the parameters of the primary key, their declarations, and the type of a key."""
        parameters = self._names.parameters(self._table.key)
        types = [self._types.value(self._table.column(name).type) for name in self._table.key]
        declared = [code("{}: {}", name, kind) for name, kind in zip(parameters, types, strict=True)]
        return parameters, declared, types[0] if len(types) == 1 else _tuple_type(types)

    def _finds(self) -> Iterator[ModelMethod]:
        row = self._names.row
        if self._table.key:
            parameters, declared, kind = self._key()
            line = Code(f"return await self._find(TABLE.key, {_tuple(parameters)})")
            what = "Return the row of a primary key, None where there is none."
            yield self._method(PyIdent("find_one"), declared, code("{} | None", row), what, line)
            iterable = self._types.name("collections.abc", "Iterable")
            several = code("keys: {}[{}]", iterable, kind)
            keys = Code("((key,) for key in keys)" if len(parameters) == 1 else "keys")
            what = "Return the rows of primary keys, in their order and without those that are missing."
            line = code("return await self._find_many({})", keys)
            yield self._method(PyIdent("find_many"), [several], code("list[{}]", row), what, line)
        for columns in unique(self._table):
            yield self._find_by(columns)

    def _find_by(self, columns: tuple[str, ...]) -> ModelMethod:
        parameters = self._names.parameters(columns)
        declared = [self._parameter(name, column) for name, column in zip(parameters, columns, strict=True)]
        line = Code(f"return await self._find({literal(columns)}, {_tuple(parameters)})")
        what = f"Return the row with this {_words(columns)}, None where there is none."
        result = code("{} | None", self._names.row)
        return self._method(self._names.method("find_one_by", columns), declared, result, what, line)

    def _parameter(self, name: PyIdent, column: str) -> Code:
        return code("{}: {}", name, self._types.value(self._table.column(column).type))

    def _inserts(self) -> Iterator[ModelMethod]:
        values = self._names.values
        unpack = self._types.name("typing", "Unpack")
        result = self._key()[2] if self._table.key else Code("None")
        given = [Code("/"), code("**values: {}[{}]", unpack, values)]
        what = "Insert a row and return its primary key." if self._table.key else "Insert a row."
        if not self._table.key:
            line = Code("await self._insert(values)")
        else:
            line = Code(f"key: {result} = await self._insert(values)\n        return key")
        yield self._method(PyIdent("insert"), given, result, what, line)
        sequence = self._types.name("collections.abc", "Sequence")
        what = "Insert all rows, which give the same columns, or none; return their number."
        line = Code("return await self._insert_many(rows)")
        yield self._method(PyIdent("insert_many"), [code("rows: {}[{}]", sequence, values)], Code("int"), what, line)

    def _changes(self) -> Iterator[ModelMethod]:
        parameters, declared, _ = self._key()
        version = self._names.parameters([*self._table.key, self._table.version])[-1:] if self._table.version else []
        asked = [self._parameter(name, self._table.version) for name in version]
        if self._changed():
            unpack = self._types.name("typing", "Unpack")
            given = [*declared, *asked, Code("/"), code("**values: {}[{}]", unpack, self._names.changes)]
            what = "Write the given columns of a row; return whether there is such a row."
            if version:
                what = "Write the given columns of a row; return whether there is such a row of this version."
            line = code("return await self._update({})", listed([_tuple(parameters), Code("values"), *version]))
            yield self._method(PyIdent("update"), given, Code("bool"), what, line)
        what = "Delete a row; return whether there was one."
        if version:
            what = "Delete a row, where a version is given that of it; return whether there was one."
        given = [*declared, *(code("{} | None = None", one) for one in asked)]
        line = code("return await self._delete({})", listed([_tuple(parameters), *version]))
        yield self._method(PyIdent("delete"), given, Code("bool"), what, line)

    def _listed(self, one: Listed) -> Iterator[ModelMethod]:
        parameters = self._names.parameters(one.equal)
        declared = [self._parameter(name, column) for name, column in zip(parameters, one.equal, strict=True)]
        cursor = _tuple_type([self._types.value(self._table.column(name).type) for name in one.by])
        given = [
            *declared,
            code("cursor: {} | None = None", cursor),
            Code("limit: int = 20"),
            Code("*"),
            code("descending: bool = {}", literal(one.descending)),
        ]
        order = _words(one.by)
        of = f" with this {_words(one.equal)}" if one.equal else ""
        what = f"Return a page of the rows{of}, by {order}; the first one without a cursor."
        result = code("{}[{}, {}]", self._types.runtime("Page"), self._names.row, cursor)
        equal = _tuple(parameters)
        line = call(
            f"return await self.{'_list' if one.limit else '_page'}(",
            [self._constant(one), equal, Code("cursor"), Code("limit"), Code("descending")],
            indent=8,
        )
        yield self._method(self._names.method("list_by", one.columns, one.word), given, result, what, line)
        if one.equal:
            line = Code(f"return await self._count({literal(one.equal)}, {equal})")
            what = f"Return the number of rows with this {_words(one.equal)}."
            yield self._method(self._names.method("count_by", one.columns, one.word), declared, Code("int"), what, line)

    def _constant(self, one: Listed) -> PyIdent:
        return self._constants[self._lists.index(one)]

    def _method(self, name: PyIdent, given: Sequence[Code], result: Code, what: str, line: Code) -> ModelMethod:
        signature = call(f"async def {self._methods.add(name)}(", [Code("self"), *given], f") -> {result}:", 4)
        return ModelMethod(signature, docstring([what], 8), line)


def _line(text: str) -> Code:
    return docstring([text], 4)


def _words(columns: Sequence[str]) -> str:
    *first, last = columns
    return f"{', '.join(first)} and {last}" if first else last


def _tuple(items: Sequence[Code]) -> Code:
    return code("({},)", items[0]) if len(items) == 1 else code("({})", listed(items))


def _tuple_type(items: Sequence[Code]) -> Code:
    return code("tuple[{}]", listed(items))
