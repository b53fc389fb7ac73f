"""The Python names of a table: its modules, classes, attributes and methods."""

import keyword
import re
import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from mallgen.diagnostics import Diagnostic
from mallgen.python.code import PyIdent
from mallgen.python.names import Claims, Scope
from mallgen.tables.model import Table

# what every service context has; a table of such a name gets another attribute
_CONTEXT = frozenset("cache close config db keep middlewares open shut start states use".split())
_PARAMETERS = frozenset({"cursor", "descending", "limit", "self"})


class TableNames(Struct, frozen=True):
    """The names that are made of a table's."""

    module: PyIdent
    stem: PyIdent
    attributes: dict[str, PyIdent]

    @property
    def row(self) -> PyIdent:
        """The class of its rows."""
        return PyIdent(f"{self.stem}Row")

    @property
    def values(self) -> PyIdent:
        """The class of the values of a new row."""
        return PyIdent(f"{self.stem}Values")

    @property
    def changes(self) -> PyIdent:
        """The class of the values that a change may have."""
        return PyIdent(f"{self.stem}Changes")

    @property
    def base(self) -> PyIdent:
        """The class of the generated model."""
        return PyIdent(f"{self.stem}ModelGen")

    @property
    def model(self) -> PyIdent:
        """The class of the user's model."""
        return PyIdent(f"{self.stem}Model")

    def attribute(self, column: str) -> PyIdent:
        """Return the attribute of a column."""
        return self.attributes[column]

    def parameters(self, columns: Sequence[str]) -> list[PyIdent]:
        """Return parameters that are named after columns."""
        scope = Scope(_PARAMETERS)
        return [scope.add(self.attributes[column]) for column in columns]

    def method(self, verb: str, columns: Sequence[str], word: str = "") -> PyIdent:
        """Return the method for some columns, and the name of a list: `list_by_userid_create_time`."""
        words = [self.attributes[column] for column in columns] + ([identifier(word)] if word else [])
        return PyIdent("_".join([verb, *(one.strip("_") or "n" for one in words)]))


def names_of(table: Table) -> TableNames:
    """Return the names of a table."""
    scope = Scope()
    attributes = {column.name: scope.add(identifier(column.name)) for column in table.columns}
    word = identifier(table.name).strip("_")
    word = word if word[:1].isidentifier() else f"n{word}"
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", word).split("_")
    stem = "".join(part[:1].upper() + part[1:] for part in parts if part)
    module = "_".join(part.lower() for part in parts if part)
    return TableNames(PyIdent(module or "n"), PyIdent(stem or "N"), attributes)


def identifier(name: str) -> PyIdent:
    """Return the identifier for a name of SQL: the name itself where Python takes it."""
    text = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))
    text = text if text[:1].isidentifier() else f"n{text}"
    text = f"n{text}" if text.startswith("__") else text
    return PyIdent(f"{text}_" if keyword.iskeyword(text) else text)


def named(tables: Sequence[Table]) -> tuple[dict[str, TableNames], tuple[Diagnostic, ...]]:
    """Return the names of tables by the table's own, and an error for two tables of one module."""
    claims = Claims("module of a table", "rename one of the tables, or leave it out of the service")
    found = {}
    for table in tables:
        names = names_of(table)
        claims.claim(names.module, table.name, table.span)
        found[table.name] = names
    return found, tuple(claims.problems)


def context_attributes(tables: Sequence[TableNames]) -> list[PyIdent]:
    """Return the attribute of the service context for each table; names in `_rpc` are those of clients."""
    scope = Scope(_CONTEXT)
    names = (identifier(f"{one.module}_" if one.module.endswith("_rpc") else one.module) for one in tables)
    return [scope.add(name) for name in names]
