"""Forty steps of the shop: each change of examples/ is made in a copy, and judged as a careful reviewer would.

tests/data/shop_steps.md has the steps. docs/compatibility.md tells ten of them.
"""

import contextlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, mallgen

AGAINST = ("breaking", "--against", "release.txt", "--no-witness", "--all")
PAGE = ROOT / "docs" / "compatibility.md"
STORY = re.compile(r"^```text step (?P<number>\d+)\n(?P<printed>.*?)^```$", re.M | re.S)
STEPS = ROOT / "tests" / "data" / "shop_steps.md"
STEP = re.compile(r"^## (?P<number>\d+) (?P<title>.+?)$(?P<body>.*?)(?=^## |\Z)", re.M | re.S)
EDIT = re.compile(r"^```diff (?P<path>\S+)\n(?P<lines>.*?)^```$", re.M | re.S)
EXPECTED = re.compile(r"(?P<rule>(?:error|warning) [a-z-]+|compatible)(?: x(?P<times>\d+))?")


class Step(NamedTuple):
    """A change of the shop with what must be reported: `error some-rule` or `compatible`, each with its count."""

    title: str
    edits: tuple[tuple[str, str], ...]
    reviewer: str
    expected: Counter[str]
    rollout: list[str]

    def make(self, folder: Path) -> None:
        """Change the contracts in a folder."""
        for path, lines in self.edits:
            text = (folder / path).read_text(encoding="utf-8")
            for old, new in hunks(lines):
                assert text.count(old) == 1, f"{self.title}: {path} has this {text.count(old)} times:\n{old}"
                text = text.replace(old, new)
            (folder / path).write_text(text, encoding="utf-8")


def hunks(lines: str) -> Iterator[tuple[str, str]]:
    """Yield the old and the new text of each place of a change."""
    for place in re.split(r"^@@\n", lines, flags=re.M):
        kept = place.splitlines(keepends=True)
        old, new = ("".join(line[1:] or "\n" for line in kept if line[0] != sign) for sign in "+-")
        yield old, new


def steps() -> dict[str, Step]:
    found: dict[str, Step] = {}
    for match in STEP.finditer(STEPS.read_text(encoding="utf-8")):
        body = match["body"]
        edits = tuple((edit["path"], edit["lines"]) for edit in EDIT.finditer(body))
        order = said(body, "Rollout").split("; ") if "\nRollout: " in body else []
        reviewer, counts = said(body, "Reviewer"), expected(said(body, "Expected"))
        found[match["number"]] = Step(match["title"], edits, reviewer, counts, order)
    return found


def said(body: str, what: str) -> str:
    (line,) = re.findall(rf"^{what}: (.+)$", body, re.M)
    return str(line)


def expected(line: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for part in line.split("; "):
        count, _, rest = part.partition(" ")
        if rest == "compatible":
            found[rest] = int(count)
            continue
        match = EXPECTED.fullmatch(part)
        assert match, part
        found[match["rule"]] = int(match["times"] or 1)
    return found


def judged(folder: Path) -> tuple[int, Counter[str]]:
    """Return the exit code, and what is reported against the baseline of a folder."""
    ran = mallgen(*AGAINST, "--format", "json")
    assert ran.code in (0, 1), ran.err
    found = json.loads(ran.out)
    return ran.code, Counter(
        "compatible" if one["severity"] == "info" else f"{one['severity']} {one['code']}" for one in found
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the shop's contracts and a baseline of them."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copy(ROOT / "mallgen.toml", folder)
    with contextlib.chdir(folder):
        assert mallgen("breaking", "--save", "release.txt").code == 0
    return folder


@pytest.fixture
def shop(saved: Path, here: Path) -> Path:
    """Return a copy of the shop's contracts with a baseline."""
    shutil.copytree(saved, here, dirs_exist_ok=True)
    return here


@pytest.mark.parametrize("number", [str(number) for number in range(1, 41)])
def test_a_step_is_judged_as_a_reviewer_would(number: str, shop: Path) -> None:
    step = steps()[number]
    step.make(shop)
    code, found = judged(shop)
    assert found == step.expected, step.reviewer
    assert code == any(what.startswith("error") for what in step.expected)


def test_there_are_forty_steps_of_which_each_says_something() -> None:
    found = steps()
    assert [*found] == [str(number) for number in range(1, 41)]
    assert all(step.edits and step.expected for step in found.values())


def test_the_shop_as_it_is_has_no_change(shop: Path) -> None:
    assert judged(shop) == (0, Counter())


@pytest.mark.parametrize("number", [number for number, step in steps().items() if step.rollout])
def test_a_step_is_rolled_out_in_this_order(number: str, shop: Path) -> None:
    step = steps()[number]
    step.make(shop)
    assert re.findall(r"^  (?! )([^:]+): ", mallgen(*AGAINST).out, re.M) == step.rollout


def test_ten_steps_are_told() -> None:
    assert len(told()) == 10


@pytest.mark.parametrize("number", [match["number"] for match in STORY.finditer(PAGE.read_text(encoding="utf-8"))])
def test_a_step_prints_what_the_page_shows(number: str, shop: Path) -> None:
    steps()[number].make(shop)
    shown = told()[number]
    found = printed(shown)
    if os.environ.get("MALLGEN_ACCEPT"):
        block = f"```text step {number}\n"
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page.replace(f"{block}{shown}```", f"{block}{found}```"), encoding="utf-8")
    assert told()[number] == found


def told() -> dict[str, str]:
    """Return what docs/compatibility.md shows of steps, by their numbers."""
    return {match["number"]: match["printed"] for match in STORY.finditer(PAGE.read_text(encoding="utf-8"))}


def printed(shown: str) -> str:
    """Return the lines of findings, and the order of the rollout where it is shown, too."""
    lines = mallgen(*AGAINST, "--format", "concise").out
    return lines + mallgen(*AGAINST).out if "rollout:" in shown else lines
