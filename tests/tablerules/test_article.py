"""The article's own DDL: each flaw of it is found once, and MariaDB takes what model fix writes, as MySQL 8 would."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT, mallgen
from tests.servers import MariaDb

ARTICLE = ROOT.parent / "shared" / "seed" / "go-zero-mall-part3.txt"
STATEMENT = re.compile(r"^(?:CREATE DATABASE .*?;|USE .*?;|CREATE TABLE .*?^\).*?;)$", re.M | re.S)
TABLES = {
    "user": ["user"],
    "product": ["category", "product"],
    "cart": ["cart"],
    "order": ["orderitem", "orders", "shopping"],
    "pay": ["payinfo"],
}


@pytest.fixture
def printed(here: Path) -> Path:
    """Write the statements of the article as they are printed there; skip with the reason where it is not at hand."""
    if not ARTICLE.is_file():
        pytest.skip(f"the article is not at {ARTICLE}")
    path = here / "data.sql"
    path.write_text("\n".join(STATEMENT.findall(ARTICLE.read_text(encoding="utf-8"))) + "\n", encoding="utf-8")
    return path


def test_each_flaw_is_found(printed: Path) -> None:
    ran = mallgen("model", "lint", printed.name, "--format", "concise")
    found = Counter(re.findall(r"\[([a-z0-9-]+)\]", ran.out))
    assert found == {
        "ddl-reserved-name": 2,
        "ddl-syntax": 1,
        "ddl-double-default": 2,
        "ddl-zero-date": 4,
        "ids-differ": 2,
        "password-column": 1,
        "timestamp-2038": 20,
    }


def test_mariadb_takes_what_is_mended(printed: Path, mariadb_server: MariaDb) -> None:
    before = printed.read_text(encoding="utf-8")
    with pytest.raises(AssertionError, match="ERROR 1064"):
        mariadb_server.run("CREATE DATABASE order;")
    assert mallgen("model", "fix", printed.name).out.startswith("--- a/data.sql")
    assert printed.read_text(encoding="utf-8") == before
    ran = mallgen("model", "fix", "--write", printed.name)
    assert (ran.code, ran.err) == (0, "1 file: 1 fixed in 9 places\n")
    try:
        mariadb_server.run(printed.read_text(encoding="utf-8"))
        made = {name: mariadb_server.run("SHOW TABLES", name).split() for name in TABLES}
        assert made == TABLES
        columns = mariadb_server.run("SHOW COLUMNS FROM orders", "order")
        assert re.findall(r"^(\w+_time)\t\S+\tYES\t\t(\w+)", columns, re.M) == [
            (f"{name}_time", "NULL") for name in ("payment", "send", "end", "close")
        ]
    finally:
        mariadb_server.run("".join(f"DROP DATABASE IF EXISTS `{name}`;" for name in TABLES))
    assert mallgen("model", "fix", printed.name).err == "1 file: 1 fine already\n"


def test_the_articles_proto_disagrees_with_its_tables(printed: Path, here: Path) -> None:
    proto = re.search(r'^syntax = "proto3";\npackage order;.*?^}\n(?=使用)', ARTICLE.read_text("utf-8"), re.M | re.S)
    assert proto is not None
    (here / "order.proto").write_text(proto[0], encoding="utf-8")
    (here / "mallgen.toml").write_text(
        '[service.order]\ncontract = "order.proto"\ndir = "order"\ntables = ["data.sql"]\ndatabase = "order"\n',
        encoding="utf-8",
    )
    assert mallgen("model", "fix", "--write").code == 0
    assert mallgen("gen", "-q").code == 0
    ran = mallgen("check", "--format", "concise")
    assert re.findall(r"error\[(\S+)\] `(\w+)` is (\w+), and its column `(\S+)`", ran.out) == [
        ("number-too-narrow", "user_id", "int64", "orders.userid"),
        ("decimal-as-float", "payment", "float", "orders.payment"),
        ("number-too-narrow", "product_id", "int64", "orderitem.proid"),
        ("number-too-narrow", "user_id", "int64", "orderitem.userid"),
    ]
