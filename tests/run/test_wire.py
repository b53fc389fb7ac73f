"""`Compat: gozero`: raw requests get the status, the headers and the body that go-zero 1.10.2 gave."""

import csv
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import ROOT
from tests.run.service import Service
from tests.run.test_go_zero import CASES, request
from tests.run.wire import FOLDER, SETTINGS, RawAnswer, parsed, recorded, served

Figure = Callable[[str, object], None]
RECORDED = recorded()
LISTED = dict(row[:2] for row in csv.reader((FOLDER / "wire_divergences.tsv").open(encoding="utf-8"), delimiter="\t"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with served(tmp_path_factory.mktemp("wire"), f"{SETTINGS}\nCompat: gozero") as found:
        yield found


def differences(service: Service, cases: list[tuple[str, bytes, str]]) -> dict[str, tuple[RawAnswer, RawAnswer]]:
    """Return our answer and go-zero's for the cases in which they differ."""
    found = {}
    for name, data, answer in cases:
        ours, theirs = parsed(service.raw(data)), parsed(answer.encode("latin-1"))
        if ours != theirs:
            found[name] = (ours, theirs)
    return found


def test_the_recorded_requests_of_others(service: Service, record_property: Figure) -> None:
    found = differences(service, [(case["case"], request(case), case["response"]) for case in CASES])
    record_property("figure", f"wire, requests of goctl-made go-zero: {len(CASES) - len(found)} of {len(CASES)} agree")
    assert {name: row for name, row in found.items() if name not in LISTED} == {}
    assert {case["case"] for case in CASES} & LISTED.keys() == found.keys()


def test_requests_recorded_from_go_zero(service: Service, record_property: Figure) -> None:
    cases = [(case["case"], case["request"].encode("latin-1"), case["response"]) for case in RECORDED]
    found = differences(service, cases)
    record_property(
        "figure", f"wire, own requests: {len(cases) - len(found)} of {len(cases)} agree, {len(found)} listed"
    )
    assert {name: row for name, row in found.items() if name not in LISTED} == {}
    assert {name for name, _, _ in cases} & LISTED.keys() == found.keys()


def test_every_divergence_is_a_case_with_a_reason() -> None:
    names = {case["case"] for case in (*CASES, *RECORDED)}
    assert LISTED.keys() <= names
    assert all(len(reason) > 20 for reason in LISTED.values())


def test_the_recording_is_whole() -> None:
    assert len({case["case"] for case in RECORDED}) == len(RECORDED) >= 770
    assert (ROOT / "tests" / "conformance" / "go_zero" / "main.go").is_file()
