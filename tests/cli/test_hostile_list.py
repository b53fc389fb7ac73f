"""The catalogue of attacks and accidents, tests/data/hostile_cases.tsv: each has its test, or the reason why not."""

import csv
import re
from typing import NamedTuple

from tests.conftest import ROOT

PATH = ROOT / "tests" / "data" / "hostile_cases.tsv"
LAST = 89


class Case(NamedTuple):
    """A line of the catalogue; `test` is `file::function` or `-`."""

    number: str
    case: str
    test: str
    remark: str


def cases() -> list[Case]:
    """Return all lines of the catalogue."""
    with PATH.open(encoding="utf-8", newline="") as file:
        return [Case(*row) for row in list(csv.reader(file, delimiter="\t"))[1:]]


def test_every_number_is_there_once() -> None:
    assert [case.number for case in cases()] == [str(number) for number in range(1, LAST + 1)]


def test_every_named_test_exists() -> None:
    for case in cases():
        if case.test != "-":
            path, _, name = case.test.partition("::")
            assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M), case


def test_what_has_no_test_has_a_reason() -> None:
    assert all(case.remark for case in cases() if case.test == "-")
