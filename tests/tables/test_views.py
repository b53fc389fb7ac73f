"""The columns of views have the types that the databases give them; what cannot be told is a finding."""

import re
import sqlite3

import pytest

from mallgen.tables.model import Dialect, Table
from mallgen.tables.read import DdlSource, read
from tests.servers import MariaDb, Postgres
from tests.tables.live import kind, mariadb_shapes
from tests.tables.reading import flaws, lines, of
from tests.tables.test_postgres_tables import server_shapes

MYSQL = """
CREATE TABLE user (id bigint unsigned NOT NULL PRIMARY KEY, name varchar(50) NOT NULL COMMENT 'their name', born date);
CREATE TABLE orders (
  id int NOT NULL PRIMARY KEY, user_id bigint unsigned NOT NULL, total decimal(20,2) NOT NULL, weight double, note text,
  status enum('new', 'paid') NOT NULL, tags json, at datetime(3) NOT NULL, seen timestamp NULL, small smallint NOT NULL
);
CREATE VIEW plain AS SELECT id, total AS amount, o.note, `o`.`at` FROM orders o;
CREATE OR REPLACE ALGORITHM=MERGE DEFINER=CURRENT_USER SQL SECURITY INVOKER VIEW stars AS
  SELECT *, 1 AS one FROM orders;
CREATE VIEW joined AS SELECT o.*, u.name, u.born FROM orders o JOIN user u ON u.id = o.user_id WHERE o.total > 1;
CREATE VIEW outer_joined (who, what, since) AS
  SELECT u.name, o.total, o.at FROM user u LEFT JOIN orders o ON o.user_id = u.id;
CREATE VIEW right_joined AS SELECT u.name, o.total FROM user u RIGHT JOIN orders o ON o.user_id = u.id;
CREATE VIEW in_brackets AS SELECT `o`.`id` AS `id`,`u`.`name` AS `name`
  FROM (`orders` `o` JOIN `user` `u` ON(`u`.`id` = `o`.`user_id`));
CREATE VIEW outer_in_brackets AS SELECT u.name, o.total, p.id AS other, q.at FROM
  ((user u LEFT JOIN (orders o JOIN orders p ON p.id = o.id) ON o.user_id = u.id) JOIN orders q ON q.id = u.id);
CREATE VIEW counted AS SELECT user_id, count(*) AS n, count(DISTINCT status) AS kinds, max(total) AS most,
  min(at) AS first, sum(total) AS total, sum(small) AS smalls, avg(total) AS mean, avg(weight) AS heavy
  FROM orders GROUP BY user_id;
CREATE VIEW cast_to AS SELECT CAST(id AS SIGNED) AS a, CAST(id AS UNSIGNED) AS b, CAST(total AS DECIMAL(10,1)) AS c,
  CAST(at AS DATE) AS d, CAST(id AS CHAR(20)) AS e, CAST(at AS DATETIME) AS f, CONVERT(id, CHAR(5)) AS g FROM orders;
CREATE VIEW texts AS SELECT concat(name, ' ', id) AS a, upper(name) AS b,
  'x' AS c, group_concat(name) AS d FROM user GROUP BY id, name;
CREATE VIEW chosen AS SELECT coalesce(weight, 0.5) AS a, ifnull(note, '') AS b, if(id > 1, total, 0) AS c,
  CASE WHEN id = 1 THEN small WHEN id = 2 THEN id END AS d, nullif(note, '') AS e,
  greatest(id, small) AS g, char_length(note) AS h FROM orders;
CREATE VIEW summed AS SELECT id + 1 AS a, total * 2 AS b, weight + id AS c, id > 1 AS d,
  id IS NULL AS e, -small AS f FROM orders;
CREATE VIEW of_views AS SELECT p.amount, s.one FROM plain p, stars s WHERE s.id = p.id;
CREATE VIEW of_queries AS WITH big AS (SELECT id, total FROM orders WHERE total > 10) SELECT b.id, t.n FROM big b
  JOIN (SELECT count(*) AS n FROM orders) t;
CREATE VIEW both_of AS SELECT id, note FROM orders UNION ALL SELECT id, name FROM user;
CREATE VIEW ranked AS SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY at) AS place,
  max(total) OVER (PARTITION BY user_id) AS most FROM orders;
CREATE VIEW scalar AS SELECT id, (SELECT max(born) FROM user) AS oldest,
  exists(SELECT 1 FROM user) AS any_user FROM orders;
CREATE VIEW checked AS SELECT id, total FROM orders WHERE total > 1 WITH CASCADED CHECK OPTION;
"""
POSTGRES = """
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50) NOT NULL, "Born" date, mood mood, tags text[], data jsonb);
CREATE TABLE orders (id int PRIMARY KEY, user_id bigint NOT NULL, total numeric(20,2) NOT NULL, weight double precision,
  small smallint NOT NULL, at timestamptz NOT NULL, local timestamp);
CREATE VIEW plain AS SELECT id, NAME, "Born", mood, tags, data AS info FROM users u;
CREATE VIEW joined AS SELECT o.*, u.name AS who FROM orders AS o LEFT JOIN users u ON u.id = o.user_id;
CREATE VIEW counted AS SELECT user_id, count(*) AS n, sum(total) AS total, sum(small) AS smalls, sum(id) AS ids,
  avg(weight) AS w, max(at) AS last, bool_or(true) FILTER (WHERE small > 1) IS NULL AS nothing
  FROM orders GROUP BY user_id;
CREATE VIEW casts AS SELECT id::text AS a, total::float8 AS b, CAST(at AS date) AS c, id::bigint AS d,
  name::varchar(9) AS e,  '5'::int AS f, data::json AS g, at::timestamp(3) AS h FROM users JOIN orders USING (id);
CREATE VIEW texts AS SELECT name || 'x' AS a, lower(name) AS b, string_agg(name, ',') AS c, data ->> 'x' AS d
  FROM users GROUP BY 1, 2, 4;
CREATE VIEW truths AS SELECT id > 1 AS a, "Born" IS NULL AS b, exists (SELECT 1) AS c, NOT (id = 1) AS d,
  true AS e FROM users;
CREATE VIEW chosen AS SELECT coalesce(weight, 0) AS a, CASE WHEN id = 1 THEN total END AS b, row_number() OVER () AS c,
  now() AS d FROM orders;
CREATE MATERIALIZED VIEW kept AS SELECT id, total FROM orders WITH NO DATA;
CREATE VIEW both_of AS SELECT id FROM orders UNION SELECT id FROM users;
"""


