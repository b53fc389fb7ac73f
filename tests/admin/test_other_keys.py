"""The page on tables with keys of several columns and of text, and with names that no path has as they are."""

import json
from collections.abc import Iterator

import pytest
from selenium.webdriver.support.ui import Select

from tests.admin.browser import Browser, opened
from tests.admin.service import AdminService, make

pytestmark = pytest.mark.slow

DDL = """-- mallgen:version version
-- mallgen:soft-delete gone
CREATE TABLE `FlashSale` (
  `shop` varchar(20) NOT NULL,
  `product` bigint NOT NULL,
  `note` varchar(20) DEFAULT NULL,
  `is_open` boolean NOT NULL DEFAULT true,
  `ends_at` datetime DEFAULT NULL,
  `days` set('mon','tue') NOT NULL DEFAULT '',
  `more` json DEFAULT NULL,
  `version` int NOT NULL DEFAULT 0,
  `gone` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`shop`, `product`)
);
CREATE TABLE `order_item` (`id` bigint NOT NULL AUTO_INCREMENT, `name` varchar(20) NOT NULL, PRIMARY KEY (`id`));
"""
ROW = "/v1/flash-sale-row?shop=a%2Fb%3Fc&product=7"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    folder = make(tmp_path_factory.mktemp("keys"), "shop-admin", DDL, "FlashSale,order_item")
    running = AdminService(folder, "shop_admin")
    running.start_with_ann()
    yield running
    running.stop()


def test_a_row_with_a_key_of_two_columns_is_made_changed_and_deleted(service: AdminService, browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Shanghai"})
    browser.login()
    browser.wait_text(".note", "choose Shop too")
    browser.button("New").click()
    browser.fill("Shop", "a/b?c")
    browser.fill("Product", "7")
    browser.fill("Note", "first")
    browser.fill("Is open", "No")
    browser.fill("More", '{"a": [1]}')
    browser.button("Save").click()
    browser.wait_text("h1", "first")
    made = service.ask("GET", ROW).json
    assert (made["note"], made["is_open"], made["more"], made["version"]) == ("first", False, {"a": [1]}, 0)
    browser.fill("Note", "")
    browser.fill("More", "{")
    browser.button("Save").click()
    browser.wait_text(".line .error", "This is no valid JSON")
    browser.fill("More", "[2]")
    browser.driver.execute_script(
        "arguments[0].value = '2026-02-03T04:05:06'; arguments[0].dispatchEvent(new Event('change'))",
        browser.field("Ends at"),
    )
    browser.button("Save").click()
    browser.wait_text("#said", "Saved.")
    changed = service.ask("GET", ROW).json
    assert (changed["note"], changed["more"], changed["version"]) == (None, [2], 1)
    assert changed["ends_at"] == "2026-02-02T20:05:06Z"
    browser.wait_text(".changes", "first")
    assert browser.field("Ends at").get_attribute("value") == "2026-02-03T04:05:06"
    browser.go("#/FlashSale?shop=a%2Fb%3Fc&sort=product&order=asc&ps=20")
    browser.until(lambda: browser.all("tbody tr"), "the list has the row")
    browser.button("a/b?c").click()
    browser.button("Delete").click()
    browser.one("dialog .danger").click()
    browser.wait_text("#said", "Deleted.")
    assert service.ask("GET", ROW).status == 404


def test_numbers_in_json_beyond_javascripts_stay_what_they_are(service: AdminService, browser: Browser) -> None:
    large, other = 2**60 + 1, -(2**63)
    row = {"shop": "json", "product": 1, "more": {"a": large, "b": [large]}}
    assert service.ask("POST", "/v1/flash-sale", row).status == 201
    browser.login()
    browser.go("#/FlashSale/row?shop=json&product=1")
    field = browser.field("More")
    assert json.loads(field.get_attribute("value") or "") == row["more"]
    browser.fill("More", f'{{"a": {large}, "b": [{other}, 1.5]}}')
    browser.button("Save").click()
    browser.wait_text("#said", "Saved.")
    found = service.ask("GET", "/v1/flash-sale-row?shop=json&product=1").json
    assert found["more"] == {"a": large, "b": [other, 1.5]}
    browser.wait_text(".changes ins", str(large))
    assert f'"{large}"' not in browser.one(".changes").text


def test_a_browser_that_would_round_numbers_is_told(service: AdminService) -> None:
    row = {"shop": "old", "product": 2**60 + 1}
    assert service.ask("POST", "/v1/flash-sale", row).status == 201
    old = "const own = JSON.parse; JSON.parse = (text, made) => own(text, made && ((key, value) => made(key, value)));"
    with opened(service.port) as browser:
        browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": old})
        browser.login()
        browser.go("#/FlashSale?shop=old&sort=product&order=asc&ps=20")
        browser.wait_text(".error", "would round large numbers")
        assert browser.rows() == []


def test_a_table_of_several_words_has_its_history(service: AdminService, browser: Browser) -> None:
    row = service.ask("POST", "/v1/order-item", {"name": "one"}).json
    service.ask("PATCH", f"/v1/order-item/{row['id']}", {"name": "two"})
    browser.login()
    browser.go(f"#/order_item/row?id={row['id']}")
    browser.wait_text(".changes del", "one")
    browser.go("#/admin_audit")
    Select(browser.field("Tables")).select_by_visible_text("Order item")
    browser.fill("ID", str(row["id"]))
    browser.button("Apply").click()
    browser.until(lambda: len(browser.all(".change")) == 2, "there are its two changes")


def test_the_language_of_the_page_is_chosen_and_kept(service: AdminService) -> None:
    with opened(service.port, "zh-CN") as browser:
        browser.go()
        browser.wait_text("h1", "管理后台")
        assert browser.driver.execute_script("return document.documentElement.lang") == "zh-CN"
        browser.button("English").click()
        browser.wait_text("h1", "Back office")
        browser.login()
        browser.go()
        browser.button("Sign out")
        assert browser.driver.execute_script("return document.documentElement.lang") == "en"
