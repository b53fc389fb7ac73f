"""Statements beside MariaDB: we take what it takes with the same model, and refuse what it refuses."""

from collections.abc import Callable, Iterator

import pytest

from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from tests.conftest import ROOT
from tests.servers import MariaDb
from tests.tables.cases import Case, cases, judged
from tests.tables.live import differences, mariadb_shapes, shape

CASES = ROOT / "tests" / "data" / "sql" / "mysql_cases.sql"
# MariaDB calls JSON a longtext, and keeps a literal in brackets as a literal
DIFFERENT = [("| json |", "| text(0) |"), ("| expression |", "| =x |"), ("| expression |", "| = |")]


@pytest.fixture
def database(mariadb_server: MariaDb) -> Iterator[str]:
    """Make an empty database for one case."""
    name = mariadb_server.database().rpartition("/")[2]
    yield name
    mariadb_server.run(f"DROP DATABASE {name}")


@pytest.mark.parametrize("case", list(cases(CASES)), ids=lambda case: case.title)
def test_we_say_what_the_database_says(case: Case, mariadb_server: MariaDb, database: str) -> None:
    result = judged(case, Dialect.MYSQL)
    try:
        mariadb_server.run(case.text, database)
        takes = True
    except AssertionError as problem:
        assert "ERROR" in str(problem)
        takes = False
    assert takes == ((not case.code) != case.differs)
    if takes and not case.code:
        ours = [shape(table) for table in result.schema.tables]
        theirs = mariadb_shapes(mariadb_server, database)
        assert differences(ours, theirs, DIFFERENT) == []


def test_the_file_is_read_to_its_end(record_property: Callable[[str, object], None]) -> None:
    found = list(cases(CASES))
    titles = [case.title for case in found]
    taken = sum(not case.code for case in found)
    record_property(
        "figure", f"DDL of MySQL: {taken} cases taken with the same model as MariaDB, {len(found) - taken} refused"
    )
    assert len(found) > 100
    assert len(set(titles)) == len(titles), [title for title in titles if titles.count(title) > 1]


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("varchar(40) NOT NULL", 50),
        ("varchar(9) NOT NULL", 219),
        ("varchar(9)", 218),
        ("char(50) NOT NULL", 40),
        ("bigint", 997),
        ("decimal(20,2) NOT NULL", 900),
        ("binary(16) NOT NULL", 506),
        ("datetime(6) NOT NULL", 1012),
    ],
)
def test_as_many_columns_as_fit_into_a_row(kind: str, most: int, mariadb_server: MariaDb, database: str) -> None:
    for count in (most, most + 1):
        columns = ", ".join(f"c{at} {kind}" for at in range(count))
        text = f"CREATE TABLE t (id int PRIMARY KEY, {columns}) DEFAULT CHARSET=utf8mb4;"
        warned = [one.code for one in read([DdlSource("t.sql", text)], Dialect.MYSQL).diagnostics]
        if count == most:
            assert warned == []
            mariadb_server.run(f"{text} DROP TABLE t;", database)
        else:
            assert warned == ["ddl-row-size"]
            with pytest.raises(AssertionError, match="Row size too large"):
                mariadb_server.run(text, database)
