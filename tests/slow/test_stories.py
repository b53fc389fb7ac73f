"""Contracts change step by step beside hand-written code: what mallgen says is true each time, and nothing is lost.

They are in `tests/stories`. `powerx`, with 333 routes, takes ten minutes: `python -m tests.stories powerx`.
"""

from pathlib import Path

import pytest

from tests.stories import STORIES
from tests.stories.driver import Story

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [name for name in STORIES if name != "powerx"])
def test_a_story(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if name == "core":
        request.getfixturevalue("corpus")
    story = Story(tmp_path / name)
    STORIES[name](story)
    assert story.problems == []
