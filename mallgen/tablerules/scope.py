"""Look-ups in tables for rules: their columns, the services that own them, the words of names."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from mallgen.tables.detect import detect
from mallgen.tables.model import Column, Dialect, Schema, Table
from mallgen.tables.scan import ScannedDdl, scan
from mallgen.text.limits import DEFAULT, Limits
from mallgen.text.span import Span

_ID = re.compile(r"(?P<owner>.+?)_?id", re.I)
PREFIX = re.compile(r"^(?:t|tb|tbl|tab)_")
_PARENTS = frozenset(("parent", "p"))
# words by which an id is named after its table, without being its name
SHORT = {
    **dict.fromkeys(("pro", "prod"), "product"),
    **dict.fromkeys(("cate", "cat"), "category"),
    **dict.fromkeys(("u", "usr"), "user"),
    "cust": "customer",
    "dept": "department",
    "org": "organization",
    "emp": "employee",
    "msg": "message",
}


class OwnedTables(NamedTuple):
    """The tables of one service of a workspace; `package` is its Python package.

    `texts` are the modules in which its user writes queries, and its settings, by path. A service that is the
    `admin_of` another one looks after tables that stay that one's.
    """

    service: str
    package: str
    tables: tuple[Table, ...]
    texts: Mapping[str, str]
    admin_of: str = ""


class TableScope:
    """The subject of the rules: all tables that files leave, the files' texts, and the services that own tables.

    Without services each database is one's own, as the services of a workspace have. `limits` are the reader's.
    """

    def __init__(
        self,
        schema: Schema,
        texts: Mapping[str, str],
        services: tuple[OwnedTables, ...] = (),
        limits: Limits = DEFAULT,
    ) -> None:
        self.texts, self.services, self._limits = texts, services, limits
        self.tables = tuple(table for table in schema.tables if not table.select)
        self.views = tuple(table for table in schema.tables if table.select)

    @cached_property
    def scanned(self) -> tuple[tuple[ScannedDdl, Dialect], ...]:
        """The files that the reader takes as statements of tokens, with their dialects."""
        known = {table.span.file: table.dialect for table in (*self.tables, *self.views)}
        read = ((name, text) for name, text in self.texts.items() if len(text) <= self._limits.sql)
        told = ((name, text, known.get(name) or detect(text)) for name, text in read)
        return tuple((scan(name, text, dialect, self._limits), dialect) for name, text, dialect in told)

    def columns(self) -> Iterator[tuple[Table, Column]]:
        """Yield every column of every table."""
        for table in self.tables:
            for column in table.columns:
                yield table, column

    def column(self, table: Table, name: str) -> Column | None:
        """Return the column that a key or a foreign key names, in whatever case."""
        exact = next((column for column in table.columns if column.name == name), None)
        return exact or next((column for column in table.columns if column.name.lower() == name.lower()), None)

    def owners(self, table: Table) -> tuple[OwnedTables, ...]:
        """Return the services that a table belongs to."""
        return tuple(self._owners.get(table.span, ()))

    @cached_property
    def _owners(self) -> dict[Span, list[OwnedTables]]:
        found: dict[Span, list[OwnedTables]] = {}
        for one in self.services:
            for table in one.tables:
                found.setdefault(table.span, []).append(one)
        return found

    def target(self, database: str, name: str, dialect: Dialect) -> Table | None:
        """Return the table of a name in a database."""
        alike = self._by_place.get((database, name.lower()), ())
        return next((table for table in alike if table.name == name or dialect is not Dialect.POSTGRES), None)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], list[Table]]:
        found: dict[tuple[str, str], list[Table]] = {}
        for table in self.tables:
            found.setdefault((table.database, table.name.lower()), []).append(table)
        return found

    @cached_property
    def _by_word(self) -> dict[str, list[Table]]:
        found: dict[str, list[Table]] = {}
        for table in self.tables:
            found.setdefault(PREFIX.sub("", table.name.lower()), []).append(table)
        return found

    def referred(self, table: Table, column: Column) -> Column | None:
        """Return the id that a column holds by its name: `userid` and `user_id` that of `user`, `parentid` its own.

        None where several tables are meant, or where the id of the one that is has more than one column.
        """
        match = _ID.fullmatch(column.name)
        if match is None:
            return None
        owner = match["owner"].strip("_").lower()
        meant = table if owner in _PARENTS else self._named(table, SHORT.get(owner, owner))
        if meant is None or len(meant.key) != 1:
            return None
        found = self.column(meant, meant.key[0])
        return None if found is column else found

    def _named(self, near: Table, word: str) -> Table | None:
        """Return the table that a word names, one of the same database first; None for several."""
        spellings = dict.fromkeys((word, f"{word}s", f"{word}es", f"{word.removesuffix('y')}ies"))
        found = [table for spelling in spellings for table in self._by_word.get(spelling, ())]
        found = [table for table in found if table.database == near.database] or found
        return found[0] if len(found) == 1 else None
