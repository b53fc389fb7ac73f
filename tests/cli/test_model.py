"""The commands of `mallgen model` beyond what tests/cases/model/ shows."""

import ast
import re
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
