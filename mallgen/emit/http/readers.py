"""Expressions that read the fields of a request from path, form and header."""

from msgspec import Struct

from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.wire import WireValue, binding, request, together
from mallgen.emit.http.fields import Declarer, bounds_args
from mallgen.emit.http.shapes import Attribute, SchemaClass
from mallgen.emit.http.typing import Spelling
from mallgen.model import Array, Map, Named, Pointer, Primitive, Slice, TypeRef, elements, peel
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import literal

_METHODS = {name: PyIdent("boolean" if name == "bool" else base.canonical) for name, base in BASE_TYPES.items()}


class FieldRead(Struct, frozen=True):
    """A field read from one source: `form.int64("ps", 20)` for the attribute `ps`.

    `types` counts the arguments between the key and the default that are types.
    """

    attribute: Attribute
    value: WireValue
    method: Code
    args: tuple[Code, ...]
    types: int = 0

    def with_default(self, default: Code) -> tuple[Code, ...]:
        """Return the arguments of a required field with a default added, which is used when it is absent."""
        before = 1 + self.types
        return (*self.args[:before], default, *self.args[before:])

    @property
    def decides(self) -> bool:
        """Return whether the source always gives the field a value, so that those before it are only checked."""
        return self.value.required or self.value.default is not None

    def instead(self, earlier: Code) -> tuple[Code, ...]:
        """Return the arguments with an earlier source's value as the default."""
        before = 1 + self.types
        return (*self.args[:before], earlier, *self.args[before + 1 :])


class ReadPlan(Struct, frozen=True):
    """The steps in which a route reads its request: reads by source, and the fields of its JSON body."""

    reads: tuple[FieldRead, ...]
    body: tuple[Attribute, ...]
    reads_form_body: bool

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that are read, in the order path, form, header."""
        return tuple(s for s in ("path", "form", "header") if any(r.value.source == s for r in self.reads))

    @property
    def by_attribute(self) -> dict[PyIdent, list[FieldRead]]:
        """The reads of each attribute, in the order of its sources."""
        found: dict[PyIdent, list[FieldRead]] = {}
        for read in self.reads:
            found.setdefault(read.attribute.name, []).append(read)
        return found

    def is_checked_only(self, read: FieldRead) -> bool:
        """Return whether a later source always gives the field its value."""
        found = self.by_attribute[read.attribute.name]
        return any(later.decides for later in found[found.index(read) + 1 :])

    @property
    def only_body(self) -> bool:
        """Return whether the whole request is the JSON body."""
        return not self.reads and bool(self.body)


def plan(shape: SchemaClass, declarer: Declarer, spelling: Spelling, method: str) -> ReadPlan:
    """Return the plan that reads every field from its sources in a request with `method`."""
    reader = _PlanReader(declarer, spelling)
    attributes = {attribute.field.name: attribute for attribute in shape.attributes}
    expected = request((attribute.wire for attribute in shape.attributes), method)
    reads = tuple(reader.read(attributes[value.field.name], value) for value in expected.parameters)
    body = tuple(attributes[field.field.name] for field in expected.body)
    return ReadPlan(reads, body, expected.reads_form_body)


class _PlanReader:
    def __init__(self, declarer: Declarer, spelling: Spelling) -> None:
        self._declarer = declarer
        self._spelling = spelling

    def read(self, attribute: Attribute, value: WireValue) -> FieldRead:
        method, types = self._method(attribute.ref)
        args = [literal(value.key), *types, *self._fallback(attribute, value), *self._rules(value)]
        ref = peel(attribute.ref, Pointer)
        if isinstance(ref, Array):
            args.append(Code(f"length={literal(int(ref.length))}"))
        return FieldRead(attribute, value, Code(f"{PyIdent(value.source)}.{method}"), tuple(args), len(types))

    def _method(self, ref: TypeRef) -> tuple[PyIdent, list[Code]]:
        match peel(ref, Pointer):
            case Primitive(name=name):
                return _METHODS[name], []
            case Slice(elem=Primitive(name=name)) | Array(elem=Primitive(name=name)) if not BASE_TYPES[name].is_byte:
                return PyIdent(f"{_METHODS[name]}_list"), []
        whole = peel(ref, Pointer)
        return PyIdent("json"), [self._spelling.type(Slice(whole.elem) if isinstance(whole, Array) else whole)]

    def _fallback(self, attribute: Attribute, value: WireValue) -> list[Code]:
        keyword, default = self._declarer.default(attribute, value)
        return [default] if keyword else []

    def _rules(self, value: WireValue) -> list[Code]:
        rules = []
        if value.options:
            rules.append(Code(f"options={literal(value.options)}"))
        if value.range is not None:
            rules.append(Code(f"range={self._spelling.name('Range')}({', '.join(bounds_args(value.range))})"))
        if value.limit is not None:
            low, high = value.limit.low, value.limit.high
            if low is None or high is None or value.limit.open_low or value.limit.open_high:
                rules.append(Code(f"limit={self._spelling.name('Limit')}({', '.join(bounds_args(value.limit))})"))
            else:
                rules.append(Code(f"limit=({literal(low)}, {literal(high)})"))
        return rules


def in_order(reads: list[FieldRead]) -> tuple[list[Code], Code]:
    """Return how to read a field from its sources, as go-zero: reads that only check, and the expression that counts.

    The last source that has the field counts; one that must have it, or has a default, always does.
    """
    checks: list[Code] = []
    value = Code("")
    for read in reads:
        if value and read.decides:
            checks.append(value)
        args = read.instead(value) if value and not read.decides else read.args
        value = Code(f"{read.method}({', '.join(args)})")
    return checks, value


def presence(shape: SchemaClass, source: str) -> list[Code]:
    """Return the rules between fields of one source, as statements on its reader."""
    statements = []
    fields = [attribute.wire for attribute in shape.attributes]
    for value in filter(None, (field.of(source) for field in fields)):
        for method, other in (("with_", value.comes_with), ("without", value.comes_without)):
            if other:
                args = [literal(value.key), literal(other)]
                statements.append(Code(f"{PyIdent(source)}.{PyIdent(method)}({', '.join(args)})"))
    return statements + [
        Code(f"{PyIdent(source)}.together({', '.join([literal(key) for key in (name, *keys)])})")
        for name, keys in together(fields, source).items()
    ]


def is_checked(shape: SchemaClass, by_name: dict[str, SchemaClass]) -> bool:
    """Return whether the encoder needs the type: a field below is a quoted number or an array of fixed length."""
    seen: set[str] = set()
    todo = [shape]
    while todo:
        current = todo.pop()
        if current.name in seen:
            continue
        seen.add(current.name)
        for attribute in current.attributes:
            json = binding(attribute.field, "json")
            if json is not None and (json.string or any(isinstance(part, Array) for part in elements(attribute.ref))):
                return True
            inner = peel(attribute.ref, Pointer, Slice, Array, Map)
            if isinstance(inner, Named):
                todo.append(by_name[inner.name])
    return False
