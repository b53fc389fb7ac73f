"""The tables of a file of SQLite, in the words that made them. An edge: it opens the file, to read only."""

import os
import re
import sqlite3
from contextlib import closing
from urllib.parse import quote

from mallgen.loading.live.address import Address
from mallgen.loading.live.schema import CannotRead, LiveSchema, LiveTable, mentioned
from mallgen.text.visible import counted

_OBJECTS = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
)
_TARGETS = 'SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)'
_SHADOWS = "SELECT name FROM pragma_table_list WHERE type = 'shadow'"


def read(place: Address, schema: str) -> LiveSchema:
    """Return the tables of a file. Raises CannotRead."""
    if not os.path.isfile(place.path):
        said = "it is no file" if os.path.lexists(place.path) else "there is no such file"
        raise CannotRead(said, "correct the path; sqlite:///a.db is relative, sqlite:////a.db is not")
    uri = f"file:{quote(os.path.abspath(place.path))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as database:
            return _schema(database)
    except sqlite3.Error as problem:
        raise CannotRead(str(problem), "name a file of SQLite that you may read") from None


def _schema(database: sqlite3.Connection) -> LiveSchema:
    rows = [(str(kind), str(name), str(owner), sql) for kind, name, owner, sql in database.execute(_OBJECTS)]
    shadows = {str(name) for (name,) in database.execute(_SHADOWS)} if sqlite3.sqlite_version_info >= (3, 37) else set()
    virtual = {name for kind, name, _, sql in rows if kind == "table" and re.match(r"\s*CREATE\s+VIRTUAL", sql, re.I)}
    kept = [row for row in rows if row[1] not in shadows | virtual and row[2] not in shadows | virtual]
    names = {name.lower(): name for kind, name, _, _ in kept if kind in ("table", "view")}
    tables = []
    for kind, name, _, sql in kept:
        if kind in ("table", "view"):
            indexes = [one[3] for one in kept if one[0] == "index" and one[2] == name and one[3]]
            needs = _needs(database, name, names) if kind == "table" else mentioned(sql, frozenset(names.values()))
            tables.append(LiveTable(name, (sql, *indexes), needs - {name}, is_view=kind == "view"))
    triggers = sum(kind == "trigger" for kind, _, _, _ in rows)
    notes = [f"left in the database, as no model needs it: {counted(triggers, 'trigger')}"] if triggers else []
    notes += [f"{', '.join(sorted(virtual))}: a virtual table has no model"] if virtual else []
    return LiveSchema(tuple(tables), notes=tuple(notes))


def _needs(database: sqlite3.Connection, name: str, names: dict[str, str]) -> frozenset[str]:
    found = (str(target).lower() for (target,) in database.execute(_TARGETS, (name,)))
    return frozenset(names[target] for target in found if target in names)
