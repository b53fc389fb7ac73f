"""The difference of two types on the wire: whether each reads all values of the other.

The answer depends on the source: JSON tells numbers, texts and booleans apart, while a form, a path and headers have
texts alone, where `5` is a number as well as a string.
"""

from functools import lru_cache
from math import ceil, floor
from typing import Literal, NamedTuple

from mallgen.contract.base_types import BASE_TYPES, BaseType
from mallgen.contract.wire import WireValue, is_bytes
from mallgen.model import AnyType, Array, Bounds, Inline, Map, Named, Pointer, Primitive, Slice, TypeRef, peel, spell

Kind = Literal["values", "kind", "repeated", "map-key", "array-length"]
LISTS = (Slice, Array)
EXACT = 1 << 53  # between whole numbers beyond this, some have no float of their own


class TypeChange(NamedTuple):
    """Two types, or two parts of them at the same place, that differ.

    `kind`: the one has more values than the other (`values`), is something else (`kind`), is a list (`repeated`), has
    other keys (`map-key`) or another number of elements (`array-length`).
    `reads_old`: a reader of the new type accepts all old values. `reads_new`: a reader of the old accepts all new ones.
    `rounds_old`, `rounds_new`: what it accepts are whole numbers, some of which it reads as others.
    """

    kind: Kind
    old: TypeRef
    new: TypeRef
    reads_old: bool = False
    reads_new: bool = False
    rounds_old: bool = False
    rounds_new: bool = False


class Numbers(NamedTuple):
    """The numbers that a value may be. `low` is (bound, is excluded), `high` (bound, is included)."""

    low: tuple[float, bool]
    high: tuple[float, bool]
    whole: bool

    def has(self, other: "Numbers") -> bool:
        """Return whether all of the other's numbers are among these."""
        return self.low <= other.low and other.high <= self.high and (other.whole or not self.whole)

    def rounds(self, other: "Numbers") -> bool:
        """Return whether some of the other's whole numbers are others among these, which are floats."""
        return other.whole and not self.whole and (other.low[0] < -EXACT or other.high[0] > EXACT)

    def within(self, bounds: Bounds | None) -> "Numbers":
        """Return the numbers that are inside bounds, too. For whole ones `(0:3)` is `[1:2]`."""
        if bounds is None:
            return self
        low, high = self.low, self.high
        if bounds.low is not None:
            low = (floor(bounds.low) + 1, False) if bounds.open_low else (ceil(bounds.low), False)
            low = max(self.low, low if self.whole else (bounds.low, bounds.open_low))
        if bounds.high is not None:
            high = (ceil(bounds.high) - 1, True) if bounds.open_high else (floor(bounds.high), True)
            high = min(self.high, high if self.whole else (bounds.high, not bounds.open_high))
        return Numbers(low, high, self.whole)


@lru_cache(maxsize=1 << 12)  # many rules ask, and many fields have the same types
def type_change(old: TypeRef, new: TypeRef, source: str = "json") -> TypeChange | None:
    """Return how two types differ in a source, None when they have the same values there. Structs are the same."""
    if source == "json":
        return _change(old, new, False)
    if _is_text(old) != _is_text(new):
        return TypeChange("kind", old, new)
    return _change(old, new, _is_text(old))


def value_change(old: WireValue, new: WireValue) -> TypeChange | None:
    """Return how the types of two values differ, where it matters for the values that their tags allow."""
    change = type_change(old.field.type, new.field.type, new.source)
    if change is None or change.kind != "values" or change.old != peel(old.field.type, Pointer):
        return change
    before, after = type_numbers(old), type_numbers(new)
    if before is None or after is None:
        return change
    return _numbers(change, before, after, _used(before, old), _used(after, new))


def are_alike(old: WireValue, new: WireValue) -> bool:
    """Return whether the types of two values have values in common: that one reads all of the other is enough."""
    change = type_change(old.field.type, new.field.type, new.source)
    return change is None or change.kind in ("values", "array-length") or change.reads_old or change.reads_new


def spelt(ref: TypeRef) -> str:
    """Return a type as a message names it."""
    return "a struct" if isinstance(peel(ref, Pointer), Inline) else f"`{spell(ref)}`"


def aligned(old: TypeRef, new: TypeRef) -> tuple[TypeRef, TypeRef]:
    """Return what two types have inside of the lists, maps and pointers that both have at the same places."""
    while True:
        old, new = peel(old, Pointer), peel(new, Pointer)
        lists = isinstance(old, LISTS) and isinstance(new, LISTS)
        if not lists and not (isinstance(old, Map) and isinstance(new, Map)):
            return old, new
        assert isinstance(old, Slice | Array | Map) and isinstance(new, Slice | Array | Map)
        old, new = old.elem, new.elem


def type_numbers(value: WireValue) -> Numbers | None:
    """Return the numbers of a value's type; None for a value that is no number."""
    base = _base(peel(value.field.type, Pointer))
    return _of(base) if base is not None and base.is_number else None


