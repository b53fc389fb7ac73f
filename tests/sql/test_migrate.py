"""The statements of `mallgen model migrate` on real servers: applied to the old tables they leave the new ones."""

import re

import pytest

from mallgen.loading.live.dump import read_live
from mallgen.tables.migration.migrate import Side, migrate
from mallgen.tables.model import Dialect, Schema
from mallgen.tables.read import DdlSource, read
from tests.random_tables import random_script
from tests.servers import MariaDb, Postgres, SqlServer

PAIRS, EACH = 60, 10
_NAME = re.compile(r"CONSTRAINT \S+ (?=FOREIGN KEY)")  # names of foreign keys are not compared


def tables(text: str, dialect: Dialect) -> Schema:
    """Return the tables of a text, which has no errors."""
    found = read([DdlSource("x.sql", text)], dialect)
    assert [problem for problem in found.diagnostics if problem.severity == "error"] == [], text
    return found.schema


def look(url: str) -> list[list[str]]:
    """Return the statements of a database's tables, each as its sorted lines: the order of columns does not count."""
    text = re.sub(r"^USE .*$", "", read_live(url).text, flags=re.M)
    text = text.replace(url.rpartition("/")[2], "DB").replace("DEFAULT now()", "DEFAULT CURRENT_TIMESTAMP")
    statements = _NAME.sub("", text).split(";\n\n")[1:]
    return sorted(sorted(line.strip().rstrip(",") for line in one.splitlines()) for one in statements)


def goes_over(server: SqlServer, dialect: Dialect, seed: int) -> None:
    """Assert that the statements between two random schemas make the second of the first."""
    old, new = random_script(dialect.value, 2 * seed), random_script(dialect.value, 2 * seed + 1)
    first, second = server.database(), server.database()
    names = [url.rpartition("/")[2] for url in (first, second)]
    server.run(old, names[0])
    server.run(new, names[1])
    steps = migrate(Side(tables(old, dialect)), Side(tables(new, dialect)), dialect)
    found = ";\n".join(step.statement for step in steps if step.statement)
    told = f"seed {seed}\n{old}\n--\n{new}\n--\n{found}"
    try:
        server.run(found + ";", names[0])
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n{told}") from None
    assert look(first) == look(second), told
    live = Side(tables(read_live(first).text, dialect), True)
    left = migrate(live, Side(tables(new, dialect)), dialect)
    assert [step.statement for step in left] == [], told
    for name in names:
        server.run(f"DROP DATABASE {name}")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, PAIRS, EACH))
def test_mariadb_gets_the_new_tables(mariadb_server: MariaDb, seed: int) -> None:
    for one in range(seed, seed + EACH):
        goes_over(mariadb_server, Dialect.MYSQL, one)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, PAIRS, EACH))
def test_postgres_gets_the_new_tables(postgres_server: Postgres, seed: int) -> None:
    for one in range(seed, seed + EACH):
        goes_over(postgres_server, Dialect.POSTGRES, one)
