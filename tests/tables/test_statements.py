"""Statements by their kind: those about tables are read, harmless ones passed over, and all others are findings."""

import pytest

from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from tests.tables.reading import flaws, lines, model, of

A, B = "CREATE TABLE a (x int);", "CREATE TABLE b (y int);"


def names(text: str, dialect: Dialect | None = Dialect.MYSQL) -> list[str]:
    """Return the tables of a text with their databases."""
    return [f"{table.database}.{table.name}".lstrip(".") for table in of(text, dialect).schema.tables]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO a VALUES (1, 'x;y'), (2, 'CREATE TABLE no (z int);');",
        "INSERT INTO a SELECT * FROM b WHERE x = ';';",
        "REPLACE INTO a VALUES (1);",
        "UPDATE a SET x = 1; DELETE FROM a; TRUNCATE a; SELECT 1; SHOW TABLES; DESC a; EXPLAIN SELECT 1;",
        "SET NAMES utf8mb4; SET @old = 1, @@x = 'y'; SET FOREIGN_KEY_CHECKS = 0;",
        "LOCK TABLES a WRITE; UNLOCK TABLES; START TRANSACTION; BEGIN; COMMIT; ROLLBACK;",
        "GRANT ALL PRIVILEGES ON *.* TO 'x'@'%' WITH GRANT OPTION; REVOKE SELECT,\nCREATE VIEW ON a FROM x;",
        "CREATE USER x IDENTIFIED BY 'y'; DROP USER x; ALTER USER x; FLUSH PRIVILEGES; ANALYZE TABLE a;",
        "/*!40000 ALTER TABLE `a` DISABLE KEYS */; # comment\n-- another; one\n;;",
        "DROP TRIGGER IF EXISTS t; DROP PROCEDURE p; DROP FUNCTION IF EXISTS f; DROP EVENT e;",
        "WITH x AS (SELECT 1) SELECT * FROM x; (SELECT 1) UNION (SELECT 2); VALUES ROW(1);",
    ],
)
def test_harmless_ones(text: str) -> None:
    assert model(f"{A}\n{text}\n{B}") == ["table a", "  x int", "table b", "  y int"]


@pytest.mark.parametrize(
    "text",
    [
        "COPY a (x) FROM stdin;\n1\n2; CREATE TABLE no (z int);\n\\.\n",
        "SELECT pg_catalog.set_config('search_path', '', false);",
        "SET default_tablespace = ''; SET SESSION AUTHORIZATION x; RESET ALL;",
        "CREATE EXTENSION IF NOT EXISTS c; ALTER EXTENSION c UPDATE; CREATE ROLE r LOGIN; CREATE SEQUENCE s;",
        "CREATE COLLATION c (provider = icu); CREATE CAST (int AS text) WITHOUT FUNCTION; CREATE PUBLICATION p;",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO r; COMMENT ON SCHEMA public IS 'x';",
        "\\restrict abc\n\\set ON_ERROR_STOP on\n",
        "DO $$ BEGIN RAISE NOTICE 'CREATE TABLE no (z int);'; END $$;",
        "REFRESH MATERIALIZED VIEW x; VACUUM; CLUSTER a; LISTEN y; NOTIFY y; DISCARD ALL;",
        "/* a comment /* in a comment */ CREATE TABLE no (z int); */",
    ],
)
def test_harmless_ones_of_postgres(text: str) -> None:
    assert model(f"{A}\n{text}\n{B}", Dialect.POSTGRES) == ["table a", "  x int", "table b", "  y int"]


NO_MODEL = {
    "CREATE PROCEDURE p() BEGIN SELECT 1; CREATE TABLE no (z int); END;": "this procedure is no part of a model",
    "CREATE DEFINER=`r`@`%` FUNCTION f() RETURNS int RETURN 1;": "this function is no part of a model",
    "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1;": "this trigger is no part of a model",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM a;": "this event is no part of a model",
    "CREATE TEMPORARY TABLE tmp (z int);": "`tmp` is a temporary table: it gets no model",
    "CALL p();": "CALL may change tables, and what it carries out is not read",
    "PREPARE s FROM @sql;": "PREPARE may change tables, and what it carries out is not read",
    "SOURCE other.sql;": "SOURCE may change tables, and what it carries out is not read",
    "CREATE TABLE f (z STRING) WITH ('connector' = 'kafka');": "`f` is a table of Flink SQL: it gets no model",
    "CREATE TABLE f (z int, t AS now(), WATERMARK FOR t AS t);": "`f` is a table of Flink SQL: it gets no model",
    "CREATE TABLE IF NOT EXISTS a (z int);": "`a` is there already: this CREATE TABLE IF NOT EXISTS changes nothing",
}


