"""An admin service as clients meet it: rows over a socket, changes with their trail, and what it refuses."""

import base64
import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.admin.service import AdminService, bearer, make

DDL = """CREATE TABLE `product` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `cateid` bigint NOT NULL,
  `name` varchar(20) NOT NULL COMMENT 'as customers see it',
  `detail` text,
  `price` decimal(20,2) NOT NULL DEFAULT 0,
  `state` enum('draft','sold') NOT NULL DEFAULT 'draft',
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '商品状态: 1-在售,2-下架',
  `supplier_token` varchar(64) NOT NULL DEFAULT 's3cret',
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_name` (`name`),
  KEY `ix_status_create_time` (`status`, `create_time`),
  KEY `ix_token` (`supplier_token`)
);

-- mallgen:version version
-- mallgen:soft-delete gone
CREATE TABLE `stock` (
  `shop` varchar(20) NOT NULL,
  `product` bigint NOT NULL,
  `class` int NOT NULL DEFAULT 0,
  `version` int NOT NULL DEFAULT 0,
  `gone` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`shop`, `product`)
);

CREATE TABLE `word` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `place` int NOT NULL DEFAULT 1,
  `rows` int NOT NULL DEFAULT 1,
  `req` int NOT NULL DEFAULT 1,
  `falling` int NOT NULL DEFAULT 1,
  `ways` int NOT NULL DEFAULT 1,
  `int` int NOT NULL DEFAULT 1,
  `datetime` int NOT NULL DEFAULT 1,
  `at` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  KEY `ix_place` (`place`),
  KEY `ix_rows` (`rows`),
  KEY `ix_req` (`req`),
  KEY `ix_falling` (`falling`),
  KEY `ix_ways` (`ways`),
  KEY `ix_int` (`int`),
  KEY `ix_datetime_at` (`datetime`, `at`)
);
"""
KEYS = """
CREATE TABLE `paper` (`name` varchar(300) NOT NULL, `note` varchar(20) DEFAULT NULL, PRIMARY KEY (`name`));
CREATE TABLE `moment` (`at` datetime NOT NULL, `note` varchar(20) DEFAULT NULL, PRIMARY KEY (`at`));
"""
WORDS = ("place", "rows", "req", "falling", "ways", "int", "datetime")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    folder = make(tmp_path_factory.mktemp("admin"), "shop-admin", DDL + KEYS, "product,stock,word,paper,moment")
    running = AdminService(folder, "shop_admin")
    running.start_with_ann()
    yield running
    running.stop()


def _new(service: AdminService, **values: Any) -> Any:
    said = service.ask("POST", "/v1/product", {"cateid": 1, **values})
    assert said.status == 201, said.body
    return said.json


def _trail(service: AdminService) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(next(service.folder.glob("data/*.db")))) as db:
        return list(
            db.execute(
                "SELECT actor, request_id, action, table_name, row_key, before_row, after_row FROM admin_audit"
                " WHERE table_name <> 'admin_account'"
            )
        )


def test_rows_are_listed_in_pages_by_what_is_indexed(service: AdminService) -> None:
    for number in range(5):
        _new(service, name=f"paged {number}", create_time=f"2026-01-0{number + 1}T00:00:00Z", status=2)
    path, names, pages = "/v1/product?sort=create_time&order=desc&status=2&ps=2", [], 0
    cursor = ""
    while pages == 0 or cursor:
        page = service.ask("GET", f"{path}&cursor={cursor}").json
        names += [row["name"] for row in page["items"]]
        cursor, pages = page["cursor"], pages + 1
    assert names == [f"paged {number}" for number in (4, 3, 2, 1, 0)]
    assert pages == 3


@pytest.mark.parametrize("word", WORDS)
def test_a_filter_may_have_the_name_of_anything(service: AdminService, word: str) -> None:
    made = service.ask("POST", "/v1/word", {word: 7}).json
    sort = "at" if word == "datetime" else "id"
    for order in ("asc", "desc"):
        said = service.ask("GET", f"/v1/word?sort={sort}&order={order}&{word}=7")
        assert (said.status, said.json.get("items")) == (200, [made])


def test_what_no_index_serves_is_refused(service: AdminService) -> None:
    assert service.ask("GET", "/v1/product?sort=price").status == 400
    assert service.ask("GET", "/v1/product?sort=supplier_token").status == 400
    said = service.ask("GET", "/v1/product?sort=create_time")
    assert said.status == 400
    assert "sort=create_time with status" in said.json["detail"]
    assert service.ask("GET", "/v1/product?ps=101").status == 400
    assert service.ask("GET", "/v1/product?ps=0").status == 400


