"""The structs that requests and responses of two versions have at the same places, paired field by field.

A type's name and file do not matter here, only what is at its place.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec.structs import replace

from mallgen.breaking.type_change import aligned, type_change
from mallgen.contract.wire import FORM_BODY, WireField, WireValue, wire_field
from mallgen.model import (
    Array,
    Contract,
    Field,
    Inline,
    Map,
    Named,
    Pointer,
    Primitive,
    Slice,
    Type,
    TypeRef,
    peel,
    spell,
)
from mallgen.text.once import once
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.breaking.api_pairs import RoutePair

Direction = Literal["request", "response"]
Keys = Callable[[WireField], Iterable[Hashable]]
Place = tuple[Span, str]
Identity = tuple[Place | None, Place | None]


class Struct(NamedTuple):
    """A struct as one version has it: its name, or that of the field that declares it in place."""

    name: str
    fields: tuple[WireField, ...]
    span: Span

    @property
    def place(self) -> Place:
        """Return what tells the struct from others of its version."""
        return self.span, self.name


class FieldPair:
    """A field in both versions; None: it is not in that one. `struct` is the pair of structs that it belongs to.

    The two have the same key in one of their sources, or else the same name in the contract.
    """

    def __init__(self, struct: "StructPair", old: WireField | None, new: WireField | None) -> None:
        self.struct, self.old, self.new = struct, old, new

    @once
    def values(self) -> dict[str, tuple[WireValue | None, WireValue | None]]:
        """The field's old and new value by the source that it is read from."""
        old, new = self.struct.values(self.old), self.struct.values(self.new)
        return {source: (old.get(source), new.get(source)) for source in dict.fromkeys((*old, *new))}

    @once
    def both(self) -> tuple[tuple[WireValue, WireValue], ...]:
        """The old and the new value of each source that has the field in both versions."""
        if self.old is None or self.new is None:
            return ()
        if self.struct.is_body:
            return ((self.struct.main(self.old), self.struct.main(self.new)),)
        return tuple((old, new) for old, new in self.values.values() if old is not None and new is not None)

    @once
    def key(self) -> str:
        """The field's name on the wire, the new one where it has two."""
        field = self.new or self.old
        assert field is not None
        return self.struct.main(field).key

    @once
    def old_key(self) -> str:
        """The field's old name on the wire, the new one where it had none."""
        return self.struct.main(self.old).key if self.old is not None else self.key

    @once
    def title(self) -> str:
        """The field with the type that declares it: `User.email`."""
        return f"{self.home.name}.{self.key}"

    @once
    def home(self) -> Struct:
        """The new struct that declares the field, which others may embed; where it is gone, the one it left."""
        return self.struct.home(self.old, self.new)

    @once
    def place(self) -> Span:
        """The field's place, or that of its struct where it is gone."""
        return self.home.span if self.new is None else self.new.field.span

    @property
    def old_comments(self) -> tuple[str, ...]:
        """Return the comments of the old field, then those of the type that declared it."""
        if self.old is None:
            return ()
        field, declared = self.old.field, self.struct.old_owner(self.old)
        return (*field.docs, field.comment, *((*declared.docs, declared.comment) if declared is not None else ()))

    @once
    def identity(self) -> Identity:
        """Identity: what is the same for a field that several structs embed."""
        return _identity(self.old), _identity(self.new)

    @property
    def is_changed(self) -> bool:
        """Return whether the field is written in another way than before."""
        return self.old is None or self.new is None or written(self.old.field) != written(self.new.field)


def _identity(field: WireField | None) -> Place | None:
    return (field.field.span, field.field.name) if field is not None else None


def written(field: Field) -> tuple[object, ...]:
    """Return what is the same for two fields that are written in the same way."""
    return field.name, field.bindings, field.together, field.validate, spell(field.type)


class Structs:
    """The structs of one version."""

    def __init__(self, contract: Contract) -> None:
        self.types = {declared.name: declared for declared in contract.types}
        self._structs: dict[str, Struct] = {}

    @cached_property
    def owners(self) -> dict[Span, Type]:
        """The types that declare members, by their places."""
        return {member.span: declared for declared in self.types.values() for member in declared.members}

    def of(self, ref: TypeRef, field: Field | None) -> Struct | None:
        """Return the struct that a type is, None for another one; `field` declares it where it has no name."""
        if isinstance(ref, Named) and ref.name in self.types:
            if ref.name not in self._structs:
                self._structs[ref.name] = self._declared(self.types[ref.name])
            return self._structs[ref.name]
        if isinstance(ref, Inline) and field is not None:
            return Struct(field.name, _wire(ref.fields), field.span)
        return None

    def has_list(self, ref: TypeRef) -> bool:
        """Return whether a response is a list, or a struct with a list of structs."""
        ref = peel(ref, Pointer)
        if isinstance(ref, Slice):
            return True
        struct = self.of(ref, None)
        lists = (peel(field.field.type, Pointer) for field in struct.fields) if struct is not None else ()
        return any(isinstance(one, Slice) and isinstance(peel(one.elem, Pointer), Named) for one in lists)

    def inner(self, field: Field) -> Struct | None:
        """Return the struct that is in a field, its lists and maps; None without one."""
        return self.of(peel(field.type, Pointer, Slice, Array, Map), field)

    @staticmethod
    def _declared(declared: Type) -> Struct:
        return Struct(declared.name, _wire(declared.fields), declared.span)


