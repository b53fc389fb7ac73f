"""goctl's verdicts on mutated contracts, compared with ours: `python -m tests.differential.compare [COUNT [SEED]]`."""

import csv
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mallgen.loading.load import load
from tests.conftest import CORPUS, ROOT
from tests.differential.goctl import Missing, Verdict, required, verdicts
from tests.differential.models import difference
from tests.differential.mutate import mutated

CONFORMANCE = ROOT / "tests" / "conformance"
LARGEST = 12_000
COUNT, SEED = 5_000, 1


class Disagreement(NamedTuple):
    """A file that goctl and mallgen judge or read differently; `codes` are our errors, none where we accept it."""

    file: Path
    theirs: Verdict
    codes: frozenset[str]


class Outcome(NamedTuple):
    """The result of a run; `explained` counts by the codes of stricter.tsv, and as `comment` a bug of goctl's."""

    files: int
    accepted: int
    explained: Counter[str]
    unexplained: list[Disagreement]


def stricter() -> dict[str, str]:
    """Return for each of our codes the reason why we refuse a contract that goctl accepts."""
    with (CONFORMANCE / "stricter.tsv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["reason"] for row in csv.DictReader(file, delimiter="\t")}


def compare(files: list[Path]) -> Outcome:
    """Judge every file with goctl and with mallgen, and compare."""
    reasons = stricter()
    theirs = verdicts(files, "model")
    outcome = Outcome(len(files), sum(v.ok for v in theirs.values()), Counter(), [])
    for path in files:
        codes, part = judged(path, theirs[path])
        if theirs[path].ok == (not codes) and not part:
            continue
        if theirs[path].ok and codes <= reasons.keys():
            outcome.explained.update(sorted(codes)[:1])
        elif not codes and _comment_taken_for_text(theirs[path].said):
            outcome.explained["comment"] += 1
        else:
            said = theirs[path]._replace(said=f"reads the {part} differently") if part else theirs[path]
            outcome.unexplained.append(Disagreement(path, said, codes))
    return outcome


def _comment_taken_for_text(said: str) -> bool:
    """Return whether goctl refused equal names or versions because it compares them with the comments behind them."""
    match = re.search(r"(?:expected|defined) <(.*?)>,? (?:got|and) <(.*?)>", said, re.S)
    return match is not None and len({re.split(r"\s*/[/*]", text)[0] for text in match.groups()}) == 1


def judged(path: Path, theirs: Verdict) -> tuple[frozenset[str], str]:
    """Return our error codes, none when we accept the file, and the part of it that goctl reads differently."""
    loaded = load(str(path))
    errors = frozenset(d.code for d in loaded.diagnostics if d.severity == "error")
    assert bool(errors) == (loaded.contract is None), path
    if loaded.contract is None or theirs.model is None:
        return errors, ""
    return errors, difference(loaded.contract, theirs.model)


def mutants(folder: Path, count: int, seed: int) -> list[Path]:
    """Write `count` mutated copies below `folder`, each beside the files that its original imports."""
    if CORPUS.is_dir():
        shutil.copytree(CORPUS, folder / "corpus")
    texts = {path: path.read_bytes() for path in (*originals(folder / "corpus"), *_cases(folder))}
    paths = list(texts)
    made = []
    for number in range(count):
        original = paths[(seed + number * 7919) % len(paths)]
        path = original.with_name(f"mutant_{number}.api")
        path.write_bytes(mutated(texts[original], seed * 1_000_003 + number))
        made.append(path)
    return made


def originals(corpus: Path) -> Iterator[Path]:
    """Yield the corpus files that are small enough for thousands of trials."""
    for path in sorted(corpus.rglob("*.api")):
        if "golden" not in path.parts and 0 < path.stat().st_size < LARGEST:
            yield path


def _cases(folder: Path) -> Iterator[Path]:
    aside, cases = conformance()
    for name, text in {**aside, **cases}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    yield from (folder / name for name in cases)


def conformance() -> tuple[dict[str, str], dict[str, str]]:
    """Return the files that the conformance cases import, and the cases, each by file name."""
    head, *cases = (json.loads(line) for line in (CONFORMANCE / "api_language.jsonl").read_text("utf-8").splitlines())
    return head["aux_files"], {f"{case['case']}.api": case["source"] for case in cases}


def report(outcome: Outcome) -> list[str]:
    """Return the lines that `make conformance` prints about a run."""
    agreed = outcome.files - outcome.explained.total() - len(outcome.unexplained)
    return [
        f"differential run against goctl: {outcome.files} mutated files, {outcome.accepted} accepted by goctl",
        f"  agreed, models too: {agreed}; explained: {outcome.explained.total()} {dict(outcome.explained)}",
        f"  unexplained disagreements: {len(outcome.unexplained)}",
    ]


def main(words: list[str]) -> int:
    """Compare, print the result and keep the files of unexplained disagreements in build/disagreements."""
    count, seed = [*(int(word) for word in words), *(COUNT, SEED)[len(words) :]]
    kept = ROOT / "build" / "disagreements"
    shutil.rmtree(kept, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            outcome = compare(mutants(Path(scratch), count, seed))
        except Missing as problem:
            print(f"skipped: {problem}")
            return int(required())
        for disagreement in outcome.unexplained:
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(disagreement.file, kept)
            theirs, ours = disagreement.theirs.said or "accepts", sorted(disagreement.codes) or "accept"
            print(f"{disagreement.file.name}: goctl {theirs}; we {ours}")
    print("\n".join(report(outcome)))
    return 1 if outcome.unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
