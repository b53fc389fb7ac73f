"""Statements beside PostgreSQL and SQLite: we take what they take with the same model, and refuse what they refuse."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mallgen.tables.model import Dialect
from mallgen.tables.words import RESERVED
from tests.conftest import ROOT
from tests.servers import Postgres
from tests.tables import test_sqlite_tables
from tests.tables.cases import Case, cases, judged
from tests.tables.live import differences, shape
from tests.tables.test_postgres_tables import server_shapes

FOLDER = ROOT / "tests" / "data" / "sql"
POSTGRES, SQLITE = FOLDER / "postgres_cases.sql", FOLDER / "sqlite_cases.sql"


@pytest.fixture
def database(postgres_server: Postgres) -> Iterator[str]:
    """Make an empty database for one case."""
    name = postgres_server.database().rpartition("/")[2]
    postgres_server.run("CREATE SCHEMA billing2", name)
    yield name
    postgres_server.run(f"DROP DATABASE {name}")


@pytest.mark.parametrize("case", list(cases(POSTGRES)), ids=lambda case: case.title)
def test_postgres(case: Case, postgres_server: Postgres, database: str) -> None:
    result = judged(case, Dialect.POSTGRES)
    try:
        postgres_server.run(case.text, database)
        takes = True
    except AssertionError as problem:
        assert "ERROR" in str(problem)
        takes = False
    assert takes == ((not case.code) != case.differs)
    if takes and not case.code:
        theirs = server_shapes(postgres_server, database)
        ours = {f"{table.database or 'public'}.{table.name}": shape(table) for table in result.schema.tables}
        assert {key for key in theirs if "billing2" not in key} == {key for key in ours if "billing2" not in key}
        for key in theirs:
            assert differences([ours[key]], {ours[key].name: theirs[key]}) == []


@pytest.mark.parametrize("case", list(cases(SQLITE)), ids=lambda case: case.title)
def test_sqlite(case: Case) -> None:
    result = judged(case, Dialect.SQLITE)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.executescript(case.text)
            takes = True
        except sqlite3.Error:
            takes = False
        assert takes == ((not case.code) != case.differs)
        if takes and not case.code:
            for table in result.schema.tables:
                theirs = test_sqlite_tables.theirs(connection, table.name)
                named = tuple(  # SQLite forgets the names of constraints
                    one._replace(name="sqlite_autoindex") if one.unique and not _has(connection, one.name) else one
                    for one in table.indexes
                )
                assert test_sqlite_tables.ours(table._replace(indexes=named)) == theirs, table.name


def _has(connection: sqlite3.Connection, index: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (index,)).fetchall())


def test_reserved_words_are_those_of_the_databases(postgres_server: Postgres) -> None:
    words = postgres_server.run("SELECT upper(word) FROM pg_get_keywords() WHERE catcode IN ('R', 'T')").split()
    assert set(words) == RESERVED[Dialect.POSTGRES]
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for word in RESERVED[Dialect.SQLITE]:
            with pytest.raises(sqlite3.Error):
                connection.execute(f"CREATE TABLE t ({word} INT)")
        for word in {*RESERVED[Dialect.MYSQL], *RESERVED[Dialect.POSTGRES]} - RESERVED[Dialect.SQLITE]:
            connection.execute(f"CREATE TABLE t_{word} ({word} INT)")


@pytest.mark.parametrize(("path", "name"), [(POSTGRES, "PostgreSQL"), (SQLITE, "SQLite")])
def test_the_files_are_read_to_their_ends(
    path: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    found = list(cases(path))
    taken = sum(not case.code for case in found)
    record_property("figure", f"DDL of {name}: {taken} cases taken with the same model, {len(found) - taken} refused")
    assert len({case.title for case in found}) == len(found) > 40
