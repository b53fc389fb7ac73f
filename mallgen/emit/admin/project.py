"""A new admin service as files: the tables that were asked for, its settings, contract and modules."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from mallgen.diagnostics import Diagnostic, Note
from mallgen.emit.admin import account, picture
from mallgen.emit.admin import modules as made
from mallgen.emit.admin.columns import AdminTable, admin_table
from mallgen.emit.admin.contract import contract, routes
from mallgen.emit.admin.ddl import AUDIT, OWN, own_tables
from mallgen.emit.model.names import context_attributes, names_of
from mallgen.python import names
from mallgen.python.render import python
from mallgen.tables.model import Base, Dialect, Schema, Table
from mallgen.tables.read import DdlSource, read
from mallgen.text.suggest import did_you_mean

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_OWN_NAMES = (*account.NAMES, *picture.NAMES)
_OWN_CLASSES = frozenset(re.findall(r"(?m)^\t(\w+) \{", account.types() + picture.types())) | {"ApiError", "PagePlace"}
_KEYS = (Base.INT, Base.TEXT, Base.YEAR, Base.UUID, Base.DECIMAL, Base.DATE, Base.DATETIME, Base.TIME)


class Chosen(Struct, frozen=True):
    """The tables of a new admin service and their database, or what is wrong with the choice."""

    tables: tuple[AdminTable, ...]
    database: str
    problems: tuple[Diagnostic, ...]


def choose(schema: Schema, asked: Sequence[str], database: str) -> Chosen:
    """Return the tables of some names, which must be those of one database."""
    problems = list(_unknown(schema, asked, database))
    found = sorted((one for one in schema.of(database) if one.name in asked), key=lambda one: asked.index(one.name))
    for table in found[1:]:
        if table.database != found[0].database and not problems:
            problems.append(_other_database(found[0], table))
    problems += [problem for table in found for problem in _unfit(table)]
    if problems:
        return Chosen((), "", tuple(problems))
    every = [*map(names_of, found)]
    attributes = context_attributes(every)
    tables = tuple(admin_table(table, str(name)) for table, name in zip(found, attributes, strict=True))
    problems += [problem for one in tables for problem in _unshown(one)]
    problems += [*_same_names([trail(found[0].dialect, found[0].database), *tables])] if tables and not problems else []
    problems += _in_the_way(schema.of(found[0].database)) if found and not problems else []
    return Chosen(tables, found[0].database, tuple(problems))


def trail(dialect: Dialect, database: str) -> AdminTable:
    """Return the table of the trail, as auditors see it."""
    schema = read([DdlSource("admin.sql", own_tables(dialect, database))]).schema
    table = next(table for table in schema.of(database) if table.name == AUDIT)
    return structs.replace(admin_table(table, AUDIT), role="auditor", is_fixed=True)


def _unknown(schema: Schema, asked: Sequence[str], database: str) -> Iterator[Diagnostic]:
    known = sorted({table.name for table in schema.of(database)})
    if database and not known:
        names = [one for one in schema.databases if one]
        hint = did_you_mean(database, names) or f"the databases are {', '.join(names)}"
        hint = hint if names else "leave -database out: no USE stands above the tables"
        yield Diagnostic("no-tables", f"there is no table of the database `{database}`", hint=hint)
    elif not asked:
        yield Diagnostic("no-tables", "no table is named", hint=f"-tables {','.join(known[:3])}")
    for name in asked if known else ():
        if name not in known:
            hint = did_you_mean(name, known) or f"there are {', '.join(known[:8])}"
            yield Diagnostic("no-tables", f"no table is named `{name}`", hint=hint)


def _other_database(first: Table, other: Table) -> Diagnostic:
    message = f"`{other.name}` is in the database `{other.database}`, `{first.name}` in `{first.database}`"
    hint = f"-database {first.database} takes one; make an admin service for each"
    return Diagnostic("admin-database", message, other.span, hint, (Note(first.span, "the first table"),))


def _in_the_way(tables: Iterable[Table]) -> Iterator[Diagnostic]:
    """Yield an error for each table, asked for or not, that has the name of one of the service's own."""
    for table in tables:
        if table.name in OWN:
            yield _refused(table, "is a table that the service itself writes", "name files without it by -src")


