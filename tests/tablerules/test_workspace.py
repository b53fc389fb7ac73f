"""Tables of a workspace: whose they are by its settings, what check reads for them, and our own workspace."""

import json
from pathlib import Path

import pytest

from mallgen.workspace.chain import chain_findings
from mallgen.workspace.config import find
from mallgen.workspace.owned import read_workspace
from mallgen.workspace.targets import all_targets
from tests.cli.test_budget import imported
from tests.conftest import ROOT, mallgen

PROTO = """syntax = "proto3";
package {0};
service S{0} {{ rpc Get(Key) returns (Key); }}
message Key {{ int64 id = 1; }}
"""
TABLE = "CREATE TABLE {} (id bigint NOT NULL PRIMARY KEY);\n"


def workspace(here: Path, **services: str) -> None:
    """Write a workspace of RPC services with the given settings, and two tables in `a.sql`."""
    text = ""
    for name, settings in services.items():
        (here / f"{name}.proto").write_text(PROTO.format(name), encoding="utf-8")
        text += f'[service.{name}]\ncontract = "{name}.proto"\ndir = "{name}"\n{settings}\n'
    (here / "mallgen.toml").write_text(text, encoding="utf-8")
    (here / "a.sql").write_text(TABLE.format("one") + TABLE.format("two"), encoding="utf-8")


def test_our_own_workspace_is_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    ran = mallgen("model", "lint")
    assert (ran.code, ran.err.rpartition(": ")[2]) == (0, "0 findings\n"), ran.err
    found = find()
    assert chain_findings(found, all_targets(found)).problems == ()
    services = {one.service: len(one.tables) for one in read_workspace(found).scope.services}
    assert sum(bool(count) for count in services.values()) >= 5
    assert services["mall-api"] == 0


def test_a_workspace_without_tables_loads_none_of_it(here: Path) -> None:
    workspace(here, order="")
    mallgen("gen", "-q")
    modules = imported(here, "check")
    assert not {name for name in modules if name.startswith(("mallgen.tablerules", "mallgen.tables", "sqlglot"))}


def test_tables_are_owned_by_the_services_that_choose_them(here: Path) -> None:
    workspace(here, order='tables = ["a.sql"]\nonly = ["one"]', user='tables = ["a.sql"]\nonly = ["t*"]')
    assert mallgen("model", "lint").code == 0
    workspace(here, order='tables = ["a.sql"]\nonly = ["one"]', user='tables = ["a.sql"]')
    ran = mallgen("model", "lint", "--format", "json")
    assert [one["message"] for one in json.loads(ran.out)] == [
        "`one` is a table of order and of user: one service owns a table"
    ]


def test_a_back_office_says_whose_tables_it_looks_after(here: Path) -> None:
    office = 'tables = ["a.sql"]\nonly = ["one"]\nadmin_of = "{}"'
    workspace(here, order='tables = ["a.sql"]', office=office.format("order"))
    assert mallgen("model", "lint").code == 0
    workspace(here, order='tables = ["a.sql"]\nonly = ["two"]', user='tables = ["a.sql"]', office=office.format("user"))
    ran = mallgen("model", "lint", "--format", "json")
    assert [one["message"] for one in json.loads(ran.out)] == [
        "`two` is a table of order and of user: one service owns a table"
    ]
    workspace(
        here, order='tables = ["a.sql"]\nonly = ["two"]', office=office.format("order"), user='tables = ["a.sql"]'
    )
    ran = mallgen("model", "lint", "--format", "json")
    assert "`one` is a table of office and of user: one service owns a table" in ran.out


def test_a_package_of_models_alone_owns_nothing(here: Path) -> None:
    workspace(here, order='tables = ["a.sql"]')
    with (here / "mallgen.toml").open("a", encoding="utf-8") as file:
        file.write('[service.report]\ncontract = "a.sql"\ndir = "report"\n')
    ran = mallgen("model", "lint")
    assert (ran.code, ran.err) == (0, "2 tables: 0 findings\n")


