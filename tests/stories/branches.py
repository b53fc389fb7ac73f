"""A walk over branches: two sides change the same contract at random, each follows with its code, and they meet."""

import copy
import random
import re
import subprocess

from mallgen.python.names import snake
from tests.stories.driver import MARK, Story
from tests.stories.merge import CONFLICT, git
from tests.stories.walk import Contract, Proto, RpcWalk, Walk

TITLE = re.compile(r'\A\ufeff?"""[^"]*"""\r?\n')


def walk_branches(s: Story, seed: int, rounds: int, *, rpc: bool = False) -> None:
    """`rounds` times two branches go apart and are merged; where git cannot decide, the right side's lines count."""
    w = RpcWalk(seed, Proto()) if rpc else Walk(seed, Contract())
    w.now.write(s)
    assert not s.run(*w.words).code
    s.implement()
    s.write(".gitattributes", "mallgen.lock merge=union\n")
    s.write(".gitignore", ".mallgen/\n__pycache__/\n.mypy_cache/\n")
    assert not git(s, "init", "-q", "-b", "main")
    commit(s, "base")
    w.others()
    s.due_at = lambda path: due_at(w, path)
    for number in range(rounds):
        said = apart(s, w, f"{seed}.{number}")
        s.step(f"{seed}.{number}: {said}", human=True, maybe=either(w))
        answer(s, w)
        commit(s, "together")


def answer(s: Story, w: Walk) -> None:
    """A human says which route a file is for, where mallgen asks."""
    _, found = s.check(("-dir", "."))
    asked = [f.file for f in found if f.code == "maybe-renamed" and f.file.endswith("_logic.py")]
    for path in asked:
        mark = MARK.search((s.root / path).read_text(encoding="utf-8-sig"))
        number = next(n for n, names in w.known.items() if mark and s.marks[int(mark[1])][1][6:] in names)
        route = next((route for route in w.now.routes if route.number == number), None)
        if route is not None and due_at(w, path) == f"logic {route.identity}":
            text = (s.root / path).read_bytes().decode()
            bare = TITLE.sub("", text, count=1)
            (s.root / path).write_bytes(f'"""{route.identity}"""\n{bare}'.encode())
    s.log.append(f"   answered: {asked}")


def apart(s: Story, w: Walk, name: str) -> str:
    """One round: two branches, and the contract of both at the end."""
    base, said = w.now, []
    places: dict[str, set[str]] = {}
    serials = {"left": w.serial + 100, "right": w.serial + 200}
    for side, serial in serials.items():
        git(s, "checkout", "-q", "-b", f"{side}-{name}", "main")
        w.now = copy.deepcopy(base)
        said.append(f"{side}: {change(w, f'{name}.{side}', serial)}")
        w.now.write(s)
        follow(s, w)
        w.others()
        commit(s, side)
        for mark, paths in bodies(s).items():
            places.setdefault(mark, set()).update(paths)
    git(s, "checkout", "-q", "main")
    for side in serials:  # git would move files on its own where a folder looks renamed
        git(s, "-c", "merge.directoryRenames=false", "merge", "-q", f"{side}-{name}", "-m", side)
    w.now = copy.deepcopy(base)
    for side, serial in serials.items():
        change(w, f"{name}.{side}", serial)
    settle(s, places)
    w.now.write(s)
    return "; ".join(said)


def change(w: Walk, seed: str, serial: int) -> str:
    """The same changes for the same seed, as far as what they meet is the same."""
    w.random, w.serial = random.Random(seed), serial
    return w.step([])


def follow(s: Story, w: Walk) -> None:
    """What somebody does with a changed contract: all of it, or some, or nothing."""
    done = w.random.choice(("sync", "sync", "sync", "gen", "nothing"))
    if done == "sync":
        s.run("sync", "-dir", ".", "--apply", "-q")
        s.implement()
    elif done == "gen":
        s.run("gen", "-dir", ".", "-q", "--force")
        s.implement()


def commit(s: Story, title: str) -> None:
    """Everything that is there."""
    git(s, "add", "-A")
    git(s, "commit", "-qm", title)


def settle(s: Story, places: dict[str, set[str]]) -> None:
    """A human ends a merge: theirs where both changed the same lines, one file where both moved it.

    What git has put where it was on neither side, as it takes one file for another, goes back.
    """
    for path in s.root.rglob("*"):
        if path.is_file() and ".git" not in path.parts and path.suffix in (".py", ".pyi", ".yaml", ".toml"):
            path.write_bytes(CONFLICT.sub(rb"\1", path.read_bytes()))
    found = bodies(s)
    for mark, paths in found.items():
        newest = max(paths, key=lambda each: last_change(s, each))
        for other in paths:
            if other != newest:
                (s.root / other).unlink()
        free = sorted(path for path in places.get(mark, ()) if not (s.root / path).exists())
        if free and newest not in places[mark]:
            (s.root / free[0]).parent.mkdir(parents=True, exist_ok=True)
            (s.root / newest).rename(s.root / free[0])
    s.marks = {number: mark for number, mark in s.marks.items() if str(number) in found}


def bodies(s: Story) -> dict[str, list[str]]:
    """Where each body is."""
    found: dict[str, list[str]] = {}
    for path in sorted(s.root.rglob("*_logic.py")):
        mark = MARK.search(path.read_text(encoding="utf-8-sig"))
        if mark:
            found.setdefault(mark[1], []).append(path.relative_to(s.root).as_posix())
    return found


def either(w: Walk) -> dict[str, set[str]]:
    """A body may be for what its route was on any branch: then mallgen asks, or it is left behind."""
    found: dict[str, set[str]] = {}
    w.others()
    for known in w.known.values():
        for kind in ("logic", "handler"):
            names = {f"{kind} {name}" for name in known}
            for name in names:
                found.setdefault(name, set()).update(names)
    return found


def due_at(w: Walk, path: str) -> str:
    """What the contract has at a path; git takes one file for another when both sides rename."""
    for route in w.now.routes:
        folder = f"{route.group}/" if route.group else ""
        if path.endswith(f"_api/logic/{folder}{snake(route.handler)}_logic.py"):
            return f"logic {route.identity}"
    return ""


def last_change(s: Story, path: str) -> tuple[int, str]:
    """Where a path is in the history."""
    words = ["git", "log", "-1", "--format=%ct", "--all", "--", path]
    ran = subprocess.run(words, cwd=s.root, capture_output=True, text=True, check=True)
    return int(ran.stdout.strip() or 0), path