def _unfit(table: Table) -> Iterator[Diagnostic]:
    """Yield why people cannot look after a table."""
    if table.select:
        yield _refused(table, "is a view, which has no rows of its own", "name the tables that it is made of")
    elif not table.key:
        yield _refused(table, "has no primary key, by which a row is found", "add one, or leave the table out")
    if table.name in OWN:
        yield _refused(table, "is a table that the service itself writes", "leave it out")
    if table.name.lower() in _OWN_NAMES or names_of(table).stem in _OWN_CLASSES:
        yield _refused(table, "has a name that the service itself needs", "leave it out, or rename it")
    for column in table.columns:
        if not _WORD.fullmatch(column.name):
            message = f"the column `{column.name}` has a name that no contract can have"
            hint = "letters, digits and `_`, a letter first: rename it, or leave the table out"
            yield Diagnostic("admin-table", message, column.span, hint)
    if not _WORD.fullmatch(table.name):
        yield _refused(table, "has a name that no path can have", "letters, digits and `_`, a letter first: rename it")


def _unshown(one: AdminTable) -> Iterator[Diagnostic]:
    """Yield why a table whose key is hidden, or that no index can list, is refused."""
    for column, why in one.left_out:
        if column.name in (*one.table.key, one.table.version):
            message = f"`{column.name}` of `{one.table.name}` cannot be shown: {why}"
            yield Diagnostic("admin-table", message, column.span, "use another key, or leave the table out")
            return
    for name in one.table.key:
        if one.table.column(name).type.base not in _KEYS:
            yield _refused(
                one.table, f"has the key `{name}`, which no path can have", "use a number or text as its key"
            )
    if not one.lists:
        yield _refused(
            one.table, "has no index that serves a list of it", "add an index that begins with a number or text"
        )
    keys: dict[str, str] = {}
    for field in one.fields:
        if field.attribute in keys:
            message = f"`{field.column.name}` and `{keys[field.attribute]}` are one field of a contract"
            yield Diagnostic("admin-table", message, field.column.span, "rename one, or leave the table out")
        keys[field.attribute] = field.column.name


def _refused(table: Table, why: str, hint: str) -> Diagnostic:
    return Diagnostic("admin-table", f"`{table.name}` {why}", table.span, hint)


def _same_names(tables: Sequence[AdminTable]) -> Iterator[Diagnostic]:
    """Yield an error for a table whose types, handlers or paths another one has."""
    seen: dict[str, Table] = {}
    for one in tables:
        words = {
            str(one.names.stem),
            str(one.names.module),
            *(word for route in routes(one) for word in _claimed(*route)),
        }
        for word in sorted(words):
            other = seen.setdefault(word.lower(), one.table)
            if other is not one.table:
                hint = "make an admin service for each of them"
                yield Diagnostic(
                    "admin-table", f"`{one.table.name}` and `{other.name}` have the same names", one.table.span, hint
                )
                break


def _claimed(verb: str, handler: str, method: str, where: str, answer: str) -> Iterator[str]:
    """Yield the names that a route needs for itself: its handler, types and path."""
    yield from (handler, f"{handler}Request", f"{method} {where}")
    if verb in ("list", "change"):
        yield answer


def service(name: str) -> str:
    """Return the service's name in the contract."""
    return name.replace("-", "_")


def package(name: str) -> str:
    """Return the package of the service."""
    return str(names.snake(name))


def contract_text(name: str, tables: Sequence[AdminTable]) -> str:
    """Return the text of the contract, to be laid out."""
    return contract(service(name), tables)


class BlockPaths(NamedTuple):
    """The contract, the folder and the files of DDL of a service in mallgen.toml; `owner` has the tables."""

    contract: str
    folder: str
    sources: tuple[str, ...]
    owner: str = ""


def _toml(text: str) -> str:
    """Return a text as TOML, whose strings have JSON's escapes."""
    return json.dumps(text, ensure_ascii=False)


def settings(name: str, places: BlockPaths, chosen: Chosen) -> str:
    """Return the block of mallgen.toml of the service."""
    files = ", ".join(map(_toml, places.sources))
    own = ", ".join(_toml(word) for word in (*(one.table.name for one in chosen.tables), *OWN))
    database = f'database = "{chosen.database}"\n' if chosen.database else ""
    owner = f'admin_of = "{places.owner}"\n' if places.owner else ""
    return f"""[service.{name}]
contract = {_toml(places.contract)}
dir = {_toml(places.folder)}
package = "{package(name)}"
tables = [{files}]
only = [{own}]
{database}{owner}"""


def modules(package: str, tables: Sequence[AdminTable]) -> dict[str, str]:
    """Return the modules of the service that are its own from the start, by name."""
    found = {f"{made.rows_module(one)}.py": python(made.module(package, one), one.table.name) for one in tables}
    init = '"""What the back office does with each table, and the trail of it."""\n'
    return {"__init__.py": init, "audit.py": made.audit_module(package), **found}
