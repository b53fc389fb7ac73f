"""How one attribute of a class is declared: annotation, markers, default."""

from mallgen.contract.wire import WireValue, is_bytes
from mallgen.emit.http.shapes import Attribute
from mallgen.emit.http.typing import Spelling
from mallgen.model import (
    Array,
    Bounds,
    Map,
    Named,
    Slice,
)
from mallgen.python.code import Code
from mallgen.python.layout import literal

DEFAULT, FACTORY = Code("default"), Code("default_factory")


def bounds_args(bounds: Bounds) -> list[Code]:
    """The arguments of `Range(1, 10, open_low=True)`."""
    args: list[Code] = [literal(bounds.low), literal(bounds.high)]
    args += [Code("open_low=True")] if bounds.open_low else []
    return args + ([Code("open_high=True")] if bounds.open_high else [])


class Declarer:
    """Declares attributes in one file. `omits`: the class leaves defaults out of its JSON text."""

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling

    def annotation(self, attribute: Attribute, value: WireValue) -> Code:
        """The type, with markers in `Annotated` where the contract has more to say."""
        base = self._spelling.type(attribute.ref)
        markers = self._markers(value)
        if not markers:
            return base
        return Code(f"{self._spelling.name('Annotated', 'typing')}[{', '.join([base, *markers])}]")

    def _markers(self, value: WireValue) -> list[Code]:
        found: list[tuple[str, list[Code]]] = []
        if value.not_null:
            found.append(("NotNull", []))
        if value.options:
            found.append(("Options", [literal(option) for option in value.options]))
        if value.range is not None:
            found.append(("Range", bounds_args(value.range)))
        if value.limit is not None:
            found.append(("Limit", bounds_args(value.limit)))
        if value.quoted:
            found.append(("AsString", []))
        for marker, other in (("With", value.comes_with), ("Without", value.comes_without)):
            if other:
                found.append((marker, [literal(other)]))
        if value.together:
            found.append(("Together", [literal(value.together)]))
        return [Code(f"{self._spelling.name(name)}({', '.join(args)})") for name, args in found]

    def default(self, attribute: Attribute, value: WireValue) -> tuple[Code, Code]:
        """The default as (keyword, expression): `default`, `default_factory`, or ("", "") when required.

        Behind `default_factory` the expression is what is to be made anew each time.
        """
        ref = attribute.ref
        if isinstance(value.default, tuple):
            return FACTORY, literal(list(value.default))
        if value.default is not None:
            return DEFAULT, literal(value.default)
        if value.required:
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
        wire = attribute.wire.main
        head = Code(f"{attribute.name}: {self.annotation(attribute, wire)}")
        keyword, value = self.default(attribute, wire)
        key = wire.key if wire.source == "json" else attribute.field.name
        named = key != attribute.name and (wire.source == "json" or on_wire)
        name = [Code(f"name={literal(key)}")] if named else []
        if omits and self._left_out(attribute, value, keyword):
            return Code(f"{head} = {self._spelling.name('omitempty')}({', '.join([value, *name])})")
        if not named and keyword in ("", DEFAULT):
            return Code(f"{head} = {value}") if keyword else head
        value = _factory(value) if keyword == FACTORY else value
        args = [*name, Code(f"{keyword}={value}")] if keyword else name
        return Code(f"{head} = {self._spelling.name('field')}({', '.join(args)})")

    def _left_out(self, attribute: Attribute, value: Code, keyword: Code) -> bool:
        """Whether the class leaves the field out of an answer: its default is the empty value that Go leaves out."""
        wire = attribute.wire.main
        if not wire.omits_empty or keyword == FACTORY:
            return wire.omits_empty and value in ("[]", "{}")
        return wire.default is None or value == self._spelling.zero(attribute.ref)


def _factory(made: Code) -> Code:
    """A function that makes the value."""
    return Code("list" if made == "[]" else "dict" if made == "{}" else f"lambda: {made}")
