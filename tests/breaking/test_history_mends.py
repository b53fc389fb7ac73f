"""The errors of the real changes that `mallgen breaking --fix` mends: their compatible forms are written and proven."""

from collections import Counter
from pathlib import Path

import pytest

from mallgen.breaking import ERROR, RULES
from mallgen.breaking.judge import judge
from mallgen.breaking.mends import mends
from mallgen.breaking.policy import Judgement
from mallgen.breaking.services import ServiceVersion
from mallgen.breaking.terms import Terms
from mallgen.loading.rewrite import read_file
from mallgen.text.limits import DEFAULT
from mallgen.workspace.mended import MendProof
from mallgen.workspace.versions import Version, version_of
from tests.breaking.test_history import HISTORY, copied, services

pytestmark = pytest.mark.slow
ERRORS, MENDED = 157, 122  # the others are up to the user: names of services and types, access, files that are parts


def contracts(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.*")) if is_contract(path)]


def is_contract(path: Path) -> bool:
    return path.suffix in (".api", ".proto")


def judged(old: list[ServiceVersion], new: list[ServiceVersion]) -> list[Judgement]:
    return judge(old, new, "before", RULES.chosen((), ()), Terms("2026-11-29"))


def codes(found: list[Judgement] | tuple[Judgement, ...]) -> Counter[str]:
    return Counter(one.found.diagnostic.code for one in found if one.found.diagnostic.severity == ERROR)


def mended(pair: Path, here: Path) -> tuple[Counter[str], Counter[str]]:
    """Return the errors of a change by their codes, and those of them that are mended."""
    copied(pair, here)
    (old, wrong), (new, also) = services(here / "before"), services(here / "after")
    found = judged(old, new) if not wrong and not also else []
    if not codes(found):
        return Counter(), Counter()
    sides = [version_of(str(here / side), contracts(here / side)).sources for side in ("before", "after")]
    files = {path: read_file(path, DEFAULT.bytes) for path in sides[1]}

    def again(version: Version) -> list[Judgement]:
        return judged(old, list(version.services))

    proof = MendProof(
        str(here / "after"),
        [str(here / "after" / one) for one in contracts(here / "after")],
        files,
        sides[1],
        again,
        found,
    )
    return codes(found), codes(proof.proven(list(mends(found, *sides))).gone)


def test_most_errors_have_a_compatible_form(here: Path) -> None:
    if not HISTORY.is_dir():
        pytest.skip("../shared/corpus/history is not here")
    errors, gone = Counter[str](), Counter[str]()
    for number in range(1, 98):
        folder = here / str(number)
        folder.mkdir()
        found, fixed = mended(HISTORY / f"{number:03}", folder)
        errors, gone = errors + found, gone + fixed
    assert (errors.total(), gone.total()) == (ERRORS, MENDED), errors - gone
