"""The tables of a database as a text of DDL, whatever the database. An edge: it connects."""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.loading.live.address import MYSQL, SQLITE, Address, BadAddress, address
from mallgen.loading.live.schema import CannotRead, LiveSchema, LiveTable

_MARK = re.compile(r"-- mallgen:dialect \w+; read from a database by `mallgen model datasource` ([0-9a-f]{16})\n")
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class LiveDdl(NamedTuple):
    """The DDL of a database's tables, its dialect, its name (that of SQLite's file), and lines for the user.

    `is_empty`: it has no tables, or none of the patterns' names; `names` are those that there are.
    """

    text: str
    dialect: str
    database: str
    notes: tuple[str, ...]
    names: tuple[str, ...] = ()
    is_empty: bool = False


class Unread(Exception):
    """The diagnostic of a database that cannot be read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read_live(url: str, schema: str = "public", patterns: Sequence[str] = ()) -> LiveDdl:
    """Return the DDL of a database's tables, those of patterns with all that they need. Raises BadAddress, Unread.

    `${NAME}` in the URL stands for a variable of the environment, also for one with `@` or `/` in it.
    """
    place = _filled(address(url))
    reader: Callable[[Address, str], LiveSchema] = import_module(f"mallgen.loading.live.{place.dialect}").read
    try:
        found = reader(place, schema)
    except CannotRead as problem:
        message = f"cannot read {place.label}: {problem.message}"
        raise Unread(Diagnostic("database-unreadable", message, hint=problem.hint, environment=True)) from None
    chosen = _chosen(found.tables, patterns)
    name = os.path.splitext(os.path.basename(place.path))[0] if place.dialect == SQLITE else place.database
    head = [f"USE `{name.replace('`', '``')}`"] if place.dialect == MYSQL else []
    body = [*head, *found.before, *_ordered(chosen)]
    text = "".join(f"{one.rstrip().rstrip(';')};\n\n" for one in body)
    names = tuple(table.name for table in found.tables)
    return LiveDdl(marked(text, place.dialect), place.dialect, name, found.notes, names, not chosen)


def marked(text: str, dialect: str) -> str:
    """Return DDL behind a line that tells its dialect, and whether somebody has edited it."""
    text = text.rstrip("\n") + "\n"
    return f"-- mallgen:dialect {dialect}; read from a database by `mallgen model datasource` {_hash(text)}\n\n{text}"


def is_as_read(text: str) -> bool:
    """Return whether a text is DDL as `marked` returned it, not edited since."""
    head = _MARK.match(text)
    return head is not None and _hash(text[head.end() + 1 :]) == head[1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _filled(place: Address) -> Address:
    """Return an address with the values of variables."""

    def filled(text: str) -> str:
        return _VARIABLE.sub(_variable, text)

    return place._replace(
        user=filled(place.user),
        password=filled(place.password),
        database=filled(place.database),
        path=filled(place.path),
    )


def _variable(match: re.Match[str]) -> str:
    found = os.environ.get(match[1])
    if found is None:
        raise BadAddress(f"the variable {match[1]} of the environment is not set")
    return found


def _chosen(tables: tuple[LiveTable, ...], patterns: Sequence[str]) -> list[LiveTable]:
    """Return the tables of some patterns, all without one, and those that they need."""
    by_name = {table.name: table for table in tables}
    waiting = [table for table in tables if not patterns or any(fnmatchcase(table.name, one) for one in patterns)]
    found: dict[str, LiveTable] = {}
    while waiting:
        table = waiting.pop()
        if table.name not in found:
            found[table.name] = table
            waiting += [by_name[name] for name in table.needs if name in by_name]
    return [table for table in tables if table.name in found]


def _ordered(tables: Iterable[LiveTable]) -> list[str]:
    """Return the statements of tables, each behind those that it needs, views last."""
    by_name = {table.name: table for table in tables}
    done: dict[str, LiveTable] = {}
    begun: set[str] = set()

    def visit(table: LiveTable) -> None:
        begun.add(table.name)
        for name in sorted(table.needs):
            if name in by_name and name not in begun:
                visit(by_name[name])
        done[table.name] = table

    for table in sorted(by_name.values(), key=lambda one: (one.is_view, one.name)):
        if table.name not in begun:
            visit(table)
    plain = [table for table in done.values() if not table.is_view]
    views = [table for table in done.values() if table.is_view]
    statements = [one for table in plain for one in table.statements]
    statements += [one for table in plain for one in table.late]
    return [*statements, *(one for table in views for one in (*table.statements, *table.late))]
