"""Play stories by hand: `python -m tests.stories.play blog`."""
import sys, tempfile, shutil, os
from pathlib import Path
from tests.stories import stories
from tests.stories.driver import Story

def main():
    names = sys.argv[1].split(",") if sys.argv[1] != "all" else [n for n in vars(stories) if n.startswith("story_")]
    fast = "fast" in sys.argv
    for name in names:
        root = Path("/tmp/st/run") / name
        shutil.rmtree(root, ignore_errors=True)
        story = Story(root, mypy=not fast, start=not fast)
        try:
            getattr(stories, name if name.startswith("story_") else f"story_{name}")(story)
        finally:
            (root / "log").write_text("\n".join(story.log))
            print(f"== {name}: {len(story.problems)} problems; log {root}/log")
            print("\n".join(story.problems))
main()
