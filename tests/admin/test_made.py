"""Services that `mallgen admin new` makes ordinary: for goctl, for mypy, and on every dialect."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.admin.service import ROOT, AdminService, make, mallgen
from tests.goctl_tool import formatted, goctl, said

TABLES = {
    "product": "product,category,flashsale,flashsaleitem,banner",
    "user": "user",
    "order": "orders,orderitem",
}
POSTGRES = """-- mallgen:dialect postgres
CREATE TYPE mood AS ENUM ('glad', 'not so');
CREATE TABLE person (
  id uuid PRIMARY KEY,
  name varchar(20) NOT NULL,
  mood mood NOT NULL DEFAULT 'glad',
  born date,
  wakes time,
  since timestamptz NOT NULL DEFAULT now(),
  tags text[],
  state smallint NOT NULL DEFAULT 1,
  more jsonb
);
CREATE INDEX ON person (name, born);
CREATE INDEX ON person (since);
COMMENT ON COLUMN person.state IS '0:off 1:on';
"""


@pytest.mark.slow
def test_goctl_accepts_the_contract(tmp_path: Path) -> None:
    tool = goctl()
    ddl = (ROOT / "examples" / "sql" / "data.sql").read_text(encoding="utf-8")
    folder = make(tmp_path, "shop-admin", ddl, TABLES["product"], "-database", "product")
    contract = folder / "contracts" / "shop-admin.api"
    assert said(tool, contract) == ""
    text = contract.read_text(encoding="utf-8")
    assert formatted(tool, text) == text


@pytest.mark.slow
@pytest.mark.parametrize("database", TABLES)
def test_the_shop_is_typed_clean_and_without_drift(tmp_path: Path, database: str) -> None:
    ddl = (ROOT / "examples" / "sql" / "data.sql").read_text(encoding="utf-8")
    folder = make(tmp_path, "shop-admin", ddl, TABLES[database], "-database", database)
    _is_clean(folder)


@pytest.mark.slow
def test_postgres_types_are_typed_clean_and_served(tmp_path: Path) -> None:
    folder = make(tmp_path, "shop-admin", POSTGRES, "person")
    _is_clean(folder)
    service = AdminService(folder, "shop_admin")
    service.start_with_ann()
    try:
        key = "5f0c1c9e-3a56-4ad2-9a0c-0d6a2a0b7c11"
        row = {"id": key, "name": "ann", "born": "2001-02-03", "wakes": "06:30:00", "mood": "not so", "more": [1]}
        made = service.ask("POST", "/v1/person", row)
        assert made.status == 201, made.body
        assert {name: made.json[name] for name in row} == row
        assert "tags" not in made.json
        found = service.ask("GET", "/v1/person?sort=since&ps=1")
        assert [one["id"] for one in found.json["items"]] == [key]
        assert service.ask("PATCH", f"/v1/person/{key}", {"mood": "sad"}).status == 400
        assert service.ask("PATCH", f"/v1/person/{key}", {"born": "yesterday"}).status == 400
        assert service.ask("GET", "/v1/person/x").status == 400
        change = {"keys": [key], "action": "set", "state": 0}
        assert service.ask("POST", "/v1/person-change", change).json == {"changed": 1}
    finally:
        service.stop()


def _is_clean(folder: Path) -> None:
    contract = str(next(folder.glob("contracts/*.api")))
    for words in (["check"], ["api", "format", "-check", "."], ["api", "lint", "-api", contract]):
        ran = mallgen(folder, *words)
        assert ran.returncode == 0, (words, ran.stdout, ran.stderr)
    package = next(path.parent for path in folder.glob("*/svc.py"))
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", package.name, "tests"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT / "runtime")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
