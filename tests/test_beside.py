"""A part of the work for a large service is done in a second process: what is made and said must be the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mallgen.beside import LEAST
from tests.conftest import mallgen

COUNT = 2 * LEAST + 20
ONE = "one processor"
BODY = "        return Resp{number}(name=req.name)\n"
WRITTEN = {
    3: "        return Resp3(name=req.gone)\n",
    COUNT - 2: "        return Resp{number}(name=req.gone)\n",
    COUNT - 5: "        return (\n",
    COUNT - 7: "        # to be written\n        raise NotImplementedError\n",
}


def contract() -> str:
    lines = ['syntax = "v1"', "type Other {", '\tX string `json:"x"`', "}"]
    for number in range(COUNT):
        lines += [f"type Req{number} {{", '\tName string `json:"name"`', "}"]
        lines += [f"type Resp{number} {{", '\tName string `json:"name"`', "}"]
    lines += ["service big-api {"]
    for number in range(COUNT):
        lines += [f"\t@handler Do{number}", f"\tpost /do{number} (Req{number}) returns (Resp{number})"]
    return "\n".join([*lines, "}", ""])


def write_bodies(root: Path) -> None:
    for number in range(COUNT):
        path = root / f"out/big_api/logic/do{number}_logic.py"
        text = path.read_text()
        line = next(line for line in text.splitlines(keepends=True) if "raise NotImplementedError" in line)
        path.write_text(text.replace(line, WRITTEN.get(number, BODY).format(number=number)))


def ran(*words: str, processors: int) -> subprocess.CompletedProcess[str]:
    few = sorted(os.sched_getaffinity(0))[:processors]
    run = "import os, runpy, sys; os.sched_setaffinity(0, {}); sys.argv[0] = 'mallgen'; {}"
    start = "runpy.run_module('mallgen', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", run.format(few, start), *words], capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason=ONE)
def test_two_processes_make_what_one_makes(here: Path) -> None:
    (here / "big.api").write_text(contract())
    for count in (1, 2):
        assert ran("api", "py", "-api", "big.api", "-dir", f"out{count}", "-q", processors=count).returncode == 0
    one, two = (tree(here / f"out{count}") for count in (1, 2))
    assert one == two
    assert f"class Resp{COUNT - 1}" in one["big_api/schemas.py"]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason=ONE)
def test_two_processes_may_make_as_much_as_one(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "big.api").write_text(contract())
    for most in (100_000, 400_000, 650_000, 900_000):
        monkeypatch.setenv("MALLGEN_MAX_OUTPUT", str(most))
        one, two = (ran("api", "py", "-api", "big.api", "-dir", "out", "--dry-run", processors=n) for n in (1, 2))
        assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)
        assert one.returncode == int("error[too-much-output]" in one.stderr)
    assert not one.returncode


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason=ONE)
def test_two_processes_say_what_one_says(here: Path) -> None:
    (here / "big.api").write_text(contract())
    assert mallgen("api", "py", "-api", "big.api", "-dir", "out", "-q").code == 0
    write_bodies(here)
    changed = contract()
    for number in (5, COUNT - 3):
        changed = changed.replace(f"returns (Resp{number})", "returns (Other)")
    (here / "big.api").write_text(changed)
    for words in (("check", "-dir", "out"), ("status", "-dir", "out"), ("sync", "-dir", "out")):
        one, two = (ran(*words, processors=count) for count in (1, 2))
        assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)
        assert f"do{COUNT - 3}_logic.py" in one.stdout + one.stderr
    said = ran("check", "-dir", "out", processors=2).stderr
    assert all(f"do{number}_logic.py" in said for number in (3, COUNT - 2, COUNT - 5, 5))
    assert "compared, 1 stub" in said


def tree(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


IGNORED = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
JUDGE = "import sys; from mallgen.beside import beside; print(list(beside(range({}), {})()))"


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason=ONE)
@pytest.mark.parametrize(
    ("count", "judge", "expected"),
    [
        (LEAST, "lambda n: n % 7", [n % 7 for n in range(LEAST)]),
        (LEAST - 1, "lambda n: 1", []),
        (LEAST, "lambda n: 1 // (n - 9)", []),
        (LEAST, "lambda n: __import__('os').kill(__import__('os').getpid(), 9)", []),
        (LEAST, "lambda n: sys.exit(4)", []),
    ],
    ids=["a byte for each", "too few", "a mistake", "killed", "it wants to end"],
)
def test_the_second_process(count: int, judge: str, expected: list[int]) -> None:
    for before in ("", IGNORED):
        asked = subprocess.run(
            [sys.executable, "-c", before + JUDGE.format(count, judge)], capture_output=True, text=True, check=False
        )
        assert (asked.returncode, asked.stdout, asked.stderr) == (0, f"{expected}\n", "")