def _used(numbers: Numbers, value: WireValue) -> Numbers:
    """Return the numbers that the tag of a value allows."""
    chosen = [option for option in value.options if not isinstance(option, str)]
    return numbers.within(value.range).within(Bounds(min(chosen), max(chosen)) if chosen else None)


def _numbers(change: TypeChange, before: Numbers, after: Numbers, given: Numbers, sent: Numbers) -> TypeChange:
    """Return a change between types of numbers, of which old values are those `given`, new ones those `sent`."""
    return change._replace(
        reads_old=after.has(given),
        reads_new=before.has(sent),
        rounds_old=after.rounds(given),
        rounds_new=before.rounds(sent),
    )


def _of(base: BaseType) -> Numbers:
    assert base.low is not None and base.high is not None
    return Numbers((base.low, False), (base.high, True), base.kind == "integer")


def _change(old: TypeRef, new: TypeRef, text: bool) -> TypeChange | None:
    old, new = peel(old, Pointer), peel(new, Pointer)
    if _is_list(old) and _is_list(new):
        return _lists(old, new, text)
    if _is_list(old) or _is_list(new):
        return _repeated(old, new, text)
    if isinstance(old, Map) and isinstance(new, Map):
        keys = _change(old.key, new.key, True)
        return _joined(old, new, keys and keys._replace(kind="map-key"), _change(old.elem, new.elem, text))
    return _scalars(old, new, text)


def _lists(old: TypeRef, new: TypeRef, text: bool) -> TypeChange | None:
    assert isinstance(old, LISTS) and isinstance(new, LISTS)
    elements = _change(old.elem, new.elem, text)
    before, after = (_length(ref) for ref in (old, new))
    if before == after:
        return elements
    length = TypeChange("array-length", old, new, reads_old=after is None, reads_new=before is None)
    return _joined(old, new, length, elements)


def _joined(old: TypeRef, new: TypeRef, shape: TypeChange | None, elements: TypeChange | None) -> TypeChange | None:
    """Return the change of two types of which the shape, the elements, or both differ."""
    if shape is None or elements is None or elements.kind == "kind":
        return elements or shape
    reads_old, reads_new = shape.reads_old and elements.reads_old, shape.reads_new and elements.reads_new
    rounds_old, rounds_new = shape.rounds_old or elements.rounds_old, shape.rounds_new or elements.rounds_new
    return TypeChange("values", old, new, reads_old, reads_new, rounds_old, rounds_new)


def _repeated(old: TypeRef, new: TypeRef, text: bool) -> TypeChange | None:
    """Return the change between a list and one value: a form has the values of a list one by one."""
    grows = isinstance(new, LISTS) and _is_list(new)
    many, one = (new, old) if grows else (old, new)
    assert isinstance(many, LISTS)
    if isinstance(one, AnyType):
        return TypeChange("values", old, new, reads_old=not grows, reads_new=grows)
    pair = (one, many.elem) if grows else (many.elem, one)
    inner = _change(*pair, text)
    if inner is not None and inner.kind != "values":
        return TypeChange("kind", old, new)
    fits = text and isinstance(many, Slice)
    reads_old, reads_new = (inner.reads_old, inner.reads_new) if inner is not None else (True, True)
    return TypeChange("repeated", old, new, fits and grows and reads_old, fits and not grows and reads_new)


def _scalars(old: TypeRef, new: TypeRef, text: bool) -> TypeChange | None:
    if isinstance(old, AnyType) or isinstance(new, AnyType):
        wider = isinstance(new, AnyType)
        same = wider and isinstance(old, AnyType)
        return None if same else TypeChange("values", old, new, reads_old=wider, reads_new=not wider)
    if isinstance(old, Named | Inline) and isinstance(new, Named | Inline):
        return None
    left, right = _base(old), _base(new)
    if left is None or right is None:
        return None if is_bytes(old) and is_bytes(new) else TypeChange("kind", old, new)
    if left.is_number and right.is_number:
        before, after = _of(left), _of(right)
        return None if before == after else _numbers(TypeChange("values", old, new), before, after, before, after)
    if left.kind == right.kind:
        return None
    if text and "string" in (left.kind, right.kind):
        return TypeChange("values", old, new, reads_old=right.kind == "string", reads_new=left.kind == "string")
    return TypeChange("kind", old, new)


def _base(ref: TypeRef) -> BaseType | None:
    return BASE_TYPES[ref.name] if isinstance(ref, Primitive) else None


def _is_list(ref: TypeRef) -> bool:
    return isinstance(ref, LISTS) and not is_bytes(ref)


def _length(ref: TypeRef) -> int | None:
    return int(ref.length) if isinstance(ref, Array) else None


def _is_text(ref: TypeRef) -> bool:
    """Return whether a value outside of JSON is read as text, a list as several; all else is JSON there, too."""
    ref = peel(ref, Pointer)
    if isinstance(ref, LISTS):
        base = _base(ref.elem)
        return base is not None and not base.is_byte
    return isinstance(ref, Primitive)