def views(text: str, dialect: Dialect) -> list[Table]:
    """Return the views of a text without flaws."""
    result = read([DdlSource("v.sql", text)], dialect)
    assert result.diagnostics == (), result.diagnostics
    return [table for table in result.schema.tables if table.select]


def bare(shown: str) -> tuple[str, int]:
    """Return the nature of a type and its width, without lengths and digits."""
    found = re.match(r"(int|float)(\d+)", shown)
    return (found[1], int(found[2])) if found else (re.split(r"[( ]", shown)[0], 0)


def test_mariadb_gives_the_same_types(mariadb_server: MariaDb) -> None:
    database = mariadb_server.database().rpartition("/")[2]
    mariadb_server.run(MYSQL, database)
    theirs = mariadb_shapes(mariadb_server, database)
    found = views(MYSQL, Dialect.MYSQL)
    assert len(found) == 18
    for view in found:
        described = [line.split(" | ") for line in theirs[view.name].columns]
        assert [column.name for column in view.columns] == [words[0] for words in described], view.name
        for column, (_, shown, null, *_) in zip(view.columns, described, strict=True):
            ours, width = bare(kind(column.type, Dialect.MYSQL).replace("json", "text"))
            base, their_width = bare(shown)
            assert (ours, view.name, column.name) == (base, view.name, column.name)
            assert width >= their_width, (view.name, column)
            assert column.nullable or null == "not null", (view.name, column)


def test_postgres_gives_the_same_types(postgres_server: Postgres) -> None:
    database = postgres_server.database().rpartition("/")[2]
    postgres_server.run(POSTGRES, database)
    theirs = server_shapes(postgres_server, database, "'r', 'v', 'm'")
    found = views(POSTGRES, Dialect.POSTGRES)
    assert len(found) == 9
    for view in found:
        described = [line.split(" | ") for line in theirs[f"public.{view.name}"].columns]
        assert [column.name for column in view.columns] == [words[0] for words in described], view.name
        for column, (_, shown, *_) in zip(view.columns, described, strict=True):
            ours, width = bare(kind(column.type, Dialect.POSTGRES))
            base, their_width = bare(shown)
            assert (ours, view.name, column.name) == (base, view.name, column.name)
            assert width >= their_width, (view.name, column)


