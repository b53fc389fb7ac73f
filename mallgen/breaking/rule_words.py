"""`validate` tags of two versions compared: the words that refuse what was accepted."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from mallgen.breaking.field_values import outside, refuses_absence
from mallgen.contract.cross_words import CROSS_WORDS
from mallgen.contract.validate import kind_of, read_rules
from mallgen.contract.wire import WireValue
from mallgen.model import AnyType, Bounds, Pointer

_LEAST = {"min": False, "gte": False, "gt": True}  # whether the bound itself is excluded
_MOST = {"max": False, "lte": False, "lt": True}
_SILENT = ("omitempty", "omitnil")
_TAKES_EMPTY = ("ascii", "printascii", "max", "lt", "lte", "excludes", "excludesall", "isdefault")  # "" passes


def rules(value: WireValue) -> tuple[str, ...]:
    """Return the words of a field's tag that are checked."""
    field = value.field
    text = read_rules(field.validate, field.type, not value.optional).text
    return tuple(text.split(",")) if text else ()


def tighter(old: WireValue, new: WireValue, may_be_zero: bool = False) -> tuple[str, ...]:
    """Return the new words that refuse a value which the old tag accepted; `may_be_zero`: its struct may be absent."""
    is_one_kind = kind_of(old.field.type) == kind_of(new.field.type)
    before, after = rules(old) if is_one_kind else (), rules(new)
    known = list(before)
    if _may_be_null(old) and not _may_be_null(new):  # of a pointer `required` lets 0 and "" pass
        known = [word for word in before if not word.startswith("required")]
    is_exempt = (may_be_zero or old.optional) and refuses_absence(
        old, old
    )  # the zero value of an absent field is refused by none of these
    if old.options and not is_exempt:
        known.append(f"oneof={' '.join(map(str, old.options))}")
    known += [] if is_exempt else _as_words(old.range)
    if outside(new, old, "limit"):  # the old tag saw the default in the place of these numbers
        known = _as_words(new.limit)
    found = list(_level(known, after))
    if old.optional and _may_be_null(old) and "required" not in found:  # no range or option of the old one refuses null
        found += [word for word in _level(before, after) if word == "required"]
    return tuple(found)


def _as_words(bounds: Bounds | None) -> list[str]:
    """Return bounds as words of a tag that say the same."""
    if bounds is None:
        return []
    low = [f"{'gt' if bounds.open_low else 'gte'}={bounds.low}"] if bounds.low is not None else []
    return low + ([f"{'lt' if bounds.open_high else 'lte'}={bounds.high}"] if bounds.high is not None else [])


def _level(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield the words of one level that refuse more, then those for elements."""
    own, below = _cut(before)
    words, rest = _cut(after)
    checks = [word for word in words if word not in _SILENT]
    silent = {word for word in own if word in _SILENT} - set(words)
    for word in checks:
        if not _is_implied(word, own) or silent:
            yield word
    if rest != below:
        yield from _level(below, rest) if _keys(below) == _keys(rest) else (f"dive,{','.join(rest)}",)


def _cut(words: Sequence[str]) -> tuple[list[str], list[str]]:
    at = words.index("dive") if "dive" in words else len(words)
    return list(words[:at]), list(words[at + 1 :])


def _keys(words: list[str]) -> list[str]:
    return words[: words.index("endkeys")] if "endkeys" in words else []


def _is_implied(word: str, before: list[str]) -> bool:
    """Return whether old words refuse all that a new one does."""
    if word in before:
        return True
    if "|" in word:
        return any(_is_implied(one, before) for one in word.split("|"))
    name, _, value = word.partition("=")
    for other in before:
        if "|" in other:
            continue
        same, _, known = other.partition("=")
        if name == "required" and (same in _LEAST or same == "len") and _excludes_zero(same, known):
            return True
        if name == "oneof" and same == "oneof" and set(known.split()) <= set(value.split()):
            return True
        for side, sign in ((_LEAST, 1), (_MOST, -1)):
            if name in side and (same in side or same == "len"):
                bound, was = float(value) * sign, float(known) * sign
                if was > bound or (was == bound and (side.get(same, False) or not side[name])):
                    return True
    return False


def _excludes_zero(word: str, bound: str) -> bool:
    return float(bound) >= 0 if _LEAST.get(word) else float(bound) > 0


def refuses_null(old: WireValue, new: WireValue, may_be_zero: bool = False) -> bool:
    """Return whether the new tag refuses null, which is there now where absence or null was an accepted value before.

    Only `omitempty` or `omitnil` in front lets null pass. `may_be_zero`: the struct of the field may be absent.
    """
    if not may_be_zero and (old.required or new.required):
        return False
    if not _may_be_null(new) or _may_be_null(old):
        return False
    if new.default is not None and new.source != "json":
        return False
    words = rules(new)
    return bool(words) and words[0] not in _SILENT and not (old.default is None and _refuses_zero(old))


def _may_be_null(value: WireValue) -> bool:
    ref = value.field.type
    return isinstance(ref, Pointer | AnyType)


def _refuses_zero(value: WireValue) -> bool:
    """Return whether a tag refuses 0, "" or false, or an empty list or map; a struct is never empty."""
    kind = kind_of(value.field.type)
    for word in rules(value):
        if word in _SILENT or word == "dive":
            return False
        if kind != "struct" and all(_refuses_empty(one, kind) for one in word.split("|")):
            return True
    return False


def _refuses_empty(word: str, kind: str) -> bool:
    name, _, bound = word.partition("=")
    if name in _LEAST or name == "len":
        return _excludes_zero(name, bound)
    if name in ("eq", "ne"):
        return _is_zero(bound, kind) == (name == "ne")
    if name in ("oneof", "oneofci"):
        return "0" not in bound.split()
    return name == "required" or (kind == "text" and name not in _TAKES_EMPTY and name not in CROSS_WORDS)


def _is_zero(text: str, kind: str) -> bool:
    if kind == "bool":
        return text.lower() not in ("true", "1", "t")
    return not text if kind == "text" else not float(text)


def is_demanded(value: WireValue) -> bool:
    """Return whether a tag refuses a field that may be absent when it is: it counts as its zero value, or null.

    A word that names another field does so for some values of that.
    """
    if value.required or value.default is not None:
        return False
    words = rules(value)
    if _may_be_null(value):
        return bool(words) and words[0] not in _SILENT
    own = takewhile(lambda word: word not in (*_SILENT, "dive"), words)
    return _refuses_zero(value) or any(word.partition("=")[0] in CROSS_WORDS for word in own)