@pytest.mark.parametrize(("text", "found"), NO_MODEL.items())
def test_what_gets_no_model_is_said_and_hides_no_table(text: str, found: str) -> None:
    (flaw,) = flaws(f"{A}\n{text}\n{B}")
    assert "?" in flaw and flaw.endswith(f": {found}")
    assert names(f"{A}\n{text}\n{B}") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN CREATE TABLE no (z int); END $$;",
            "this function",
        ),
        ("CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f();", "this trigger"),
        ("CREATE POLICY p ON a USING (true);", "this policy"),
        ("CREATE RULE r AS ON INSERT TO a DO NOTHING;", "this rule"),
        ("CREATE FOREIGN TABLE z (x int) SERVER s;", "`z` is a foreign table"),
        ("SELECT * INTO z FROM a;", "SELECT INTO makes a table"),
        ("DO $$ BEGIN EXECUTE 'CREATE TABLE z (x int)'; END $$;", "DO may change tables"),
        ("CALL p();", "CALL may change tables"),
        ("IMPORT FOREIGN SCHEMA x FROM SERVER s INTO y;", "IMPORT may change tables"),
    ],
)
def test_what_gets_no_model_in_postgres(text: str, found: str) -> None:
    flaw = flaws(f"{A}\n{text}\n{B}", Dialect.POSTGRES)[0]
    assert found in flaw
    assert names(f"{A}\n{text}\n{B}", Dialect.POSTGRES) == ["a", "b"]


def test_a_virtual_table_of_sqlite() -> None:
    text = f"{A}\nCREATE VIRTUAL TABLE v USING fts5(x, y);\nINSERT INTO v VALUES (1);\n{B}"
    assert flaws(text, Dialect.SQLITE) == ["2:22 ?ddl-unmodelled: `v` is a virtual table: it gets no model"]
    assert names(text, Dialect.SQLITE) == ["a", "b"]


def test_statements_about_a_hidden_table_are_no_findings() -> None:
    text = (
        "CREATE TEMPORARY TABLE tmp (z int);\nALTER TABLE tmp ADD y int;\nCREATE INDEX i ON tmp (z);\nDROP TABLE tmp;\n"
    )
    assert len(flaws(text)) == 1
    assert names(text + "CREATE TABLE tmp (z int);") == ["tmp"]


def test_delimiters_and_bodies_with_many_ends() -> None:
    text = """
        DELIMITER //
        CREATE PROCEDURE p()
        BEGIN
          IF 1 THEN SELECT 1; END IF;
          WHILE 1 DO SELECT CASE WHEN 1 THEN 2 ELSE 3 END; END WHILE;
          CREATE TABLE no (z int);
        END //
        DELIMITER ;
        CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW
        BEGIN
          DECLARE n int DEFAULT 0;
          CASE n WHEN 1 THEN SET n = 2; ELSE BEGIN END; END CASE;
          IF n THEN SET n = 1; ELSEIF n > 1 THEN SET n = 2; END IF;
          REPEAT SET n = n + 1; UNTIL n > 3 END REPEAT;
        END;
        """
    assert names(f"{A}{text}{B}") == ["a", "b"]
    assert len(flaws(f"{A}{text}{B}")) == 2


def test_databases() -> None:
    text = """
        CREATE DATABASE IF NOT EXISTS shop DEFAULT CHARACTER SET latin1;
        USE shop;
        CREATE TABLE a (x varchar(3000), KEY (x));
        CREATE TABLE pay.b (x int);
        USE other;
        CREATE TABLE c (x int);
        CREATE TABLE shop.d (x int);
        DROP DATABASE IF EXISTS other;
        ALTER DATABASE pay CHARACTER SET utf8mb4;
        """
    assert names(text) == ["shop.a", "pay.b", "shop.d"]
    assert flaws(text) == []
    assert of(text).schema.tables[0].charset == "latin1"


def test_a_file_begins_in_no_database() -> None:
    files = [DdlSource("1.sql", "USE shop; CREATE TABLE a (x int);"), DdlSource("2.sql", "CREATE TABLE b (x int);")]
    assert [table.database for table in read(files, Dialect.MYSQL).schema.tables] == ["shop", ""]


