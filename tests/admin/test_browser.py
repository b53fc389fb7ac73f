"""The page of an admin service in a browser: used as people do, with a mouse and without, in both languages."""

import csv
import io
import os
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.admin.browser import Browser, opened
from tests.admin.service import PASSWORD, AdminService, make

pytestmark = pytest.mark.slow

DDL = """CREATE TABLE `category` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL COMMENT 'as customers see it',
  PRIMARY KEY (`id`)
) COMMENT='商品分类表';

-- mallgen:version version
-- mallgen:list stocked by status, sort stock
CREATE TABLE `product` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `cateid` bigint NOT NULL COMMENT 'category',
  `name` varchar(60) NOT NULL,
  `image` varchar(500) NOT NULL DEFAULT '',
  `detail` text,
  `price` decimal(20,2) NOT NULL DEFAULT 0 COMMENT 'in yuan',
  `stock` int NOT NULL DEFAULT 0,
  `status` tinyint NOT NULL DEFAULT 1 COMMENT '1:on sale 2:off sale',
  `version` int NOT NULL DEFAULT 0,
  `create_time` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uk_name` (`name`),
  KEY `ix_status_stock` (`status`, `stock`),
  CONSTRAINT `fk` FOREIGN KEY (`cateid`) REFERENCES `category` (`id`)
);
"""
ATTACK = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
LARGE = 2**60 + 1  # JavaScript's numbers would make another one of it


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminService]:
    running = AdminService(make(tmp_path_factory.mktemp("admin"), "shop-admin", DDL, "product,category"), "shop_admin")
    running.start_with_ann()
    for name in ("Phones", "Books"):
        assert running.ask("POST", "/v1/category", {"name": name}).status == 201
    for number in range(24):
        _new(running, name=f"thing {number}", stock=number, image="/icon.svg" if number % 2 else "")
    yield running
    running.stop()


def _new(service: AdminService, **values: Any) -> Any:
    said = service.ask("POST", "/v1/product", {"cateid": 1, "price": "9.90", **values})
    assert said.status == 201, said.body
    return said.json


@pytest.fixture
def browser(service: AdminService) -> Iterator[Browser]:
    with opened(service.port) as found:
        yield found
        refused = [text for text in found.said() if "Content Security Policy" in text or "Uncaught" in text]
        assert refused == []


def test_a_price_is_changed_as_people_do(service: AdminService, browser: Browser) -> None:
    row = _new(service, name="blue cup")
    browser.login()
    browser.field("Open by Id").send_keys(str(row["id"]), Keys.ENTER)
    browser.wait_text("h1", "blue cup")
    browser.fill("Price", "12.50")
    browser.button("Save").click()
    browser.wait_text("#said", "Saved.")
    assert service.ask("GET", f"/v1/product/{row['id']}").json == {**row, "price": "12.50", "version": 1}
    browser.wait_text(".changes", "12.50")
    assert "9.90" in browser.one(".changes").text
    browser.go("#/product?sort=id&order=desc&ps=20")
    browser.wait_text("tbody tr", "blue cup")
    (line,) = (line for line in browser.rows() if "blue cup" in line)
    assert "12.50" in line
    assert "Phones #1" in line
    assert "on sale" in line


def test_stored_markup_stays_text(service: AdminService, browser: Browser) -> None:
    row = _new(service, name=ATTACK[:60], detail=ATTACK, image="javascript:document.title='owned'")
    browser.login()
    for place in ("#/product?sort=id&order=desc&ps=20", f"#/product/row?id={row['id']}", "#/admin_audit"):
        browser.go(place)
        browser.wait_text("main", ATTACK[:40] if "audit" not in place else "created")
        if "audit" in place:
            browser.all(".change summary")[0].click()
            browser.wait_text(".diff", ATTACK[:40])
        assert browser.driver.title != "owned"
        assert browser.driver.find_elements(By.CSS_SELECTOR, "main script, img[onerror], img[src='x']") == []
        assert browser.driver.find_elements(By.CSS_SELECTOR, "[src^='javascript:'], [href^='javascript:']") == []
    browser.go(f"#/product/row?id={row['id']}")
    browser.button("Delete").click()
    browser.wait_text("dialog", ATTACK[:40])
    browser.one("dialog button").click()


