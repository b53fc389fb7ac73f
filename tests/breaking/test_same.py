"""No change, no finding; and each kind of change has its effect on any contract."""

import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mallgen.breaking.api import ApiChange
from mallgen.breaking.struct_pairs import Direction, FieldPair
from mallgen.loading.load import load, load_text
from mallgen.model import Contract, Field
from tests.breaking.judged import diagnostics
from tests.conftest import CONTRACTS
from tests.random_contracts import contracts

pytestmark = pytest.mark.slow

RANDOM = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
NEW = "Zzz9"
DIRECTIONS: tuple[Direction, ...] = ("request", "response")


def _same(path: Path) -> bool:
    """Check that a contract is the same as itself; return whether it could be read."""
    found = load(str(path), outside=True).contract
    if found is None:
        return False
    change = ApiChange(found, found, "main")
    assert diagnostics(change) == [], path
    fields = [pair for which in DIRECTIONS for one in change.structs(which) for pair in one.fields]
    assert all(pair.old is not None and pair.new is not None for pair in fields), path
    return True


def test_every_contract_of_the_corpus_is_the_same_as_itself(corpus: Path) -> None:
    read = [_same(path) for path in sorted(corpus.rglob("*.api"))]
    assert sum(read) > 300


@pytest.mark.parametrize("name", ["wide.api", "deep/deep.api"])
def test_the_contracts_of_our_own_are_the_same_as_themselves(name: str) -> None:
    assert _same(CONTRACTS / name)


@cache
def _contract(text: str) -> Contract | None:
    return load_text(text, "x.api").contract


def _change(old: str, new: str) -> ApiChange:
    """Return the change from one text to the other; give the example up where mallgen refuses one of them."""
    before, after = _contract(old), _contract(new)
    assume(before is not None and after is not None)
    assert before is not None and after is not None
    return ApiChange(before, after, "main")


def _said(old: str, new: str) -> set[tuple[str, str]]:
    return {(one.code, one.message) for one in diagnostics(_change(old, new))}


def _errors(old: str, new: str) -> list[str]:
    found = diagnostics(_change(old, new))
    return [f"{one.code}: {one.message}" for one in found if one.severity in ("", "error")]


def _shuffled(text: str, chance: random.Random) -> str:
    """Put types into another order, and the fields in each of them, and the routes of each service."""
    lines, types = text.split("\n"), list[list[str]]()
    shape: list[list[str] | None] = []
    while lines:
        end = lines.index("}") + 1 if lines[0].startswith(("type ", "service ")) else 1
        part, lines = lines[:end], lines[end:]
        is_type = part[0].startswith("type ")
        if end > 1:
            part = [part[0], *_mixed(part[1:-1], is_type, chance), "}"]
        if is_type:
            types.append(part)
        shape.append(None if is_type else part)
    chance.shuffle(types)
    return "\n".join(line for part in shape for line in (types.pop() if part is None else part))


def _mixed(lines: list[str], is_type: bool, chance: random.Random) -> list[str]:
    """Put the fields of a type into another order, or the routes of a service, which empty lines divide."""
    parts: list[list[str]] = [[]]
    depth = 0
    for line in lines:
        parts[-1].append(line)
        depth += line.endswith("{") - line.startswith("\t} ")
        if (is_type and not depth) or (not is_type and not line):
            parts.append([])
    chance.shuffle(parts)
    return [line for part in parts for line in part]


def _carried(text: str) -> list[FieldPair]:
    """Return the fields that requests and responses of a contract have."""
    same = _change(text, text)
    return [pair for which in DIRECTIONS for struct in same.structs(which) for pair in struct.fields]


def _without(text: str, line: int) -> str:
    lines = text.split("\n")
    return "\n".join(lines[: line - 1] + lines[line:])


def _shows_another(old: str, new: str, field: Field) -> bool:
    """Return whether a field that goes uncovers another one of that name or key, which an embedded type has."""
    before, after = _contract(old), _contract(new)
    assert before is not None and after is not None
    owners = {declared.name for declared in before.types if any(one.span == field.span for one in declared.fields)}
    keys = {(one.source, one.key) for one in field.bindings}
    left = [one for declared in after.types if declared.name in owners for one in declared.fields]
    return any(one.name == field.name or keys & {(b.source, b.key) for b in one.bindings} for one in left)


@RANDOM
@given(contracts(), st.randoms(use_true_random=False))
def test_the_order_of_declarations_never_matters(text: str, chance: random.Random) -> None:
    assert _said(text, _shuffled(text, chance)) == set()
    fields = _carried(text)
    assume(fields)
    removed = chance.choice(fields).old
    assert removed is not None
    shorter = _without(text, removed.field.span.line)
    assert _said(text, _shuffled(shorter, chance)) == _said(_shuffled(text, chance), shorter)


@RANDOM
@given(contracts(), st.randoms(use_true_random=False))
def test_to_remove_a_field_that_is_used_is_an_error(text: str, chance: random.Random) -> None:
    fields = _carried(text)
    assume(fields)
    removed = chance.choice(fields).old
    assert removed is not None
    shorter = _without(text, removed.field.span.line)
    _change(text, shorter)
    assume(not _shows_another(text, shorter, removed.field))
    assert _errors(text, shorter)


@RANDOM
@given(contracts(), st.randoms(use_true_random=False))
def test_to_remove_a_route_is_an_error(text: str, chance: random.Random) -> None:
    lines = text.split("\n")
    handler = chance.choice([at for at, line in enumerate(lines) if line.startswith("\t@handler")])
    start = handler - lines[handler - 1].startswith("\t@doc")
    assert _errors(text, "\n".join(lines[:start] + lines[handler + 2 :]))


@RANDOM
@given(contracts(), st.sampled_from(("json", "form", "header")), st.randoms(use_true_random=False))
def test_to_add_an_optional_field_is_never_an_error(text: str, source: str, chance: random.Random) -> None:
    lines = text.split("\n")
    at = chance.choice([at for at, line in enumerate(lines) if line.startswith("type ")])
    lines.insert(at + 1, f'\t{NEW} string `{source}:"{NEW.lower()},optional"`')
    assert _errors(text, "\n".join(lines)) == []


@RANDOM
@given(contracts(), st.sampled_from(("string", "*int64", "[]int32")), st.randoms(use_true_random=False))
def test_to_add_a_field_of_responses_is_never_an_error(text: str, kind: str, chance: random.Random) -> None:
    lines = text.split("\n")
    at = chance.choice([at for at, line in enumerate(lines) if line.startswith("type ")])
    lines.insert(at + 1, f'\t{NEW} {kind} `json:"{NEW.lower()}"`')
    longer = "\n".join(lines)
    assume(not _change(text, longer).fields("request"))
    assert _errors(text, longer) == []
