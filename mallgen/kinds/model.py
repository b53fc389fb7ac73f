"""The kind of .sql contracts: a package of models without a service around it."""

import glob
import os

from mallgen.kinds.kind import Kind
from mallgen.kinds.tables import CHOICES, DATABASE, TABLES, read_tables, texts_of
from mallgen.kinds.target import Made, Target, made
from mallgen.loading.sources import limits
from mallgen.python.code import PyIdent
from mallgen.python.names import model_package
from mallgen.text.visible import counted


def package_of(target: Target) -> PyIdent:
    """Return the package of the models: named after the service's name, the database, or the file."""
    stem, _ = os.path.splitext(os.path.basename(target.contract))
    database = next(iter(target.option(DATABASE)), "")
    named = target.called.name or database or target.service or ("" if glob.has_magic(target.contract) else stem)
    return PyIdent(target.called.package) if target.called.package else model_package(named or "tables")


def made_of(texts: dict[str, str], target: Target, prove: bool = True) -> Made:
    """Return the files of a target whose contract has the given texts by path."""
    from mallgen.emit.model.package import emit

    tables = read_tables(texts, target)
    if tables.found is None:
        return Made("", "", (), tables.diagnostics, tables.sources)
    package = package_of(target)
    views = sum(bool(table.select) for table in tables.found.tables)
    subject = f"{package}: {counted(len(tables.found.tables) - views, 'table')}"
    subject += f", {counted(views, 'view')}" if views else ""
    return made(subject, emit(tables.found, package, prove, limits().output), tables.diagnostics, tables.sources)


def _make(target: Target, prove: bool) -> Made:
    texts, problems = texts_of((target.contract, *target.option(TABLES)))
    return Made("", "", (), problems, texts) if problems else made_of(texts, target, prove)


KIND = Kind(
    "model",
    (".sql",),
    _make,
    generate="model ddl -src {contract}",
    validate="model lint {contract}",
    paths=(TABLES,),
    options=(DATABASE, *CHOICES),
    runs=False,
)
