"""Contracts as people write them: goctl's verdict, model and layout, except for what is listed here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mallgen.loading.load import load
from mallgen.syntax.format import format_text
from tests.differential.compare import stricter
from tests.differential.models import difference
from tests.differential.owned import answers, written

CONTRACTS = {title: (files, answer) for title, files, answer in answers()}
LAID_OUT_OTHERWISE = {  # the classes of tests/conformance/format_divergences.jsonl
    "a tag of several lines": "goctl counts the columns of a tag's last line as a cell",
    "an empty @doc": "goctl leaves an empty line for it, and removes that the next time",
    "comments everywhere": "goctl changes the shape of a block comment",
    "an empty struct in place": "goctl writes two spaces before its braces; the contract itself is refused by both",
    "a struct behind a comment": "goctl loses a comment between two words",
}


@pytest.mark.parametrize("title", CONTRACTS)
def test_the_verdict_is_goctls(here: Path, title: str) -> None:
    files, answer = CONTRACTS[title]
    loaded = load(str(written(files, here)))
    codes = {problem.code for problem in loaded.diagnostics if problem.severity == "error"}
    if not answer["said"] and codes:
        assert codes <= stricter().keys()
    else:
        assert bool(codes) == bool(answer["said"]), loaded.diagnostics


@pytest.mark.parametrize("title", [title for title, (_, answer) in CONTRACTS.items() if answer["model"]])
def test_the_model_is_goctls(here: Path, title: str) -> None:
    files, answer = CONTRACTS[title]
    contract = load(str(written(files, here))).contract
    assert contract is None or difference(contract, answer["model"]) == ""  # None where we are stricter, see above


@pytest.mark.parametrize("title", CONTRACTS)
def test_the_layout_is_goctls(title: str) -> None:
    files, answer = CONTRACTS[title]
    ours = format_text(next(iter(files.values())), "shop.api").text
    if title in LAID_OUT_OTHERWISE:
        assert ours != answer["layout"]
    else:
        assert ours == answer["layout"]


def test_what_is_listed_is_there(record_property: Callable[[str, object], None]) -> None:
    assert CONTRACTS.keys() >= LAID_OUT_OTHERWISE.keys()
    accepted = sum(not answer["said"] for _, answer in CONTRACTS.values())
    record_property("figure", f"contracts as people write them: {len(CONTRACTS)}, of which goctl accepts {accepted}")