def test_wrong_values_are_told_in_their_places(service: AdminService, browser: Browser) -> None:
    _new(service, name="taken")
    browser.login()
    browser.button("New").click()
    browser.button("Save").click()
    browser.wait_text(".summary", "Please check these fields")
    assert browser.focus == browser.one(".summary")
    name = browser.field("Name")
    told = browser.driver.find_element(By.ID, (name.get_attribute("aria-describedby") or "").split()[-1])
    assert told.text == "Please enter Name"
    assert name.get_attribute("aria-invalid") == "true"
    browser.all(".summary a")[-1].click()
    assert browser.focus == name
    browser.fill("Cateid", "Books (#2)")
    browser.fill("Name", "x" * 61)
    browser.fill("Price", "much")
    browser.fill("Stock", "2147483648")
    browser.button("Save").click()
    browser.wait_text(".line .error", "At most 60 characters, these are 61")
    browser.wait_text(".line .error", "Please enter a number")
    browser.fill("Name", "taken")
    browser.fill("Price", "1.00")
    browser.button("Save").click()  # the service itself refuses the stock
    browser.wait_text(".line .error", "2147483647")
    assert browser.field("Stock").get_attribute("aria-invalid") == "true"
    browser.fill("Stock", "3")
    browser.button("Save").click()
    browser.wait_text(".summary", "Another row has this value already.")
    browser.fill("Name", "free")
    browser.button("Save").click()
    browser.wait_text("h1", "free")
    assert browser.all("dd")[0].text.isdigit()


def test_what_somebody_else_has_changed_is_not_overwritten(service: AdminService, browser: Browser) -> None:
    row = _new(service, name="contested")
    browser.login()
    browser.go(f"#/product/row?id={row['id']}")
    browser.fill("Stock", "5")
    assert service.ask("PATCH", f"/v1/product/{row['id']}", {"stock": 9, "version": 0}).status == 200
    browser.button("Save").click()
    browser.wait_text(".summary", "Somebody else has changed this meanwhile.")
    assert service.ask("GET", f"/v1/product/{row['id']}").json["stock"] == 9
    browser.button("Delete").click()
    browser.one("dialog .danger").click()
    browser.wait_text("#said", "Somebody else has changed this meanwhile.")
    assert service.ask("GET", f"/v1/product/{row['id']}").status == 200


def test_only_served_lists_are_offered_and_pages_turn(service: AdminService, browser: Browser) -> None:
    browser.login()
    browser.one("tbody tr")
    first = browser.rows()
    assert len(first) == 20
    assert "Stock" not in [one.text for one in browser.all("th button")]  # no index serves it without the status
    browser.button("Next").click()
    browser.wait_text(".pager", "Page 2")
    second = browser.rows()
    assert not {line[0] for line in first} & {line[0] for line in second}
    browser.button("Previous").click()
    browser.wait_text(".pager", "Page 1")
    assert browser.rows() == first
    browser.fill("Status", "on sale")
    browser.fill("Sorted by", "Stock")
    browser.button("Apply").click()
    browser.until(lambda: "status=1" in browser.driver.current_url, "the address has the filter")
    browser.one("th[aria-sort=ascending]")
    browser.button("Stock\n↑").click()
    browser.one("th[aria-sort=descending]")
    stocks = [int(line[5]) for line in browser.rows()]
    assert stocks == sorted(stocks, reverse=True)
    export = browser.button("Export CSV").get_attribute("href")
    assert export is not None
    asked = urllib.request.Request(export, headers={"authorization": f"Bearer {service.token}"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode("utf-8-sig"), newline="")))
    assert [int(row["stock"]) for row in rows[:20]] == stocks
    assert {row["status"] for row in rows} == {"1"}
    browser.fill("Cateid", "Books (#2)")
    browser.wait_text(".filters .error", "No index serves these filters together")


