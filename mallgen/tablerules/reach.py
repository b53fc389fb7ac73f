"""The rule that each service reads its own tables only, and reaches those of others by their RPCs."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.diagnostics import Note
from mallgen.rules import Finding
from mallgen.tablerules import rule
from mallgen.tablerules.queries import NamedTable, named_tables, read_module
from mallgen.tablerules.scope import OwnedTables, TableScope
from mallgen.tables.model import Table
from mallgen.text.span import Span


@rule("foreign-table", severity="error")
def foreign_table(scope: TableScope) -> Iterator[Finding]:
    """A service reaches into the tables of another one.

    Each service owns its database, so that its tables can change, move or be divided without asking anybody; others
    get the data by its RPCs. Reported are foreign keys and views over two databases, a table that two services of the
    workspace claim, a DataSource that is another's database, and in a service's modules, SQL that names another's
    tables and imports of another's models. An admin service says whose tables it looks after, `admin_of = "product"`.

        rows = await self.fetch(Row, "SELECT name FROM user WHERE id = ?", uid)  # ask user.rpc instead
    """
    yield from _claimed_twice(scope)
    yield from _keys(scope)
    yield from _views(scope)
    yield from _modules(scope)


def _claimed_twice(scope: TableScope) -> Iterator[Finding]:
    for table in (*scope.tables, *scope.views):
        every = scope.owners(table)
        claimed = {one.service for one in every}
        names = [one.service for one in every if one.admin_of not in claimed]
        if len(names) > 1:
            message = f"`{table.name}` is a table of {' and of '.join(names)}: one service owns a table"
            hint = 'give each service its `database = "…"` in mallgen.toml'
            if not table.database:
                hint = "name the tables of each service in mallgen.toml, `only = [...]`, or write USE above them"
            yield Finding(message, table.span, hint)


def _keys(scope: TableScope) -> Iterator[Finding]:
    for table in scope.tables:
        for reference in table.foreign_keys:
            database = reference.target_database or table.database
            target = scope.target(database, reference.target, table.dialect)
            if database != table.database or _is_foreign(scope, table, target):
                notes = (Note(target.span, "the other table"),) if target is not None else ()
                shown = f"{database}.{reference.target}" if database else reference.target
                message = f"`{table.name}` refers to `{shown}`, a table of {_whose(scope, database, target)}"
                hint = "keep the id without the foreign key, and ask the owner's RPC"
                yield Finding(message, reference.span, hint, notes)


def _is_foreign(scope: TableScope, table: Table, target: Table | None) -> bool:
    """Return whether two tables have owners, and none in common."""
    if target is None:
        return False
    here, there = ({one.service for one in scope.owners(one)} for one in (table, target))
    return bool(here and there and not here & there)


def _whose(scope: TableScope, database: str, table: Table | None) -> str:
    owners = scope.owners(table) if table is not None else ()
    return owners[0].service if owners else f"the database {database}"


def _views(scope: TableScope) -> Iterator[Finding]:
    for view in scope.views:
        for one in named_tables(view.select):
            database = one.database or view.database
            target = scope.target(database, one.name, view.dialect)
            if target is not None and (database != view.database or _is_foreign(scope, view, target)):
                whose = _whose(scope, database, target)
                message = f"the view `{view.name}` reads `{one.name}`, a table of {whose}"
                yield Finding(message, view.span, "ask the owner's RPC", (Note(target.span, "the other table"),))


_SOURCE = re.compile(
    r"^[ \t]*(?:- *)?(?:DataSource:[ \t]*[\"']?|(?:Url:[ \t]*)?[\"']?(?=(?:mysql|mariadb|postgres\w*|sqlite)://|\S+@tcp\())"
    r"[^\s\"'#]*/(?P<name>[^\s\"'/?#$]+)",
    re.M | re.I,
)
_SUFFIX = re.compile(r"\.(?:db|sqlite3?)\Z", re.I)


class _Reach(NamedTuple):
    """The tables that a service does not own, by name in lower case, with their owners."""

    tables: dict[str, list[tuple[Table, OwnedTables]]]
    packages: dict[str, OwnedTables]
    own: frozenset[str]
    databases: frozenset[str]


def _modules(scope: TableScope) -> Iterator[Finding]:
    for service in scope.services:
        reach = _reach(scope, service)
        for path, text in service.texts.items():
            if path.endswith((".yaml", ".yml")):
                yield from _settings(path, text, reach)
            elif _may_reach(text, reach):
                yield from _module(path, text, reach)


def _settings(path: str, text: str, reach: _Reach) -> Iterator[Finding]:
    """Report a data source that is the database of another service."""
    for found in _SOURCE.finditer(text):
        name = _SUFFIX.sub("", found["name"])
        others = {table.database.lower(): owner for pairs in reach.tables.values() for table, owner in pairs}
        owner = others.get(name.lower()) if name.lower() not in reach.databases else None
        if owner is not None:
            line = text.count("\n", 0, found.start("name")) + 1
            start = found.start("name") - text.rfind("\n", 0, found.start("name"))
            span = Span(path, line, start, line, start + len(found["name"]))
            yield Finding(f"this opens `{name}`, the database of {owner.service}", span, "open the service's own")


def _reach(scope: TableScope, service: OwnedTables) -> _Reach:
    own = frozenset(table.name.lower() for table in service.tables)
    mine = {table.span for table in service.tables}
    tables: dict[str, list[tuple[Table, OwnedTables]]] = {}
    for other in scope.services:
        for table in other.tables if other is not service else ():
            if table.span not in mine:
                tables.setdefault(table.name.lower(), []).append((table, other))
    packages = {one.package: one for one in scope.services if one is not service and one.package and one.tables}
    packages.pop(service.package, None)
    return _Reach(tables, packages, own, frozenset(table.database.lower() for table in service.tables))


def _may_reach(text: str, reach: _Reach) -> bool:
    """Return whether a module has a foreign name at all: most have none, and need not be parsed."""
    lower = text.lower()
    return any(package in text for package in reach.packages) or (
        any(word in lower for word in ("select", "insert", "update", "delete", "replace", "truncate", "merge"))
        and any(name in lower for name in reach.tables)
    )


def _module(path: str, text: str, reach: _Reach) -> Iterator[Finding]:
    module = read_module(path, text)
    for placed in module.tables:
        found = _foreign(placed.table, reach)
        if found is not None:
            table, other = found
            message = f"this reads or writes `{table.name}`, a table of {other.service}"
            hint = f"call an RPC of {other.service} instead"
            yield Finding(message, placed.span, hint, (Note(table.span, "the table"),))
    for one in module.imports:
        package, _, rest = one.module.partition(".")
        owner = reach.packages.get(package)
        if owner is not None and (rest.split(".")[0] == "model" or "model" in one.names):
            message = f"this imports models of {owner.service}"
            yield Finding(message, one.span, f"call an RPC of {owner.service} instead")


def _foreign(named: NamedTable, reach: _Reach) -> tuple[Table, OwnedTables] | None:
    """Return the table of another service that a query names, and its owner."""
    database, name = named.database.lower(), named.name.lower()
    if (not database or database in reach.databases) and name in reach.own:
        return None
    for table, owner in reach.tables.get(name, ()):
        if not database or table.database.lower() == database:
            return table, owner
    return None
