"""Each rule whose errors are about the wire shows a witness in its case, or is listed here with the reason."""

import re

import pytest

from mallgen.breaking import ERROR, JSON, RULES, WIRE
from tests.conftest import ROOT

CASES = ROOT / "tests" / "cases" / "breaking"
FINDING = re.compile(r"^(error|warning)\[([\w-]+)\](.*?)(?=^$)", re.M | re.S)
WITHOUT = {
    "max-parts-decreased": "a witness sends no uploads",
    "proto-enum-json-format-changed": "protobuf for Python reads and writes the same JSON with both",
    "proto-field-behavior-changed": "generated services do not check it",
    "proto-field-validation-tightened": "generated services do not check it",
    "proto-message-json-format-changed": "protobuf for Python reads and writes the same JSON with both",
    "proto-message-set-format-changed": "a message set has no fields; those that it loses are other findings",
    "proto-package-removed": "the package of its case has no service; proto-package-changed shows a call",
    "proto-reserved-removed": "it breaks what another field with the number or name will be",
    "proto-rpc-client-streaming-changed": "a method that takes a stream answers a call with one message",
    "proto-rpc-http-binding-changed": "generated services have no gateway",
    "proto-rpc-response-type-changed": "the types of its case look the same; proto-rpc-request-type-changed has others",
    "sse-changed": "a stream has no single answer to compare",
    "success-status-changed": "a witness compares what is read of bodies",
}
CODES = [code for code, rule in RULES.rules().items() if rule.level in (WIRE, JSON) and rule.severity == ERROR]


def witnesses(code: str) -> list[str]:
    """Return the lines about witnesses that a rule's case shows, "" for a finding without one."""
    text = (CASES / f"{code}.md").read_text(encoding="utf-8")
    return ["".join(re.findall(r"= witness: (.*)", found[3])) for found in FINDING.finditer(text) if found[2] == code]


@pytest.mark.parametrize("code", CODES)
def test_an_error_about_the_wire_has_a_witness(code: str) -> None:
    shown = [line for line in witnesses(code) if line and not line.startswith(("none ", "not executed"))]
    assert bool(shown) != (code in WITHOUT), witnesses(code)


def test_the_list_names_rules() -> None:
    assert WITHOUT.keys() <= set(CODES)
