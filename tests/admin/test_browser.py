"""The page of an admin service in a browser, used as people do."""

import csv
import io
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from tests.admin.browser import Browser
from tests.admin.products import new_product
from tests.admin.service import PASSWORD, AdminService
from tests.admin.test_pictures import PNG

pytestmark = pytest.mark.slow

ATTACK = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
LARGE = 2**60 + 1  # JavaScript's numbers would make another one of it


def test_a_price_is_changed_as_people_do(service: AdminService, browser: Browser) -> None:
    row = new_product(service, name="blue cup")
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
    row = new_product(service, name=ATTACK[:60], detail=ATTACK, image="javascript:document.title='owned'")
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
    new_product(service, name="taken")
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


def test_the_trail_is_narrowed_by_who_and_by_row(service: AdminService, browser: Browser) -> None:
    row = new_product(service, name="traced")
    service.ask("PATCH", f"/v1/product/{row['id']}", {"price": "3.00", "version": 0})
    browser.login()
    browser.go("#/admin_audit")
    browser.fill("ID", str(row["id"]))
    browser.button("Apply").click()
    browser.wait_text(".filters .error", "choose Table name too")
    browser.fill("Tables", "Product")
    browser.button("Apply").click()
    browser.until(lambda: len(browser.all(".change")) == 2, "there are the two changes of the row")
    assert "3.00" in browser.all(".change")[0].text
    browser.go("#/admin_audit?actor=nobody")
    browser.wait_text(".changes", "Nobody has changed this here.")


def test_what_somebody_else_has_changed_is_not_overwritten(service: AdminService, browser: Browser) -> None:
    row = new_product(service, name="contested")
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
    two = "const next = [...document.querySelectorAll('.pager button')].at(-1); next.click(); next.click();"
    browser.driver.execute_script(two)
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
    keys = [new_product(service, name=f"several {number}")["id"] for number in range(3)]
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


@pytest.mark.parametrize("by", [".acts button", ".pick input"])
def test_a_row_that_was_deleted_in_its_list_is_offered_no_more(
    service: AdminService, browser: Browser, by: str
) -> None:
    key = service.ask("POST", "/v1/category", {"name": "short-lived"}).json["id"]
    browser.login()
    _open(browser, "#/product/new")
    browser.until(lambda: f"(#{key})" in browser.field("Cateid").text, "the row is offered")
    _open(browser, "#/category?sort=id&order=desc&ps=20")
    line = browser.until(lambda: _line(browser, "short-lived"), "the list has the row")
    line.find_element(By.CSS_SELECTOR, by).click()
    if by == ".pick input":
        browser.one(".bulk .danger").click()
    browser.one("dialog .danger").click()
    browser.until(lambda: service.ask("GET", f"/v1/category/{key}").status == 404, "it is deleted")
    browser.until(lambda: not _line(browser, "short-lived"), "the list is without it")
    _open(browser, "#/product/new")
    assert f"(#{key})" not in browser.field("Cateid").text


def _open(browser: Browser, place: str) -> None:
    """Open a view as a link of the page does, which keeps what the page knows."""
    browser.driver.execute_script("location.hash = arguments[0]", place)


def _line(browser: Browser, text: str) -> WebElement | None:
    return next((one for one in browser.all("tbody tr") if text in one.text), None)


def test_a_session_that_ends_costs_nothing_that_was_entered(service: AdminService, browser: Browser) -> None:
    row = new_product(service, name="kept")
    browser.login()
    browser.go(f"#/product/row?id={row['id']}")
    browser.fill("Price", "77.00")
    browser.driver.delete_all_cookies()
    browser.button("Save").click()
    browser.wait_text("dialog", "Your session has ended.")
    browser.all("dialog input[type=password]")[0].send_keys("wrong password", Keys.ENTER)
    browser.wait_text("dialog .error", "Name or password is wrong.")
    browser.press(*[Keys.ESCAPE] * 4)  # the second one closes a dialog, whatever the page says
    browser.until(lambda: browser.all("dialog[open] input[type=password]"), "the dialog is there")
    browser.all("dialog input[type=password]")[0].send_keys(PASSWORD, Keys.ENTER)
    browser.wait_text("#said", "Saved.")
    assert service.ask("GET", f"/v1/product/{row['id']}").json["price"] == "77.00"
    browser.button("Sign out").click()
    browser.field("Password")
    browser.go("#/product")
    browser.field("Password")


def test_a_session_that_another_tab_began_goes_on(service: AdminService, browser: Browser) -> None:
    row = new_product(service, name="two tabs")
    service.add("olga", "editor")
    browser.login()
    browser.go(f"#/product/row?id={row['id']}")
    browser.fill("Price", "55.00")
    _in_another_tab(browser, "ann")
    browser.button("Save").click()
    browser.wait_text("#said", "Saved.")
    browser.fill("Price", "66.00")
    _in_another_tab(browser, "olga")
    browser.button("Save").click()
    browser.wait_text(".summary", "Somebody else has signed in in this browser.")
    assert service.ask("GET", f"/v1/product/{row['id']}").json["price"] == "55.00", "not in the name of olga"
    browser.button("Sign out").click()
    browser.button("olga")
    _in_another_tab(browser, "olga")
    browser.button("Sign out").click()
    browser.field("Password")


def _in_another_tab(browser: Browser, name: str) -> None:
    """Log in anew in a second tab, and close it."""
    first, driver = browser.driver.current_window_handle, browser.driver
    driver.switch_to.new_window("tab")
    browser.go()
    browser.one("nav.tables")
    driver.delete_all_cookies()
    browser.login(name)
    driver.close()
    driver.switch_to.window(first)


def test_somebody_changes_their_password(service: AdminService, browser: Browser) -> None:
    assert service.manage("createuser", "paul").returncode == 0
    browser.login("paul")
    browser.button("paul").click()
    browser.fill("Present password", "not that one at all")
    browser.fill("New password", "another horse battery")
    browser.fill("New password, once more", "another horse")
    browser.button("Save").click()
    browser.wait_text(".error", "The two new passwords differ.")
    browser.fill("New password, once more", "another horse battery")
    browser.button("Save").click()
    browser.wait_text(".error", "The present password is wrong")
    browser.fill("Present password", PASSWORD)
    browser.button("Save").click()
    browser.button("Sign in")
    browser.login("paul", "another horse battery")
    assert service.login("paul").status == 401


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


def test_a_picture_is_uploaded_and_shown(service: AdminService, browser: Browser, tmp_path: Path) -> None:
    row = new_product(service, name="pictured")
    (tmp_path / "cup.png").write_bytes(PNG)
    (tmp_path / "page.html").write_bytes(b"<script>document.title='owned'</script>")
    (tmp_path / "large.png").write_bytes(PNG + bytes(5 << 20))
    browser.login()
    browser.go(f"#/product/row?id={row['id']}")
    upload = browser.one("input[type=file]")
    upload.send_keys(str(tmp_path / "page.html"))
    browser.wait_text(".line .error", "must be a picture")
    upload.send_keys(str(tmp_path / "large.png"))
    browser.wait_text(".line .error", "A picture may have 5 MB at most")
    upload.send_keys(str(tmp_path / "cup.png"))
    browser.wait_text(".line", "Uploaded. Save to keep it.")
    browser.button("Save").click()
    browser.wait_text("#said", "Saved.")
    assert service.ask("GET", f"/v1/product/{row['id']}").json["image"].startswith("/pictures/")
    image = browser.one(".preview img")
    seen = "return arguments[0].complete && arguments[0].naturalWidth"
    browser.until(lambda: browser.driver.execute_script(seen, image), "the picture is shown")


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
