"""Measure the cost of all-or-nothing writing in a first generation, against plain writes, by medians of rounds.

The contract has `--routes` routes in groups of ten. Reading and rendering are the same for both and are timed once. The
limit is on the cost relative to the whole generation; that relative to the writing alone is printed too.
"""

import argparse
import gc
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mallgen.disk.folder import Folder
from mallgen.disk.session import session
from mallgen.emit.http.files import HttpOptions, emit
from mallgen.loading.load import load_text
from mallgen.output.files import ExpectedFiles, File
from mallgen.output.manifest import parse
from mallgen.output.plan import plan
from mallgen.output.recognise import Survey
from mallgen.output.records import ContractLine

LIMIT = 15.0
LINE = ContractLine("api", "big.api")


def main() -> int:
    """Print the table; return 1 when the cost is above its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--routes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dir", help="where to write; default: a temporary folder")
    words = parser.parse_args()
    started = time.perf_counter()
    files = rendered(words.routes)
    before = (time.perf_counter() - started) * 1000
    plain_ms, safe_ms = measure(files, words.rounds, words.dir)
    cost = 100 * (safe_ms - plain_ms) / (before + plain_ms)
    print(f"{words.routes} routes, {len(files)} files, medians of {words.rounds} rounds")
    print(f"{'read and render':<28}{before:>9.1f} ms")
    print(f"{'write, plain':<28}{plain_ms:>9.1f} ms")
    print(f"{'write, all or nothing':<28}{safe_ms:>9.1f} ms  {100 * (safe_ms / plain_ms - 1):+.1f} % of the writing")
    print(f"{'first generation':<28}{before + safe_ms:>9.1f} ms  {cost:+.1f} %, limit {LIMIT:.0f} %")
    return 1 if cost > LIMIT else 0


def rendered(routes: int) -> tuple[File, ...]:
    """Return the files of a contract with `routes` routes."""
    lines = ['syntax = "v1"', "type Req {", '\tId int64 `path:"id"`', '\tName string `json:"name"`', "}"]
    lines += ["type Resp {", '\tTotal int64 `json:"total"`', "}"]
    for number in range(routes):
        if number % 10 == 0:
            lines += [f"@server (\n\tgroup: group{number // 10}\n\tprefix: /v1\n)", "service big-api {"]
        lines += [f"\t@handler Do{number}", f"\tpost /things{number}/:id (Req) returns (Resp)"]
        if number % 10 == 9 or number == routes - 1:
            lines += ["}"]
    contract = load_text("\n".join([*lines, ""]), "big.api").contract
    assert contract is not None
    return emit(contract, HttpOptions()).files


def measure(files: tuple[File, ...], rounds: int, where: str | None) -> tuple[float, float]:
    """Return the milliseconds of writing by `plain` and by `safe`, as medians."""
    times: dict[Callable[[Path, tuple[File, ...]], None], list[float]] = {plain: [], safe: []}
    with tempfile.TemporaryDirectory(dir=where) as name:
        for number in range(rounds + 1):
            for way, measured in times.items():
                target = Path(name) / "out"
                gc.collect()
                started = time.perf_counter()
                way(target, files)
                measured.append((time.perf_counter() - started) * 1000)
                shutil.rmtree(target)
            if number == 0:
                times = {way: [] for way in times}
    return statistics.median(times[plain]), statistics.median(times[safe])


def plain(root: Path, files: tuple[File, ...]) -> None:
    """Write files as a generator without guarantees: with an equal plan and lock, each file directly to its path."""
    text = (root / "mallgen.lock").read_text(encoding="utf-8") if (root / "mallgen.lock").exists() else ""
    lock = parse(text)
    steps = plan(ExpectedFiles(LINE.path, files), Survey({}, frozenset(), text), lock.with_contract(LINE))
    made: set[str] = set()
    for step in steps.writes:
        path = os.path.join(root, step.file.path)
        folder = os.path.dirname(path)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(path, "w", encoding="utf-8") as file:
            file.write(step.file.text)
    (root / "mallgen.lock").write_text(steps.lock or "", encoding="utf-8")


def safe(root: Path, files: tuple[File, ...]) -> None:
    """Write files as mallgen does, all or nothing."""
    with session(Folder(str(root))) as here:
        lock, _ = here.read_lock()
        steps = plan(ExpectedFiles(LINE.path, files), here.survey(files, lock), lock.with_contract(LINE))
        here.apply(steps)


if __name__ == "__main__":
    sys.exit(main())