def test_several_rows_are_changed_and_deleted(service: AdminService, browser: Browser) -> None:
    keys = [_new(service, name=f"several {number}")["id"] for number in range(3)]
    browser.login()
    browser.go("#/product?sort=id&order=desc&ps=20")
    for box in browser.until(lambda: browser.all("tbody .pick input")[:3], "there are rows"):
        box.click()
    browser.wait_text(".bulk", "3 selected")
    Select(browser.one(".bulk select")).select_by_visible_text("off sale")
    browser.one(".bulk button").click()
    browser.wait_text("dialog", "Set Status of 3 rows to off sale?")
    browser.one("dialog .main").click()
    browser.wait_text("#said", "3 changed.")
    assert [service.ask("GET", f"/v1/product/{key}").json["status"] for key in keys] == [2, 2, 2]
    for box in browser.until(lambda: browser.all("tbody .pick input:not(:checked)")[:3], "there are rows"):
        box.click()
    browser.one(".bulk .danger").click()
    browser.one("dialog .danger").click()
    browser.until(lambda: service.ask("GET", f"/v1/product/{keys[0]}").status == 404, "it is deleted")


def test_a_session_that_ends_costs_nothing_that_was_entered(service: AdminService, browser: Browser) -> None:
    row = _new(service, name="kept")
    browser.login()
    browser.go(f"#/product/row?id={row['id']}")
    browser.fill("Price", "77.00")
    browser.driver.delete_all_cookies()
    browser.button("Save").click()
    browser.wait_text("dialog", "Your session has ended.")
    browser.all("dialog input[type=password]")[0].send_keys("wrong password", Keys.ENTER)
    browser.wait_text("dialog .error", "Name or password is wrong.")
    browser.all("dialog input[type=password]")[0].send_keys(PASSWORD, Keys.ENTER)
    browser.wait_text("#said", "Saved.")
    assert service.ask("GET", f"/v1/product/{row['id']}").json["price"] == "77.00"
    browser.button("Sign out").click()
    browser.field("Password")
    browser.go("#/product")
    browser.field("Password")


def test_keys_beyond_javascripts_numbers_are_those_of_their_rows(service: AdminService, browser: Browser) -> None:
    with closing(sqlite3.connect(next(service.folder.glob("data/*.db")))) as db, db:
        db.executemany("INSERT INTO category (id, name) VALUES (?, ?)", [(LARGE, "snow"), (LARGE + 2, "ice")])
    browser.login()
    browser.go("#/category?sort=id&order=desc&ps=20")
    browser.wait_text("tbody tr", str(LARGE))
    browser.button(str(LARGE)).click()
    browser.wait_text("h1", "snow")
    browser.fill("Name", "snowflake")
    browser.button("Save").click()
    browser.wait_text("#said", "Saved.")
    assert service.ask("GET", f"/v1/category/{LARGE}").json == {"id": LARGE, "name": "snowflake"}
    browser.go("#/category?sort=id&order=desc&ps=20")
    browser.wait_text("tbody tr", "snowflake")
    for box in browser.all("tbody .pick input")[:2]:
        box.click()
    browser.one(".bulk .danger").click()
    browser.one("dialog .danger").click()
    browser.wait_text("#said", "2 changed.")
    assert service.ask("GET", f"/v1/category/{LARGE}").status == 404


def test_who_may_only_read_is_offered_nothing_else(service: AdminService, browser: Browser) -> None:
    made = service.manage("createuser", "rita")
    assert made.returncode == 0, made.stderr
    browser.login("rita")
    browser.one("tbody tr")
    words = {one.text for one in browser.all("button, a")}
    assert not words & {"New", "Edit", "Delete", "Changes"}
    assert "View" in words
    browser.all("tbody a.button")[0].click()
    browser.one(".facts")
    assert browser.all("form") == []


def _tab_to(browser: Browser, *words: str, back: bool = False) -> None:
    """Press Tab until what has the focus is called so; each stop must be seen to have it."""
    for _ in range(80):
        ActionChains(browser.driver).key_down(Keys.SHIFT if back else Keys.NULL).send_keys(Keys.TAB).key_up(
            Keys.SHIFT if back else Keys.NULL
        ).perform()
        focus = browser.focus
        if focus.tag_name == "body":
            continue
        assert focus.value_of_css_property("outline-style") != "none", focus.get_attribute("outerHTML")
        if focus.accessible_name in words:
            return
    raise AssertionError(f"no way to {words}")