def test_later_files_alter_what_earlier_ones_create() -> None:
    files = [
        DdlSource("1.sql", A),
        DdlSource("2.sql", "ALTER TABLE a ADD y int;"),
        DdlSource("10.sql", "ALTER TABLE b ADD z int;"),
    ]
    result = read(files, Dialect.MYSQL)
    assert lines(result.schema.tables[0]) == ["table a", "  x int", "  y int"]
    assert [(one.code, one.span.file) for one in result.diagnostics if one.span] == [("ddl-unknown-table", "10.sql")]


def test_a_block_of_postgres_as_migrations_have_it() -> None:
    assert (
        model(
            """
        DO $$ BEGIN
          CREATE TYPE mood AS ENUM ('a', 'b');
        EXCEPTION WHEN duplicate_object THEN null;
        END $$;
        --> statement-breakpoint
        CREATE TABLE t (id serial PRIMARY KEY, m mood DEFAULT 'a');
        DO $x$
        BEGIN
          IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN
            CREATE TYPE mood AS ENUM ('c');
          END IF;
          ALTER TABLE t ADD COLUMN p int NOT NULL;
        END
        $x$ LANGUAGE plpgsql;
        DO $$ BEGIN
          ALTER TABLE t ADD CONSTRAINT t_fk FOREIGN KEY (p) REFERENCES t (id);
        EXCEPTION WHEN duplicate_object THEN null;
        END $$;
        """,
            Dialect.POSTGRES,
        )
        == ["table t (id)", "  id serial not null auto", "  m mood = 'a'", "  p int not null", "  (p) -> t (id)"]
    )


def test_prose_and_missing_semicolons() -> None:
    text = f"The tables of the shop:\n{A}\nand one more\nCREATE TABLE b (y int)\nINSERT INTO b VALUES (1)\n"
    text += "CREATE TABLE c (y int);"
    assert names(text) == ["a", "b", "c"]
    assert flaws(text) == [
        "1:1 ddl-syntax: `The` cannot stand here: it begins no statement of SQL",
        "3:1 ddl-syntax: `and` cannot stand here: it begins no statement of SQL",
        "5:1 ddl-syntax: a `;` is missing in front of `INSERT`",
        "6:1 ddl-syntax: a `;` is missing in front of `CREATE`",
    ]


def test_rows_without_a_semicolon_hide_no_table() -> None:
    text = f"{A}\nINSERT INTO a VALUES (1, '\nCREATE TABLE no (z int);')\n{B}"
    assert flaws(text) == ["2:1 ddl-syntax: a `;` is missing behind these rows"]
    assert names(text) == ["a", "b"]


def test_an_open_bracket_hides_no_table() -> None:
    text = "CREATE TABLE a (\n  x int,\n  KEY k (x\nCREATE TABLE b (\n  y int\nCREATE TABLE c (z int);"
    assert names(text) == ["a", "b", "c"]


def test_an_open_text_hides_no_table() -> None:
    text = "CREATE TABLE a (\n  x int COMMENT 'open,\n  y int\n);\nCREATE TABLE b (y int COMMENT 'closed');"
    assert [lines(table) for table in of(text).schema.tables] == [
        ["table a", "  x int -- open", "  y int"],
        ["table b", "  y int -- closed"],
    ]
    assert flaws(text) == ["2:17 ddl-unfinished: this text is never closed in its line"]


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("CREATE TABLE `a` (x int) ENGINE=InnoDB;", Dialect.MYSQL),
        ("CREATE TABLE a (id serial, t timestamptz DEFAULT now());", Dialect.POSTGRES),
        ("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT);", Dialect.SQLITE),
        ("-- mallgen:dialect postgres\nCREATE TABLE a (x int);", Dialect.POSTGRES),
        ("CREATE TABLE a (x int, y varchar(20));", Dialect.MYSQL),
        ("COMMENT ON TABLE a IS 'ENGINE=InnoDB `x`';", Dialect.POSTGRES),
        ("PRAGMA foreign_keys = ON;\nCREATE TABLE a (x int) WITHOUT ROWID;", Dialect.SQLITE),
    ],
)
def test_the_dialect_of_a_file(text: str, dialect: Dialect) -> None:
    from mallgen.tables.detect import detect

    assert detect(text) is dialect
