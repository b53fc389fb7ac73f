"""Statements beside MariaDB: we take what it takes with the same model, and refuse what it refuses."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, Read, read
from tests.conftest import ROOT
from tests.servers import MariaDb
from tests.tables.live import differences, mariadb_shapes, shape

CASES = ROOT / "tests" / "data" / "sql" / "mysql_cases.sql"
# MariaDB calls JSON a longtext, and keeps a literal in brackets as a literal
DIFFERENT = [("| json |", "| text(0) |"), ("| expression |", "| =x |"), ("| expression |", "| = |")]
HEAD = re.compile(r"^-- (ok|bad [a-z-]+)(?:: ([^\n]*?))?(, MariaDB (?:takes|refuses) it)?\n", re.M)


class Case(NamedTuple):
    """Statements with what both readers say to them; `code` is empty where both take them."""

    title: str
    code: str
    differs: bool
    text: str


def cases() -> Iterator[Case]:
    """Yield the cases of the file."""
    text = CASES.read_text(encoding="utf-8")
    heads = list(HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    for head, end in zip(heads, ends, strict=True):
        yield Case(head[2], head[1].removeprefix("ok").removeprefix("bad "), bool(head[3]), text[head.end() : end])


def reading(case: Case) -> Read:
    """Read the statements of a case."""
    return read([DdlSource("t.sql", case.text)], Dialect.MYSQL)


@pytest.fixture
def database(mariadb_server: MariaDb) -> Iterator[str]:
    """Make an empty database for one case."""
    name = mariadb_server.database().rpartition("/")[2]
    yield name
    mariadb_server.run(f"DROP DATABASE {name}")


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.title)
def test_we_say_what_the_database_says(case: Case, mariadb_server: MariaDb, database: str) -> None:
    result = reading(case)
    errors = {one.code for one in result.diagnostics if one.severity == "error"}
    assert errors == ({case.code} if case.code else set()), result.diagnostics
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
    found = list(cases())
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
