"""Property tests draw the same inputs in each run, whatever their process has loaded."""

import importlib
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.exploring import EXPLORES, numbered

VALUES = st.lists(st.text() | st.integers() | st.floats(allow_nan=False) | st.binary(), max_size=20)
CONSTANTS = "".join(f"A{n} = 'a text {n}', {n + 1000}, {n + 1000}.5, b'bytes {n}'\n" for n in range(200))


def drawn() -> list[list[object]]:
    """Return what a property test of another module would get."""
    found: list[list[object]] = []

    @numbered(7)
    @settings(max_examples=200, phases=(Phase.generate,))
    @given(VALUES)
    def keep(values: list[object]) -> None:
        found.append(values)

    keep()
    return found


@pytest.mark.skipif(EXPLORES, reason="MALLGEN_EXPLORE asks for other inputs")
def test_a_module_that_is_loaded_changes_no_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn()
    (tmp_path / "more_constants.py").write_text(CONSTANTS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("more_constants")
    assert drawn() == before


@pytest.mark.skipif(EXPLORES, reason="MALLGEN_EXPLORE asks for other inputs")
def test_a_run_without_a_seed_is_repeated() -> None:
    runs: list[list[int]] = [[], []]

    @settings(max_examples=50)
    @given(st.integers())
    def keep(number: int) -> None:
        runs[0].append(number)

    keep()
    runs.reverse()
    keep()
    assert runs[0] == runs[1]