class StructPair:
    """Two structs at one place of a request or response, and the routes that carry them.

    `method`: that of the request whose fields have their sources in their tags; "": all are keys of one JSON object.
    `parameters` are the names of the old and the new path's parameters, which are paired by their positions.
    """

    def __init__(
        self,
        direction: Direction,
        versions: tuple[Structs, Structs],
        old: Struct,
        new: Struct,
        method: str = "",
        parameters: tuple[Sequence[str], Sequence[str]] = ((), ()),
    ) -> None:
        self.direction = direction
        self.old, self.new = old, new
        self.is_body = not method
        self.routes: list[RoutePair] = []
        self.inner: list[StructPair] = []
        self._versions = versions
        self._method = method
        self._parameters = parameters
        self._values: dict[int, dict[str, WireValue]] = {}

    @property
    def place(self) -> Span:
        """Return the place of the new struct."""
        return self.new.span

    @property
    def name(self) -> str:
        """Return the name of the new struct."""
        return self.new.name

    @property
    def reads_form_body(self) -> bool:
        """Return whether a form is read from the body as well as from the query."""
        return self._method in FORM_BODY

    @cached_property
    def lost_body(self) -> str:
        """The form of body, `form` or `json`, that old requests had and that is read no more; "" where there is none.

        A body is JSON where a field comes in it, else a form, or either where all fields come in both. One field alone
        is a change of that field.
        """
        before, after = (self._bodies(side.fields) for side in (self.old, self.new))
        left = {source for field in self.new.fields for source in self.values(field)}
        lost = sorted(before - after - left) if after else []
        moved = sum(1 for field in self.old.fields if lost and lost[0] in self.values(field))
        return lost[0] if moved > 1 else ""

    def _bodies(self, fields: Sequence[WireField]) -> set[str]:
        found = [self.values(field).keys() & {"form", "json"} for field in fields] if self.reads_form_body else []
        sources = [one for one in found if one]
        if sources and all(len(one) == 2 for one in sources):
            return {"form", "json"}
        every = {source for one in sources for source in one}
        return {"json"} if "json" in every else every

    def main(self, field: WireField) -> WireValue:
        """Return the value whose rules count for a field of JSON; without a tag for it, the field's name is its key."""
        value = field.main
        if not self.is_body or value.source == "json":
            return value
        return replace(value, source="json", key=field.field.name)

    def values(self, field: WireField | None) -> dict[str, WireValue]:
        """Return a field's values by their source."""
        if field is None:
            return {}
        if id(field) not in self._values:  # the structs keep their fields
            self._values[id(field)] = self._by_source(field)
        return self._values[id(field)]

    def _by_source(self, field: WireField) -> dict[str, WireValue]:
        if self.is_body:
            return {"json": self.main(field)}
        in_body = field.in_body(self._method)
        return {value.source: value for value in field.values if value.source != "json" or in_body}

    def old_owner(self, old: WireField) -> Type | None:
        """Return the old type that declares a field, None where it has no name."""
        return self._versions[0].owners.get(old.field.span)

    def home(self, old: WireField | None, new: WireField | None) -> Struct:
        """Return the new struct that declares a field, or that it was removed from."""
        before, after = self._versions
        if new is not None:
            declared = after.owners.get(new.field.span)
            if declared is not None and declared.name == self.new.name and declared.span == self.new.span:
                return self.new
            return after.of(Named(declared.name, declared.span), None) or self.new if declared else self.new
        owner = before.owners.get(old.field.span) if old is not None else None
        declared = after.types.get(owner.name) if owner is not None else None
        if old is None or declared is None or any(field.name == old.field.name for field in declared.fields):
            return self.new
        return after.of(Named(declared.name, declared.span), None) or self.new

    @cached_property
    def fields(self) -> tuple[FieldPair, ...]:
        """All fields, paired by a key that both versions have in one source, by key, by name, by the words of a key."""
        old, new = self.old.fields, self.new.fields
        if self.is_body and _are_in_line(old, new):
            return tuple(FieldPair(self, *sides) for sides in zip(old, new, strict=True))
        match: dict[int, int] = {}
        _match(old, new, (self._keys(0), self._keys(1)), match)
        _match(old, new, (_any_key, _any_key), match)
        _match(old, new, (_name, _name), match, _alike)
        _match(old, new, (_words, _words), match, _alike)
        taken = {*match.values()}
        pairs = [FieldPair(self, one, new[match[at]] if at in match else None) for at, one in enumerate(old)]
        return (*pairs, *(FieldPair(self, None, one) for at, one in enumerate(new) if at not in taken))

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the types that the old version declares and the new one still has."""
        return frozenset(self._versions[0].types.keys() & self._versions[1].types.keys())

    def key(self, value: WireValue, side: int) -> str:
        """Return a value's key as it is compared: the position in the path, and small letters in a header."""
        if value.source == "path" and value.key in self._parameters[side]:
            return f"/{self._parameters[side].index(value.key)}"
        return value.key.lower() if value.source == "header" else value.key

    def _keys(self, side: int) -> Keys:
        return lambda field: [(source, self.key(value, side)) for source, value in self.values(field).items()]

    def nested(self) -> Iterator[tuple[Struct, Struct]]:
        """Yield the structs that the fields of both have at the same places."""
        before, after = self._versions
        for field in self.fields:
            if field.old is None or field.new is None or field.old.field.type.__class__ is Primitive:
                continue
            if field.new.field.type.__class__ is not Primitive:
                left, right = aligned(field.old.field.type, field.new.field.type)
                old, new = before.of(left, field.old.field), after.of(right, field.new.field)
                if old is not None and new is not None:
                    yield old, new

    def is_renamed(self, old: WireValue, new: WireValue) -> bool:
        """Return whether what has the old key is not found under the new one."""
        return self.key(old, 0) != self.key(new, 1)


