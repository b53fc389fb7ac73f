"""Time the commands, as ratios to `python -c pass` measured in the same turns.

The figures are the medians of `--runs` turns; each turn runs every command once, as a whole process.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MALL = str(ROOT / "examples" / "mall.api")
LIMITS = {"help": 10.0, "first generation of mall.api": 20.0}


def main() -> int:
    """Print the table; return 1 when a ratio is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        times = measure(Path(name), runs)
    floor = statistics.median(times["python -c pass"])
    over = []
    print(f"{'':<34}{'median ms':>10}{'ratio':>8}{'limit':>8}")
    for what, seconds in times.items():
        median = statistics.median(seconds)
        limit = LIMITS.get(what)
        print(f"{what:<34}{median * 1000:>10.0f}{median / floor:>8.1f}{limit or '':>8}")
        if limit and median / floor > limit:
            over.append(what)
    for what in over:
        print(f"above its limit: {what}", file=sys.stderr)
    return 1 if over else 0


def measure(folder: Path, runs: int) -> dict[str, list[float]]:
    """Return the seconds of each turn of each command, by its description."""
    python = [sys.executable]
    mallgen = [sys.executable, "-m", "mallgen"]
    generate = [*mallgen, "api", "py", "-api", MALL, "-dir"]
    kept = str(folder / "kept")
    subprocess.run([*generate, kept], check=True, capture_output=True)
    commands = {
        "python -c pass": [*python, "-c", "pass"],
        "--version": [*mallgen, "--version"],
        "help": [*mallgen, "--help"],
        "help of api py": [*mallgen, "api", "py", "--help"],
        "api validate": [*mallgen, "api", "validate", "-api", MALL],
        "first generation of mall.api": [*generate, str(folder / "fresh")],
        "second generation of mall.api": [*generate, kept],
    }
    times: dict[str, list[float]] = {what: [] for what in commands}
    for _ in range(runs):
        for what, command in commands.items():
            shutil.rmtree(folder / "fresh", ignore_errors=True)
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, cwd=folder)
            times[what].append(time.perf_counter() - started)
    return times


if __name__ == "__main__":
    sys.exit(main())
