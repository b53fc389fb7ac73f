"""The .api language: goctl's verdicts on tests/conformance/api_language.jsonl, and the exact list of divergences."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mallgen.loading.load import load
from tests.conftest import ROOT

CONFORMANCE = ROOT / "tests" / "conformance"
HEAD, *CASES = [json.loads(line) for line in (CONFORMANCE / "api_language.jsonl").read_text("utf-8").splitlines()]


def divergences() -> dict[str, str]:
    """Return for each case where mallgen is stricter than goctl the reason."""
    with (CONFORMANCE / "divergences.tsv").open(encoding="utf-8", newline="") as file:
        return {row["case"]: row["reason"] for row in csv.DictReader(file, delimiter="\t")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write all cases into a folder with the files that they import, as goctl had them."""
    here = tmp_path_factory.mktemp("cases")
    for name, text in HEAD["aux_files"].items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(text, encoding="utf-8")
    for case in CASES:
        (here / f"{case['case']}.api").write_text(case["source"], encoding="utf-8")
    return here


def test_verdicts_agree_but_for_the_list(folder: Path, record_property: Callable[[str, object], None]) -> None:
    listed = divergences()
    differing = set()
    for case in CASES:
        accepted = load(str(folder / f"{case['case']}.api")).contract is not None
        if accepted != (case["result"] == "ok"):
            differing.add(case["case"])
    assert len(CASES) == 128
    assert differing == set(listed), "an unlisted disagreement, or a listed one that has gone"
    agreed = f"cases agreed: {len(CASES) - len(differing)} of {len(CASES)}"
    record_property("figure", f"{agreed}, divergences listed: {len(listed)}")


def test_divergences_are_only_ever_stricter(folder: Path) -> None:
    listed = divergences()
    assert all(listed.values())
    assert {case["result"] for case in CASES if case["case"] in listed} <= {"ok", "panic"}


@pytest.mark.parametrize("case", [c for c in CASES if c["result"] not in {"ok", "panic"}], ids=lambda c: c["case"])
def test_every_refusal_has_a_place_and_a_way_out(folder: Path, case: dict[str, str]) -> None:
    for problem in load(str(folder / f"{case['case']}.api")).diagnostics:
        assert problem.span is not None, problem
        assert problem.hint, problem
