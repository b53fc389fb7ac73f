"""The difference of two types is what the readers of services really do with the values of both."""

import json
from typing import Annotated, Any

import pytest

from mallgen.breaking.type_change import TypeChange, type_change
from mallgen.model import AnyType, Array, Map, Primitive, Slice, TypeRef, spell
from mallgen_runtime.http.readers import Reader
from mallgen_runtime.schema import Float32, Int8, Int32, Int64, UInt32, UInt64, exactly
from mallgen_runtime.schema.decoding import Wrong, decode

BASES: dict[str, Any] = {
    "bool": bool,
    "string": str,
    "int8": Int8,
    "int32": Int32,
    "int64": Int64,
    "uint32": UInt32,
    "uint64": UInt64,
    "float32": Float32,
    "float64": float,
}
READERS: dict[TypeRef, Any] = {
    **{Primitive(name): kind for name, kind in BASES.items()},
    AnyType(): Any,
    Slice(Primitive("byte")): bytes,
    Slice(Primitive("int32")): list[Int32],
    Slice(Primitive("int64")): list[Int64],
    Slice(Primitive("string")): list[str],
    Slice(AnyType()): list[Any],
    Array("2", Primitive("int64")): Annotated[list[Int64], exactly(2)],
    Array("3", Primitive("int64")): Annotated[list[Int64], exactly(3)],
    Map(Primitive("string"), Primitive("int64")): dict[str, Int64],
    Map(Primitive("int32"), Primitive("int64")): dict[Int32, Int64],
    Map(Primitive("int64"), Primitive("int32")): dict[Int64, Int32],
    Map(Primitive("int64"), Primitive("int64")): dict[Int64, Int64],
}
NUMBERS = (0, -1, 1, 127, 200, 2**31, -(2**31) - 1, 2**40, 2**63, 2**64 - 1, 1.5, 3.5e38, -3.5e38)
VALUES: tuple[Any, ...] = (
    *(True, False, "", "a b", "QUJD", *NUMBERS),
    *([], [1, 2], [1, 2, 3], ["a"], [2**40], [2**40, 2], [1, 2**40, 3], [True], [None], [{}]),
    *({}, {"a": 1}, {"1": 1}, {"1": 2**40}, {str(2**40): 1}, {"a": "b"}),
)
TEXTS = ("a b", "true", "1", "0", "-1", "200", "1.5", "3.5e38", *(str(number) for number in NUMBERS if number))
TEXT_KINDS = [Primitive(name) for name in BASES] + [Slice(Primitive(name)) for name in ("int64", "string", "bool")]


def _reads(kind: Any, text: str) -> bool:
    try:
        decode(text.encode(), kind)
    except Wrong:
        return False
    return True


def _name(ref: TypeRef) -> str:
    return spell(ref)


def _covers(change: TypeChange | None) -> tuple[bool, bool]:
    return (True, True) if change is None else (change.reads_old, change.reads_new)


@pytest.mark.parametrize("old", READERS, ids=_name)
def test_a_type_reads_in_json_what_the_change_says(old: TypeRef) -> None:
    taken = {text for text in map(json.dumps, VALUES) if _reads(READERS[old], text)}
    assert taken
    for new in READERS:
        given = {text for text in map(json.dumps, VALUES) if _reads(READERS[new], text)}
        if not _is_text_of_bytes(old, new):
            assert _covers(type_change(old, new)) == (taken <= given, given <= taken), spell(new)


def _is_text_of_bytes(old: TypeRef, new: TypeRef) -> bool:
    """A text is read where base64 was, and is not what it was."""
    return {spell(old), spell(new)} == {"string", "[]byte"}


def _read(ref: TypeRef, texts: list[str]) -> bool:
    errors: list[Any] = []
    reader = Reader("form", {"x": texts}, errors)
    inner = ref.elem if isinstance(ref, Slice) else ref
    assert isinstance(inner, Primitive)
    method = "boolean" if inner.name == "bool" else inner.name
    getattr(reader, f"{method}_list" if isinstance(ref, Slice) else method)("x")
    return not errors


@pytest.mark.parametrize("old", TEXT_KINDS, ids=_name)
def test_a_type_reads_in_a_form_what_the_change_says(old: TypeRef) -> None:
    taken = [text for text in TEXTS if _read(old, [text])]
    assert taken
    for new in TEXT_KINDS:
        change = type_change(old, new, "form")
        if change is None or change.kind != "kind":
            fits = all(_read(new, [text]) for text in taken)
            assert _covers(change)[0] == (fits and not _loses_values(old, new)), spell(new)
        else:
            assert not all(_read(new, [text]) for text in taken) or isinstance(old, Slice), spell(new)


def _loses_values(old: TypeRef, new: TypeRef) -> bool:
    """A single value is read from several, of which all but one are ignored."""
    return isinstance(old, Slice) and not isinstance(new, Slice)
