"""The tables that SQL in Python names."""

import time

import pytest

from mallgen.tablerules.queries import NamedTable, named_tables, read_module


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ("SELECT 1 FROM a", ["a"]),
        ("select x from `a` as t, b u, c.d join e on e.x = t.x where y = 'from f'", ["a", "b", "c.d", "e"]),
        ('SELECT * FROM "a" LEFT JOIN "s"."b" USING (x)', ["a", "s.b"]),
        ("SELECT x FROM (SELECT y FROM a) t JOIN b ON 1 = 1", ["a", "b"]),
        ("SELECT x FROM a WHERE x IN (SELECT y FROM b) -- FROM c\n /* FROM d */", ["a", "b"]),
        ("INSERT INTO a (x) SELECT x FROM b", ["a", "b"]),
        ("INSERT IGNORE INTO a VALUES (1) ON DUPLICATE KEY UPDATE b = 1", ["a"]),
        ("REPLACE INTO a VALUES (1)", ["a"]),
        ("UPDATE a SET x = (SELECT y FROM b)", ["a", "b"]),
        ("UPDATE a JOIN b ON a.x = b.x SET a.y = 1", ["a", "b"]),
        ("DELETE FROM a WHERE x = 1", ["a"]),
        ("WITH t AS (SELECT 1 FROM a), u (x) AS (SELECT 2 FROM t) SELECT * FROM u JOIN b", ["a", "b"]),
        ("SELECT EXTRACT(YEAR FROM t), SUBSTRING(x FROM 2), TRIM(LEADING 'a' FROM y) FROM a", ["a"]),
        ("SELECT x FROM a FOR UPDATE", ["a"]),
        ("SELECT x FROM a ORDER BY x LIMIT 3", ["a"]),
        ("EXPLAIN SELECT x FROM a", ["a"]),
        ("TRUNCATE TABLE a", ["a"]),
        ("SELECT x FROM 用户", ["用户"]),
        ("Update the user from the form", []),
        ("selected a from b", []),
        ("from a import b", []),
        ("", []),
    ],
)
def test_tables_of_a_statement(query: str, tables: list[str]) -> None:
    assert [f"{one.database}.{one.name}".strip(".") for one in named_tables(query)] == tables


def test_places_of_tables_in_a_module() -> None:
    text = '"""Select x from a."""\nq = f"""SELECT {x}\n  FROM 用户 JOIN `b` USING (x)"""\nr = "SELECT 1 " "FROM c"\n'
    found = read_module("m.py", text).tables
    assert [(one.table, one.span[1:]) for one in found] == [
        (NamedTable("", "用户"), (3, 8, 3, 10)),
        (NamedTable("", "b"), (3, 17, 3, 18)),
        (NamedTable("", "c"), (4, 23, 4, 24)),
    ]


@pytest.mark.parametrize(
    "piece",
    ["(", "FROM a, ", "SELECT ", "JOIN x ", "WITH a AS (", "UPDATE ", "'", "/*", "-", "a.", "`", "AS (", "x", "$_"],
)
def test_reading_is_linear(piece: str) -> None:
    times = []
    for count in (4_000, 16_000):
        query = "SELECT x FROM t " + piece * count
        start = time.process_time()
        list(named_tables(query))
        times.append(time.process_time() - start)
    assert times[1] < 10 * times[0] + 0.5
