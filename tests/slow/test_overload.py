"""Overload for 20 s; `make test-slow` runs it alone, as it measures time: others beside it would make answers late."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.load.overload import overloaded

pytestmark = pytest.mark.slow
Figure = Callable[[str, object], None]


@pytest.mark.parametrize("path", ["/block", "/pool"])
def test_under_three_times_its_load_as_many_are_answered_in_time(
    path: str, tmp_path: Path, record_property: Figure
) -> None:
    found = overloaded(tmp_path, path, 20)
    record_property("figure", str(found))
    assert found.share >= 0.7, found
    assert found.under.p99 <= 250, found
    assert found.under.count(200) + found.under.count(503) == len(found.under.requests), found
