"""Words of `validate` tags that name other fields of the same struct, checked against these."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from mallgen.contract.base_types import BASE_TYPES
from mallgen.model import Array, Field, Map, Pointer, Primitive, Slice, TypeRef, peel

COMPARING = ("eqfield", "nefield", "gtfield", "gtefield", "ltfield", "ltefield")
_BY_VALUE = ("required_if", "required_unless")
_BY_PRESENCE = ("required_with", "required_with_all", "required_without", "required_without_all")
CROSS_WORDS = (*COMPARING, *_BY_VALUE, *_BY_PRESENCE)
_CHOICE = re.compile(r"'[^']*'|\S+")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
Problem = tuple[str, str]


class Sibling(NamedTuple):
    """A field of a struct: its name in the contract, its type, and its name where the words are read."""

    name: str
    ref: TypeRef
    spelled: str


Siblings = tuple[Sibling, ...]


class _Unchecked(Exception):
    """A word that cannot be checked: message and hint."""


def siblings_of(fields: Iterable[tuple[Field, str]]) -> Siblings:
    """Return the fields of a struct, each with its spelled name, for the words of their tags."""
    return tuple(Sibling(field.name, field.type, spelled) for field, spelled in fields)


def kind_of(ref: TypeRef) -> str:
    """Return the kind of a type, by which words are for it, and mean the same."""
    match peel(ref, Pointer):
        case Primitive(name=name):
            kind = BASE_TYPES[name].kind
            return {"string": "text", "bool": "bool"}.get(kind, "number")
        case Slice() | Array():
            return "list"
        case Map():
            return "map"
    return "struct"


def crossed(text: str, ref: TypeRef, siblings: Siblings | None) -> tuple[str, Problem | None]:
    """Return a word with the spelled names of other fields, and the problem that keeps it from being checked.

    Without `siblings` the word stays as it is.
    """
    word, _, value = text.partition("=")
    try:
        if not value.strip():
            raise _Unchecked(f"`{word}` needs a value", f"write `{_example(word)}`")
        if word in COMPARING and kind_of(ref) not in _kinds(word):
            raise _Unchecked(f"`{word}` is not for a {kind_of(ref)}", "remove it, or correct the type of the field")
        if siblings is None:
            return text, None
        return f"{word}={_spelled(word, value, ref, siblings)}", None
    except _Unchecked as wrong:
        return "", (wrong.args[0], wrong.args[1])


def _kinds(word: str) -> tuple[str, ...]:
    return ("text", "number", "bool") if word in ("eqfield", "nefield") else ("text", "number")


def _spelled(word: str, value: str, ref: TypeRef, siblings: Siblings) -> str:
    words = _CHOICE.findall(value)
    if word in COMPARING:
        other = _other(word, value.strip(), siblings)
        if peel(other.ref, Pointer) != peel(ref, Pointer):
            raise _Unchecked(
                f"`{word}` compares with `{other.name}`, which has another type", "give both fields one type"
            )
        return other.spelled
    if word in _BY_PRESENCE:
        return " ".join(_other(word, name, siblings).spelled for name in words)
    if len(words) % 2:
        raise _Unchecked(f"`{word}` needs pairs of a field and its value", f"write `{_example(word)}`")
    pairs = [(_other(word, name, siblings), wanted) for name, wanted in zip(words[::2], words[1::2], strict=True)]
    for other, wanted in pairs:
        if not _can_be(kind_of(other.ref), other.ref, wanted.strip("'")):
            raise _Unchecked(f"`{other.name}` is never {wanted}", "write a value of its type")
    return " ".join(f"{other.spelled} {wanted}" for other, wanted in pairs)


def _other(word: str, name: str, siblings: Siblings) -> Sibling:
    found = next((one for one in siblings if one.name == name), None)
    if found is None:
        from mallgen.text.suggest import nearest

        guess = nearest(name, [one.name for one in siblings])
        hint = f"did you mean `{guess}`?" if guess else "name a field of the same struct, as the contract spells it"
        raise _Unchecked(f"`{word}` names `{name}`, which is no field beside it", hint)
    return found


def _can_be(kind: str, ref: TypeRef, wanted: str) -> bool:
    if kind == "number":
        inner = peel(ref, Pointer)
        whole = isinstance(inner, Primitive) and BASE_TYPES[inner.name].kind == "integer"
        return (_WHOLE if whole else _NUMBER).fullmatch(wanted) is not None
    return kind == "text" or (kind == "bool" and wanted in ("true", "false"))


def _example(word: str) -> str:
    return f"{word}=Kind card" if word in _BY_VALUE else f"{word}=Other"
