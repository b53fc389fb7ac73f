"""How one attribute of a class is declared: annotation, markers, default."""

from mallgen.code import Code
from mallgen.emit.http.shapes import Attribute
from mallgen.emit.http.typing import Spelling, is_bytes
from mallgen.emit.http.values import choices, default
from mallgen.model import (
    AnyType,
    Array,
    Binding,
    Bounds,
    Map,
    Named,
    Pointer,
    Slice,
    TypeRef,
    peel,
)
from mallgen.pycode import literal

DEFAULT, FACTORY = Code("default"), Code("default_factory")


def bounds_args(bounds: Bounds) -> list[Code]:
    """The arguments of `Range(1, 10, open_low=True)`."""
    args: list[Code] = [literal(bounds.low), literal(bounds.high)]
    args += [Code("open_low=True")] if bounds.open_low else []
    return args + ([Code("open_high=True")] if bounds.open_high else [])


def is_optional(binding: Binding) -> bool:
    """Whether the field may be absent for this source."""
    return binding.optional or binding.default is not None or binding.omitempty


class Declarer:
    """Declares attributes in one file. `omits`: the class leaves defaults out of its JSON text."""

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling

    def annotation(self, attribute: Attribute, binding: Binding) -> Code:
        """The type, with markers in `Annotated` where the contract has more to say."""
        base = self._spelling.type(attribute.ref)
        markers = self._markers(attribute, binding)
        if not markers:
            return base
        return Code(f"{self._spelling.name('Annotated', 'typing')}[{', '.join([base, *markers])}]")

    def _markers(self, attribute: Attribute, binding: Binding) -> list[Code]:
        found: list[tuple[str, list[Code]]] = []
        ref = attribute.ref
        if isinstance(ref, Pointer) and not is_optional(binding) and not isinstance(ref.elem, AnyType):
            found.append(("NotNull", []))
        if binding.options:
            found.append(("Options", [literal(v) for v in choices(binding, ref)]))
        if binding.range is not None:
            found.append(("Range", bounds_args(binding.range)))
        if binding.limit is not None:
            found.append(("Limit", bounds_args(binding.limit)))
        if binding.string and _can_be_text(ref):
            found.append(("AsString", []))
        if binding.depends:
            marker = "Without" if binding.depends.startswith("!") else "With"
            found.append((marker, [literal(binding.depends.lstrip("!"))]))
        if attribute.field.together and not is_optional(binding):
            found.append(("Together", [literal(attribute.field.together)]))
        return [Code(f"{self._spelling.name(name)}({', '.join(args)})") for name, args in found]

    def default(self, attribute: Attribute, binding: Binding) -> tuple[Code, Code]:
        """The default as (keyword, expression): `default`, `default_factory`, or ("", "") when required.

        Behind `default_factory` the expression is what is to be made anew each time.
        """
        ref = attribute.ref
        together = bool(attribute.field.together)
        if binding.default is not None:
            value = default(binding, ref)
            if isinstance(value, list):
                return FACTORY, literal(value)
            return DEFAULT, literal(value)
        if not is_optional(binding) and not together:
            return Code(), Code()
        match ref:
            case Slice() if is_bytes(ref):
                return DEFAULT, Code('b""')
            case Slice():
                return FACTORY, Code("[]")
            case Array():
                return FACTORY, self._spelling.zero(ref)
            case Map():
                return FACTORY, Code("{}")
            case Named():
                return FACTORY, self._spelling.zero(ref)
        return DEFAULT, self._spelling.zero(ref)

    def declaration(self, attribute: Attribute, on_wire: bool, omits: bool) -> Code:
        """`cursor: Int64 = 0`, as one line."""
        binding = attribute.main
        head = Code(f"{attribute.name}: {self.annotation(attribute, binding)}")
        keyword, value = self.default(attribute, binding)
        wire = binding.key if binding.source == "json" else attribute.field.name
        named = wire != attribute.name and (binding.source == "json" or on_wire)
        name = [Code(f"name={literal(wire)}")] if named else []
        if omits and self._left_out(attribute, value, keyword):
            return Code(f"{head} = {self._spelling.name('omitempty')}({', '.join([value, *name])})")
        if not named and keyword in ("", DEFAULT):
            return Code(f"{head} = {value}") if keyword else head
        value = _factory(value) if keyword == FACTORY else value
        args = [*name, Code(f"{keyword}={value}")] if keyword else name
        return Code(f"{head} = {self._spelling.name('field')}({', '.join(args)})")

    def _left_out(self, attribute: Attribute, value: Code, keyword: Code) -> bool:
        """Whether Go leaves the field out when it has this value: not a struct, nor a default that is not zero."""
        binding = attribute.main
        if not binding.omitempty or keyword == FACTORY:
            return binding.omitempty and value in ("[]", "{}")
        return binding.default is None or value == self._spelling.zero(attribute.ref)


def _factory(made: Code) -> Code:
    """A function that makes the value."""
    return Code("list" if made == "[]" else "dict" if made == "{}" else f"lambda: {made}")


def _can_be_text(ref: TypeRef) -> bool:
    return peel(ref, Pointer) == ref and not isinstance(ref, Slice | Array | Map | Named | AnyType)