def test_sqlite_takes_the_views_of_the_others() -> None:
    from mallgen.tables.ddl import script

    for text, dialect in ((MYSQL, Dialect.MYSQL), (POSTGRES, Dialect.POSTGRES)):
        tables = read([DdlSource("v.sql", text)], dialect).schema.tables
        connection = sqlite3.connect(":memory:")
        connection.executescript(script(tables, Dialect.SQLITE))
        for view in (table for table in tables if table.select):
            names = [row[1] for row in connection.execute(f'PRAGMA table_info("{view.name}")')]
            assert names == [column.name for column in view.columns], view.name
        connection.close()


def test_columns_of_outer_joins_in_brackets_may_be_null() -> None:
    (view,) = (one for one in views(MYSQL, Dialect.MYSQL) if one.name == "outer_in_brackets")
    assert [(one.name, one.nullable) for one in view.columns] == [
        ("name", False),
        ("total", True),
        ("other", True),
        ("at", False),
    ]


def test_a_view_keeps_its_query_and_the_comments_of_columns() -> None:
    (view,) = views(
        MYSQL[: MYSQL.index("CREATE TABLE orders")] + "CREATE VIEW v AS SELECT name /* x */ FROM user;", Dialect.MYSQL
    )
    assert view.select == "SELECT name /* x */ FROM user"
    assert lines(view) == ["view v", "  name varchar(50) not null -- their name"]


T = "CREATE TABLE t (id int NOT NULL, a varchar(9), j json);\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "CREATE VIEW v AS SELECT id, f(a) AS x FROM t;",
            "2:29 !ddl-unread-view: the type of `x` cannot be told from the query",
        ),
        ("CREATE VIEW v AS SELECT id + 1 FROM t;", "2:25 ddl-unread-view: this column of `v` has no name"),
        (
            "CREATE VIEW v (x) AS SELECT id, a FROM t;",
            "2:16 ddl-unread-view: the view names 1 columns and its query has 2",
        ),
        ("CREATE VIEW v AS SELECT id, a AS id FROM t;", "2:29 ddl-duplicate-column: `v` has two columns `id`"),
        (
            "CREATE VIEW v AS SELECT b FROM t;",
            "2:25 !ddl-unread-view: the type of `b` cannot be told from the query: its tables have no column `b`",
        ),
        (
            "CREATE VIEW v AS SELECT x.id FROM t;",
            "2:25 !ddl-unread-view: the type of `id` cannot be told from the query: `x` has no column `id`",
        ),
        (
            "CREATE VIEW v AS SELECT 1 AS n FROM nope;",
            "2:37 ddl-unknown-table: no statement before this one creates the table `nope`, which the query reads",
        ),
        ("CREATE VIEW v AS SELECT id FROM t WHERE;", "2:18 ddl-unread-view: the query of `v` cannot be read"),
        ("CREATE VIEW v AS;", "2:17 ddl-syntax: the end of the statement cannot stand here: a query follows"),
        ("CREATE VIEW t AS SELECT 1 AS n;", "2:13 ddl-duplicate-table: there is a table or view `t` already"),
        (
            "CREATE TABLE u AS SELECT id, f(a) AS x FROM t;",
            "2:30 !ddl-unread-view: the type of `x` cannot be told from the query",
        ),
    ],
)
def test_what_cannot_be_told(text: str, found: str) -> None:
    assert flaws(T + text) == [found]


def test_a_view_of_a_temporary_table_says_why() -> None:
    text = "CREATE TEMPORARY TABLE x (a int);\nCREATE VIEW v AS SELECT * FROM x;"
    assert flaws(text)[1:] == [
        "2:25 !ddl-unread-view: the type of `*` cannot be told from the query: the columns of `x` are not known"
    ]


def test_a_view_is_replaced_altered_and_dropped() -> None:
    text = (
        T
        + "CREATE VIEW v AS SELECT id FROM t;\nCREATE OR REPLACE VIEW v AS SELECT a FROM t;\n"
        + "ALTER VIEW v AS SELECT id, a FROM t;\n"
    )
    assert [lines(table) for table in of(text).schema.tables[1:]] == [["view v", "  id int not null", "  a varchar(9)"]]
    assert len(of(text + "DROP VIEW v;").schema.tables) == 1
    assert flaws("DROP VIEW v;") == ["1:11 ?ddl-unknown-table: no statement before this one creates the view `v`"]
