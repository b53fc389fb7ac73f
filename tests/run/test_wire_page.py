"""docs/wire.md: every row names a recorded request, and its two columns say what is answered to it."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.conftest import ROOT
from tests.run.service import Service
from tests.run.test_go_zero import CASES, request
from tests.run.wire import SETTINGS, parsed, recorded, served

ROW = re.compile(r"^\| (.+?) \| (\d{3})\b(.*?) \| (\d{3})\b(.*?) \| `(.+)` \|$")
LINES = (ROOT / "docs" / "wire.md").read_text("utf-8").splitlines()
REQUESTS = {case["case"]: (request(case), case["response"]) for case in (*CASES, *recorded())}


class WireRow(NamedTuple):
    """A row: the statuses by default and of go-zero, and the request."""

    ours: int
    theirs: int
    case: str


ROWS = [WireRow(int(m[2]), int(m[4]), m[6]) for line in LINES if (m := ROW.match(line))]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with served(tmp_path_factory.mktemp("wire"), SETTINGS) as found:
        yield found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_row(service: Service, row: WireRow) -> None:
    data, answer = REQUESTS[row.case]
    assert (parsed(service.raw(data)).status, parsed(answer.encode("latin-1")).status) == (row.ours, row.theirs)


def test_every_line_of_the_tables_is_a_row() -> None:
    lines = [line for line in LINES if line.startswith("| ") and not line.startswith("| request ")]
    assert len(lines) == len(ROWS) > 80


def test_all_that_clients_meet_has_a_row() -> None:
    text = "\n".join(LINES).lower()
    words = (
        *("binding", "scalars", "null", "duplicates", "unknown", "behind the json", "chunked", "gzip", "charset"),
        *("head", "options", "slash", "empty", "floats", "big integers", "times"),
    )
    assert [word for word in words if word not in text] == []


def test_a_form_in_the_place_of_json_is_told_what_to_send(service: Service) -> None:
    found = parsed(service.raw(REQUESTS["body form-encoded"][0]))
    assert found.status == 415
    assert "send it with `Content-Type: application/json`" in json.loads(found.body)["detail"]
