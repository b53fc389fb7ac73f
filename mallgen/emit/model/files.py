"""The files of a service's tables: generated and user modules, and the schema that a start compares."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from mallgen.diagnostics import Diagnostic
from mallgen.emit.model.names import TableNames, context_attributes, named
from mallgen.emit.model.typing import CACHE, SQL, ColumnTypes
from mallgen.emit.model.views import TableView
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import WIDTH, Imports, call, docstring, dotted, lines, literal
from mallgen.python.names import Scope
from mallgen.python.render import Renderer
from mallgen.tables.ddl import script
from mallgen.tables.model import Dialect, Table
from mallgen.tables.outbox import OUTBOX, OWN, RELAY
from mallgen.text.width import width

DEFAULT_PREFIX = "cache"


class ModelChoices(Struct, frozen=True):
    """The user's choices for models: columns that they never write, and a cache with the prefix of its keys."""

    unwritten: frozenset[str] = frozenset()
    cache: bool = False
    prefix: str = DEFAULT_PREFIX


_NO_CHOICES = ModelChoices()


class TableSet(Struct, frozen=True):
    """The tables of a service: the name of their database, which may be empty, and their names in Python."""

    database: str
    tables: tuple[Table, ...]
    names: dict[str, TableNames]
    problems: tuple[Diagnostic, ...]
    choices: ModelChoices = _NO_CHOICES

    @property
    def modelled(self) -> list[TableNames]:
        """The names of the tables that have a model: those of the outbox have none."""
        return [self.names[table.name] for table in self.tables if table.name not in OWN]

    @property
    def has_outbox(self) -> bool:
        """Return whether messages can be written along with rows."""
        return {table.name for table in self.tables} >= {OUTBOX, RELAY}


def table_set(database: str, tables: Sequence[Table], choices: ModelChoices = _NO_CHOICES) -> TableSet:
    """Return tables with their names, and the errors of two that would have one module."""
    names, problems = named(tables)
    return TableSet(database, tuple(tables), names, problems, choices)


def model_files(tables: TableSet, home: str, renderer: Renderer) -> Iterator[File]:
    """Yield the modules of a package of models; `home` is its dotted name."""
    folder = home.replace(".", "/")
    yield File(f"{folder}/schema.py", _schema(tables, home, renderer), Owner.ALWAYS, Role("schema"))
    for table in tables.tables:
        names = tables.names[table.name]
        path = f"{folder}/{names.module}_model"
        text = _generated(table, tables, home, renderer)
        yield File(f"{path}_gen.py", text, Owner.ALWAYS, Role("table", table.name), table.span)
        if table.name in OWN:
            continue
        text = _yours(table, names, home, renderer)
        yield File(f"{path}.py", text, Owner.ONCE, Role("model", table.name), table.span)


def statements(tables: TableSet, package: PyIdent, imports: Imports) -> list[Code]:
    """Return the lines of a service context that open the database and make the models."""
    database = imports.add(SQL, "Database")
    schema = imports.add(f"{package}.model.schema", "SCHEMA")
    lines = [code("self.db = self.keep({}(config.data_source, {}, config.mode))", database, schema)]
    given = Code("self.db")
    if tables.choices.cache:
        space = [literal(tables.database or service_word(package)), literal(tables.choices.prefix)]
        words = [Code("config.cache_redis"), Code("config.cache_options"), *space]
        made = call(f"{imports.add(CACHE, 'Cache')}(", words, indent=12)
        whole = code("self.cache = self.keep({})", made)
        lines.append(
            whole if width(whole) + 8 <= WIDTH else code("self.cache = self.keep(\n            {}\n        )", made)
        )
        given = Code("self.db, self.cache")
    names = tables.modelled
    for attribute, one in zip(context_attributes(names), names, strict=True):
        model = imports.add(f"{package}.model.{one.module}_model", one.model)
        lines.append(code("self.{} = {}({})", attribute, model, given))
    return lines


def fields(tables: TableSet, imports: Imports) -> list[Code]:
    """Return the settings of a service that has tables."""
    conf = imports.add(SQL, "DataSourceConf")
    field = imports.add("mallgen_runtime.schema", "field")
    found = [code("data_source: {} = {}(default_factory={})", conf, field, conf)]
    if tables.choices.cache:
        redis, options = imports.add(CACHE, "CacheRedisConf"), imports.add(CACHE, "CacheConf")
        found.append(code("cache_redis: list[{}] = {}(default_factory=list)", redis, field))
        found.append(code("cache_options: {} = {}(default_factory={})", options, field, options))
    return found


def service_word(package: str) -> str:
    """Return the word that names a service's database where the DDL gives it no name."""
    return package.removesuffix("_rpc").removesuffix("_api")


def _generated(table: Table, tables: TableSet, home: str, renderer: Renderer) -> str:
    names = tables.names[table.name]
    imports = Imports(_top(home))
    taken = {*names.attributes.values(), names.row, names.values, names.changes, names.base, "TABLE"}
    types = ColumnTypes(imports, Scope(taken), table.dialect)
    for name in ("Row", "Model"):
        imports.add(SQL, name)
    view = TableView(table, names, types, tables.choices.unwritten)
    parts = {
        "table": view.table(),
        "keysets": view.keysets(),
        "fields": view.fields(),
        "inputs": view.inputs(),
        "cached": view.cached(),
        "methods": view.methods(),
    }
    return renderer.python(
        "model/gen.py",
        module_docstring=_about(f"The table {table.name}", table, 0),
        imports=imports.lines(),
        row=names.row,
        row_docstring=_about(f"A row of {table.name}", table, 4),
        name=names.base,
        model_docstring=docstring([f"The statements on {table.name}."], 4),
        **parts,
    )


def _yours(table: Table, names: TableNames, home: str, renderer: Renderer) -> str:
    return renderer.python(
        "model/model.py",
        module_docstring=docstring([f"Queries of your own on {table.name}."], 0),
        home=dotted(home),
        module=PyIdent(f"{names.module}_model"),
        base=names.base,
        name=names.model,
        docstring=_about(f"The table {table.name}", table, 4),
    )


def _top(home: str) -> str:
    return home.partition(".")[0]


def _about(text: str, table: Table, indent: int) -> Code:
    return docstring([f"{text}: {table.comment}" if table.comment.strip() else f"{text}."], indent)


def _schema(tables: TableSet, home: str, renderer: Renderer) -> str:
    imports = Imports(_top(home))
    schema = imports.add(SQL, "Schema")
    listed = []
    for table in tables.tables:
        module = tables.names[table.name].module
        listed.append(imports.add(f"{home}.{module}_model_gen", "TABLE", PyIdent(f"{module.upper()}_TABLE")))
    names = Code("".join([f"        {name},\n" for name in listed]))
    made = lines(script(tables.tables, Dialect.SQLITE))
    words = code("    {},\n    (\n{}    ),\n    sqlite={},\n", literal(tables.database), names, made)
    if tables.choices.cache and tables.choices.prefix != DEFAULT_PREFIX:
        words = code("{}    prefix={},\n", words, literal(tables.choices.prefix))
    return renderer.python(
        "model/schema.py",
        module_docstring=docstring(["The tables of the service, and the statements that make them in SQLite."], 0),
        imports=imports.lines(),
        schema=code("SCHEMA = {}(\n{})", schema, words),
    )
