"""The rules of `validate` tags, and rules of the user's own, for requests that have been read.

The words are go-playground's. They look at the value that the logic will get, so an absent field counts with its
default. Rules are compiled once for each class, on its first request.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mallgen_runtime.schema import Validate
from mallgen_runtime.schema.cross_words import CROSS_WORDS, CrossRule, cross_rule_of
from mallgen_runtime.schema.errors import MAX_ERRORS, FieldError, shown
from mallgen_runtime.schema.reflection import Field, Type, describe, fields, is_struct
from mallgen_runtime.schema.rule_words import Rule, rule_of

T = TypeVar("T")
Own = Callable[[Any], Iterable[FieldError]]
Wrongs = list[FieldError]
Walk = Callable[[Any, str, str, Wrongs, Any], None]  # value, source, name, what is wrong, owner of the value

_OWN: dict[type[Any], list[Own]] = {}
_COMPILED: dict[type[Any], Walk | None] = {}
_OMITS = ("omitempty", "omitnil")


def validates(cls: type[T]) -> Callable[[Callable[[T], Iterable[FieldError]]], Callable[[T], Iterable[FieldError]]]:
    """Register a function that yields the wrong fields of a request type, by their names on the wire.

    It is called for each value of the class in a request, after the tags' rules; what both find is one 400.
    """

    def register(function: Callable[[T], Iterable[FieldError]]) -> Callable[[T], Iterable[FieldError]]:
        _OWN.setdefault(cls, []).append(function)
        _COMPILED.clear()
        return function

    return register


def wrong_fields(request: object) -> Wrongs:
    """Return the fields of a request that break a rule, a hundred at most."""
    cls = type(request)
    if cls not in _COMPILED:
        _COMPILED[cls] = _RuleCompiler().struct(cls)
    walk = _COMPILED[cls]
    found: Wrongs = []
    if walk is not None:
        walk(request, "", "", found, None)
    return found[:MAX_ERRORS]


class _RuleCompiler:
    """Compiles a class and all below it; one that mentions itself is compiled once."""

    def __init__(self) -> None:
        self._walks: dict[Any, Walk | None] = {}
        self._open: set[Any] = set()

    def struct(self, cls: Any) -> Walk | None:
        """Return the walk through a struct, None when nothing in it has rules."""
        if cls in self._walks:
            return self._walks[cls]
        rows: list[tuple[str, str, str, Walk]] = []
        own = _OWN.get(cls, [])
        pointers = frozenset(field.name for field in fields(cls) if field.kind.nullable)
        walk = _struct(rows, own)
        self._walks[cls] = walk  # for a class that mentions itself; it is looked at again below
        for field in fields(cls):
            marker = field.marker(Validate)
            inner = self._field(field, marker, pointers)
            if inner is not None:
                source, key = (marker.source, marker.key) if marker else ("json", "")
                rows.append((field.name, source, key or field.wire, inner))
        if not rows and not own:
            self._walks[cls] = None
        return self._walks[cls]

    def _field(self, field: Field, marker: Validate | None, pointers: frozenset[str]) -> Walk | None:
        return self.value(field.kind, marker.rules.split(",") if marker else [], pointers)

    def value(self, kind: Type, words: list[str], pointers: frozenset[str] = frozenset()) -> Walk | None:
        """Return the walk through a value with these words; structs are always looked into, lists by `dive`.

        `pointers` are the fields beside it that may be None, for words that name them.
        """
        cut = words.index("dive") if "dive" in words else len(words)
        own, rest = words[:cut], words[cut + 1 :]
        inner = self._below(kind, rest) if cut < len(words) else None
        if is_struct(kind.origin):
            inner = self.struct(kind.origin)
        steps = tuple(None if word in _OMITS else _step(word, kind, pointers) for word in own)
        if not steps:
            return inner
        return _steps(steps, inner)

    def _below(self, kind: Type, words: list[str]) -> Walk | None:
        if kind.origin is dict:
            keys: list[str] = []
            if words[:1] == ["keys"]:
                end = words.index("endkeys")
                keys, words = words[1:end], words[end + 1 :]
            return _entries(self.value(describe(kind.args[0]), keys), self.value(describe(kind.args[1]), words))
        item = self.value(describe(kind.args[0]), words)
        return item and _items(item)


def _struct(rows: list[tuple[str, str, str, Walk]], own: list[Own]) -> Walk:
    def walk(value: Any, source: str, name: str, found: Wrongs, owner: Any) -> None:
        if value is None or len(found) >= MAX_ERRORS:
            return
        for attribute, first, key, inner in rows:
            inner(getattr(value, attribute), source or first, f"{name}.{key}" if name else key, found, value)
        for function in own:
            for error in function(value) or ():  # None: a rule that ends without a `return` finds nothing
                full = f"{name}.{error.name}" if name and error.name else name or error.name
                found.append(FieldError(source or error.source, shown(full), error.reason))

    return walk


def _step(word: str, kind: Type, pointers: frozenset[str]) -> Rule | CrossRule:
    if word.partition("=")[0] in CROSS_WORDS:
        return cross_rule_of(word, kind.origin, kind.nullable, pointers)
    if word == "required" and kind.nullable:
        return _SENT
    return rule_of(word, kind.origin)


_SENT = Rule(lambda value: value is not None, "is required")  # a pointer: it may point to 0


def _steps(steps: tuple[Rule | CrossRule | None, ...], inner: Walk | None) -> Walk:
    """Go's order: the first word that does not hold is reported, and an empty value ends at `omitempty`."""

    def walk(value: Any, source: str, name: str, found: Wrongs, owner: Any) -> None:
        for step in steps:
            if step is None:
                if not value:
                    return
                continue
            if value is None and not (isinstance(step, CrossRule) and step.on_none):
                found.append(FieldError(source, shown(name), "is required"))
                return
            if not (step.holds(owner, value) if isinstance(step, CrossRule) else step.holds(value)):
                found.append(FieldError(source, shown(name), step.reason))
                return
            if value is None:
                return
        if inner is not None:
            inner(value, source, name, found, owner)

    return walk


def _items(item: Walk) -> Walk:
    def walk(value: Any, source: str, name: str, found: Wrongs, owner: Any) -> None:
        for index, one in enumerate(value or ()):
            if len(found) >= MAX_ERRORS:
                return
            item(one, source, f"{name}[{index}]", found, None)

    return walk


def _entries(of_key: Walk | None, of_value: Walk | None) -> Walk | None:
    if of_key is None and of_value is None:
        return None

    def walk(value: Any, source: str, name: str, found: Wrongs, owner: Any) -> None:
        for key, one in (value or {}).items():
            if len(found) >= MAX_ERRORS:
                return
            if of_key is not None:
                of_key(key, source, f"{name}.{key}", found, None)
            if of_value is not None:
                of_value(one, source, f"{name}.{key}", found, None)

    return walk