def former(pair: FieldPair) -> str:
    """Return the type that has lost a field; where another type is at its place now, the old one and that."""
    home, old = pair.home.name, pair.struct.old.name
    is_replaced = pair.new is None and home == pair.struct.new.name != old and old in pair.struct.names
    return f"`{home}`, which is at the place of `{old}`," if is_replaced else f"`{home}`"


def replacement(pair: FieldPair, advice: str) -> str:
    """Return the end of a hint that names the one new field that may replace one that is gone; "" without it."""
    if pair.old is None:
        return ""
    wanted = spell(pair.old.field.type)
    added = [one for one in pair.struct.fields if one.old is None and one.new is not None]
    found = [one for one in added if one.new is not None and spell(one.new.field.type) == wanted]
    return f"; if `{found[0].key}` replaces it, {advice}" if len(found) == 1 else ""


def _are_in_line(old: Sequence[WireField], new: Sequence[WireField]) -> bool:
    """Return whether two structs of JSON have the same keys in the same order, each once: what most have."""
    before, after = [[value.key for field in side for value in field.values] for side in (old, new)]
    return (
        before == after
        and len(set(before)) == len(before) == len(old) == len(new)
        and all(one.values[0].source == other.values[0].source == "json" for one, other in zip(old, new, strict=True))
    )


def _match(
    old: Sequence[WireField],
    new: Sequence[WireField],
    keys: tuple[Keys, Keys],
    match: dict[int, int],
    fits: Callable[[WireField, WireField], bool] = lambda *_: True,
) -> None:
    """Add the pairs of fields that have a key in common and no pair yet."""
    taken = {*match.values()}
    free: dict[Hashable, int] = {}
    for at, field in enumerate(new):
        if at not in taken:
            for key in keys[1](field):
                free.setdefault(key, at)
    for at, field in enumerate(old):
        if at in match:
            continue
        found = next((free[key] for key in keys[0](field) if key in free and free[key] not in taken), None)
        if found is not None and fits(field, new[found]):
            match[at] = found
            taken.add(found)


def _alike(old: WireField, new: WireField) -> bool:
    """Return whether the one may be the other under a new key: their types have something in common."""
    change = type_change(old.field.type, new.field.type)
    return change is None or change.kind != "kind"


def _wire(fields: Iterable[Field]) -> tuple[WireField, ...]:
    return tuple([wire_field(field) for field in fields if field.bindings])


def _any_key(field: WireField) -> list[str]:
    return [value.key for value in field.values]


def _name(field: WireField) -> list[str]:
    return [field.field.name]


def _words(field: WireField) -> list[str]:
    return [value.key.lower().replace("_", "").replace("-", "") for value in field.values]
