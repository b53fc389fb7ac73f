"""`validate` tags, which go-zero leaves to go-playground's validator: their words, and which of them are understood.

The tag is words with commas between; `a|b` holds when one does; what follows `dive` is for the elements of a list or a
map, after `keys … endkeys` for a map's keys.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.cross_words import CROSS_WORDS, Siblings, crossed
from mallgen.contract.cross_words import kind_of as kind_of
from mallgen.model import Array, Map, Pointer, Primitive, Slice, TypeRef, peel

_ANY = frozenset({"text", "number", "bool", "list", "map", "struct", "any"})
_TEXT = frozenset({"text"})
_SIZED = frozenset({"text", "number", "list", "map"})
_FORMATS = (
    "alpha alphanum alphaunicode alphanumunicode hexadecimal hexcolor boolean lowercase uppercase ascii printascii "
    "email url http_url uri hostname hostname_rfc1123 fqdn ip ipv4 ipv6 cidr mac e164 uuid uuid3 uuid4 uuid5 "
    "uuid_rfc4122 json base64 md5 sha256 sha512"
)
_KINDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_FORMATS.split(), _TEXT),
    **dict.fromkeys(("number", "numeric"), _TEXT | {"number"}),
    **dict.fromkeys(("min", "max", "len", "gt", "gte", "lt", "lte"), _SIZED),
    **dict.fromkeys(("eq", "ne"), _SIZED | {"bool"}),
    **dict.fromkeys(("oneof", "oneofci"), _TEXT | {"number"}),
    **dict.fromkeys(("contains", "excludes", "startswith", "endswith", "containsany", "excludesall"), _TEXT),
    **dict.fromkeys(("required", "omitempty", "omitnil", "isdefault"), _ANY),
    "unique": frozenset({"list", "map"}),
    "datetime": _TEXT,
}
WORDS = (*_KINDS, *CROSS_WORDS, "dive", "keys", "endkeys")
_COMPARED = frozenset("min max len gt gte lt lte eq ne".split())
_NEEDS = _COMPARED | frozenset(
    "datetime oneof oneofci contains excludes startswith endswith containsany excludesall".split()
)
_NUMBER = re.compile(r"[-+]?\d{1,18}(?:\.\d{1,18})?")
_SIZE = re.compile(r"\d{1,9}")
_PART_OF_TIME = re.compile(r"2006|0[1-6]|15|Jan|Mon|PM|pm")
_UNREAD = re.compile(r"MST|002|__2")


class ReadRules(Struct, frozen=True):
    """A tag as it is understood: `text` are the words that are checked; `problems` pairs of message and hint."""

    text: str
    problems: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1 << 12)
def read_rules(tag: str, ref: TypeRef, sent: bool, siblings: Siblings | None = None) -> ReadRules:
    """Return what is understood of a tag's value for a field of a type; `sent`: a request must have the field.

    `siblings` are the fields of its struct, for the words that name others; without them these stay as they are.
    A list that must be sent may be empty, as in Go, where only a list that is absent counts as not there.
    """
    if tag.strip() in ("", "-"):
        return ReadRules("", ())
    problems: list[tuple[str, str]] = []
    given: list[str] = []
    words, below = _cut([word.strip() for word in tag.split(",")])
    for word in words:
        text, wrong = crossed(word, ref, siblings) if _names_others(word) else (word, None)
        given += [text] if text else []
        problems += [wrong] if wrong else []
    words = list(_level([*given, *below], ref, problems)) if given or below else []
    if sent and kind_of(ref) in ("list", "map") and words[:1] == ["required"]:
        words = words[1:]
    return ReadRules(",".join(words), tuple(problems))


def _cut(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the words for a value itself, and `dive` with those for its elements."""
    at = words.index("dive") if "dive" in words else len(words)
    return words[:at], words[at:]


def _names_others(word: str) -> bool:
    return word.partition("=")[0] in CROSS_WORDS and "|" not in word


def _level(words: list[str], ref: TypeRef, problems: list[tuple[str, str]], *, top: bool = True) -> Iterator[str]:
    """Yield the words that hold for a type, then those for its elements; `top`: it is that of a field."""
    kind = kind_of(ref)
    for index, word in enumerate(words):
        if word != "dive":
            several = [] if top and _names_others(word) else word.split("|")
            wrong = next(filter(None, (_problem(one, kind, ref) for one in several)), None)
            if wrong is None:
                yield word
            else:
                problems.append(wrong)
            continue
        inner = peel(ref, Pointer)
        rest = words[index + 1 :]
        if not isinstance(inner, Slice | Array | Map):
            problems.append(("`dive` is for lists and maps", "remove it: a struct is looked into without"))
            return
        keys: list[str] = []
        if rest[:1] == ["keys"] and "endkeys" in rest and isinstance(inner, Map):
            end = rest.index("endkeys")
            keys, rest = list(_level(rest[1:end], inner.key, problems, top=False)), rest[end + 1 :]
        yield from (
            "dive",
            *(("keys", *keys, "endkeys") if keys else ()),
            *_level(rest, inner.elem, problems, top=False),
        )
        return


def _is_layout(text: str) -> bool:
    """Return whether a layout of Go's has a part of a time, and neither a zone's name nor the day of the year."""
    return _PART_OF_TIME.search(text) is not None and _UNREAD.search(text) is None


def _problem(text: str, kind: str, ref: TypeRef) -> tuple[str, str] | None:
    """Return message and hint for a word that is not checked, None for one that is."""
    word, _, value = text.partition("=")
    if word in ("keys", "endkeys"):
        return f"`{word}` stands after the `dive` of a map", "write `dive,keys,…,endkeys,…`"
    if word in CROSS_WORDS:
        message = f"`{word}` is checked for a field alone: not for elements, and not with `|`"
        return message, "check it in validation.py of the service"
    if word not in _KINDS:
        return f"`{word}` is no word of `validate` that is checked", "check it in validation.py of the service"
    if kind not in _KINDS[word]:
        return f"`{word}` is not for a {kind}", "remove it, or correct the type of the field"
    if word in _NEEDS and not value:
        return f"`{word}` needs a value", f"write `{word}=…`"
    if word == "datetime" and not _is_layout(value):
        return f"`{value}` is no layout of a time that is checked", "write `datetime=2006-01-02`, Go's way"
    if word in _COMPARED and kind != "bool" and not _fits(word, value, kind, ref):
        return f"`{text}` has no number to compare with", f"write `{word}=6`"
    return None


def _fits(word: str, value: str, kind: str, ref: TypeRef) -> bool:
    if kind == "text" and word in ("eq", "ne"):
        return True
    if kind != "number":
        return _SIZE.fullmatch(value) is not None
    inner = peel(ref, Pointer)
    whole = isinstance(inner, Primitive) and BASE_TYPES[inner.name].kind == "integer"
    return _NUMBER.fullmatch(value) is not None and not (whole and "." in value)