def test_sql_in_filters_is_a_value(service: AdminService) -> None:
    assert service.ask("GET", "/v1/product?status=1%20OR%201=1&sort=create_time").status == 400
    said = service.ask("GET", "/v1/stock?shop=%27%20OR%20%271%27=%271&sort=product")
    assert said.status == 200
    assert said.json["items"] == []


def test_a_cursor_that_was_changed_is_refused(service: AdminService) -> None:
    for number in range(3):
        _new(service, name=f"cut {number}")
    cursor = service.ask("GET", "/v1/product?ps=1").json["cursor"]
    mark, _ = json.loads(base64.urlsafe_b64decode(cursor))
    other = [
        base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
        for value in ([mark, ["1 OR 1"]], [mark, [1, 2]], mark, ["x", [1]])
    ]
    for wrong in (cursor[:-4], "x", "%00", "A" * 5000, *other):
        assert service.ask("GET", f"/v1/product?ps=1&cursor={wrong}").status == 400, wrong
    assert service.ask("GET", f"/v1/product?ps=1&order=desc&cursor={cursor}").status == 400
    assert service.ask("GET", f"/v1/product?ps=1&cursor={cursor}").status == 200


def test_a_change_writes_what_it_gives_and_its_trail(service: AdminService) -> None:
    row = _new(service, name="cup", price="9.90", detail="blue")
    path = f"/v1/product/{row['id']}"
    said = service.ask("PATCH", path, {"price": "8.50", "clear": ["detail"]})
    assert said.status == 200
    assert said.json == {**row, "price": "8.50", "detail": None}
    *_, last = _trail(service)
    assert last[:5] == ("ann", said.headers["x-request-id"], "update", "product", str(row["id"]))
    assert json.loads(last[5]) == row
    assert json.loads(last[6]) == said.json


def test_a_field_that_is_set_and_cleared_is_refused_at_its_place(service: AdminService) -> None:
    row = _new(service, name="both")
    said = service.ask("PATCH", f"/v1/product/{row['id']}", {"clear": ["detail"], "detail": "blue"})
    assert said.status == 400
    assert said.json["errors"] == [{"source": "json", "name": "clear", "reason": "`detail` has a value as well"}]


def test_secrets_and_what_nobody_may_write_stay_as_they_are(service: AdminService) -> None:
    row = _new(service, name="mass", supplier_token="mine")
    assert "supplier_token" not in row
    service.ask("PATCH", f"/v1/product/{row['id']}", {"price": "1.00", "supplier_token": "mine", "id": 999})
    with closing(sqlite3.connect(next(service.folder.glob("data/*.db")))) as db:
        found = db.execute("SELECT id, supplier_token FROM product WHERE name = 'mass'").fetchall()
        assert found == [(row["id"], "s3cret")]
    assert not any("s3cret" in str(line) or "mine" in str(line) for line in _trail(service))
    assert service.ask("PATCH", f"/v1/product/{row['id']}", {"supplier_token": "mine"}).json["code"] == "no_change"


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": "much"},
        {"status": 3},
        {"state": "gone"},
        {"name": "x" * 21},
        {"create_time": "soon"},
        {"clear": ["name"]},
        {"clear": ["detail"], "detail": "blue"},
    ],
)
def test_a_wrong_value_changes_nothing(service: AdminService, wrong: dict[str, Any]) -> None:
    row = _new(service, name=f"w{'-'.join(wrong)}")
    trail = len(_trail(service))
    assert service.ask("PATCH", f"/v1/product/{row['id']}", wrong).status == 400
    assert service.ask("GET", f"/v1/product/{row['id']}").json == row
    assert len(_trail(service)) == trail


def test_a_name_that_is_taken_is_a_conflict_without_a_trail(service: AdminService) -> None:
    _new(service, name="once")
    trail = len(_trail(service))
    assert service.ask("POST", "/v1/product", {"cateid": 1, "name": "once"}).status == 409
    assert len(_trail(service)) == trail


