"""The commands of `mallgen model` beyond what tests/cases/model/ shows."""

import ast
import os
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from mallgen.kinds.target import of_line
from mallgen.output.records import ContractLine
from tests.conftest import mallgen

DDL = """CREATE TABLE orders (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  total decimal(20, 2) NOT NULL DEFAULT 0,
  create_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (id)
);
"""


def test_no_value_is_written_to_an_ignored_column(here: Path) -> None:
    (here / "shop.sql").write_text(DDL)
    assert mallgen("model", "ddl", "-src", "shop.sql", "-i", "CREATE_TIME", "-q").code == 0
    classes = {
        node.name: [field.target.id for field in node.body if isinstance(field, ast.AnnAssign)]  # type: ignore[union-attr]
        for node in ast.parse((here / "shop_model" / "orders_model_gen.py").read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes["OrdersRow"] == ["id", "total", "create_time"]
    assert classes["OrdersValues"] == ["id", "total"]
    assert classes["OrdersChanges"] == ["total"]


def test_options_travel_to_the_lock_and_back(here: Path) -> None:
    (here / "shop.sql").write_text("USE shop;\n" + DDL)
    words = ("-database", "shop", "-t", "ord*", "-i", "create_time", "-c", "-p", "mall", "--package", "tables")
    assert mallgen("model", "mysql", "ddl", "-src", "shop.sql", "-dir", "out", *words, "-q").code == 0
    line = re.search(r"^contract\tmodel\t(.*)\t(.*)$", (here / "out" / "mallgen.lock").read_text(), re.M)
    assert line is not None
    asked = "cache database=shop dialect=mysql ignore-columns=create_time prefix=mall table=ord* package=tables"
    assert line.groups() == ("../shop.sql", asked)
    assert of_line(ContractLine("model", *line.groups()), "out").line == ContractLine("model", *line.groups())
    assert mallgen("gen", "-dir", "out").code == 0
    assert mallgen("check", "-dir", "out").code == 0
    assert (here / "out" / "tables" / "orders_model.py").exists()


def test_a_pattern_in_a_lock_reads_nothing_outside_of_the_repository(here: Path) -> None:
    (here / "secret.sql").write_text(DDL)
    repository = here / "clone"
    (repository / ".git").mkdir(parents=True)
    (repository / "sql").mkdir()
    (repository / "sql" / "a.sql").symlink_to(here / "secret.sql")
    (repository / "mallgen.lock").write_text("mallgen.lock 1\ncontract\tmodel\tsql/*.sql\t\n")
    ran = mallgen("gen", "-dir", "clone")
    assert (ran.code, "error[outside-workspace]" in ran.err) == (1, True)
    assert not (repository / "tables_model").exists()


def git(*words: str) -> None:
    """Run git in the working directory, without anybody's settings."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **own})


def test_a_revision_of_git_is_a_side_of_a_migration(here: Path) -> None:
    contract = here / "sql" / "data.sql"
    contract.parent.mkdir()
    contract.write_text(DDL)
    git("init", "-q", ".")
    git("add", ".")
    git("commit", "-qm", "one")
    contract.write_text(DDL.replace("PRIMARY KEY", "note text,\n  PRIMARY KEY"))
    wanted = "ALTER TABLE `orders`\n  ADD COLUMN `note` text NULL;\n"
    assert wanted in mallgen("model", "migrate", "HEAD:sql/data.sql", "sql/data.sql").out
    os.chdir(here / "sql")
    assert wanted in mallgen("model", "migrate", "HEAD:./data.sql", "data.sql").out
    for name, said in (("HEAD~1:./data.sql", "HEAD~1"), ("HEAD:./other.sql", "other.sql"), ("v9:data.sql", "v9")):
        ran = mallgen("model", "migrate", name, "data.sql")
        assert (ran.code, ran.out, said in ran.err) == (3, "", True)


def test_a_pattern_in_a_revision_names_its_files(here: Path) -> None:
    folder = here / "sql"
    (folder / "old").mkdir(parents=True)
    (folder / "2_a.sql").write_text("CREATE TABLE a (id bigint PRIMARY KEY);")
    (folder / "10_b.sql").write_text("ALTER TABLE a ADD COLUMN n int NULL;")
    (folder / "old" / "3_c.sql").write_text("CREATE TABLE c (id bigint PRIMARY KEY);")
    git("init", "-q", ".")
    git("add", ".")
    git("commit", "-qm", "one")
    (folder / "11_d.sql").write_text("ALTER TABLE a ADD COLUMN o int NULL;")
    wanted = "ALTER TABLE `a`\n  ADD COLUMN `o` int NULL;\n"
    ran = mallgen("model", "migrate", "HEAD:sql/*.sql", "sql/*.sql")
    assert (ran.code, wanted in ran.out, "from HEAD:sql/*.sql to sql/*.sql" in ran.out) == (0, True, True), ran
    assert ran.out.count(";") == 1
    os.chdir(folder)
    assert wanted in mallgen("model", "migrate", "HEAD:./[0-9]*.sql", "*.sql").out
    assert wanted in mallgen("model", "migrate", "HEAD:sql/*.sql", "*.sql").out
    for name, said in (("HEAD:no/*.sql", "no file of it is named"), ("v9:*.sql", "v9"), ("HEAD:./../*.sql", "no file")):
        ran = mallgen("model", "migrate", name, "*.sql")
        assert (ran.code, ran.out, said in ran.err) == (3, "", True), ran.err


def test_a_file_named_like_a_revision_is_the_file(here: Path) -> None:
    (here / "HEAD:a.sql").write_text(DDL)
    assert mallgen("model", "migrate", "HEAD:a.sql", "HEAD:a.sql").err == "no difference: nothing has to be changed\n"


def test_a_database_is_a_side_of_a_migration(here: Path) -> None:
    with closing(sqlite3.connect("shop.db")) as database:
        database.executescript("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (7);")
        (here / "shop.sql").write_text("CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, word TEXT);")
        ran = mallgen("model", "migrate", "sqlite:///shop.db", "shop.sql")
        assert ran.code == 0 and ran.out.startswith("-- sqlite: from the database shop to shop.sql")
        assert "error" not in ran.err and "warning[migrate-may-fail] `a.n` is NOT NULL" in ran.err
        text = (here / "shop.sql").read_text().replace("NOT NULL", "NOT NULL DEFAULT 3")
        (here / "shop.sql").write_text(text)
        database.executescript(mallgen("model", "migrate", "sqlite:///shop.db", "shop.sql").out)
        assert database.execute("SELECT id, n, word FROM a").fetchall() == [(7, 3, None)]
        assert "no difference" in mallgen("model", "migrate", "sqlite:///shop.db", "shop.sql").err
