"""The declaration of one attribute of a class: annotation, markers, default."""

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
    """Return the arguments of a `Range` or `Limit`: `1, 10, open_low=True`."""
    args: list[Code] = [literal(bounds.low), literal(bounds.high)]
    args += [Code("open_low=True")] if bounds.open_low else []
    return args + ([Code("open_high=True")] if bounds.open_high else [])


class Declarer:
    """Declares attributes in one file."""

    def __init__(self, spelling: Spelling) -> None:
        self._spelling = spelling

    def annotation(self, attribute: Attribute, value: WireValue) -> Code:
        """Return the type, in `Annotated` with markers where the tag has more rules."""
        base = self._spelling.type(attribute.ref)
        markers = [*self._markers(value), *self._rules(attribute)]
        if not markers:
            return base
        return Code(f"{self._spelling.name('Annotated', 'typing')}[{', '.join([base, *markers])}]")

    def _rules(self, attribute: Attribute) -> list[Code]:
        """Return the marker of a `validate` tag, none without a word that is checked."""
        main = attribute.wire.main
        if not attribute.rules:
            return []
        place = [] if main.source == "json" else [literal(main.source), literal(main.key)]
        return [Code(f"{self._spelling.name('Validate')}({', '.join([literal(attribute.rules), *place])})")]

    def _markers(self, value: WireValue) -> list[Code]:
        markers: list[tuple[str, list[Code]]] = []
        if value.not_null:
            markers.append(("NotNull", []))
        if value.options:
            markers.append(("Options", [literal(option) for option in value.options]))
        if value.range is not None:
            markers.append(("Range", bounds_args(value.range)))
        if value.limit is not None:
            markers.append(("Limit", bounds_args(value.limit)))
        if value.quoted:
            markers.append(("AsString", []))
        for marker, other in (("With", value.comes_with), ("Without", value.comes_without)):
            if other:
                markers.append((marker, [literal(other)]))
        if value.together:
            markers.append(("Together", [literal(value.together)]))
        return [Code(f"{self._spelling.name(name)}({', '.join(args)})") for name, args in markers]

    def default(self, attribute: Attribute, value: WireValue) -> tuple[Code, Code]:
        """Return the default as (keyword, expression): `default`, `default_factory`, or ("", "") when required.

        After `default_factory`, the expression makes a new value each time it is evaluated.
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
        """Return the declaration as one line, such as `cursor: Int64 = 0`.

        `on_wire`: the class is part of a JSON text; `omits`: it leaves empty values out of it.
        """
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
        """Return whether the class omits the field's default from a response: it is the empty value that Go omits."""
        wire = attribute.wire.main
        if not wire.omits_empty or keyword == FACTORY:
            return wire.omits_empty and value in ("[]", "{}")
        return wire.default is None or value == self._spelling.zero(attribute.ref)


def _factory(value: Code) -> Code:
    """Return an expression for a function that returns a new `value`."""
    return Code("list" if value == "[]" else "dict" if value == "{}" else f"lambda: {value}")