def test_several_rows_are_set_and_deleted_with_a_trail_each(service: AdminService) -> None:
    keys = [_new(service, name=f"bulk {number}")["id"] for number in range(3)]
    said = service.ask("POST", "/v1/product-change", {"keys": [*keys, 10**6], "action": "set", "status": 2})
    assert said.json == {"changed": 3}
    assert [service.ask("GET", f"/v1/product/{key}").json["status"] for key in keys] == [2, 2, 2]
    assert service.ask("POST", "/v1/product-change", {"keys": keys, "action": "delete"}).json == {"changed": 3}
    assert [service.ask("GET", f"/v1/product/{key}").status for key in keys] == [404, 404, 404]
    assert [line[2] for line in _trail(service)[-6:]] == ["set"] * 3 + ["delete"] * 3
    too_many = {"keys": list(range(101)), "action": "delete"}
    assert service.ask("POST", "/v1/product-change", too_many).status == 400
    assert service.ask("POST", "/v1/product-change", {"keys": keys, "action": "set"}).json["code"] == "no_change"


def test_the_trail_has_a_key_as_answers_spell_it_and_cut(service: AdminService) -> None:
    long = "語" * 300
    for table, column, given, key in (
        ("paper", "name", long, long[:255]),
        ("moment", "at", "2026-01-02T08:00:00+08:00", "2026-01-02T00:00:00Z"),
    ):
        assert service.ask("POST", f"/v1/{table}", {column: given}).status == 201
        path = f"/v1/{table}-row?{column}={quote(given)}" if table == "paper" else f"/v1/{table}/{quote(given)}"
        assert service.ask("PATCH", path, {"note": "x"}).status == 200
        changed = service.ask("POST", f"/v1/{table}-change", {"keys": [given], "action": "delete"})
        assert changed.json == {"changed": 1}
        assert [(line[2], line[4]) for line in _trail(service)[-3:]] == [
            (action, key) for action in ("create", "update", "delete")
        ]


def test_another_version_is_a_conflict(service: AdminService) -> None:
    row = service.ask("POST", "/v1/stock", {"shop": "a/b", "product": 7}).json
    assert row == {"shop": "a/b", "product": 7, "class": 0, "version": 0}
    path = "/v1/stock-row?shop=a%2Fb&product=7"
    said = service.ask("PATCH", path, {"class": 1, "version": 0})
    assert said.json.get("version") == 1, said
    assert service.ask("PATCH", path, {"class": 2, "version": 0}).status == 409
    assert service.ask("PATCH", path, {"class": 2}).status == 400
    assert service.ask("DELETE", f"{path}&version=0").status == 409
    assert service.ask("DELETE", f"{path}&version=1").status == 200
    assert service.ask("GET", path).status == 404
    with closing(sqlite3.connect(next(service.folder.glob("data/*.db")))) as db:
        assert db.execute("SELECT class, gone FROM stock").fetchall() == [(1, 1)]


def test_an_export_has_all_rows_and_no_formula(service: AdminService) -> None:
    for number, name in enumerate(("=1+1", "+1", "-1+2", "@sum", "\tx", "\rx", 'say "a", b')):
        _new(service, name=name, price=f"-{number}.50")
    said = service.ask("GET", "/v1/product-export")
    assert said.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(said.body.decode("utf-8-sig"), newline="")))
    assert len(rows) == sum(1 for _ in _all(service))
    assert {row["name"] for row in rows} >= {"'=1+1", "'+1", "'-1+2", "'@sum", "'\tx", "'\rx", 'say "a", b'}
    assert {row["price"] for row in rows} >= {"-1.50"}
    assert "supplier_token" not in rows[0]


def _all(service: AdminService) -> Iterator[Any]:
    cursor = ""
    while True:
        page = service.ask("GET", f"/v1/product?ps=100&cursor={cursor}").json
        yield from page["items"]
        cursor = page["cursor"]
        if not cursor:
            return


def test_nobody_comes_in_without_a_token(service: AdminService) -> None:
    assert service.ask("GET", "/v1/product", token="").status == 401
    assert service.ask("GET", "/v1/product", token=bearer(exp=1)).status == 401
    text = next(service.folder.glob("etc/*.yaml")).read_text(encoding="utf-8")
    assert "Host: ${LISTEN_HOST:-127.0.0.1}\n" in text


def test_what_was_made_is_an_ordinary_service(service: AdminService) -> None:
    assert Path(service.folder, "mallgen.toml").is_file()
    assert "// 商品状态: 1-在售,2-下架" in Path(service.folder, "contracts/shop-admin.api").read_text(encoding="utf-8")
