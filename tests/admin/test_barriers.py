"""The page of an admin service without a mouse, and as axe-core looks at it: light and dark, wide and narrow."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.admin.browser import Browser, opened
from tests.admin.products import new_product
from tests.admin.service import PASSWORD, AdminService

pytestmark = pytest.mark.slow


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
    browser.go("#/~password")
    browser.one("form.login")
    yield "password"
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
    row = new_product(service, name=f"barrier {language}", image="/icon.svg", detail="long")
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
