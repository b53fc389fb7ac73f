"""The mending of DDL: it changes nothing but what findings name, once, in any dialect and with any line ends."""

from pathlib import Path

import pytest

from mallgen.tablerules import RULES
from mallgen.tablerules.mend import MendedTables, mend_tables
from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from mallgen.text.limits import DEFAULT
from tests.conftest import mallgen


def mended(text: str, dialect: Dialect | None = None) -> MendedTables:
    """Mend one file."""
    return mend_tables({"a.sql": text}, RULES.chosen((), ()), DEFAULT, dialect)


def column(definition: str, more: str = "") -> str:
    """Return a table with one column besides its key."""
    return f"CREATE TABLE a (\n  id bigint NOT NULL PRIMARY KEY,\n  {definition}\n){more};\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x int NOT NUL DEFAULT 0", "x int NOT NULL DEFAULT 0"),
        ("x int NOT", "x int NOT NULL"),
        ("x int NOT COMMENT 'a'", "x int NOT NULL COMMENT 'a'"),
        ("x int DEFAULT 1 COMMENT '值' DEFAULT 2", "x int COMMENT '值' DEFAULT 2"),
        ("x int DEFAULT 1 DEFAULT 2 DEFAULT 3", "x int DEFAULT 3"),
        ("x datetime NOT NUMBER DEFAULT '0000-00-00 00:00:00'", "x datetime NULL DEFAULT NULL"),
        ("x datetime NOT DEFAULT '0000-00-00'", "x datetime NULL DEFAULT NULL"),
        ("x date DEFAULT '0000-00-00'", "x date DEFAULT NULL"),
        ("x timestamp DEFAULT 0", "x timestamp NULL DEFAULT NULL"),
        ("x timestamp DEFAULT '2020-00-01' NOT NULL", "x timestamp DEFAULT NULL NULL"),
        ("order int", "`order` int"),
        ("x json DEFAULT '{}'", "x json DEFAULT ('{}')"),
        ("x char(36) DEFAULT uuid()", "x char(36) DEFAULT (uuid())"),
        ("x datetime(6) DEFAULT CURRENT_TIMESTAMP(3)", "x datetime(6) DEFAULT CURRENT_TIMESTAMP(6)"),
        (
            "x varchar(10) CHARACTER SET utf8 COLLATE utf8_bin",
            "x varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ),
        ("x int,", "x int"),
        ("x int\n  y int", "x int,\n  y int"),
        ("x int\n  KEY k (x)", "x int,\n  KEY k (x)"),
        ("x decimal（9，2）", "x decimal(9,2)"),
    ],
)
def test_a_flaw_with_one_right_mending(before: str, after: str) -> None:
    result = mended(column(before))
    assert result.texts["a.sql"] == column(after)
    assert [one for one in result.left if one.severity == "error"] == []
    again = mended(result.texts["a.sql"])
    assert (again.texts, again.counts) == (result.texts, {"a.sql": 0})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("USE a\nCREATE TABLE b (id int PRIMARY KEY)", "USE a;\nCREATE TABLE b (id int PRIMARY KEY)"),
        (
            "CREATE TABLE b (id int, PRIMARY KEY (id) ENGINE=InnoDB",
            "CREATE TABLE b (id int, PRIMARY KEY (id) ) ENGINE=InnoDB",
        ),
        (
            "CREATE TABLE a (id int PRIMARY KEY\nCREATE TABLE b (id int PRIMARY KEY)",
            "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE b (id int PRIMARY KEY)",
        ),
    ],
)
def test_a_statement_that_is_not_ended(before: str, after: str) -> None:
    assert mended(before).texts["a.sql"] == after


@pytest.mark.parametrize(
    "definition",
    [
        "x int DEFAULT none",
        "x int NOT NULL DEFAULT NULL",
        "x bigger",
        "x datetime DEFAULT '2023-02-30'",
        "x varchar",
        "x int DEFAULT 1,\n  x int",
        "x enum()",
        "x int DEFAULT",
        "x int DEFAULT (1 + 1) DEFAULT 2",
        "x varchar(9) DEFAULT 'a,\n  y int NOT NUMBER",
        "order`x` int",
    ],
)
def test_what_could_be_mended_in_two_ways_is_left(definition: str) -> None:
    text = column(definition)
    result = mended(text)
    assert (result.texts["a.sql"], result.counts["a.sql"]) == (text, 0)
    assert any(one.severity == "error" for one in result.left)


