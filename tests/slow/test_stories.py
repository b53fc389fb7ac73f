"""Contracts change step by step beside hand-written code: what mallgen says is true each time, and nothing is lost.

They are in `tests/stories`. `powerx`, with 333 routes, takes ten minutes: `python -m tests.stories powerx`.
"""

from pathlib import Path

import pytest

from tests.stories import STORIES
from tests.stories.driver import Story
from tests.stories.walk import walk

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [name for name in STORIES if name != "powerx"])
def test_a_story(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if name == "core":
        request.getfixturevalue("corpus")
    story = Story(tmp_path / name)
    STORIES[name](story)
    assert story.problems == []


@pytest.mark.parametrize(
    ("kind", "seed"),
    [*(("api", seed) for seed in (5, 13, 34, 46, 105, 113, 121, 140)), *(("proto", seed) for seed in (2, 39))],
)
def test_a_walk(kind: str, seed: int, tmp_path: Path) -> None:
    """Most were wrong once; the first of a kind is looked at by mypy and started after each step."""
    story = Story(tmp_path / str(seed), mypy=seed in (2, 5), start=seed in (2, 5))
    walk(story, seed, 20, rpc=kind == "proto")
    assert story.problems == []
