"""The contract's types as Python classes: chooses their names, and makes classes of anonymous structs."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.wire import WireField, json_types, wire_field
from mallgen.diagnostics import Diagnostic
from mallgen.model import (
    Array,
    Contract,
    Field,
    Inline,
    Map,
    Named,
    Pointer,
    Primitive,
    Type,
    TypeRef,
    elements,
    map_ref,
    peel,
)
from mallgen.python import names
from mallgen.python.code import PyIdent
from mallgen.text.span import Span


class Attribute(Struct, frozen=True):
    """A field of a class: `ref` refers to classes by their Python names (`Named`)."""

    name: PyIdent
    ref: TypeRef
    wire: WireField
    rules: str = ""

    @property
    def field(self) -> Field:
        """The field of the contract."""
        return self.wire.field


class SchemaClass(Struct, frozen=True):
    """A class for a contract's type, whose name there is `origin`. `on_wire`: it is part of a JSON text."""

    name: PyIdent
    origin: str
    docs: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    span: Span
    on_wire: bool

    @property
    def omits(self) -> bool:
        """Return whether some field is left out of the JSON text while it is empty."""
        return any(a.wire.main.omitempty and a.wire.main.source == "json" for a in self.attributes)


class Shapes(Struct, frozen=True):
    """The classes of a contract, in its order and by name."""

    ordered: tuple[SchemaClass, ...]
    by_name: dict[str, SchemaClass]
    problems: tuple[Diagnostic, ...]

    def of(self, ref: TypeRef | None) -> SchemaClass | None:
        """Return the class of a request or response, None for one that is not a declared struct."""
        inner = peel(ref, Pointer) if ref is not None else None
        return self.by_name.get(names.class_name(inner.name)) if isinstance(inner, Named) else None


def build(contract: Contract) -> Shapes:
    """Choose the names of all classes and attributes; collisions are among `problems`."""
    builder = _SchemaBuilder(json_types(contract))
    for declared in sorted(contract.types, key=lambda t: t.span):
        builder.declared(declared)
    ordered = tuple(builder.shapes)
    by_name: dict[str, SchemaClass] = {shape.name: shape for shape in ordered}
    problems = [*builder.classes.problems, *builder.problems, *_endless(by_name)]
    return Shapes(ordered, by_name, tuple(problems))


def _rules(wires: Sequence[WireField], spelled: Sequence[PyIdent]) -> list[str]:
    """Return the words of each field's `validate` tag that are checked."""
    if not any(wire.field.validate for wire in wires):
        return [""] * len(wires)
    from mallgen.contract.cross_words import siblings_of  # few contracts have such tags
    from mallgen.contract.validate import read_rules

    named = [(wire.field, _spelled(name, wire)) for wire, name in zip(wires, spelled, strict=True)]
    siblings = siblings_of(named)
    return [read_rules(one.field.validate, one.field.type, not one.main.optional, siblings).text for one in wires]


def _spelled(attribute: PyIdent, wire: WireField) -> str:
    """Return the name of a field in the words of others: its attribute, and its key where that is another one."""
    key = wire.main.key
    return attribute if key == attribute else f"{attribute}:{key}"


def _endless(by_name: dict[str, SchemaClass]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each type that contains itself by value: neither Go nor Python can make such a value."""
    parts = {
        name: [(a, inner) for a in shape.attributes for inner in _by_value(a.ref)] for name, shape in by_name.items()
    }
    reported: set[str] = set()
    for name, shape in by_name.items():
        for attribute, inner in parts[name]:
            reached = _reached(inner, parts)
            if name in reached and name not in reported:
                reported |= reached
                message = f"a value of `{shape.origin}` would contain another one, and so on without end"
                hint = f"make `{attribute.field.name}` a pointer: `*{inner}`"
                yield Diagnostic("endless-type", message, attribute.field.span, hint)


def _reached(start: str, parts: dict[str, list[tuple[Attribute, str]]]) -> set[str]:
    reached: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [inner for _, inner in parts.get(name, ())]
    return reached


def _by_value(ref: TypeRef) -> list[str]:
    inner = peel(ref, Array)
    return [inner.name] if isinstance(inner, Named) else []


class _SchemaBuilder:
    def __init__(self, on_wire: set[str]) -> None:
        self.on_wire = on_wire
        self.classes = names.Claims("class", "rename one of them in the contract")
        self.shapes: list[SchemaClass] = []
        self.problems: list[Diagnostic] = []

    def declared(self, declared: Type) -> None:
        name = self.classes.claim(names.class_name(declared.name), declared.name, declared.span)
        docs = (*declared.docs, declared.comment) if declared.comment else declared.docs
        self._shape(name, declared.name, docs, declared.fields, declared.span, declared.name in self.on_wire)

    def _shape(
        self, name: PyIdent, origin: str, docs: tuple[str, ...], fields: Iterable[Field], span: Span, on_wire: bool
    ) -> None:
        slot = len(self.shapes)
        claims = names.Claims(f"attribute of `{name}`", "rename one of the fields")
        wires = [wire_field(field) for field in fields]
        spelled = [claims.claim(names.variable(w.field.name), w.field.name, w.field.span) for w in wires]
        rules = _rules(wires, spelled)
        attributes = tuple(
            Attribute(
                attribute,
                self._ref(wire.field.type, wire.field, name, on_wire),
                wire,
                checked,
            )
            for attribute, wire, checked in zip(spelled, wires, rules, strict=True)
        )
        self.problems += claims.problems
        self.shapes.insert(slot, SchemaClass(name, origin, docs, attributes, span, on_wire))

    def _ref(self, ref: TypeRef, field: Field, owner: PyIdent, on_wire: bool) -> TypeRef:
        def as_class(part: TypeRef) -> TypeRef:
            match part:
                case Named(name=name, span=span):
                    return Named(names.class_name(name), span)
                case Inline(fields=fields):
                    inner = PyIdent(owner + names.class_name(field.name))
                    self.classes.claim(inner, f"{owner}.{field.name}", field.span)
                    self._shape(inner, f"{owner}.{field.name}", (), fields, field.span, on_wire)
                    return Named(inner, field.span)
            return part

        if isinstance(ref, Primitive):
            return ref
        for part in elements(ref):
            if isinstance(part, Map) and not (isinstance(part.key, Primitive) and BASE_TYPES[part.key.name].is_map_key):
                self._refuse_key(field)
        return map_ref(ref, as_class)

    def _refuse_key(self, field: Field) -> None:
        message = f"the map `{field.name}` has a key that JSON cannot have"
        hint = "use string or a whole number as key"
        self.problems.append(Diagnostic("map-key", message, field.span, hint))
