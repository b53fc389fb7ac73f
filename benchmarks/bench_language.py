"""Measure the commands on contracts: on the largest of the corpus, and on some with ten thousand of one construct.

The figures are processor time and peak memory of whole processes, the best of `--runs` turns. `--beside DIR` names
another checkout with its own .venv, whose turns alternate with this one's, so that both have the same machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.cli.test_hostile import LARGE  # noqa: E402
from tests.conftest import CORPUS  # noqa: E402

POWERX = CORPUS / "ArtisanCloud+PowerX" / "api"
CHECK = ["format", "--check"]
WORDS = {
    "validate": ["validate", "-api"],
    "lint --select all": ["lint", "--select", "all", "-api"],
    "format --check": CHECK,
    "fix": ["fix"],
    "inspect": ["inspect", "-api"],
}
SECONDS, MEBIBYTES = 5.0, 512.0
_CHILD = """
import resource, sys
from mallgen.__main__ import main
sys.stdout = open("/dev/null", "w")
sys.stderr = open("/dev/null", "w")
main()
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.__stdout__)
"""


class Taken(NamedTuple):
    """The processor time of a command in seconds, and its peak memory in MiB."""

    seconds: float
    memory: float


def measured(python: Path, folder: Path, words: list[str]) -> Taken:
    """Measure one command; one that takes more than two minutes is stopped and counts as infinitely slow."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    try:
        ran = subprocess.run(
            [python, "-c", _CHILD, "api", *words], cwd=folder, env=env, capture_output=True, text=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return Taken(float("inf"), 0)
    assert ran.returncode == 0, ran.stderr
    return Taken(*map(float, ran.stdout.split()))


def best(pythons: list[Path], folder: Path, words: list[str], runs: int) -> list[Taken]:
    """Return the best of several turns for each interpreter."""
    turns = [[measured(python, folder, words) for python in pythons] for _ in range(runs)]
    return [min(taken) for taken in zip(*turns, strict=True)]


def show(what: str, results: list[Taken]) -> None:
    """Print a line of the table."""
    cells = [f"{taken.seconds:>8.2f} s {taken.memory:>5.0f} MiB" for taken in results]
    print(f"{what:<46}{''.join(cells)}", flush=True)


def main() -> int:
    """Print the table; return 1 when a command of this checkout needs more than 5 s or 512 MiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--beside", type=Path)
    asked = parser.parse_args()
    pythons = [Path(sys.executable), *([asked.beside / ".venv" / "bin" / "python"] if asked.beside else [])]
    print(f"{'':<46}{'this checkout':>20}{str(asked.beside) if asked.beside else '':>20}")
    over = False
    if POWERX.is_dir():
        total = [0.0] * len(pythons)
        for name, words in WORDS.items():
            target = str(POWERX / "powerx.api") if name != "format --check" else str(POWERX)
            results = best(pythons, ROOT, [*words, target], asked.runs)
            show(f"PowerX, 86 files, 173 KiB: {name}", results)
            total = [sofar + taken.seconds for sofar, taken in zip(total, results, strict=True)]
        print(f"{'PowerX, all five':<46}{''.join(f'{seconds:>8.2f} s          ' for seconds in total)}")
    else:
        print(f"skipped: no corpus at {CORPUS}")
    with tempfile.TemporaryDirectory() as folder:
        for content, make in LARGE.items():
            make(Path(folder))
            for name, words in WORDS.items():
                results = best(pythons, Path(folder), [*words, "x.api"], 1)
                show(f"10 000, {content}: {name}", results)
                over |= results[0].seconds > SECONDS or results[0].memory > MEBIBYTES
    return int(over)


if __name__ == "__main__":
    sys.exit(main())
