"""The statements of `mallgen model migrate` on SQLite: applied to the old tables they leave the new ones."""

import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.compare import Comparer
from mallgen.tables.migration.migrate import Side, migrate
from mallgen.tables.model import Dialect, Schema
from mallgen.tables.read import DdlSource, read
from tests.random_tables import random_script

PAIRS = 400


def tables(text: str, dialect: Dialect) -> Schema:
    """Return the tables of a text, which has no errors."""
    found = read([DdlSource("x.sql", text)], dialect)
    assert [problem for problem in found.diagnostics if problem.severity == "error"] == [], text
    return found.schema


def statements(old: str, new: str, dialect: Dialect) -> list[str]:
    """Return the statements that lead from one text to another."""
    steps = migrate(Side(tables(old, dialect)), Side(tables(new, dialect)), dialect)
    return [step.statement for step in steps if step.statement]


def look(database: sqlite3.Connection) -> dict[str, object]:
    """Return what SQLite tells about its tables, apart from the order of columns."""
    found: dict[str, object] = {}
    rows = database.execute("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND type <> 'index'")
    for kind, name in rows.fetchall():
        columns = {row[1:] for row in database.execute("SELECT * FROM pragma_table_xinfo(?)", (name,))}
        keys = Counter(row[2:8] for row in database.execute("SELECT * FROM pragma_foreign_key_list(?)", (name,)))
        indexes: Counter[object] = Counter()
        for _, index, *rest in database.execute("SELECT * FROM pragma_index_list(?)", (name,)).fetchall():
            parts = tuple(row[2:] for row in database.execute("SELECT * FROM pragma_index_xinfo(?)", (index,)))
            sql = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
            words = Canon(Dialect.SQLITE, False).words(sql[0]) if sql and sql[0] else ()
            indexes[index if words else "", *rest, parts, words] += 1
        found[name] = (kind, columns, keys, indexes)
    return found


def own_words(database: sqlite3.Connection) -> str:
    """Return the DDL that SQLite has kept: it has the checks, too."""
    rows = database.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid"
    )
    return "".join(f"{sql};\n" for (sql,) in rows)


def made(script: str) -> sqlite3.Connection:
    """Return a database in memory with the tables of a script."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(script)
    return database


@pytest.mark.parametrize("seed", range(0, PAIRS, 20))
def test_sqlite_gets_the_new_tables(seed: int) -> None:
    for one in range(seed, seed + 20):
        old, new = random_script("sqlite", 2 * one), random_script("sqlite", 2 * one + 1)
        with closing(made(old)) as database, closing(made(new)) as wanted:
            found = statements(old, new, Dialect.SQLITE)
            for statement in found:
                database.execute(statement)
            told = f"{old}\n--\n{new}\n--\n" + ";\n".join(found)
            assert look(database) == look(wanted), told
            assert statements(own_words(database), new, Dialect.SQLITE) == [], told
        assert statements(new, new, Dialect.SQLITE) == []


@pytest.mark.parametrize("seeds", [range(20), pytest.param(range(20, 200), marks=pytest.mark.slow)], ids=len)
def test_the_comparison_and_the_database_agree(seeds: range) -> None:
    for seed in seeds:
        for dialect in Dialect:
            old, new = (tables(random_script(dialect.value, at), dialect).tables for at in (seed, seed + 1000))
            change = Comparer(Canon(dialect, False), old, new).compare()
            assert change.dropped or change.added or change.changed or change.changed_views or not old or old != new
            same = Comparer(Canon(dialect, False), new, new).compare()
            assert not any(same[2:]), random_script(dialect.value, seed + 1000)
