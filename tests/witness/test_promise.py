"""The claim of `mallgen breaking`: without a finding, old requests are accepted and new answers read, when both run."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from mallgen.breaking.api import ApiChange
from mallgen.loading.load import load_text
from mallgen.model import Contract
from mallgen.witness.child import NotExecuted
from tests.breaking.judged import diagnostics
from tests.exploring import numbered
from tests.random_contracts import contracts
from tests.witness.pairs import Versions, contract

MANY = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture)
OPTIONS = ("string", "omitempty", "default=3", "default=a", "range=[1:9]", "options=1|2|3", "options=a|b")
UNTOLD = "request-field-became-nullable"  # a logic that gets None must be written anew: counted, and no finding


def mutated(text: str, chance: random.Random) -> str:
    """Return a contract with one or two of its lines changed, removed or added."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 2)):
        tagged = [
            at
            for at, line in enumerate(lines)
            if line.count("`") == 2 and ':"' in line.split("`")[1] and len(line.split("`")[0].split()) == 2
        ]
        if not tagged:
            return text
        at = chance.choice(tagged)
        lines[at : at + 1] = _changed(lines[at], chance)
    return "\n".join(lines)


def _changed(line: str, chance: random.Random) -> list[str]:
    head, tag, rest = line.split("`", 2)
    how = chance.randrange(10)
    if how == 0:
        return []
    if how == 1:
        return [line, '\tAdded_ int64 `json:"added_,optional"`']
    if how == 2:
        return [f"{head}`{tag.replace(',optional', '')}`{rest}"]
    if how == 3:
        return [f"{head}`{tag.replace('range=[1:9]', 'range=[0:99]').replace('options=a|b', 'options=a|b|c')}`{rest}"]
    if how == 4:
        words = head.split(None, 1)
        kinds = {"int32": "int64", "int64": "int32", "string": "int64", "bool": "string"}
        return [f"\t{words[0]} {kinds.get(words[1].strip(), words[1].strip())} `{tag}`{rest}"]
    if how == 5:
        return [f'{head}`{tag[:-1]},optional"`{rest}' if "optional" not in tag and "path" not in tag else line]
    if how == 6:
        name, kind = head.split(None, 1)
        return [
            f"\t{name} {kind[1:] if kind.startswith('*') else f'*{kind}'}`{tag}`{rest}" if "path" not in tag else line
        ]
    return [f"{head}`{_with_option(tag, chance.choice(OPTIONS))}`{rest}"]


def _with_option(tag: str, option: str) -> str:
    """Return a tag whose first source has the option, where it had none of the name; else without it."""
    name = option.partition("=")[0]
    start, inner, rest = tag.split('"', 2)
    key, *words = inner.split(",")
    others = [word for word in words if word.partition("=")[0] != name]
    chosen = others if len(others) < len(words) else [*words, option]
    return f'{start}"{",".join((key, *chosen))}"{rest}'


def broken(versions: Versions, old: str, new: str) -> list[str]:
    """Return what old requests and new answers show, for two contracts between which nothing breaks."""
    before, after = load_text(old, "x.api").contract, load_text(new, "x.api").contract
    assume(before is not None and after is not None)
    assert before is not None and after is not None
    change = ApiChange(before, after, "main")
    assume(all(one.severity == "info" and one.code != UNTOLD for one in diagnostics(change)))
    try:
        search = versions.search(change)
    except NotExecuted as problem:
        assume("no code can be made" not in str(problem))
        raise
    return search.everything()


def _holds(versions: Versions, count: int, part: int = 0) -> None:
    phases = (Phase.explicit, Phase.generate)  # to shrink an example takes minutes

    @numbered(part)
    @settings(phases=phases, max_examples=count, deadline=None, suppress_health_check=MANY)
    @given(text=contracts(), number=st.integers(0, 2**32))
    def holds(text: str, number: int) -> None:
        assert broken(versions, text, mutated(text, random.Random(number))) == []

    holds()


def _shown(versions: Versions, old: Contract, new: Contract) -> list[str]:
    """Return what shows between two contracts that have no finding."""
    change = ApiChange(old, new, "old")
    assert all(one.severity == "info" for one in diagnostics(change))
    return versions.search(change).everything()


def test_nothing_is_lost_where_no_answer_can_have_it(versions: Versions, tmp_path: Path) -> None:
    """No bytes are one of these options: a witness that has no answer with the field says nothing of it."""
    field = 'type R {{ Raw []byte `json:"raw,omitempty{more}"` }}'
    text = f"{field}\nservice a-api {{{{ @handler A\nget /a returns (R) }}}}"
    old, new = (
        contract(tmp_path, name, text.format(more=more)) for name, more in (("old", ""), ("new", ",options=1|2"))
    )
    assert _shown(versions, old, new) == []


FORBIDDEN = 'json:"k,options=1|2,optional"'  # the zero of an absent value is none of the options
NULLS = {
    "a zero that the options forbid": (
        f'type S {{ A int `json:"a,optional"` }} type R {{ K int `{FORBIDDEN}`\nP *S `json:"p?"` }}'
    ),
    "a number in a text": 'type S { N *int `json:"n,string"`\nP *int `json:"p?"` } type R { S *S `json:"s,optional"` }',
    "an array of bytes": 'type S { N [3]byte `json:"n"`\nP *int `json:"p?"` } type R { S *S `json:"s,optional"` }',
    "bytes": 'type S { N []byte `json:"n"`\nP *int `json:"p?"` } type R { S *S `json:"s,optional"` }',
    "an absent struct": f'type S {{ P *int `json:"p"`\nK int `{FORBIDDEN}` }} type R {{ S S `json:"s?"` }}',
}


@pytest.mark.parametrize("types", NULLS.values(), ids=NULLS)
def test_null_for_a_pointer_is_no_news(versions: Versions, tmp_path: Path, types: str) -> None:
    """Each version can send null for a pointer, whatever stands beside it, also where clients cannot read it."""
    text = types.replace(" type R", "\ntype R") + "\nservice a-api { @handler A\nget /a returns ([]R) }"
    old, new = (contract(tmp_path, "one", text.replace("?", more)) for more in ("", ",optional"))
    assert _shown(versions, old, new) == []


@pytest.mark.parametrize("kind", ["bool", "int64", "float64"])
@pytest.mark.parametrize("source", ["form", "header"])
def test_a_text_that_is_kept_as_it_was_sent_is_no_news(
    versions: Versions, tmp_path: Path, kind: str, source: str
) -> None:
    """Requests with a bool or a number in a text are accepted as before when the field becomes a string."""
    text = f'type Q {{{{ A {{kind}} `{source}:"a,optional"` }}}}\nservice a-api {{{{ @handler A\npost /a (Q) }}}}'
    old, new = (contract(tmp_path, one, text.format(kind=one)) for one in (kind, "string"))
    assert _shown(versions, old, new) == []


@pytest.mark.hypothesis
def test_without_a_finding_nobody_breaks(versions: Versions) -> None:
    _holds(versions, 8)


@pytest.mark.slow
@pytest.mark.hypothesis
@pytest.mark.parametrize("part", range(4))
def test_without_a_finding_nobody_breaks_in_many_contracts(versions: Versions, part: int) -> None:
    _holds(versions, 500, part)
