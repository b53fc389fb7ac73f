"""How a request is read: one expression per field, by source."""

from msgspec import Struct

from mallgen.code import Code, PyIdent
from mallgen.contract.base_types import BASE_TYPES
from mallgen.emit.http.fields import Declarer, bounds_args, is_optional
from mallgen.emit.http.shapes import Attribute, Shape
from mallgen.emit.http.typing import Spelling
from mallgen.emit.http.values import choices
from mallgen.model import Array, Binding, Pointer, Primitive, Slice, TypeRef, elements, named, peel
from mallgen.pycode import literal

FORM_BODY = frozenset({"post", "put", "patch"})
BODILESS = frozenset({"get", "head"})
_METHODS = {name: PyIdent("boolean" if name == "bool" else base.canonical) for name, base in BASE_TYPES.items()}


class Read(Struct, frozen=True):
    """A field read from one source: `form.int64("ps", 20)` for the attribute `ps`."""

    attribute: Attribute
    binding: Binding
    method: Code
    args: tuple[Code, ...]
    types: int = 0

    def with_default(self, default: Code) -> tuple[Code, ...]:
        """The arguments of a field that is required, but for a value where it is absent."""
        before = 1 + self.types
        return (*self.args[:before], default, *self.args[before:])


class Plan(Struct, frozen=True):
    """What a route does to have its request: reads by source, and the fields of its JSON body."""

    reads: tuple[Read, ...]
    body: tuple[Attribute, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that are read, `path` first."""
        return tuple(s for s in ("path", "form", "header") if any(r.binding.source == s for r in self.reads))

    @property
    def only_body(self) -> bool:
        """Whether the whole request is the JSON body."""
        return not self.reads and bool(self.body)


def plan(shape: Shape, declarer: Declarer, spelling: Spelling, bodiless: bool) -> Plan:
    """Read every field from its sources; of a `bodiless` request the form decides where a field could be in both."""
    reader = _Reader(declarer, spelling)
    reads = tuple(
        reader.read(attribute, binding)
        for attribute in shape.attributes
        for binding in attribute.field.bindings
        if binding.source != "json"
    )
    body = (a for a in shape.attributes if a.binding("json"))
    return Plan(reads, tuple(a for a in body if not (bodiless and a.binding("form"))))


def is_either(attribute: Attribute) -> bool:
    """Whether a field must come, in the form or in the JSON body: the kind of the request decides."""
    form, json = attribute.binding("form"), attribute.binding("json")
    return form is not None and json is not None and not is_optional(form) and not is_optional(json)


class _Reader:
    def __init__(self, declarer: Declarer, spelling: Spelling) -> None:
        self._declarer = declarer
        self._spelling = spelling

    def read(self, attribute: Attribute, binding: Binding) -> Read:
        method, types = self._method(attribute.ref)
        args = [literal(binding.key), *types, *self._fallback(attribute, binding), *self._rules(attribute, binding)]
        ref = peel(attribute.ref, Pointer)
        if isinstance(ref, Array):
            args.append(Code(f"length={literal(int(ref.length))}"))
        return Read(attribute, binding, Code(f"{PyIdent(binding.source)}.{method}"), tuple(args), len(types))

    def _method(self, ref: TypeRef) -> tuple[PyIdent, list[Code]]:
        match peel(ref, Pointer):
            case Primitive(name=name):
                return _METHODS[name], []
            case Slice(elem=Primitive(name=name)) | Array(elem=Primitive(name=name)) if name not in {"byte", "uint8"}:
                return PyIdent(f"{_METHODS[name]}_list"), []
        whole = peel(ref, Pointer)
        return PyIdent("json"), [self._spelling.type(Slice(whole.elem) if isinstance(whole, Array) else whole)]

    def _fallback(self, attribute: Attribute, binding: Binding) -> list[Code]:
        keyword, value = self._declarer.default(attribute, binding)
        return [value] if keyword else []

    def _rules(self, attribute: Attribute, binding: Binding) -> list[Code]:
        rules = []
        if binding.options:
            rules.append(Code(f"options={literal(choices(binding, attribute.ref))}"))
        if binding.range is not None:
            rules.append(Code(f"range={self._spelling.name('Range')}({', '.join(bounds_args(binding.range))})"))
        if binding.limit is not None:
            low, high = binding.limit.low, binding.limit.high
            if low is None or high is None or binding.limit.open_low or binding.limit.open_high:
                rules.append(Code(f"limit={self._spelling.name('Limit')}({', '.join(bounds_args(binding.limit))})"))
            else:
                rules.append(Code(f"limit=({literal(low)}, {literal(high)})"))
        return rules


def presence(shape: Shape, source: str) -> list[Code]:
    """Rules between fields of one source, as statements on its reader."""
    found = []
    whole: dict[str, list[str]] = {}
    for attribute in shape.attributes:
        binding = attribute.binding(source)
        if binding is None:
            continue
        if attribute.field.together and not is_optional(binding):
            whole.setdefault(attribute.field.together, []).append(binding.key)
        if binding.depends:
            method = "without" if binding.depends.startswith("!") else "with_"
            args = [literal(binding.key), literal(binding.depends.lstrip("!"))]
            found.append(Code(f"{PyIdent(source)}.{PyIdent(method)}({', '.join(args)})"))
    return found + [
        Code(f"{PyIdent(source)}.together({', '.join([literal(key) for key in (name, *keys)])})")
        for name, keys in whole.items()
    ]


def is_checked(shape: Shape, by_name: dict[str, Shape]) -> bool:
    """Whether some field below writes a number as a string or has a length, which the encoder must be told."""
    seen: set[str] = set()
    todo = [shape]
    while todo:
        current = todo.pop()
        if current.name in seen:
            continue
        seen.add(current.name)
        for attribute in current.attributes:
            json = attribute.binding("json")
            if json is not None and (json.string or any(isinstance(part, Array) for part in elements(attribute.ref))):
                return True
            todo += [by_name[ref.name] for ref in named(attribute.ref)]
    return False
