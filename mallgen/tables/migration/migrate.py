"""The statements that make one schema of another, for all databases of both."""

from collections.abc import Iterator
from typing import NamedTuple

from mallgen.tables.ddl import script
from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import Comparer, SchemaChange
from mallgen.tables.migration.step import MigrationStep
from mallgen.tables.model import Dialect, Schema, Table
from mallgen.tables.read import DdlSource, read
from mallgen.text.limits import DEFAULT, Limits


class Side(NamedTuple):
    """One side of a migration; `is_live` when a database has written its DDL."""

    schema: Schema
    is_live: bool = False


class Sides(NamedTuple):
    """The tables of one database in two versions; `name` is empty where there is one database on both sides."""

    name: str
    canon: Canon
    old: tuple[Table, ...]
    new: tuple[Table, ...]


def migrate(
    old: Side, new: Side, dialect: Dialect, database: str = "", limits: Limits = DEFAULT
) -> list[MigrationStep]:
    """Return the statements that lead from one side to the other, in the order in which they apply.

    With `database` only its tables count. Tables of another dialect are those that mallgen would make of them.
    """
    steps: list[MigrationStep] = []
    for side in sides(old, new, dialect, database, limits):
        found = list(planned(side.canon, Comparer(*side[1:]).compare()))
        if found and side.name:
            steps.append(MigrationStep(_use(dialect, side.name)))
        steps += found
    return steps


def sides(old: Side, new: Side, dialect: Dialect, database: str, limits: Limits) -> Iterator[Sides]:
    """Yield the tables of each database on both sides, as those of one dialect."""
    canon = Canon(dialect, old.is_live != new.is_live)
    for name, before, after in _pairs(old.schema, new.schema, database):
        yield Sides(name, canon, _own(before, dialect, limits), _own(after, dialect, limits))


def planned(canon: Canon, change: SchemaChange) -> Iterator[MigrationStep]:
    """Return the statements that carry out a change, in the order in which they apply."""
    if canon.dialect is Dialect.MYSQL:
        from mallgen.tables.migration.mysql import MysqlPlanner

        return MysqlPlanner(canon, change).steps()
    if canon.dialect is Dialect.SQLITE:
        from mallgen.tables.migration.sqlite import SqlitePlanner

        return SqlitePlanner(canon, change).steps()
    from mallgen.tables.migration.postgres import PostgresPlanner

    return PostgresPlanner(canon, change).steps()


def _pairs(old: Schema, new: Schema, database: str) -> Iterator[tuple[str, tuple[Table, ...], tuple[Table, ...]]]:
    """Yield the tables of each database on both sides; the name is empty where there is one on both."""
    if database:
        yield "", _only(old, database), _only(new, database)
    elif len(old.databases) <= 1 and len(new.databases) <= 1:
        yield "", old.tables, new.tables
    else:
        for name in dict.fromkeys((*new.databases, *old.databases)):
            yield name, _named(old, name), _named(new, name)


def _only(schema: Schema, database: str) -> tuple[Table, ...]:
    """Return the tables of a database; those of the only one where it has another name."""
    return _named(schema, database) or (schema.tables if len(schema.databases) == 1 else ())


def _named(schema: Schema, database: str) -> tuple[Table, ...]:
    return tuple(table for table in schema.tables if table.database == database)


def _own(tables: tuple[Table, ...], dialect: Dialect, limits: Limits) -> tuple[Table, ...]:
    """Return tables as those of a dialect."""
    if all(table.dialect is dialect for table in tables):
        return tables
    found = read([DdlSource("", script(tables, dialect))], dialect, limits)
    by_name = {table.name: table for table in tables}
    return tuple(_completed(table, by_name[table.name]) for table in found.schema.tables if table.name in by_name)


def _completed(table: Table, source: Table) -> Table:
    """Return a table of another dialect with what its DDL does not have: places, comments and foreign keys."""
    spans = {column.name: column for column in source.columns}
    columns = tuple(
        (
            column._replace(span=spans[column.name].span, comment=spans[column.name].comment)
            if column.name in spans
            else column
        )
        for column in table.columns
    )
    indexes = tuple(index._replace(span=source.span) for index in table.indexes)
    made = table._replace(columns=columns, indexes=indexes, foreign_keys=source.foreign_keys)
    return made._replace(span=source.span, comment=source.comment)


def _use(dialect: Dialect, database: str) -> str:
    quoted = database.replace("`", "``") if dialect is Dialect.MYSQL else database.replace('"', '""')
    return f"USE `{quoted}`" if dialect is Dialect.MYSQL else f'SET search_path TO "{quoted}"'
