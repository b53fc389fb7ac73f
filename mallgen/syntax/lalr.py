"""Walks the parse tables that lark made of grammar/api.lark, so that a run need not import lark (60 ms).

The algorithm is LALR(1)'s usual one: a stack of states, one of values; shift or reduce by the next token's type.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol

from mallgen._built.api_tables import ENDS, RULES, STARTS, STATES
from mallgen.syntax.scan import Token

END = "$END"


class Unexpected(Exception):
    """No rule goes on with this token; None is the end."""

    def __init__(self, token: Token | None) -> None:
        super().__init__(token)
        self.token = token


class _Several(list[Any]):
    """The values of a rule that has no node of its own: its parent takes them in."""


class Building(Protocol):
    """Has a method for each rule of the grammar; `last` is the token that was read last when one is called."""

    last: Token | None


def walk(tokens: Iterable[Token], start: str, builder: Building) -> Any:
    """The node of a statement. Raises Unexpected."""
    states = [STARTS[start]]
    values: list[Any] = []
    for token in tokens:
        kind = token.type
        while True:
            action = STATES[states[-1]].get(kind)
            if action is None:
                raise Unexpected(token)
            if action >= 0:
                break
            _reduce(states, values, -action - 1, builder)
        states.append(action)
        values.append(token)
        builder.last = token
    _finish(states, values, ENDS[start], builder)
    return values[-1]


def _finish(states: list[int], values: list[Any], end: int, builder: Building) -> None:
    while states[-1] != end:
        action = STATES[states[-1]].get(END)
        if action is None:
            raise Unexpected(None)
        if action >= 0:
            return
        _reduce(states, values, -action - 1, builder)


def _reduce(states: list[int], values: list[Any], number: int, builder: Building) -> None:
    origin, callback, size, picks = RULES[number]
    at = len(values) - size
    taken = values[at:]
    del states[at + 1 :], values[at:]
    if callback == "one" and picks[0] is not None and picks[0] >= 0:
        values.append(taken[picks[0]])
    else:
        found = _picked(taken, picks)
        if callback == "one":
            values.append(found[0])
        elif callback == "several":
            values.append(found)
        else:
            values.append(getattr(builder, callback)(*found))
    states.append(STATES[states[-1]][origin])


def _picked(taken: list[Any], picks: tuple[int | None, ...]) -> _Several:
    """The values that go on; a growing list is taken over, not copied at every step."""
    found = _Several()
    if picks and picks[0] is not None and picks[0] < 0:
        found, picks = taken[-picks[0] - 1], picks[1:]
    for pick in picks:
        if pick is None:
            found.append(None)
        elif pick >= 0:
            found.append(taken[pick])
        else:
            found += taken[-pick - 1]
    return found


def acceptable(tokens: Iterable[Token], start: str, found: Token | None) -> set[str]:
    """The terminals that could have stood where `walk` met `found`.

    The table of a state has more: it was merged from several, and reductions made too early lose some.
    """
    states = [STARTS[start]]
    for token in tokens:
        if token is found:
            break
        _shift(states, token.type)
    return {kind for kind in _terminals() if _shift(list(states), kind, ENDS[start])}


@cache
def _terminals() -> frozenset[str]:
    return frozenset(name for row in STATES for name in row if name.isupper())


def _shift(states: list[int], kind: str, end: int = -1) -> bool:
    while True:
        if kind == END and states[-1] == end:
            return True
        action = STATES[states[-1]].get(kind)
        if action is None:
            return False
        if action >= 0:
            states.append(action)
            return True
        origin, _, size, _ = RULES[-action - 1]
        del states[len(states) - size :]
        states.append(STATES[states[-1]][origin])
