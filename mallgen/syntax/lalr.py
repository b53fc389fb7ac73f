"""The parser: a walk over the tables that lark made of grammar/api.lark, so that no run imports lark (60 ms).

The algorithm is LALR(1)'s usual one: a stack of states, one of values; shift or reduce by the next token's type.
"""

from collections.abc import Callable, Iterable
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from mallgen._built.api_tables import ENDS, RULES, STARTS, STATES
from mallgen.syntax.scan import Token

END = "$END"


class Unexpected(Exception):
    """Raised for a token that no rule goes on with; None is the end."""

    def __init__(self, token: Token | None) -> None:
        super().__init__(token)
        self.token = token


class _Several(list[Any]):
    """The values of a rule that has no node of its own; its parent takes them over."""


class Builder(Protocol):
    """A builder with a method for each rule of the grammar; `last` is the last token read when one is called."""

    last: Token | None


def walk(tokens: Iterable[Token], start: str, builder: Builder) -> Any:
    """Parse tokens by the rule `start`, and return the node that `builder` makes of it. Raises Unexpected."""
    states = [STARTS[start]]
    values: list[Any] = []
    row = STATES[states[0]]
    for token in tokens:
        kind = token.type
        action = row.get(kind)
        while action is None or action < 0:
            if action is None:
                raise Unexpected(token)
            row = _reduce(states, values, _RULES[-action - 1], builder)
            action = row.get(kind)
        states.append(action)
        values.append(token)
        builder.last = token
        row = STATES[action]
    _finish(states, values, ENDS[start], builder)
    return values[-1]


def _finish(states: list[int], values: list[Any], end: int, builder: Builder) -> None:
    while states[-1] != end:
        action = STATES[states[-1]].get(END)
        if action is None:
            raise Unexpected(None)
        if action >= 0:
            return
        _reduce(states, values, _RULES[-action - 1], builder)


def _reduce(states: list[int], values: list[Any], rule: "_Reduction", builder: Builder) -> dict[str, int]:
    """Replace the parts of a rule by its value, and return the row of the state that this leads to."""
    origin, callback, size, picks, plainly = rule
    if callback:
        at = len(values) - size
        taken = values[at:]
        picked = plainly(taken) if plainly else _picked(taken, picks)
        del states[at + 1 :], values[at:]
        values.append(picked if callback == "several" else getattr(builder, callback)(*picked))
    else:
        states.pop()
    state = STATES[states[-1]][origin]
    states.append(state)
    return STATES[state]


def _picked(taken: list[Any], picks: tuple[int | None, ...]) -> _Several:
    """Return the parts that the value is made of; a growing list is extended, not copied at every step."""
    values = _Several()
    if picks and picks[0] is not None and picks[0] < 0:
        values, picks = taken[-picks[0] - 1], picks[1:]
    for pick in picks:
        if pick is None:
            values.append(None)
        elif pick >= 0:
            values.append(taken[pick])
        else:
            values += taken[-pick - 1]
    return values


class _Reduction(NamedTuple):
    """A rule as it is carried out; without a `callback` its only part is its value.

    `picks` are indexes of parts, None for an absent one, negative for a list to join; `plainly` picks without joining.
    """

    origin: str
    callback: str
    size: int
    picks: tuple[int | None, ...]
    plainly: Callable[[list[Any]], tuple[Any, ...]] | None


def _rule(origin: str, callback: str, size: int, picks: tuple[int | None, ...]) -> _Reduction:
    plain = [pick for pick in picks if pick is not None and pick >= 0]
    if callback == "one":
        assert size == len(plain) == 1, f"{origin} is not its only part"
        return _Reduction(origin, "", 1, picks, None)
    is_plain = callback != "several" and len(plain) == len(picks)
    if plain == list(range(size)) and is_plain:
        return _Reduction(origin, callback, size, picks, tuple)
    return _Reduction(origin, callback, size, picks, itemgetter(*plain) if is_plain and len(plain) > 1 else None)


_RULES = [_rule(*rule) for rule in RULES]


def acceptable(tokens: Iterable[Token], start: str, unexpected: Token | None) -> set[str]:
    """Return the terminals that could stand where `walk` met the token `unexpected`, or the end.

    The row of the state that `walk` stopped in is no answer: states were merged, so that it has too many terminals,
    and some reductions are made before the error is seen, so that it lacks others.
    """
    states = [STARTS[start]]
    for token in tokens:
        if token is unexpected:
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
