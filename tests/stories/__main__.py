"""`python -m tests.stories NAME…` plays stories and writes their logs: the output of every command after each step.

A number is the seed of a walk: twenty random changes. `proto:`, `branches:` and `workspace:NUMBER` are others.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.stories import STORIES
from tests.stories.branches import walk_branches
from tests.stories.driver import Story
from tests.stories.members import walk_workspace
from tests.stories.walk import walk

WALKS: dict[str, Callable[[Story, int], None]] = {
    "": partial(walk, steps=20),
    "proto": partial(walk, steps=20, rpc=True),
    "branches": partial(walk_branches, rounds=8),
    "workspace": partial(walk_workspace, steps=12),
}


def main(names: list[str]) -> int:
    """Play the named stories, all of them without names; return 1 when one has problems."""
    problems = 0
    for name in names or list(STORIES):
        root = Path(tempfile.gettempdir()) / "mallgen-stories" / name
        shutil.rmtree(root, ignore_errors=True)
        story = Story(root)
        kind, _, seed = name.rpartition(":")
        if seed.isdigit():
            WALKS[kind](story, int(seed))
        else:
            STORIES[name](story)
        (root / "log").write_text("\n".join(story.log), encoding="utf-8")
        print(f"{name}: {len(story.problems)} problems; {root / 'log'}")
        print("".join(f"{problem}\n" for problem in story.problems), end="")
        problems += len(story.problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
