"""Starting and stopping under load loses no call: as many turns as CI has time for."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.run.rolling import roll

pytestmark = pytest.mark.slow


def test_turns_lose_nothing(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    sys.path.insert(0, str(tmp_path / "shop" / "order"))
    found = roll(tmp_path, int(os.environ.get("MALLGEN_TURNS", "30")))
    record_property("figure", str(found))
    assert found.lost == []
    assert found.calls > 100
    assert found.requests > 100
