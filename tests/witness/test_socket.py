"""Requests that show what breaks, sent over a socket to running services of both versions."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mallgen.breaking import RULES, WIRE
from mallgen.breaking.judge import judge
from mallgen.breaking.terms import Terms
from mallgen.witness.http import Witness
from mallgen.witness.prove import proven
from mallgen.workspace.versions import version_of
from tests.conftest import ROOT, mallgen
from tests.run.service import Service
from tests.test_cases import BLOCK

pytestmark = pytest.mark.slow
CASES = ROOT / "tests" / "cases" / "breaking"
WRITTEN_ONCE = 501  # what a generated stub answers to a request that its readers accepted
REFUSED = (  # the rules whose cases have a request that the new version refuses
    *("array-length-changed", "auth-added", "endpoint-method-changed", "endpoint-path-changed"),
    *("endpoint-prefix-changed", "endpoint-removed", "endpoint-removed-before-sunset", "endpoint-version-migrated"),
    *("max-bytes-decreased", "request-body-added-required", "request-content-type-changed"),
    *("request-field-added-required", "request-field-became-required", "request-field-dependency-added"),
    *("request-field-dependency-changed", "request-field-options-added", "request-field-options-narrowed"),
    *("request-field-range-added", "request-field-range-narrowed", "request-field-renamed"),
    *("request-field-source-added", "request-field-source-changed", "request-field-type-changed"),
    *("request-field-type-narrowed", "signature-added", "websocket-changed"),
)


def texts(code: str) -> dict[str, str]:
    """Return the contracts of a rule's case: before.api and the one that is compared with it."""
    return {
        block["name"]: block["body"] for block in BLOCK.finditer(case(code)) if (block["name"] or "").endswith(".api")
    }


def case(code: str) -> str:
    return (CASES / f"{code}.md").read_text(encoding="utf-8") if (CASES / f"{code}.md").exists() else ""


def refusals(code: str) -> list[Witness]:
    """Return the witnesses of a rule's case that are requests which the new version refuses."""
    old, new = (version_of(".", [name]) for name in ("before.api", "after.api"))
    found = judge(old.services, new.services, "before.api", RULES.chosen((), ()), Terms("2026-01-01"))
    wanted = [one for one in found if one.found.diagnostic.code == code]
    witnesses = [one.witness for one in proven(wanted, ".")]
    return [one for one in witnesses if isinstance(one, Witness) and one.status and not one.sample.token]


def status(witness: Witness, service: Service) -> int:
    """Send the request of a witness, and return the status of the answer."""
    asked = witness.sample
    path = re.sub(r"/:\w+", "/1", asked.path)
    return service.request(asked.method.upper(), path, asked.body.encode(), dict(asked.headers)).status


def codes() -> list[str]:
    return [code for code in RULES.rules() if {"before.api", "after.api"} <= texts(code).keys()]


def test_every_such_rule_is_here() -> None:
    """Rules whose cases show no refusal have answers that change, or a route's other meaning."""
    shown = {code for code in codes() if re.search(r"= witness: .*accepted before, \d{3} now", case(code))}
    assert {code for code in shown if RULES.rules()[code].level == WIRE and "token" not in case(code)} <= {*REFUSED}


@pytest.mark.parametrize("code", REFUSED)
def test_a_refused_request_is_refused_by_a_running_service(
    code: str, here: Path, record_property: Callable[[str, object], None]
) -> None:
    for name, text in texts(code).items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(text, encoding="utf-8")
    found = refusals(code)
    assert found
    record_property("figure", f"{code}: {len(found)} requests over a socket")
    for side in ("before", "after"):
        assert mallgen("api", "py", "-api", f"{side}.api", "-dir", side, "-q").code == 0
        (package,) = (path.name for path in (here / side).iterdir() if path.name.endswith("_api") and path.is_dir())
        with Service(here / side, package) as service:
            for witness in found:
                expected = WRITTEN_ONCE if side == "before" else witness.status
                assert status(witness, service) == expected, witness.line