@pytest.mark.parametrize(
    "key", ["x date NOT NULL DEFAULT '0000-00-00' PRIMARY KEY", "x date DEFAULT '0000-00-00',\n  PRIMARY KEY (x)"]
)
def test_a_key_is_not_made_null(key: str) -> None:
    text = f"CREATE TABLE a (\n  {key}\n);\n"
    assert mended(text).texts["a.sql"] == text


def test_a_charset_stays_where_a_key_would_be_too_long() -> None:
    text = column("x varchar(1000) NOT NULL,\n  KEY k (x)", " CHARSET=utf8")
    assert mended(text).texts["a.sql"] == text
    short = text.replace("1000", "700")
    assert mended(short).texts["a.sql"] == short.replace("utf8", "utf8mb4")


def test_a_charset_stays_where_a_comment_says_why() -> None:
    text = column("x int", "\n-- mallgen:ignore charset-utf8mb3 old clients\nCHARSET=utf8")
    assert mended(text).texts["a.sql"] == text


@pytest.mark.parametrize(
    ("dialect", "name", "quoted"),
    [
        (Dialect.POSTGRES, "Order", '"order"'),
        (Dialect.POSTGRES, "user", '"user"'),
        (Dialect.SQLITE, "Order", '"Order"'),
        (Dialect.MYSQL, "Order", "`Order`"),
    ],
)
def test_names_are_quoted_as_the_dialect_keeps_them(dialect: Dialect, name: str, quoted: str) -> None:
    result = mended(f"CREATE TABLE {name} (id bigint PRIMARY KEY);\n", dialect)
    assert result.texts["a.sql"] == f"CREATE TABLE {quoted} (id bigint PRIMARY KEY);\n"


def test_line_ends_stay_as_they_are(here: Path) -> None:
    path = here / "a.sql"
    path.write_bytes(column("x int DEFAULT 1 DEFAULT 2\n  y int NOT NUMBER").replace("\n", "\r\n").encode())
    assert mallgen("model", "fix", "--write", "a.sql").code == 0
    assert path.read_bytes() == column("x int DEFAULT 2,\n  y int NOT NULL").replace("\n", "\r\n").encode()


def test_what_is_left_is_said_at_its_place_on_disk(here: Path) -> None:
    (here / "a.sql").write_text(column("y int NOT NUMBER DEFAULT 0, x int DEFAULT none"), encoding="utf-8")
    for words in ((), ("--write",)):
        ran = mallgen("model", "fix", *words, "a.sql")
        assert ran.code == 1 and "--> a.sql:3:45\n" in ran.err, ran.err


def test_all_files_of_a_run_are_read_as_one(here: Path) -> None:
    (here / "1.sql").write_text("CREATE TABLE a (id bigint PRIMARY KEY, x int NOT NUMBER);\n", encoding="utf-8")
    (here / "2.sql").write_text("ALTER TABLE a ADD y int DEFAULT 1 DEFAULT 2;\n", encoding="utf-8")
    ran = mallgen("model", "fix", "--write", "1.sql", "2.sql")
    assert (ran.code, ran.err) == (0, "2 files: 2 fixed in 2 places\n")
    assert (here / "2.sql").read_text(encoding="utf-8") == "ALTER TABLE a ADD y int DEFAULT 2;\n"


def test_a_file_that_cannot_be_written_is_left_whole(here: Path) -> None:
    path = here / "a.sql"
    path.write_text(column("x int NOT NUMBER"), encoding="utf-8")
    path.chmod(0o444)
    ran = mallgen("model", "fix", "--write", "a.sql")
    path.chmod(0o644)
    assert ran.code == 3 and "error[read-only]" in ran.err
    assert path.read_text(encoding="utf-8") == column("x int NOT NUMBER")


def test_public_files_keep_all_but_their_flaws(corpus: Path) -> None:
    paths = sorted(corpus.rglob("*.sql"))
    assert len(paths) > 20
    for path in paths:
        text = path.read_text(encoding="utf-8")
        result = mended(text)
        before, after = (read([DdlSource("a.sql", one.replace("\r\n", "\n"))]) for one in (text, result.texts["a.sql"]))
        assert len(after.diagnostics) <= len(before.diagnostics)
        assert [table.name for table in after.schema.tables] == [table.name for table in before.schema.tables]
        assert result.texts["a.sql"].replace("utf8mb4", "utf8") == text.replace("utf8mb4", "utf8").replace(
            "utf8mb3", "utf8"
        )