def test_nothing_needs_a_mouse(service: AdminService, browser: Browser) -> None:
    browser.go()
    browser.field("Name")
    browser.press("ann", Keys.TAB, PASSWORD, Keys.ENTER)
    browser.one("tbody tr")
    browser.until(lambda: browser.focus.tag_name == "h1", "the heading has the focus")
    _tab_to(browser, "Skip to the content", back=True)
    browser.press(Keys.ENTER)
    assert browser.focus.get_attribute("id") == "content"
    _tab_to(browser, "Columns")
    browser.press(Keys.ENTER)
    _tab_to(browser, "Version")
    browser.press(Keys.SPACE)
    browser.wait_text("th", "Version")
    browser.press(Keys.ESCAPE)
    assert browser.focus.accessible_name == "Columns"
    _tab_to(browser, "New", back=True)
    browser.press(Keys.ENTER)
    browser.wait_text("h1", "New: Product")
    _tab_to(browser, "Cateid (required)")
    browser.press("P")
    _tab_to(browser, "Name (required)")
    browser.press("typed", Keys.ENTER)
    browser.wait_text("h1", "typed")
    _tab_to(browser, "Delete")
    browser.press(Keys.ENTER)
    browser.wait_text("dialog", "Delete typed?")
    assert browser.focus.text == "Cancel"
    browser.press(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog"), "the dialog is gone")
    assert browser.focus.text == "Delete"
    browser.press(Keys.ENTER)
    browser.one("dialog")
    browser.press(Keys.TAB, Keys.ENTER)
    browser.wait_text("#said", "Deleted.")
    assert all(row["name"] != "typed" for row in service.ask("GET", "/v1/product?ps=100").json["items"])


def _views(browser: Browser, key: int) -> Iterator[str]:
    """Show each view of the page and yield its name."""
    browser.go("#/product?sort=id&order=asc&ps=20")
    browser.one("tbody tr")
    yield "list"
    browser.all("tbody .pick input")[0].click()
    browser.one(".bulk")
    browser.one(".columns summary").click()
    yield "chosen"
    browser.one(".bulk .danger").click()
    browser.one("dialog")
    yield "question"
    browser.go("#/product?cateid=1&status=1&ps=20")
    browser.one(".note")
    yield "unserved"
    browser.go("#/product/new")
    browser.one("form.editor .main").click()
    browser.one(".summary li")
    yield "new"
    browser.go(f"#/product/row?id={key}")
    browser.one(".changes .tag")
    yield "row"
    browser.go("#/admin_audit")
    browser.one(".change summary").click()
    yield "trail"
    browser.go("#/product/row?id=0")
    browser.one("main .error")
    yield "absent"
    browser.go(f"#/product/row?id={key}")
    browser.one("form.editor")
    browser.driver.delete_all_cookies()
    browser.one("form.editor input").send_keys("x")
    browser.one("form.editor .main").click()
    browser.one("dialog input")
    yield "again"


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_there_is_no_barrier(service: AdminService, language: str, tmp_path: Path) -> None:
    row = _new(service, name=f"barrier {language}", image="/icon.svg", detail="long")
    service.ask("PATCH", f"/v1/product/{row['id']}", {"price": "1.50", "version": 0})
    pictures = Path(os.environ.get("MALLGEN_PICTURES", tmp_path))
    found = []
    with opened(service.port, language) as browser:
        for width, is_dark in ((1400, False), (400, True)) if language == "zh-CN" else ((1400, True), (400, False)):
            browser.look(width, is_dark)
            browser.driver.delete_all_cookies()
            browser.go()
            browser.one("input[type=password]")
            found += browser.barriers()
            browser.picture(pictures / f"{language}-{width}-login.png")
            browser.all("input")[0].send_keys("ann")
            browser.all("input")[1].send_keys(PASSWORD, Keys.ENTER)
            browser.one("nav.tables")
            for view in _views(browser, row["id"]):
                found += [f"{view} at {width}: {text}" for text in browser.barriers()]
                assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= width, view
                browser.picture(pictures / f"{language}-{width}-{view}.png")
    assert found == []
