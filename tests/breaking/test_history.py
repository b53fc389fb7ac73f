"""Real changes of real contracts, judged: the verdicts are kept in tests/data/breaking_history.tsv.

A line has the number of the change, the rules that report errors and warnings with their counts, the number of
compatible changes, and a note where a reviewer could differ, or why nothing can be said. `make accept` writes all but
the notes.
"""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from mallgen.breaking import RULES
from mallgen.breaking.judge import judge
from mallgen.breaking.services import ServiceVersion
from mallgen.breaking.terms import Terms
from mallgen.loading.load import load
from mallgen.workspace.versions import version_of
from tests.conftest import ROOT, mallgen

HISTORY = ROOT.parent / "shared" / "corpus" / "history"
TABLE = ROOT / "tests" / "data" / "breaking_history.tsv"
FRAGMENT = {"unknown-type"}  # a file that another one imports, whose types are declared elsewhere


def rows() -> dict[str, list[str]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines}


def services(folder: Path) -> tuple[list[ServiceVersion], str]:
    """Return the contracts below a folder, and the code of an error that keeps one from being read."""
    found: list[ServiceVersion] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".api", ".proto"):
            continue
        if path.suffix == ".api" and path.read_text(encoding="utf-8").strip():
            mallgen("api", "fix", "-api", str(path), "--write")
        name = path.relative_to(folder).as_posix()
        version = version_of(str(folder), [name])
        codes = {one.code for one in version.diagnostics}
        if codes == FRAGMENT:
            found.append(ServiceVersion(name, name, api=load(str(path)).view))
        elif codes:
            return [], sorted(codes)[0]
        found += version.services if codes != FRAGMENT else []
    return found, ""


def copied(pair: Path, here: Path) -> None:
    """Copy both sides of a change, and let them be written."""
    for side in ("before", "after"):
        shutil.copytree(pair / side, here / side)
        for path in (here / side).rglob("*"):
            path.chmod(0o755)


def judged(pair: Path, here: Path) -> list[str]:
    copied(pair, here)
    (old, wrong), (new, also) = services(here / "before"), services(here / "after")
    if wrong or also:
        return ["unreadable", wrong or also, ""]
    found = [one.found.diagnostic for one in judge(old, new, "before", RULES.chosen((), ()), Terms("2026-11-29"))]
    serious = Counter(f"{one.severity} {one.code}" for one in found if one.severity != "info")
    told = ", ".join(f"{what} {count}" if count > 1 else what for what, count in sorted(serious.items()))
    verdict = "breaks" if any(one.severity == "error" for one in found) else "compatible"
    return [verdict, told, str(sum(one.severity == "info" for one in found))]


@pytest.mark.parametrize("number", [f"{number:03}" for number in range(1, 98)])
def test_a_real_change(number: str, here: Path) -> None:
    if not HISTORY.is_dir():
        pytest.skip("../shared/corpus/history is not here")
    found = judged(HISTORY / number, here)
    known = rows()
    note = (known.get(number, []) + [""] * 4)[3]
    if os.environ.get("MALLGEN_ACCEPT"):
        known[number] = [*found, note]
        TABLE.write_text("".join("\t".join([key, *row]) + "\n" for key, row in sorted(known.items())), encoding="utf-8")
    assert rows()[number] == [*found, note]
    assert found[0] != "unreadable" or note


def test_every_change_has_its_verdict() -> None:
    assert [*rows()] == [f"{number:03}" for number in range(1, 98)]
