"""The description of tables that the page is filled by, made from contracts as people edit them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mallgen.emit.admin.page import tables
from mallgen.loading.load import load
from tests.admin.service import make, mallgen

DDL = """CREATE TABLE `category` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `name` varchar(20) NOT NULL,
  PRIMARY KEY (`id`)
);

-- mallgen:version version
-- mallgen:refers maker category
CREATE TABLE `product` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `cateid` bigint NOT NULL COMMENT '分类ID, 0 为一级分类',
  `maker` bigint NOT NULL DEFAULT 0,
  `name` varchar(20) NOT NULL COMMENT 'as customers see it',
  `image_url` varchar(200) NOT NULL DEFAULT '',
  `price` decimal(20,2) NOT NULL DEFAULT 0,
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '商品状态: 1-在售,2-下架',
  `version` int NOT NULL DEFAULT 0,
  `action` tinyint NOT NULL DEFAULT 1 COMMENT '1:buy 2:rent',
  `keys` tinyint NOT NULL DEFAULT 1 COMMENT '1:one 2:two',
  `ends_at` datetime DEFAULT NULL,
  `opens` time DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_status` (`status`),
  CONSTRAINT `fk` FOREIGN KEY (`cateid`) REFERENCES `category` (`id`)
) COMMENT='商品表';
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("page"), "shop-admin", DDL, "product,category")


def _tables(folder: Path) -> dict[str, Any]:
    contract = load(str(folder / "contracts/shop-admin.api"), False).contract
    assert contract is not None
    return {one["name"]: one for one in tables(contract)}


def _fields(table: Any) -> dict[str, Any]:
    return {one["name"]: one for one in table["fields"]}


def test_a_field_is_described_as_its_column_and_comment_say(folder: Path) -> None:
    fields = _fields(_tables(folder)["product"])
    assert fields["cateid"] == {
        "name": "cateid",
        "label": "分类ID",
        "help": "0 为一级分类",
        "type": "int",
        "refers": "category",
        "create": "required",
        "update": True,
    }
    assert fields["maker"]["refers"] == "category"
    assert fields["name"]["label"] == "Name"
    assert fields["name"]["help"] == "as customers see it"
    assert fields["name"]["max"] == 20
    assert fields["status"]["options"] == [{"value": 1, "name": "在售"}, {"value": 2, "name": "下架"}]
    assert fields["status"]["set"] is True
    assert fields["ends_at"]["clear"] is True
    assert fields["action"]["options"] == [{"value": 1, "name": "buy"}, {"value": 2, "name": "rent"}]
    assert not any("set" in fields[name] for name in ("action", "keys")), "a change of several rows says these itself"
    looks = {name: one["look"] for name, one in fields.items() if "look" in one}
    assert looks == {"image_url": "image", "price": "decimal", "ends_at": "datetime"}


def test_a_table_has_its_key_version_lists_and_routes(folder: Path) -> None:
    found = _tables(folder)
    assert list(found) == ["product", "category", "admin_audit"]
    product = found["product"]
    assert (product["title"], product["key"], product["version"]) == ("商品", ["id"], "version")
    assert product["filters"] == ["cateid", "status"]
    assert product["lists"] == [{"sort": "id", "with": names} for names in ([], ["status"], ["cateid"])]
    assert product["actions"]["delete"] == {"method": "DELETE", "path": "/v1/product/:id", "roles": ["editor"]}
    assert set(product["actions"]) == {"list", "get", "create", "update", "delete", "change", "export"}
    assert not product["is_trail"]
    assert found["admin_audit"]["is_trail"]
    assert set(found["admin_audit"]["actions"]) == {"list", "get", "export"}


def test_a_field_that_every_change_must_name_is_no_version(folder: Path, tmp_path: Path) -> None:
    text = (folder / "contracts/shop-admin.api").read_text(encoding="utf-8")
    asked = re.compile(r'(UpdateCategoryRequest \{.*?json:"name),optional', re.DOTALL)
    edited, count = asked.subn(r"\1", text)
    assert count == 1
    (tmp_path / "shop-admin.api").write_text(edited, encoding="utf-8")
    contract = load(str(tmp_path / "shop-admin.api"), False).contract
    assert contract is not None
    category = {one["name"]: one for one in tables(contract)}["category"]
    assert category["version"] == ""
    assert _fields(category)["name"]["update"] is True


def test_an_edited_contract_is_described_as_it_is_now(tmp_path: Path) -> None:
    folder = make(tmp_path, "shop-admin", DDL, "product,category")
    contract = folder / "contracts/shop-admin.api"
    text = contract.read_text(encoding="utf-8")
    before = "group:  product\n\tjwt:    Auth\n\troles:  editor"
    assert before in text
    text = text.replace(before, before.replace("editor", "boss, editor")).replace(
        '`json:"price" page:"decimal"`', '`json:"price" page:"image,refers=category"` // 价格: 含税'
    )
    text = text.replace('@doc "delete product"\n\t@handler DeleteProduct\n\tdelete', '@doc "x"\n\t@handler X\n\tput')
    contract.write_text(text, encoding="utf-8")
    assert mallgen(folder, "gen").returncode == 0
    made = (folder / "shop_admin" / "admin_page.py").read_text(encoding="utf-8")
    space: dict[str, str] = {}
    exec(made, space)
    product = json.loads(space["PAGE"])["tables"][0]
    price = _fields(product)["price"]
    assert (price["label"], price["help"], price["look"], price["refers"]) == ("价格", "含税", "image", "category")
    assert product["actions"]["create"]["roles"] == ["boss", "editor"]
    assert "delete" not in product["actions"]


def test_a_service_without_the_key_in_info_has_no_page(tmp_path: Path) -> None:
    contract = tmp_path / "plain.api"
    contract.write_text(
        'info (\n\ttitle: "x"\n\tadminPage: "false"\n)\nservice plain {\n\t@handler A\n\tget /a\n}\n', encoding="utf-8"
    )
    assert mallgen(tmp_path, "api", "py", "-api", "plain.api", "-dir", ".").returncode == 0
    assert not (tmp_path / "plain_api" / "admin_page.py").exists()
    assert "return ()" in (tmp_path / "plain_api" / "hooks.py").read_text(encoding="utf-8")