def test_a_dialect_is_taken_from_the_settings_and_the_command_line(here: Path) -> None:
    workspace(here, order='tables = ["a.sql"]\ndialect = "postgres"')
    (here / "a.sql").write_text('CREATE TABLE "user" (id bigint NOT NULL PRIMARY KEY);\n', encoding="utf-8")
    assert "a reserved word of PostgreSQL" in mallgen("model", "lint").err
    assert mallgen("model", "lint", "a.sql").code == 0
    assert "a reserved word of PostgreSQL" in mallgen("model", "lint", "a.sql", "--dialect", "postgres").err


def test_check_fails_when_a_service_reads_another_ones_table(here: Path) -> None:
    workspace(here, order='tables = ["a.sql"]\nonly = ["one"]', user='tables = ["a.sql"]\nonly = ["two"]')
    assert mallgen("gen", "-q").code == 0
    (path,) = (here / "order").rglob("one_model.py")
    text = path.read_text(encoding="utf-8")
    path.write_text(f'{text}\n\nTHEIRS = "SELECT id FROM two"\n', encoding="utf-8")
    ran = mallgen("check", "--format", "json")
    (found,) = [one for one in json.loads(ran.out) if one["code"] == "foreign-table"]
    assert (ran.code, found["message"]) == (1, "this reads or writes `two`, a table of user")
    path.write_text(f"{text}\n\nOWN = \"SELECT id FROM one WHERE name = 'two'\"\n", encoding="utf-8")
    assert "foreign-table" not in mallgen("check", "--format", "json").out


@pytest.mark.parametrize("text", ["def (", "x = '\\ud800 select two'", "\0 select two", "(" * 500 + " select two"])
def test_modules_that_are_no_python_are_passed_over(here: Path, text: str) -> None:
    workspace(here, order='tables = ["a.sql"]\nonly = ["one"]', user='tables = ["a.sql"]\nonly = ["two"]')
    (here / "order").mkdir()
    (here / "order" / "x.py").write_text(f"# select two\n{text}\n", encoding="utf-8")
    assert mallgen("model", "lint").code == 0


def test_a_service_above_another_one_does_not_answer_for_its_modules(here: Path) -> None:
    workspace(here, order='tables = ["a.sql"]\nonly = ["one"]', user='tables = ["a.sql"]\nonly = ["two"]')
    text = (here / "mallgen.toml").read_text(encoding="utf-8").replace('dir = "order"', 'dir = "."')
    (here / "mallgen.toml").write_text(text, encoding="utf-8")
    assert mallgen("gen", "-q").code == 0
    own = here / "user" / "user_rpc" / "model" / "two_model.py"
    own.write_text(
        own.read_text(encoding="utf-8") + '\n\nQUERY = "SELECT id FROM two WHERE id = ?"\n', encoding="utf-8"
    )
    ran = mallgen("check")
    assert ran.code == 0, ran.out


@pytest.mark.parametrize(
    "line", ["from user_rpc import model", "import user_rpc.model", "from user_rpc.model import x"]
)
def test_every_import_of_another_services_models_is_found(here: Path, line: str) -> None:
    workspace(here, order='tables = ["a.sql"]\nonly = ["one"]', user='tables = ["a.sql"]\nonly = ["two"]')
    assert mallgen("gen", "-q").code == 0
    (here / "order" / "order_rpc" / "extra.py").write_text(f"{line}\n", encoding="utf-8")
    ran = mallgen("model", "lint", "--format", "json")
    assert [one["message"] for one in json.loads(ran.out)] == ["this imports models of user"]


def test_the_tables_of_services_are_mended_apart(here: Path) -> None:
    workspace(here, order='tables = ["order.sql"]', user='tables = ["user.sql"]\ndialect = "postgres"')
    for name in ("order", "user"):
        (here / f"{name}.sql").write_text(TABLE.format("one"), encoding="utf-8")
    ran = mallgen("model", "fix")
    assert (ran.code, ran.err) == (0, "2 files: 2 fine already\n")
