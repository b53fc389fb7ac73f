"""The tables of a service, for every kind of contract, and for a target that has only tables."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from mallgen.diagnostics import Diagnostic, strict
from mallgen.kinds.target import Target

if TYPE_CHECKING:
    from mallgen.emit.model.files import ModelChoices, TableSet
    from mallgen.tables.model import Dialect, Schema, Table
    from mallgen.tables.read import Read
    from mallgen.text.span import Span

TABLES, DATABASE = "tables", "database"
ONLY, UNWRITTEN, CACHE, PREFIX, DIALECT = "table", "ignore-columns", "cache", "prefix", "dialect"
DIALECTS = ("mysql", "postgres", "sqlite")
CHOICES = (ONLY, UNWRITTEN, CACHE, PREFIX, DIALECT)


class ReadTables(NamedTuple):
    """The tables that a target names, None when it names none or they have errors."""

    found: "TableSet | None"
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    failed: bool


class ReadSchema(NamedTuple):
    """The tables that a target declares, None when it names no files; and what is wrong in these.

    `others` are those of the files' other databases.
    """

    schema: "Schema | None"
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    others: "tuple[Table, ...]" = ()


def tables_of(target: Target) -> ReadTables:
    """Read the tables of a target's database."""
    patterns = target.option(TABLES)
    if not patterns:
        return ReadTables(None, (), {}, False)
    texts, problems = texts_of(patterns)
    return ReadTables(None, problems, texts, True) if problems else read_tables(texts, target)


def texts_of(patterns: Iterable[str]) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """Return the texts of files of DDL by path, and what cannot be read."""
    from mallgen.loading.ddl_files import read_ddl

    files = read_ddl(patterns)
    return files.texts, files.diagnostics


def schema_of(target: Target) -> ReadSchema:
    """Read the tables of a target's database as they are declared, whether or not models can be made of them."""
    models = (target.contract,) if target.kind == "model" else ()
    patterns = (*models, *target.option(TABLES))
    texts, problems = texts_of(patterns) if patterns else ({}, ())
    if problems or not texts:
        return ReadSchema(None, problems, texts)
    from mallgen.loading.sources import limits
    from mallgen.tables.model import Schema
    from mallgen.tables.read import DdlSource, read

    result = read([DdlSource(path, text) for path, text in texts.items()], _dialect(target), limits=limits())
    own = result.schema.of(next(iter(target.option(DATABASE)), ""))
    tables, _ = _chosen(own, target)
    places = {table.span for table in own}
    others = tuple(table for table in result.schema.tables if table.span not in places)
    return ReadSchema(Schema(tables), result.diagnostics, texts, others)


def counted_tables(tables: ReadTables) -> str:
    """Return `, 3 tables` for the line of counts, empty without tables."""
    from mallgen.text.visible import counted

    return f", {counted(len(tables.found.tables), 'table')}" if tables.found is not None else ""


def read_tables(texts: dict[str, str], target: Target) -> ReadTables:
    """Return the tables of a target's database in the texts of its files."""
    from mallgen.emit.model.files import table_set
    from mallgen.loading.sources import limits
    from mallgen.tables.read import DdlSource, read

    sources = [DdlSource(path, text) for path, text in texts.items()]
    result = read(sources, _dialect(target), limits=limits())
    database = next(iter(target.option(DATABASE)), "")
    tables, unmatched = _chosen(result.schema.of(database), target)
    choices, unknown = _choices(tables, target)
    found = table_set(database, tables, choices)
    left_out = {table.span for table in result.schema.tables} - {table.span for table in tables}
    problems = (*_strict(result, left_out), *found.problems, *_nothing(database, result.schema.databases, target))
    problems += (*unmatched, *unknown)
    failed = any(problem.severity == "error" for problem in problems)
    return ReadTables(None if failed else found, problems, texts, failed)


def _strict(result: "Read", left_out: "set[Span]") -> Iterator[Diagnostic]:
    """Yield what the reader found; what fits no model is an error, and nothing in a table that is left out."""
    places = sorted(table.span for table in result.schema.tables)
    for problem in result.diagnostics:
        above = [place for place in places if problem.span is not None and place.file == problem.span.file]
        above = [place for place in above if problem.span is not None and place <= problem.span]
        if problem.severity != "unfit" or not above or above[-1] not in left_out:
            yield from strict((problem,))


def _dialect(target: Target) -> "Dialect | None":
    from mallgen.tables.model import Dialect

    asked = next(iter(target.option(DIALECT)), "")
    return next((dialect for dialect in Dialect if dialect.value == asked), None)


def _chosen(tables: "tuple[Table, ...]", target: Target) -> "tuple[tuple[Table, ...], tuple[Diagnostic, ...]]":
    """Return the tables that patterns choose, all without one, and an error for each pattern that chooses none."""
    patterns = target.option(ONLY)
    if not patterns or not tables:
        return tables, ()
    from mallgen.text.suggest import did_you_mean

    names = [table.name for table in tables]
    problems = []
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            hint = did_you_mean(pattern, names) or f"there are {_listed(names)}"
            problems.append(Diagnostic("no-tables", f"no table is named `{pattern}`", hint=hint))
    chosen = tuple(table for table in tables if any(fnmatchcase(table.name, pattern) for pattern in patterns))
    return chosen, tuple(problems)


def _choices(tables: "tuple[Table, ...]", target: Target) -> "tuple[ModelChoices, tuple[Diagnostic, ...]]":
    from mallgen.emit.model.files import ModelChoices

    unwritten = frozenset(name.lower() for name in target.option(UNWRITTEN))
    prefix = next(iter(target.option(PREFIX)), "cache")
    choices = ModelChoices(unwritten, bool(target.option(CACHE)), prefix)
    return choices, tuple(_unwritable(tables, target.option(UNWRITTEN))) if tables else ()


def _unwritable(tables: "tuple[Table, ...]", names: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Yield an error for each column to be left out that no table has, or that a new row cannot do without."""
    from mallgen.text.suggest import did_you_mean

    known = [column.name for table in tables for column in table.columns]
    for name in names:
        if name.lower() not in map(str.lower, known):
            hint = did_you_mean(name, known) or "leave it out of --ignore-columns"
            yield Diagnostic("ignored-column", f"no table has a column `{name}`, which is to be left out", hint=hint)
    left_out = set(map(str.lower, names))
    for table in tables:
        for column in table.columns:
            is_given = not column.nullable and column.default is None and not column.auto and not column.on_update
            if column.name.lower() in left_out and is_given and column.generated is None and not table.select:
                message = f"no row can be inserted without `{column.name}`: it is NOT NULL and has no DEFAULT"
                hint = "give it a DEFAULT, or leave it out of --ignore-columns"
                yield Diagnostic("ignored-column", message, column.span, hint)


def _nothing(database: str, known: tuple[str, ...], target: Target) -> tuple[Diagnostic, ...]:
    """Return an error when the files have no table of the database."""
    from mallgen.text.suggest import did_you_mean

    if database in known or (not database and known):
        return ()
    named = [name for name in known if name]
    where = ", ".join(target.option(TABLES) or (target.contract,))
    message = (
        f"there is no table of the database `{database}` in {where}" if database else f"there is no table in {where}"
    )
    hint = did_you_mean(database, named) or f"the databases are {', '.join(named)}"
    if not named:
        hint = "leave `database` out: no USE stands above the tables" if known else "write CREATE TABLE"
    return (Diagnostic("no-tables", message, target.places.get("database"), hint),)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
