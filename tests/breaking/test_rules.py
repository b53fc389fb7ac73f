"""Every rule of the catalogue is decided, and each rule has a case that it reports and one that it does not."""

import re

import pytest

from mallgen.breaking import RULES
from tests.conftest import ROOT

CASES = ROOT / "tests" / "cases" / "breaking"
CATALOGUE = ROOT.parent / "shared" / "reference" / "breaking_rules.tsv"
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
UNDECIDED: dict[str, str] = {  # rows of the catalogue that no rule decides, with the reason
    "error-code-added": "a contract has no catalogue of errors",
    "error-code-removed": "a contract has no catalogue of errors",
    "error-status-changed": "a contract has no catalogue of errors",
    "response-content-type-changed": "all answers are JSON: a contract has no word for files, texts and bytes",
    "response-envelope-changed": "a contract has no word for an envelope: an answer is the response's type itself",
    "success-status-added": "a route has one status for what succeeds: success-status-changed",
    "type-module-changed": "all types of a contract are classes of one module, whatever file declares them",
    "proto-field-cardinality-changed": "any other cardinality breaks JSON or the wire, and is reported as that",
    "request-field-length-narrowed": "lengths are words of `validate` tags, which have rules of their own",
    "request-field-pattern-changed": "patterns are words of `validate` tags, which have rules of their own",
}


@pytest.mark.parametrize("code", RULES.rules())
def test_a_rule_has_a_case_and_a_near_miss(code: str) -> None:
    shown = CONSOLE.findall((CASES / f"{code}.md").read_text(encoding="utf-8"))
    runs = [run for text in shown for run in re.split(r"^(?=\$ )", text, flags=re.M) if run]
    assert any(f"[{code}]" in run for run in runs)
    assert any(f"[{code}]" not in run for run in runs)


def test_no_rule_is_undecided() -> None:
    assert UNDECIDED.keys() & RULES.rules().keys() == set()


def test_every_case_is_about_a_rule() -> None:
    assert {path.stem for path in CASES.glob("*.md")} - RULES.rules().keys() == set()
