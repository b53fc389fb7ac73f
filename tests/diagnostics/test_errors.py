"""docs/errors.md shows today's messages, and each of its mistakes is one."""

import importlib.util
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_errors", ROOT / "scripts" / "build_errors.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(script: ModuleType) -> None:
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "make errors"


def test_sixty_mistakes_and_a_way_out_of_each(script: ModuleType) -> None:
    found = script.mistakes()
    assert len(found) >= 60
    for title, text in found.items():
        said = script.ours(text)
        assert said.startswith("error["), title
        assert said.count("= help: ") == said.count("error["), title
