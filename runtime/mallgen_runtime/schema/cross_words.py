"""The words of `validate` tags that look at other fields of the same struct, as in go-playground's validator.

A word names the other field by its attribute, and its name on the wire behind a colon where that is another one:
`eqfield=pass_word:passWord`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_CHOICE = re.compile(r"'([^']*)'|(\S+)")


class CrossRule(NamedTuple):
    """A rule: the owner of a field and its value that it lets pass, and in words what it asks.

    `on_none`: it looks at a value that is not there, too.
    """

    holds: Callable[[Any, Any], bool]
    reason: str
    on_none: bool = False


class _Other(NamedTuple):
    """Another field: attribute and name on the wire."""

    attribute: str
    key: str

    def of(self, owner: Any) -> Any:
        """Return its value."""
        return getattr(owner, self.attribute)

    def is_there(self, owner: Any, pointers: frozenset[str]) -> bool:
        """Return whether it has a value: a pointer any, else one that is not empty, 0 or false."""
        value = self.of(owner)
        return value is not None if self.attribute in pointers else bool(value)


_COMPARED: Mapping[str, tuple[Callable[[Any, Any], bool], str, str]] = {
    "eqfield": (lambda a, b: bool(a == b), "must equal", "must equal"),
    "nefield": (lambda a, b: bool(a != b), "must not equal", "must not equal"),
    "gtfield": (lambda a, b: bool(a > b), "must be more than", "must be longer than"),
    "gtefield": (lambda a, b: bool(a >= b), "must be at least", "must be as long as"),
    "ltfield": (lambda a, b: bool(a < b), "must be less than", "must be shorter than"),
    "ltefield": (lambda a, b: bool(a <= b), "must be at most", "must be no longer than"),
}
_ABSENT = {"required_without": any, "required_without_all": all}
_PRESENT = {"required_with": any, "required_with_all": all}
CROSS_WORDS = frozenset({*_COMPARED, *_ABSENT, *_PRESENT, "required_if", "required_unless"})


def cross_rule_of(text: str, kind: Any, nullable: bool, pointers: frozenset[str]) -> CrossRule:
    """Return the rule of a word of CROSS_WORDS for a type; `nullable`: any value but None counts as there.

    `pointers` are the fields of the struct for which that holds, too.
    """
    word, _, parameter = text.replace("0x2C", ",").replace("0x7C", "|").partition("=")
    if word in _COMPARED:
        return _compared(word, _other(parameter), kind is str)
    if word in ("required_if", "required_unless"):
        return _by_value(word, parameter, nullable)
    others = [_other(one) for one in parameter.split()]
    several = _ABSENT.get(word) or _PRESENT[word]
    wanted = word in _PRESENT
    joined = (" or " if several is any else " and ").join(f"`{one.key}`" for one in others)

    def asks(owner: Any) -> bool:
        return several([one.is_there(owner, pointers) is wanted for one in others])

    return _required(asks, f"is required {'with' if wanted else 'without'} {joined}", nullable)


def _required(asks: Callable[[Any], bool], reason: str, nullable: bool) -> CrossRule:
    def holds(owner: Any, value: Any) -> bool:
        return (value is not None if nullable else bool(value)) or not asks(owner)

    return CrossRule(holds, reason, on_none=True)


def _by_value(word: str, parameter: str, nullable: bool) -> CrossRule:
    words = [quoted or plain for quoted, plain in _CHOICE.findall(parameter)]
    pairs = [(_other(name), wanted) for name, wanted in zip(words[::2], words[1::2], strict=True)]
    joined = " and " if word == "required_if" else " or "
    said = joined.join(f"`{other.key}` is {wanted}" for other, wanted in pairs)

    def asks(owner: Any) -> bool:
        equal = [_is_value(other.of(owner), wanted) for other, wanted in pairs]
        return all(equal) if word == "required_if" else not any(equal)

    return _required(asks, f"is required {'when' if word == 'required_if' else 'unless'} {said}", nullable)


def _compared(word: str, other: _Other, is_text: bool) -> CrossRule:
    compares, of_number, of_text = _COMPARED[word]
    by_size = word not in ("eqfield", "nefield")

    def holds(owner: Any, value: Any) -> bool:
        against = other.of(owner)
        if against is None:  # nothing equals it, nothing is more or less
            return word == "nefield"
        if by_size and is_text:  # Go counts bytes
            return compares(len(value.encode("utf-8", "surrogatepass")), len(against.encode("utf-8", "surrogatepass")))
        return compares(value, against)

    return CrossRule(holds, f"{of_text if is_text else of_number} `{other.key}`")


def _other(text: str) -> _Other:
    attribute, _, key = text.partition(":")
    return _Other(attribute, key or attribute)


def _is_value(value: Any, wanted: str) -> bool:
    if isinstance(value, bool):
        return value is (wanted == "true")
    if isinstance(value, int | float):
        return value == float(wanted) if isinstance(value, float) else value == int(wanted)
    return isinstance(value, str) and value == wanted
