"""A walk over branches: both sides change the same contract at random, each follows with its code, and they merge."""

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
    """Change two branches and merge them, `rounds` times; where git cannot decide, the right side's lines win."""
    w = RpcWalk(seed, Proto()) if rpc else Walk(seed, Contract())
    w.now.write(s)
    assert not s.run(*w.words).code
    s.implement()
    s.write(".gitattributes", "mallgen.lock merge=union\n")
    s.write(".gitignore", ".mallgen/\n__pycache__/\n.mypy_cache/\n")
    assert not git(s, "init", "-q", "-b", "main")
    commit(s, "base")
    w.moved_roles()
    s.expected_role = lambda path: expected_role(w, path)
    for number in range(rounds):
        said = change_both_branches(s, w, f"{seed}.{number}")
        s.step(f"{seed}.{number}: {said}", human=True, maybe=possible_roles(w))
        answer_questions(s, w)
        commit(s, "together")


def answer_questions(s: Story, w: Walk) -> None:
    """Write into a file, as a human does, for which route it is, where mallgen asks."""
    _, found = s.check(("-dir", "."))
    asked = [f.file for f in found if f.code == "maybe-renamed" and f.file.endswith("_logic.py")]
    for path in asked:
        mark = MARK.search((s.root / path).read_text(encoding="utf-8-sig"))
        number = next(n for n, names in w.known.items() if mark and s.marks[int(mark[1])][1][6:] in names)
        route = next((route for route in w.now.routes if route.number == number), None)
        if route is not None and expected_role(w, path) == f"logic {route.identity}":
            text = (s.root / path).read_bytes().decode()
            bare = TITLE.sub("", text, count=1)
            (s.root / path).write_bytes(f'"""{route.identity}"""\n{bare}'.encode())
    s.log.append(f"   answered: {asked}")


def change_both_branches(s: Story, w: Walk, name: str) -> str:
    """Make one round: change two branches, merge them, and write the contract with the changes of both."""
    base, said = w.now, []
    branch_paths: dict[str, set[str]] = {}
    serials = {"left": w.serial + 100, "right": w.serial + 200}
    for side, serial in serials.items():
        git(s, "checkout", "-q", "-b", f"{side}-{name}", "main")
        w.now = copy.deepcopy(base)
        said.append(f"{side}: {change(w, f'{name}.{side}', serial)}")
        w.now.write(s)
        follow(s, w)
        w.moved_roles()
        commit(s, side)
        for mark, paths in bodies(s).items():
            branch_paths.setdefault(mark, set()).update(paths)
    git(s, "checkout", "-q", "main")
    for side in serials:  # without the option git moves files where a folder looks renamed
        git(s, "-c", "merge.directoryRenames=false", "merge", "-q", f"{side}-{name}", "-m", side)
    w.now = copy.deepcopy(base)
    for side, serial in serials.items():
        change(w, f"{name}.{side}", serial)
    settle(s, branch_paths)
    w.now.write(s)
    return "; ".join(said)


def change(w: Walk, seed: str, serial: int) -> str:
    """Change the contract, the same way for the same seed wherever the contracts are the same."""
    w.random, w.serial = random.Random(seed), serial
    return w.step([])


def follow(s: Story, w: Walk) -> None:
    """Follow a changed contract as a human does: sync, gen, or nothing."""
    done = w.random.choice(("sync", "sync", "sync", "gen", "nothing"))
    if done == "sync":
        s.run("sync", "-dir", ".", "--apply", "-q")
        s.implement()
    elif done == "gen":
        s.run("gen", "-dir", ".", "-q", "--force")
        s.implement()


def commit(s: Story, title: str) -> None:
    """Commit all files."""
    git(s, "add", "-A")
    git(s, "commit", "-qm", title)


def settle(s: Story, branch_paths: dict[str, set[str]]) -> None:
    """End a merge as a human does: the right side's lines where both changed them, one file where both moved it.

    A file that git has moved to a path of neither side, because it took it for another file, goes back.
    """
    for path in s.root.rglob("*"):
        if path.is_file() and ".git" not in path.parts and path.suffix in (".py", ".pyi", ".yaml", ".toml"):
            path.write_bytes(CONFLICT.sub(rb"\1", path.read_bytes()))
    found = bodies(s)
    for mark, paths in found.items():
        newest = max(paths, key=lambda each: last_commit_key(s, each))
        for other in paths:
            if other != newest:
                (s.root / other).unlink()
        free = sorted(path for path in branch_paths.get(mark, ()) if not (s.root / path).exists())
        if free and newest not in branch_paths[mark]:
            (s.root / free[0]).parent.mkdir(parents=True, exist_ok=True)
            (s.root / newest).rename(s.root / free[0])
    s.marks = {number: mark for number, mark in s.marks.items() if str(number) in found}


def bodies(s: Story) -> dict[str, list[str]]:
    """Return the paths of each body."""
    found: dict[str, list[str]] = {}
    for path in sorted(s.root.rglob("*_logic.py")):
        mark = MARK.search(path.read_text(encoding="utf-8-sig"))
        if mark:
            found.setdefault(mark[1], []).append(path.relative_to(s.root).as_posix())
    return found


def possible_roles(w: Walk) -> dict[str, set[str]]:
    """Return the roles that a body may have: those of its route on any branch, as mallgen asks or leaves it behind."""
    found: dict[str, set[str]] = {}
    w.moved_roles()
    for known in w.known.values():
        for kind in ("logic", "handler"):
            names = {f"{kind} {name}" for name in known}
            for name in names:
                found.setdefault(name, set()).update(names)
    return found


def expected_role(w: Walk, path: str) -> str:
    """Return the role that the contract has for a path; git may take one file for another when both sides rename."""
    for route in w.now.routes:
        folder = f"{route.group}/" if route.group else ""
        if path.endswith(f"_api/logic/{folder}{snake(route.handler)}_logic.py"):
            return f"logic {route.identity}"
    return ""


def last_commit_key(s: Story, path: str) -> tuple[int, str]:
    """Return a sort key for the last commit that changed a path."""
    words = ["git", "log", "-1", "--format=%ct", "--all", "--", path]
    ran = subprocess.run(words, cwd=s.root, capture_output=True, text=True, check=True)
    return int(ran.stdout.strip() or 0), path
