"""One word of a `validate` tag as a rule for values of a type."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from mallgen_runtime.schema.go_time import is_written
from mallgen_runtime.schema.words import TEXT_WORDS

_CHOICE = re.compile(r"'([^']*)'|(\S+)")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_COMPARISONS: dict[str, tuple[Callable[[Any, Any], bool], str, str]] = {
    "min": (lambda a, b: bool(a >= b), "at least", "at least"),
    "gte": (lambda a, b: bool(a >= b), "at least", "at least"),
    "max": (lambda a, b: bool(a <= b), "at most", "at most"),
    "lte": (lambda a, b: bool(a <= b), "at most", "at most"),
    "gt": (lambda a, b: bool(a > b), "more than", "more than"),
    "lt": (lambda a, b: bool(a < b), "less than", "less than"),
    "len": (lambda a, b: bool(a == b), "", "exactly"),
}
_PARTS: dict[str, tuple[Callable[[str, str], bool], str]] = {
    "contains": (lambda text, part: part in text, "must contain {!r}"),
    "excludes": (lambda text, part: part not in text, "must not contain {!r}"),
    "startswith": (str.startswith, "must start with {!r}"),
    "endswith": (str.endswith, "must end with {!r}"),
    "containsany": (lambda text, part: any(char in text for char in part), "must contain one of {!r}"),
    "excludesall": (lambda text, part: not any(char in text for char in part), "must contain none of {!r}"),
}
_UNITS = {
    str: ("character", "characters"),
    list: ("value", "values"),
    dict: ("entry", "entries"),
    bytes: ("byte", "bytes"),
}


class Rule(NamedTuple):
    """A rule: the values that it lets pass, and in words what it asks."""

    holds: Callable[[Any], bool]
    reason: str


def rule_of(text: str, kind: Any) -> Rule:
    """Return the rule of a word and its parameter for a type; `a|b` holds when one does. Raises ValueError."""
    if "|" in text:
        several = [rule_of(one, kind) for one in text.split("|")]
        words = [rule.reason.removeprefix("must be ").removeprefix("must ") for rule in several]
        return Rule(lambda value: any(rule.holds(value) for rule in several), f"must be {' or '.join(words)}")
    word, _, parameter = text.partition("=")
    return _rule(word, parameter.replace("0x2C", ",").replace("0x7C", "|"), kind)


def _rule(word: str, parameter: str, kind: Any) -> Rule:
    if word == "required":
        return Rule(
            _has_value(kind), "must not be 0" if kind in (int, float) else f"must {_FILLED.get(kind, 'be set')}"
        )
    if word == "isdefault":
        return Rule(lambda value: not value, "must be left out")
    if word in _COMPARISONS:
        return _compared(word, parameter, kind)
    if word in ("eq", "ne"):
        return _equal(word, parameter, kind)
    if word in ("oneof", "oneofci"):
        return _one_of(parameter, word == "oneofci", kind)
    if word == "unique":
        return Rule(_is_unique, "must not have a value twice")
    if word == "datetime":
        return Rule(is_written(parameter), f"must be a time written as {parameter}")
    if word in _PARTS:
        holds, reason = _PARTS[word]
        return Rule(lambda value: holds(value, parameter), reason.format(parameter))
    if word in ("number", "numeric") and kind in (int, float):
        return Rule(lambda value: True, "must be a number")
    if word in TEXT_WORDS:
        return Rule(*TEXT_WORDS[word])
    raise ValueError(f"`{word}` is no word of a validate tag")


_FILLED = {str: "not be empty", list: "not be empty", dict: "not be empty", bytes: "not be empty", bool: "be true"}


def _has_value(kind: Any) -> Callable[[Any], bool]:
    return bool if kind in (int, float, bool, str, list, dict, bytes) else lambda value: value is not None


def _compared(word: str, parameter: str, kind: Any) -> Rule:
    compares, of_number, of_size = _COMPARISONS[word]
    if kind in (int, float):
        bound: int | float = float(parameter) if kind is float else int(parameter)
        return Rule(lambda value: compares(value, bound), " ".join(f"must be {of_number} {parameter}".split()))
    size = int(parameter)
    reason = f"must have {of_size} {_counted(size, kind)}"
    return Rule(lambda value: compares(len(value), size), reason)


def _counted(size: int, kind: Any) -> str:
    return f"{size} {_UNITS.get(kind, _UNITS[list])[size != 1]}"


def _equal(word: str, parameter: str, kind: Any) -> Rule:
    wanted: Any = parameter
    if kind in (int, float):
        wanted = kind(parameter)
    elif kind is bool:
        wanted = parameter.lower() in ("true", "1", "t")
    sized = kind in (list, dict, bytes)
    size = int(parameter) if sized else 0

    def holds(value: Any) -> bool:
        return (len(value) == size if sized else bool(value == wanted)) is (word == "eq")

    asked = f"have {_counted(size, kind)}" if sized else f"be {parameter}"
    return Rule(holds, f"must {asked}" if word == "eq" else f"must not {asked}")


def _one_of(parameter: str, folds: bool, kind: Any) -> Rule:
    choices = [quoted or plain for quoted, plain in _CHOICE.findall(parameter)]
    reason = f"must be one of {', '.join(choices)}"
    if kind is float:
        numbers = frozenset(float(choice) for choice in choices if _NUMBER.fullmatch(choice))
        return Rule(lambda value: value in numbers, reason)
    chosen = frozenset(choice.lower() if folds else choice for choice in choices)
    return Rule(lambda value: (str(value).lower() if folds else str(value)) in chosen, reason)


def _is_unique(value: Any) -> bool:
    items = [repr(one) for one in (value.values() if isinstance(value, dict) else value)]
    return len(set(items)) == len(items)
