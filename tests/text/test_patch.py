"""The diff of large files: made in time, and applying it to one text gives the other."""

import random
import re
import subprocess
import time
from itertools import permutations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen.text.diff import MANY, changed, deleted, unified
from tests.conftest import tree


def applied(before: str, diff: str) -> str:
    """Apply a diff to a text as patch(1) does."""
    old = before.split("\n")[:-1]
    new: list[str] = []
    at = 0
    for line in diff.split("\n")[2:-1]:
        if match := re.match(r"@@ -(\d+)(?:,(\d+))? \+", line):
            start = int(match[1]) - (match[2] != "0")
            new += old[at:start]
            at = start
        elif line[0] == "+":
            new.append(line[1:])
        else:
            assert line[1:] == old[at]
            new += [] if line[0] == "-" else [old[at]]
            at += 1
    return "".join(f"{line}\n" for line in (*new, *old[at:]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30), st.integers(0, 60), st.booleans())
def test_the_diff_of_a_large_file_can_be_applied(seed: int, changes: int, alike: bool) -> None:
    dice = random.Random(seed)
    old = [f"{'}' if alike and number % 3 else number}" for number in range(MANY)]
    new = list(old)
    for _ in range(changes):
        at = dice.randrange(len(new))
        new[at : at + dice.randrange(3)] = [dice.choice(["}", "x", str(at)]) for _ in range(dice.randrange(3))]
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
    diff = unified(before, after, "x.api")
    assert (applied(before, diff) if diff else before) == after
    assert len(diff.splitlines()) <= 40 * changes + 10


def test_ten_thousand_changes_take_a_second() -> None:
    before = "".join(f"@server(\n\thandler: H{n}\n)\nget /{n}\n" for n in range(10_000))
    after = re.sub(r"@server\(\n\thandler: (\w+)\n\)", r"@handler \1", before)
    began = time.process_time()
    diff = unified(before, after, "x.api")
    assert time.process_time() - began < 3
    assert applied(before, diff) == after


def test_git_takes_what_is_told_of_many_files(tmp_path: Path) -> None:
    """git applies a diff of many files: changed, made, moved, moved and changed, deleted, in any order."""
    parts = [
        changed(b"1\n2\n", b"1\n3\n", "plain"),
        changed(None, b"", "made/empty"),
        changed(None, b"1\n", "made/full"),
        changed(b"1\n", b"1\n", "moves", "moved/as it is"),
        changed(b"1\n2", b"1\n3\n", "changes", "moved/changed"),
        deleted(b"", "gone empty"),
        deleted(b"1\n", "gone"),
    ]
    before = {"plain": b"1\n2\n", "moves": b"1\n", "changes": b"1\n2", "gone empty": b"", "gone": b"1\n"}
    after = {"plain": b"1\n3\n", "made/empty": b"", "made/full": b"1\n", "moved/as it is": b"1\n"}
    after["moved/changed"] = b"1\n3\n"
    for number, order in enumerate(random.Random(1).sample([*permutations(parts)], 30)):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in before.items():
            (folder / name).write_bytes(data)
        words = ["git", "apply", "--unidiff-zero", "-"]
        subprocess.run(words, cwd=folder, input="".join(order).encode(), check=True)
        assert tree(folder) == after
