"""Reading takes time in proportion to the text: pieces that a slow reader would take long for, and large schemas."""

import time

import pytest

from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from mallgen.text.limits import DEFAULT
from tests.tables.worst import ALL, Make

IDS = [f"{dialect.value}: {name}" for dialect, name, _ in ALL]


def took(text: str, dialect: Dialect) -> float:
    """Return the seconds of this process that a read takes; a busy machine does not count."""
    began = time.process_time()
    read([DdlSource("x.sql", text)], dialect)
    return time.process_time() - began


@pytest.mark.parametrize(("dialect", "name", "make"), ALL, ids=IDS)
def test_two_thousand_pieces(dialect: Dialect, name: str, make: Make) -> None:
    assert took(make(2_000), dialect) < 2, name


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "name", "make"), ALL, ids=IDS)
def test_ten_thousand_pieces(dialect: Dialect, name: str, make: Make) -> None:
    assert took(make(10_000), dialect) < 5, name


@pytest.mark.slow
def test_ten_thousand_tables_and_columns_are_read_when_the_limits_are_raised() -> None:
    limits = DEFAULT._replace(tables=20_000, columns=20_000, tokens=1_000_000)
    tables = "".join(f"CREATE TABLE t{at} (id int PRIMARY KEY, a varchar(9) NOT NULL);\n" for at in range(10_000))
    columns = f"CREATE TABLE t (\n{''.join(f'c{at} int NOT NULL,' for at in range(10_000))} PRIMARY KEY (c0));"
    for text, count, width in ((tables, 10_000, 2), (columns, 1, 10_000)):
        began = time.process_time()
        result = read([DdlSource("x.sql", text)], Dialect.POSTGRES, limits)
        assert time.process_time() - began < 5
        assert result.diagnostics == ()
        assert (len(result.schema.tables), len(result.schema.tables[0].columns)) == (count, width)


@pytest.mark.parametrize(
    ("text", "code", "count"),
    [
        ("CREATE TABLE t (\n" + "".join(f"c{at} int,\n" for at in range(1_500)) + "z int);", "too-many-columns", 1),
        ("".join(f"CREATE TABLE t{at} (id int);\n" for at in range(2_100)), "too-many-tables", 1),
        ("CREATE TABLE t (a int DEFAULT " + "(" * 100 + ")" * 100 + ");", "too-deep", 1),
        ("x " * 200_001, "too-many-tokens", 1),
        ("-" * ((16 << 20) + 1), "too-large", 1),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_each_limit_is_one_finding(text: str, code: str, count: int) -> None:
    result = read([DdlSource("x.sql", text)], Dialect.MYSQL)
    assert [one.code for one in result.diagnostics].count(code) == count
    assert all("MALLGEN_MAX_" in one.hint for one in result.diagnostics if one.code == code)
