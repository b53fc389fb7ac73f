"""The tables of a service, for every kind of contract, and for a target that has only tables."""

from typing import TYPE_CHECKING, NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.target import Target

if TYPE_CHECKING:
    from mallgen.emit.model.files import TableSet

TABLES, DATABASE = "tables", "database"


class ReadTables(NamedTuple):
    """The tables that a target names, None when it names none or they have errors."""

    found: "TableSet | None"
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    failed: bool


def tables_of(target: Target) -> ReadTables:
    """Read the tables of a target's database."""
    patterns = target.option(TABLES)
    if not patterns:
        return ReadTables(None, (), {}, False)
    from mallgen.loading.ddl_files import read_ddl

    files = read_ddl(patterns)
    if files.diagnostics:
        return ReadTables(None, files.diagnostics, files.texts, True)
    return read_tables(files.texts, target)


def counted_tables(tables: ReadTables) -> str:
    """Return `, 3 tables` for the line of counts, empty without tables."""
    from mallgen.text.visible import counted

    return f", {counted(len(tables.found.tables), 'table')}" if tables.found is not None else ""


def read_tables(texts: dict[str, str], target: Target) -> ReadTables:
    """Return the tables of a target's database in the texts of its files."""
    from mallgen.emit.model.files import table_set
    from mallgen.loading.sources import limits
    from mallgen.tables.read import DdlSource, read

    result = read([DdlSource(path, text) for path, text in texts.items()], limits=limits())
    database = next(iter(target.option(DATABASE)), "")
    found = table_set(database, result.schema.of(database))
    problems = (*result.diagnostics, *found.problems, *_nothing(database, result.schema.databases, target))
    failed = any(problem.severity == "error" for problem in problems)
    return ReadTables(None if failed else found, problems, texts, failed)


def _nothing(database: str, known: tuple[str, ...], target: Target) -> tuple[Diagnostic, ...]:
    """Return an error when the files have no table of the database."""
    from mallgen.text.suggest import did_you_mean

    if database in known or (not database and known):
        return ()
    where = ", ".join(target.option(TABLES))
    message = (
        f"there is no table of the database `{database}` in {where}" if database else f"there is no table in {where}"
    )
    hint = did_you_mean(database, known) or (f"the databases are {', '.join(known)}" if known else "write CREATE TABLE")
    return (Diagnostic("no-tables", message, target.places.get("database"), hint),)
