"""DDL that a slow reader would take long for, each made of `n` equal pieces; `{}` in a piece becomes its number."""

from collections.abc import Callable

from mallgen.tables.model import Dialect

Make = Callable[[int], str]
_T = "CREATE TABLE t (id int PRIMARY KEY, a int, b int, c varchar(9));\n"


def each(piece: str, head: str = "", tail: str = "") -> Make:
    """Return a maker of `piece` repeated n times."""
    return lambda n: head + "".join(piece.replace("{}", str(at)) for at in range(n)) + tail


def columns(piece: str, tail: str = "z int)") -> Make:
    """Return a maker of one table."""
    return each(piece, "CREATE TABLE t (\n", tail)


MYSQL: dict[str, Make] = {
    "tables": each("CREATE TABLE t{} (id int PRIMARY KEY, a varchar(9) DEFAULT 'x');\n"),
    "tables without semicolons": each("CREATE TABLE t{} (id int PRIMARY KEY)\n"),
    "tables that stay open": each("CREATE TABLE t{} (id int\n"),
    "tables that stay open, with semicolons": each("CREATE TABLE t{} (id int;\n"),
    "equal tables": each("CREATE TABLE t (id int);\n"),
    "columns": columns("c{} int NOT NULL DEFAULT 0 COMMENT 'x',\n"),
    "equal columns": columns("c int,\n"),
    "columns without commas": columns("c{} int\n"),
    "columns without types": columns("c{},\n"),
    "columns of unknown types": columns("c{} strng,\n"),
    "columns of wrong attributes": columns("c{} int NOT NUMBER,\n"),
    "columns with wrong defaults": columns("c{} int DEFAULT 'x',\n"),
    "keys": columns("KEY k{} (z),\n"),
    "keys without names": columns("KEY (z),\n"),
    "unique columns without names": columns("c{} int UNIQUE,\n"),
    "keys of nothing": columns("KEY k{} (nope),\n"),
    "equal keys": columns("KEY k (z),\n"),
    "a key of many columns": lambda n: f"CREATE TABLE t (a int, KEY ({'a,' * n}a));",
    "references": columns("FOREIGN KEY (z) REFERENCES t (z),\n"),
    "references to nothing": columns("FOREIGN KEY (z) REFERENCES x{} (z),\n"),
    "checks": columns("CHECK (z > {}),\n"),
    "checks of nothing": columns("CHECK (y > {}),\n"),
    "a long check": each(" AND z > 1", "CREATE TABLE t (z int, CHECK (z > 0", "));"),
    "a check of minus signs": each("- ", "CREATE TABLE t (z int, CHECK (z > ", "1));"),
    "a check of NOT": each("NOT ", "CREATE TABLE t (z int, CHECK (", "z));"),
    "a check of CASE": each("CASE WHEN z THEN ", "CREATE TABLE t (z int, CHECK (", "1));"),
    "generated columns": columns("c{} int AS (z + 1),\n"),
    "a long default": each("+ 1 ", "CREATE TABLE t (z int DEFAULT (1 ", "));"),
    "a long bare default": each("+ 1 ", "CREATE TABLE t (z int DEFAULT 1 ", ");"),
    "texts in a row": each("'x' ", "CREATE TABLE t (z text DEFAULT ", ");"),
    "values": lambda n: "CREATE TABLE t (a enum(" + ",".join(f"'v{at}'" for at in range(n)) + "));",
    "equal values": lambda n: "CREATE TABLE t (a enum(" + ",".join(["'v'"] * n) + ") DEFAULT 'w');",
    "brackets": each("("),
    "brackets in a table": each("(", "CREATE TABLE t (a int DEFAULT ", ");"),
    "brackets that close": each(")", "CREATE TABLE t (a int", ";"),
    "commas": each(",", "CREATE TABLE t (a int", ");"),
    "options": each("COMMENT='x' ", "CREATE TABLE t (a int) ", ";"),
    "words behind a table": each("foo ", "CREATE TABLE t (a int) ", ";"),
    "words": each("foo "),
    "lines of prose": each("foo bar\n"),
    "CREATE": each("CREATE "),
    "CREATE on lines": each("CREATE\n"),
    "CREATE TABLE": each("CREATE TABLE "),
    "CREATE TABLE on lines": each("CREATE TABLE\n"),
    "ALTER on lines": each("ALTER TABLE t\n", _T),
    "alterations": each("ALTER TABLE t ADD c{} int;\n", _T),
    "alterations in one": each("ADD c{} int, ", _T + "ALTER TABLE t ", "ADD y int;"),
    "columns that change places": each(
        "MODIFY a int AFTER b, MODIFY b int FIRST, ", _T + "ALTER TABLE t ", "ADD y int;"
    ),
    "columns that come and go": each("ALTER TABLE t ADD y int;ALTER TABLE t DROP y;\n", _T),
    "columns renamed": each("ALTER TABLE t RENAME COLUMN a TO x;ALTER TABLE t RENAME COLUMN x TO a;\n", _T),
    "tables renamed": each("RENAME TABLE t TO u;RENAME TABLE u TO t;\n", _T),
    "tables dropped": each("DROP TABLE IF EXISTS t;CREATE TABLE t (a int);\n", _T),
    "tables dropped at once": each("x{}, ", "DROP TABLE ", "t;"),
    "actions that are none": each("FOO, ", _T + "ALTER TABLE t ", "ADD y int;"),
    "actions without commas": each("ADD c{} int ", _T + "ALTER TABLE t ", ";"),
    "indexes": each("CREATE INDEX i{} ON t (a);\n", _T),
    "indexes dropped": each("CREATE INDEX i ON t (a);DROP INDEX i ON t;\n", _T),
    "views": each("CREATE VIEW v{} AS SELECT a, b FROM t;\n", _T),
    "views of views": lambda n: _T
    + "CREATE VIEW v0 AS SELECT * FROM t;\n"
    + "".join(f"CREATE VIEW v{at + 1} AS SELECT * FROM v{at};\n" for at in range(n)),
    "a view of many columns": each("a AS c{}, ", _T + "CREATE VIEW v AS SELECT ", "b FROM t;"),
    "a view of many parts": each("SELECT a FROM t UNION ALL ", _T + "CREATE VIEW v AS ", "SELECT b FROM t;"),
    "a view of brackets": each("(SELECT ", _T + "CREATE VIEW v AS SELECT ", "1;"),
    "a view of sums": each(" + a", _T + "CREATE VIEW v AS SELECT a", " AS x FROM t;"),
    "open texts": each("'"),
    "open texts on lines": each("a 'x\n"),
    "open names on lines": each("`x\n"),
    "texts": each("'' "),
    "backslashes": each("\\'", "'"),
    "open comments": each("/* "),
    "comments for versions": each("/*!50000 "),
    "comments": each("-- x\n", "", _T),
    "annotations": each("-- mallgen:list l{} by a, sort b\n", "", _T),
    "wrong annotations": each("-- mallgen:lst l{}\n", "", _T),
    "annotations of no table": each("-- mallgen:bools\n"),
    "rows": each("(1, 'a;b', NULL),\n", "INSERT INTO t VALUES ", "(2, 'x', 1);"),
    "inserts": each("INSERT INTO t VALUES (1, 'x');\n"),
    "inserts without semicolons": each("INSERT INTO t VALUES (1, 'x')\n"),
    "delimiters": each("DELIMITER //\nx//\nDELIMITER ;\n"),
    "blocks": each("BEGIN ", "CREATE PROCEDURE p() ", "END;"),
    "procedures": each("CREATE PROCEDURE p{}() BEGIN SELECT 1; END;\n"),
    "signs of full width": each("，", "CREATE TABLE t (a int", ");"),
    "control characters": each("\x01"),
    "dots": each("a.", "CREATE TABLE ", "b (c int);"),
    "a long name": lambda n: f"CREATE TABLE {'a' * n} ({'b' * n} int);",
    "a long number": lambda n: f"CREATE TABLE t (a decimal({'9' * n}), b int DEFAULT {'9' * n});",
    "spaces": lambda n: "CREATE TABLE t (a int" + " " * n + "NOT NULL);",
    "databases": each("CREATE DATABASE d{};USE d{};CREATE TABLE t (a int);\n"),
    "databases dropped": each("CREATE DATABASE d;DROP DATABASE d;\n", _T),
}
POSTGRES: dict[str, Make] = {
    "types": each("CREATE TYPE e{} AS ENUM ('a', 'b');\n"),
    "values of a type": each("ALTER TYPE e ADD VALUE 'v{}';\n", "CREATE TYPE e AS ENUM ('a');"),
    "comments on columns": each("COMMENT ON COLUMN t.a IS 'x{}';\n", _T),
    "comments on nothing": each("COMMENT ON COLUMN x.a IS 'x{}';\n", _T),
    "indexes without names": each("CREATE INDEX ON t (a);\n", _T),
    "indexes of one name": each("CREATE TABLE t{} (a int);CREATE INDEX i ON t{} (a);\n"),
    "indexes dropped by name": each("DROP INDEX i{};\n", _T),
    "columns of a type": each("ALTER TABLE t ALTER a TYPE bigint, ALTER a SET NOT NULL;\n", _T),
    "dollars": each("$a$ "),
    "dollars of many kinds": each("$a{}$ "),
    "casts": each("::text", "CREATE TABLE t (a text DEFAULT 'x'", ");"),
    "arrays": each("[]", "CREATE TABLE t (a text", ");"),
    "open arrays": each("[", "CREATE TABLE t (a text", ");"),
    "copied rows": each("1\t2\n", _T + "COPY t FROM stdin;\n", "\\.\n"),
    "copies": each("COPY t FROM stdin;\n1\t2\n\\.\n", _T),
    "blocks": each("DO $$ BEGIN NULL; END $$;\n"),
    "children": each("CREATE TABLE t{} (x int) INHERITS (p);\n", "CREATE TABLE p (a int);"),
}
SQLITE: dict[str, Make] = {
    "spaces in an annotation": each(" ", "-- mallgen:list", "x\nCREATE TABLE t (a INTEGER PRIMARY KEY);"),
    "spaces behind an annotation": each(" \t", "-- mallgen:list", "\nCREATE TABLE t (a INTEGER PRIMARY KEY);"),
    "hashes in front of an annotation": each("#*- ", "/* ", "mallgen: */ CREATE TABLE t (a INTEGER PRIMARY KEY);"),
    "tables": each("CREATE TABLE t{} (id INTEGER PRIMARY KEY, a TEXT UNIQUE);\n"),
    "types of many words": each("BIG ", "CREATE TABLE t (a ", "INT);"),
    "triggers": each("CREATE TRIGGER x{} AFTER INSERT ON t BEGIN SELECT 1; END;\n", _T),
    "open names": each("[a "),
}
ALL = [
    (dialect, name, make)
    for dialect, made in ((Dialect.MYSQL, MYSQL), (Dialect.POSTGRES, POSTGRES), (Dialect.SQLITE, SQLITE))
    for name, make in made.items()
]
