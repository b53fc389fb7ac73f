"""Time `mallgen check` on about two thousand files: with stubs only, with every tenth logic written, with all.

The figures are medians of `--runs` whole processes: wall time, processor time, and wall time scaled to a reference. The
limit is one second on a machine where a loop of three million additions takes at most 0.15 s; when the loop takes more,
just before and after a turn, the wall time of that turn is scaled down.
`--against DIR`: another checkout of mallgen is timed as well, in turns with this one, in the same folder.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUTES, LIMIT, LOOP, REFERENCE = 980, 1.0, 3_000_000, 0.15


def main() -> int:
    """Print the table; return 1 when a median is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--against", type=Path, help="another checkout, which has its own .venv")
    words = parser.parse_args()
    pythons = {"": sys.executable}
    if words.against:
        pythons["before: "] = str(words.against / ".venv" / "bin" / "python")
    for folder in (Path(__file__).parents[1], *([words.against] if words.against else [])):
        subprocess.run([sys.executable, "-m", "compileall", "-q", folder / "mallgen"], check=True)  # as pip does
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "big.api").write_text(contract(), encoding="utf-8")
        mallgen(root, "api", "py", "-api", "big.api", "-dir", "out", "-q")
        count = sum(path.is_file() and ".mallgen" not in path.parts for path in root.joinpath("out").rglob("*"))
        print(f"{count} files, at most {LIMIT:.2f} s on the reference")
        print(f"{'':<34}{'wall s':>8}{'cpu s':>8}{'scaled':>8}")
        over = show("untouched", root, pythons, words.runs)
        edit(root, 10)
        over |= show("every tenth logic edited", root, pythons, words.runs)
        edit(root, 1)
        over |= show("every logic edited", root, pythons, words.runs)
    return 1 if over else 0


def show(what: str, root: Path, pythons: dict[str, str], runs: int) -> bool:
    """Print a line for each checkout, this one last; return whether this one's scaled time is above the limit."""
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in pythons}
    for _ in range(runs):
        for name, python in pythons.items():
            times[name].append(timed(lambda python=python: mallgen(root, "check", "-dir", "out", python=python)))  # type: ignore[misc]
    for name, turns in reversed(times.items()):
        wall, cpu, scaled = (statistics.median(column) for column in zip(*turns, strict=True))
        print(f"{name + what:<34}{wall:>8.2f}{cpu:>8.2f}{scaled:>8.2f}")
    return bool(scaled > LIMIT)


def timed(work: Callable[[], None]) -> tuple[float, float, float]:
    """Return seconds of wall time and of the child's processor time, and the wall time scaled to the reference."""
    pace = loop()
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    pace = (pace + loop()) / 2
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall / max(1.0, pace / REFERENCE)


def mallgen(root: Path, *words: str, python: str = sys.executable) -> None:
    """Run a mallgen command; raise CalledProcessError when it fails."""
    subprocess.run([python, "-m", "mallgen", *words], cwd=root, check=True, capture_output=True)


def loop() -> float:
    """Return the seconds of processor time that a fixed loop takes."""
    start, total = time.process_time(), 0
    for number in range(LOOP):
        total += number
    return time.process_time() - start


def contract() -> str:
    """Return a contract of ten groups of routes, each route with a request and a response of its own."""
    lines = ['syntax = "v1"', ""]
    for number in range(ROUTES):
        lines += [f"type Req{number} {{", '\tID int64 `form:"id"`', '\tName string `form:"name,optional"`', "}", ""]
        lines += [f"type Resp{number} {{", '\tID int64 `json:"id"`', '\tItems []string `json:"items"`', "}", ""]
    for group in range(10):
        lines += ["@server (", f"\tprefix: /v1/g{group}", f"\tgroup: g{group}", ")", "service big-api {"]
        for number in range(group * ROUTES // 10, (group + 1) * ROUTES // 10):
            lines += [f"\t@handler Do{number}", f"\tget /do{number} (Req{number}) returns (Resp{number})", ""]
        lines += ["}", ""]
    return "\n".join(lines)


def edit(root: Path, each: int) -> None:
    """Replace the stub in every `each`-th logic file by a body, as a user would."""
    for number, path in enumerate(sorted(root.joinpath("out").rglob("*_logic.py"))):
        text = path.read_text(encoding="utf-8")
        if number % each == 0 and "raise NotImplementedError" in text:
            raised = next(line for line in text.splitlines() if "raise NotImplementedError" in line)
            name = path.stem.removeprefix("do").removesuffix("_logic")
            body = f"        total = len(req.name)\n        return Resp{name}(id=req.id + total, items=[])"
            path.write_text(text.replace(raised, body), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
