"""Settings that are nested deeper than a C stack is large."""

from pathlib import Path

import pytest

from tests.conftest import mallgen


@pytest.mark.parametrize("deep", ["[" * 200_000, "{a: " * 200_000, "- " * 50_000])
def test_deep_settings_are_a_finding(deep: str, here: Path) -> None:
    assert mallgen("api", "new", "greet", "-q").code == 0
    settings = here / "greet" / "etc" / "greet-api.yaml"
    settings.write_text(f"{settings.read_text('utf-8')}\nDeep:\n  {deep}", encoding="utf-8")
    code, _, err = mallgen("check", "-dir", "greet")
    assert code == 1
    assert "this is nested more than 100 deep" in err
