"""A story: a contract that changes step by step beside hand-written code, and the checks after each step.

The checks use independent tools: the syntax tree for the bytes, mypy and a start of the service for the findings of
`check`, git for `diff` and the preview.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.conftest import Ran, mallgen, working_in
from tests.mypy_cache import mypy_cache
from tests.stories.human import SUPPORT, write
from tests.stories.judging import changed_bytes, differing, starts

MARK = re.compile(r"written by hand: (\d+)")
BY_HAND = re.compile(rf"{MARK.pattern}|\bours\b")
SKIPPED = ("__pycache__", ".mypy_cache")


FILES = Path(__file__).parent / "files"


def given(name: str) -> str:
    """Return the text of a contract or a hand-written file of the stories."""
    return (FILES / name).read_text(encoding="utf-8")


class Finding(NamedTuple):
    """A finding of `mallgen check`."""

    code: str
    file: str
    message: str
    hint: str


class Story:
    """A workspace below `root`; `problems` has every problem that a check found, with its step."""

    def __init__(self, root: Path, mypy: bool = True, start: bool = True) -> None:
        self.root = root / "work"
        self.copies = root / "copies"
        self.cache = root / "mypy"
        self.root.mkdir(parents=True)
        self.copies.mkdir()
        self._git = {**os.environ, "GIT_CEILING_DIRECTORIES": str(self.copies)}
        self.mypy, self.start = mypy, start
        self.problems: list[str] = []
        self.waits = False
        self.title = ""
        self.marks: dict[int, tuple[str, str]] = {}
        self.log: list[str] = []
        self.errors: dict[str, set[str]] = {}
        self.expected_role: Callable[[str], str] = lambda _: ""  # a path's role, where a walk knows it

    # the actions of a human

    def run(self, *words: str) -> Ran:
        """Run a mallgen command in the workspace."""
        with working_in(self.root):
            return mallgen(*words)

    def write(self, name: str, text: str) -> None:
        """Write a file, new or not."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def sub(self, name: str, pattern: str, new: str, count: int = 0) -> None:
        """Replace a pattern in a file, which must change."""
        path = self.root / name
        text = path.read_bytes().decode("utf-8")
        after = re.sub(pattern, new, text, count=count, flags=re.S)
        assert after != text, f"{self.title}: nothing to replace in {name}: {pattern}"
        path.write_bytes(after.encode())

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that the file contains exactly once."""
        path = self.root / name
        text = path.read_bytes().decode("utf-8")
        assert text.count(old) == 1, f"{self.title}: {text.count(old)} times in {name}: {old}"
        path.write_bytes(text.replace(old, new).encode())

    def implement(self, folder: str = ".", styles: Sequence[int] = (0, 1, 2, 3, 4, 5)) -> None:
        """Write a body into every stub below a generated folder."""
        for package in self.packages(folder):
            store = self.root / folder / package / "store.py"
            if not store.exists():
                store.write_text(SUPPORT, encoding="utf-8")
            for path in sorted((self.root / folder / package / "logic").rglob("*_logic.py")):
                if "raise NotImplementedError" in path.read_text(encoding="utf-8-sig"):
                    number = max(self.marks, default=0) + 1
                    before = path.read_bytes()
                    write(path, number, styles[number % len(styles)])
                    assert path.read_bytes() != before, path
                    self.marks[number] = (folder, self.owner(folder, path))

    # the content of the workspace

    def folders(self) -> list[str]:
        """Return the generated folders."""
        return sorted(path.parent.relative_to(self.root).as_posix() for path in self.root.rglob("mallgen.lock"))

    def packages(self, folder: str) -> list[str]:
        """Return the packages in a generated folder."""
        return sorted(path.parent.name for path in (self.root / folder).glob("*/wiring.py"))

    def owner(self, folder: str, path: Path) -> str:
        """Return the role that mallgen.lock has for a file, as text."""
        name = path.relative_to(self.root / folder).as_posix()
        for line in (self.root / folder / "mallgen.lock").read_text(encoding="utf-8").splitlines():
            cells = line.split("\t")
            if cells[0] == "file" and cells[2] == name:
                return cells[4]
        raise AssertionError(f"{name} is not in the lock")

    def tree(self, root: Path | None = None) -> dict[str, bytes]:
        """Return every file by its path, without caches and .mallgen."""
        found = {}
        base = root or self.root
        for path in sorted(base.rglob("*")):
            name = path.relative_to(base)
            if path.is_file() and not any(part in (*SKIPPED, ".mallgen") for part in name.parts):
                found[name.as_posix()] = path.read_bytes()
        return found

    def copy(self, name: str) -> Path:
        """Copy the workspace to another folder and return it."""
        to = self.copies / name
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.root, to, ignore=shutil.ignore_patterns(*SKIPPED))
        return to

    def check(self, where: Sequence[str], root: Path | None = None) -> tuple[int, list[Finding]]:
        """Return the exit code and the errors of `mallgen check`."""
        with working_in(root or self.root):
            ran = mallgen("check", *where, "--format", "json")
        found = json.loads(ran.out)
        items = found["diagnostics"] if isinstance(found, dict) else found
        return ran.code, [
            Finding(i["code"], i.get("file") or "", i["message"], i.get("help") or "")
            for i in items
            if i["severity"] == "error"
        ]

    # the checks

    def problem(self, text: str) -> None:
        """Record a problem of the present step."""
        self.problems.append(f"[{self.title}] {text}")

    def step(
        self,
        title: str,
        where: Sequence[str] = ("-dir", "."),
        moved: dict[str, str] | None = None,
        maybe: dict[str, set[str]] | None = None,
        human: bool = False,
        gen_first: bool = False,
    ) -> None:
        """Check everything after the contract was changed; `moved` maps roles to new ones, `maybe` to possible ones.

        The law of sync is in the package's docstring. Where sync waits for a human the story ends.
        """
        if self.waits:
            return
        self.title = title
        if gen_first:
            self._generate(where)
        before = self.tree()
        code, found = self.check(where)
        self.log.append(f"== {title}\n" + "".join(f"   {f.code} {f.file}: {f.message} // {f.hint}\n" for f in found))
        if "contract-invalid" in [f.code for f in found] or code == 3:
            self.problem(f"the contract: {self.run('check', *where).err}")
            return
        gen = self._check_diff(where)
        errors_after_gen = self._mypy(gen) if self.mypy else {}
        self._check_preview(where, before)
        ran = self.run("sync", *where, "--apply")
        self.log.append("   sync: " + (ran.out + ran.err).replace("\n", "\n   "))
        if ran.code not in (0, 1):
            self.problem(f"sync: {ran.code} {ran.err}")
        after = self.tree()
        if "nothing was written" in ran.err:
            self._check_waiting(before, after, gen_first)
            return
        self._check_bytes(before, after, ran)
        self._check_repeated(where, after, ran)
        code2, found2 = self.check(where)
        self._check_findings(ran, code2, found, found2)
        self._check_owners(moved or {}, maybe or {})
        self._check_errors_were_reported(errors_after_gen, found, found2)
        if self.start:
            self._check_starts(found2)
        if human:
            self.implement()

    def _generate(self, where: Sequence[str]) -> None:
        """Run gen, and again with --force where it refuses; a refusal must not write."""
        before = self.tree()
        ran = self.run("gen", *where, "-q")
        if "error[needs-sync]" in ran.err:
            if self.tree() != before:
                self.problem("gen refused, and wrote")
            ran = self.run("gen", *where, "-q", "--force")
        if ran.code:
            self.problem(f"gen: {ran.code} {ran.err}")

    def _check_waiting(self, before: dict[str, bytes], after: dict[str, bytes], gen_first: bool) -> None:
        self.waits = True
        if before != after:
            self.problem("sync said that nothing was written, and wrote")
        if self.start and not gen_first:
            self._check_starts([])

    def _check_diff(self, where: Sequence[str]) -> Path:
        """Check that `git apply` of diff's output gives the files that gen writes, and return the folder with gen's."""
        patched = self.copy("diff")
        ran = self.run("diff", *where)
        if ran.out:
            done = subprocess.run(
                ["git", "apply", "--unsafe-paths", "-p1", "-"],
                cwd=patched,
                input=ran.out.encode(),
                capture_output=True,
                check=False,
                env=self._git,
            )
            if done.returncode:
                self.problem(f"git apply refuses diff: {done.stderr.decode()}")
        generated = self.copy("gen")
        with working_in(generated):
            made = mallgen("gen", *where, "-q", "--force")
        if made.code:
            self.problem(f"gen: {made.code} {made.err}")
        for name, left, right in differing(self.tree(patched), self.tree(generated)):
            if not name.endswith("mallgen.lock"):
                self.problem(f"diff is not gen: {name} {left is not None} {right is not None}")
        return generated

    def _check_preview(self, where: Sequence[str], before: dict[str, bytes]) -> None:
        ran = self.run("sync", *where)
        if self.tree() != before:
            self.problem("the preview wrote")
        copy = self.copy("preview")
        applied = self.copy("applied")
        with working_in(applied):
            done = mallgen("sync", *where, "--apply")
        patch = "".join(line for line in ran.out.splitlines(keepends=True))
        if patch:
            made = subprocess.run(
                ["git", "apply", "-p1", "-"],
                cwd=copy,
                input=patch.encode(),
                capture_output=True,
                check=False,
                env=self._git,
            )
            if made.returncode:
                self.problem(f"git apply refuses the preview: {made.stderr.decode()}\n{patch}")
        names = {n for n, data in self.tree(applied).items() if b"DO NOT EDIT" not in data[:80]}
        mine, theirs = self.tree(copy), self.tree(applied)
        for name, left, _ in differing(mine, theirs):
            if name not in names or name.endswith("mallgen.lock"):
                continue
            if left is None and name not in before:
                continue  # the preview has only the number of new files
            self.problem(f"the preview is not what apply does: {name}")
        promised = re.search(r"it would be: (.*)", ran.err)
        told = re.search(r"^(\d+ (?:moved|patched|created|regenerated).*)$", done.err, re.M)
        if (promised and promised[1]) != (told and told[1]):
            self.problem(f"counts: {promised and promised[1]} / {told and told[1]}")

    def _check_bytes(self, before: dict[str, bytes], after: dict[str, bytes], ran: Ran) -> None:
        """Check that every byte of a human that no contract decides is still there."""
        moves = dict(re.findall(r"^(\S+) -> (\S+)$", ran.out, re.M))
        for name, data in before.items():
            if b"DO NOT EDIT" in data[:80] or name.endswith("mallgen.lock"):
                continue
            new = after.get(moves.get(name, name))
            if new is None:
                self.problem(f"lost: {name}")
            elif new != data and name.endswith(".py"):
                if BY_HAND.search(data.decode("utf-8", "replace")):
                    for problem in changed_bytes(data, new):
                        self.problem(f"{name}: {problem}")
            elif new != data and not name.endswith(".py") and not new.startswith(data.rstrip()):
                self.problem(f"{name}: more than appended")

    def _check_repeated(self, where: Sequence[str], after: dict[str, bytes], ran: Ran) -> None:
        """Check that running sync, gen and diff again changes nothing."""
        second = self.run("sync", *where, "--apply")
        if self.tree() != after:
            names = [n for n, _, _ in differing(after, self.tree())]
            self.problem(f"a second sync changes {names}: {second.out}{second.err}")
        if second.code != ran.code:
            self.problem(f"a second sync says {second.code}, the first {ran.code}")
        for word in ("moved", "patched", "created", "regenerated"):
            if re.search(rf"\d+ {word}", second.err):
                self.problem(f"a second sync: {second.err}")
        made = self.run("gen", *where, "-q")
        if self.tree() != after:
            self.problem(f"gen after sync changes {[n for n, _, _ in differing(after, self.tree())]} {made.err}")
        diff = self.run("diff", *where)
        if diff.code or diff.out:
            self.problem(f"diff after sync: {diff.code} {diff.out[:300]}")

    def _check_findings(self, ran: Ran, code: int, before: list[Finding], after: list[Finding]) -> None:
        self.log.append("   after: " + "".join(f"\n   {f.code} {f.file}: {f.message} // {f.hint}" for f in after))
        codes = {f.code for f in after}
        if codes & {"stale", "missing", "edited-generated"}:
            self.problem(f"sync left {codes}")
        if not ran.code and codes - {"orphan", "config-block-left"}:
            self.problem(f"sync was content, check finds {codes}")
        if bool(code) != bool(after):
            self.problem(f"check: {code} with {codes}")
        for finding in [*before, *after]:
            if not finding.hint:
                self.problem(f"no way out: {finding}")

    def _check_owners(self, moved: dict[str, str], maybe: dict[str, set[str]]) -> None:
        """Check that each body still belongs to its route."""
        found: dict[int, tuple[str, str]] = {}
        for folder in self.folders():
            records = {}
            for line in (self.root / folder / "mallgen.lock").read_text(encoding="utf-8").splitlines():
                cells = line.split("\t")
                if cells[0] == "file":
                    records[cells[2]] = cells[4]
            for name, identity in records.items():
                path = self.root / folder / name
                if path.suffix == ".py" and path.exists():
                    mark = MARK.search(path.read_text(encoding="utf-8-sig", errors="replace"))
                    if mark:
                        number = int(mark[1])
                        _, before = self.marks.get(number, ("", ""))
                        at = self.expected_role(name)
                        found[number] = (folder, at if at in maybe.get(before, ()) else identity)
        for number, (folder, identity) in self.marks.items():
            due = moved.get(identity, identity)
            if number not in found:
                self.problem(f"the body {number} of {identity} is nowhere")
            elif found[number][0] != folder or found[number][1] not in {due, *maybe.get(identity, ())}:
                self.problem(f"the body {number} of {identity} is that of {found[number]} now")
        self.marks = {**self.marks, **found}

    def _mypy(self, root: Path, cache: str = "gen") -> dict[str, set[str]]:
        """Return mypy's errors by file, of every generated folder."""
        errors: dict[str, set[str]] = {}
        for folder in self.folders():
            for package in self.packages(folder):
                words = ["--strict", "--no-error-summary", "--cache-dir", mypy_cache(self.cache / cache), package]
                command = [sys.executable, "-m", "mypy", *words]
                ran = subprocess.run(command, cwd=root / folder, capture_output=True, text=True, check=False)
                for line in ran.stdout.splitlines():
                    match = re.match(r"(\S+?):\d+: error: (.*)", line)
                    if match:
                        errors.setdefault(os.path.normpath(f"{folder}/{match[1]}"), set()).add(match[2])
                if ran.returncode not in (0, 1):
                    self.problem(f"mypy: {ran.stdout} {ran.stderr}")
        return errors

    def _check_errors_were_reported(
        self, errors_after_gen: dict[str, set[str]], before: list[Finding], after: list[Finding]
    ) -> None:
        """Check that check reported every user file whose mypy errors were mended by sync."""
        if not self.mypy:
            return
        left = self._mypy(self.root, "work")
        told = {f.file for f in before if f.code not in ("stale", "missing")}
        for name, errors in errors_after_gen.items():
            if b"DO NOT EDIT" in self.tree().get(name, b"")[:80]:
                continue
            mended = errors - left.get(name, set())
            if mended and name not in told:
                self.problem(f"check is silent about {name}: {sorted(mended)}")
        self.errors = left
        for name, errors in left.items():
            self.log.append(f"   mypy: {name}: {sorted(errors)}")

    def _check_starts(self, found: list[Finding]) -> None:
        """Check that the services start and stop, unless a human has to decide first."""
        copy = self.copy("start")
        humans = {f.code for f in found} & {"user-syntax-error", "maybe-renamed"}
        for folder in self.folders():
            for package in self.packages(folder):
                problem = starts(copy / folder, package, copy / "registry")
                if problem:
                    self.log.append(f"   start: {package}: {problem}")
                    if not humans:
                        self.problem(f"{package} does not start: {problem}")
