"""The parts of a type that each way to walk them meets."""

import pytest

from mallgen.model import (
    AnyType,
    Array,
    Inline,
    Map,
    Member,
    Named,
    Pointer,
    Primitive,
    Slice,
    TypeRef,
    elements,
    map_ref,
    named,
    peel,
    spell,
    walk,
)
from mallgen.text.span import Span

SPAN = Span("shop.api", 1, 1, 1, 2)
TEXT = Primitive("string")
ITEM = Named("Item", SPAN)
TREE = Map(TEXT, Slice(Pointer(ITEM)))
INLINE = Inline(
    (
        Member(("A",), Array("2", ITEM), "", "", (), False, SPAN),
        Member(("B",), Map(Named("Key", SPAN), AnyType()), "", "", (), False, SPAN),
    )
)


def test_elements_lead_from_a_type_to_the_innermost_one() -> None:
    assert [spell(part) for part in elements(TREE)] == ["map[string][]*Item", "[]*Item", "*Item", "Item"]
    assert list(elements(TEXT)) == [TEXT]
    assert list(elements(Pointer(INLINE))) == [Pointer(INLINE), INLINE]


def test_walk_meets_keys_and_members_too_as_they_are_written() -> None:
    assert [spell(part) for part in walk(TREE)] == ["map[string][]*Item", "string", "[]*Item", "*Item", "Item"]
    assert [spell(part) for part in walk(INLINE)][1:] == ["[2]Item", "Item", "map[Key]any", "Key", "any"]
    assert [ref.name for ref in named(Slice(INLINE))] == ["Item", "Key"]


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        ((Pointer,), "[]*Item"),
        ((Slice,), "**[]*Item"),
        ((Pointer, Slice), "Item"),
    ],
)
def test_peel_takes_outer_layers_off(kinds: tuple[type[Pointer] | type[Slice], ...], left: str) -> None:
    assert spell(peel(Pointer(Pointer(Slice(Pointer(ITEM)))), *kinds)) == left


def test_map_ref_changes_the_innermost_parts_only() -> None:
    def change(ref: TypeRef) -> TypeRef:
        return Named(ref.name.lower(), ref.span) if isinstance(ref, Named) else ref

    assert spell(map_ref(Array("3", TREE), change)) == "[3]map[string][]*item"
    assert spell(map_ref(Map(ITEM, TEXT), change)) == "map[item]string"
    assert map_ref(INLINE, change) == INLINE
