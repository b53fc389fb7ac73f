"""The short form of `make soak`: ten restarts under load, a minute at half load; test_overload.py has the overload."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.load.restarts import restarted
from tests.load.steady import steady

pytestmark = pytest.mark.slow
Figure = Callable[[str, object], None]


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
