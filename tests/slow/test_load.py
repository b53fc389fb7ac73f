"""The short form of `make soak`: overload for 20 s, ten restarts under load, a minute at half load."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.load.overload import overloaded
from tests.load.restarts import restarted
from tests.load.steady import steady

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


def test_restarts_under_load_lose_nothing(tmp_path: Path, record_property: Figure) -> None:
    found = restarted(tmp_path, 10)
    record_property("figure", str(found))
    assert found.answered > 1000
    assert found.lost == []


def test_memory_is_flat_at_half_load(tmp_path: Path, record_property: Figure) -> None:
    found = steady(tmp_path, 60)
    record_property("figure", str(found))
    assert found.failed == []
    assert found.is_flat, found
