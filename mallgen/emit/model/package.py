"""The files of a package of models that belongs to no service."""

from mallgen.emit import Emitted, emitted, too_much, typed
from mallgen.emit.model.files import TableSet, model_files
from mallgen.emit.model.names import context_attributes
from mallgen.emit.model.typing import CACHE, SQL
from mallgen.emit.service import init
from mallgen.output.files import File
from mallgen.output.records import Owner, Role
from mallgen.python.code import Code, PyIdent, code
from mallgen.python.layout import Imports, call, docstring, literal
from mallgen.python.render import Renderer, TooMuch
from mallgen.text.limits import DEFAULT


def emit(tables: TableSet, package: PyIdent, prove: bool = True, most: int = DEFAULT.output) -> Emitted:
    """Return the files of the package, or a diagnostic when they have more than `most` bytes.

    With `prove` each generated module is compiled.
    """
    span = tables.tables[0].span
    renderer = Renderer(prove, most)
    what = f"The tables of the database {tables.database}." if tables.database else "Tables."
    try:
        files = (
            init(package, "", what, renderer),
            typed(package),
            _opened(tables, package, renderer),
            *model_files(tables, package, renderer),
        )
    except TooMuch:
        return too_much(most, span)
    return emitted(files, (), span)


def _opened(tables: TableSet, package: PyIdent, renderer: Renderer) -> File:
    """Return models.py: all models on one database, and their cache where they have one."""
    imports = Imports(package)
    for name in ("DataSourceConf", "OpenedModels"):
        imports.add(SQL, name)
    imports.add(f"{package}.schema", "SCHEMA")
    given, made = [Code("self"), Code("source: DataSourceConf | str"), Code('mode: str = "pro"')], []
    if tables.choices.cache:
        imports.add("collections.abc", "Sequence")
        for name in ("Cache", "CacheConf", "CacheRedisConf"):
            imports.add(CACHE, name)
        given += [Code("*"), Code("redis: Sequence[CacheRedisConf] = ()"), Code("cache: CacheConf | None = None")]
        words = [literal(tables.database or package.removesuffix("_model")), literal(tables.choices.prefix)]
        whole = call("Cache(", [Code("redis"), Code("cache or CacheConf()"), *words], indent=12)
        made.append(code("self.cache = self.keep({})", whole))
    names = tables.modelled
    on = Code("self.db, self.cache" if tables.choices.cache else "self.db")
    for attribute, one in zip(context_attributes(names), names, strict=True):
        model = imports.add(f"{package}.{one.module}_model", one.model)
        made.append(code("self.{} = {}({})", attribute, model, on))
    text = renderer.python(
        "model/models.py",
        module_docstring=docstring(["The models of all tables, opened together."], 0),
        imports=imports.lines(),
        name=_class_name(package),
        docstring=docstring([f'async with {_class_name(package)}("sqlite:///data/name.db") as models: …'], 4),
        signature=call("def __init__(", given, ") -> None:", 4),
        made=made,
    )
    return File(f"{package}/models.py", text, Owner.ALWAYS, Role("models"))


def _class_name(package: str) -> PyIdent:
    words = package.removesuffix("_model").split("_")
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return PyIdent(f"{name if name[:1].isalpha() else f'N{name}'}Models")
