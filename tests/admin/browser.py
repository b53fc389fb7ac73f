"""A headless Chromium that uses the page of an admin service as a person does, and looks for barriers with axe-core."""

import base64
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.admin.service import PASSWORD, ROOT
from tests.parts import alone, program

AXE = "4.14.1"
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
T = TypeVar("T")


class Browser:
    """A window of Chromium at one address; `width` in pixels, `is_dark` is what the person prefers."""

    def __init__(self, driver: webdriver.Chrome, port: int) -> None:
        self.driver = driver
        self.home = f"http://127.0.0.1:{port}/"

    def look(self, width: int = 1400, is_dark: bool = False) -> None:
        """Become a window of a width, whose owner likes it light or dark."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        liked = {"features": [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", liked)

    def go(self, place: str = "") -> None:
        """Open a view by its address, as a bookmark does."""
        self.driver.get("about:blank")
        self.driver.get(self.home + place)

    def until(self, found: Callable[[], T | None], what: str) -> T:
        """Wait until something is there that counts as true."""
        ignored = (StaleElementReferenceException, IndexError)
        one = WebDriverWait(self.driver, 20, 0.05, ignored).until(lambda _: found(), what)
        assert one is not None
        return one

    def all(self, selector: str) -> list[WebElement]:
        """Return the elements that are seen."""
        return [one for one in self.driver.find_elements(By.CSS_SELECTOR, selector) if one.is_displayed()]

    def one(self, selector: str) -> WebElement:
        """Wait for an element."""
        return self.until(lambda: self.all(selector)[0], f"there is {selector}")

    def button(self, text: str) -> WebElement:
        """Wait for a button or link of a text."""
        return self.until(
            lambda: next((one for one in self.all("button, a, summary") if one.text == text), None),
            f"there is a button {text}",
        )

    def field(self, label: str) -> WebElement:
        """Wait for the control with a label."""

        def found() -> WebElement | None:
            for one in self.all("label"):
                if one.text.partition(" (")[0] == label:
                    return self.driver.find_element(By.ID, one.get_attribute("for") or "")
            return None

        return self.until(found, f"there is a field {label}")

    def fill(self, label: str, text: str) -> None:
        """Replace what a field has."""
        field = self.field(label)
        if field.tag_name == "select":
            Select(field).select_by_visible_text(text)
        else:
            field.clear()
            field.send_keys(text)

    def wait_text(self, selector: str, text: str) -> None:
        """Wait until an element has a text."""
        self.until(lambda: any(text in one.text for one in self.all(selector)), f"{selector} has {text}")

    def rows(self) -> list[list[str]]:
        """Return the texts of a list's cells."""
        lines = self.driver.find_elements(By.CSS_SELECTOR, "tbody tr")
        return [[cell.text for cell in line.find_elements(By.CSS_SELECTOR, "td[data-label]")] for line in lines]

    def press(self, *keys: str) -> None:
        """Press keys, as somebody without a mouse does."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    @property
    def focus(self) -> WebElement:
        """The element that has the focus."""
        return self.driver.switch_to.active_element

    def login(self, name: str = "ann", password: str = PASSWORD) -> None:
        """Log in by the form."""
        self.go()
        self.fill("Name", name)
        self.fill("Password", password)
        self.button("Sign in").click()
        self.one("nav.tables")

    def barriers(self) -> list[str]:
        """Return what axe-core finds on the view."""
        self.driver.execute_script(axe())
        script = (
            "const done = arguments[arguments.length - 1], only = {runOnly: arguments[0]};"
            "axe.run(document, only).then(found => done(JSON.stringify(found)), wrong => done(String(wrong)));"
        )
        found = json.loads(self.driver.execute_async_script(script, RULES))
        assert found["passes"], found
        return [
            f"{one['id']}: {node['html'][:200]}\n{node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def said(self) -> list[str]:
        """Return what the console has said since the last time: a refused script or style is there."""
        return [str(one["message"]) for one in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def picture(self, path: Path) -> None:
        """Write the whole view as PNG."""
        height = self.driver.execute_script("return Math.min(document.documentElement.scrollHeight, 2400)")
        width = self.driver.execute_script("return innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        path.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def opened(port: int, language: str = "en-US") -> Iterator[Browser]:
    """Open a browser for a service; where there is none, the test is skipped with the reason."""
    browser, driver = program("chromium", "chromium"), program("chromedriver", "chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(word)
    options.add_argument(f"--lang={language}")
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    made = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        made.set_script_timeout(60)
        found = Browser(made, port)
        found.look()
        yield found
    finally:
        made.quit()


def axe() -> str:
    """Return the script of axe-core, a package of npm's, which is fetched once."""
    kept = ROOT / ".venv" / f"axe-core-{AXE}.js"
    with alone():
        if not kept.exists():
            npm = program("npm", "npm")
            ran = subprocess.run(
                [npm, "pack", "--silent", f"axe-core@{AXE}"], cwd=kept.parent, capture_output=True, check=False
            )
            if ran.returncode and not os.environ.get("CI"):
                pytest.skip(f"npm pack fails, is there a network? {ran.stderr.decode()[-200:]}")
            assert ran.returncode == 0, ran.stderr
            packed = kept.parent / f"axe-core-{AXE}.tgz"
            with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
                member = archive.extractfile("package/axe.min.js")
                assert member is not None
                kept.write_bytes(member.read())
            packed.unlink()
    return kept.read_text(encoding="utf-8")
