"""The claim of `mallgen breaking` for pairs of one random field, many of which run in one service."""

import re
from random import Random

import pytest

from mallgen.breaking.api import ApiChange
from mallgen.emit.http.files import HttpOptions, emit
from mallgen.loading.load import load_text
from mallgen.witness.child import NotExecuted
from tests.breaking.judged import diagnostics
from tests.witness.field_pairs import NUMBERS, Pair, contract, pair
from tests.witness.pairs import Versions

ROUTE = re.compile(r"/r(\d+)")
AT_ONCE = 30
COUNTED = ("request-field-became-nullable", "request-field-range-widened")  # null, and what a `limit` has replaced


def _change(pairs: list[Pair]) -> ApiChange | None:
    """Return the change of these pairs; None where mallgen refuses one of the contracts."""
    versions = [load_text(contract(pairs, side), "x.api").contract for side in (0, 1)]
    options = HttpOptions(package="x", prove=False, pretty=False)
    made = [one for one in versions if one is not None and emit(one, options).files]
    return ApiChange(made[0], made[1], "main") if len(made) == 2 else None


class Sample:
    """Pairs without a finding, of which `may_differ` are the numbers of those whose value may be another one now.

    A number is another value as a text, in a list or as a value of any kind; and some changes are only counted.
    """

    def __init__(self, chance: Random) -> None:
        self.pairs: list[Pair] = []
        self.may_differ: set[int] = set()
        while len(self.pairs) < AT_ONCE:
            self._add(pair(chance))

    def _add(self, one: Pair) -> None:
        change = _change([one]) if one.old != one.new else None
        found = diagnostics(change) if change is not None else []
        if change is None or any(each.severity != "info" for each in found):
            return
        kinds = {
            "number" if kind in NUMBERS else kind for kind in (each.kind.lstrip("*") for each in (one.old, one.new))
        }
        if len(kinds) > 1 or any(each.code in COUNTED for each in found):
            self.may_differ.add(len(self.pairs))
        self.pairs.append(one)

    def broken(self, versions: Versions) -> list[str]:
        """Return what shows that a pair breaks, with the pair."""
        change = _change(self.pairs)
        assert change is not None
        try:
            shown = versions.search(change).everything()
        except NotExecuted as problem:
            raise AssertionError([(one.old.line, one.new.line) for one in self.pairs]) from problem
        return [f"{self._about(line)}: {line}" for line in shown if not self._is_told(line)]

    def _number(self, line: str) -> int:
        found = ROUTE.search(line)
        assert found is not None, line
        return int(found[1])

    def _is_told(self, line: str) -> bool:
        return " was read as " in line and self._number(line) in self.may_differ

    def _about(self, line: str) -> str:
        one = self.pairs[self._number(line)]
        return f"{one.place}: {one.old.line.strip()} -> {one.new.line.strip()}"


def test_a_field_without_a_finding_breaks_nobody(versions: Versions) -> None:
    assert Sample(Random(0)).broken(versions) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, 5))
def test_fields_without_a_finding_break_nobody(versions: Versions, part: int) -> None:
    chance = Random(part)
    assert [line for _ in range(20) for line in Sample(chance).broken(versions)] == []
