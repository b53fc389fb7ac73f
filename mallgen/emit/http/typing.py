"""The Python spelling of a contract's types and of their zero values."""

from collections.abc import Callable

from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.wire import is_bytes
from mallgen.model import AnyType, Array, Map, Named, Pointer, Primitive, Slice, TypeRef, peel
from mallgen.python.code import Code, PyIdent
from mallgen.python.layout import Imports, literal
from mallgen.python.names import Scope

SCHEMA = "mallgen_runtime.schema"
BUILTIN = {"bool": Code("bool"), "string": Code("str"), "float64": Code("float")}
ALIASES = {
    base.name: f"{'' if base.signed else 'U'}{base.canonical.removeprefix('u').capitalize()}"
    for base in BASE_TYPES.values()
    if base.is_number and base.name not in BUILTIN
}


class Spelling:
    """Spells types in one file and imports the names it uses; `class_` returns the local name of a contract's class."""

    def __init__(self, imports: Imports, scope: Scope, class_: Callable[[str], PyIdent]) -> None:
        self._imports = imports
        self._scope = scope
        self._class = class_

    def name(self, name: str, source: str = SCHEMA) -> PyIdent:
        """Import `name` and return the name to use in this file."""
        return self._imports.add(source, name, self._scope.local_name(name))

    def type(self, ref: TypeRef) -> Code:
        """Return the annotation of a type; a pointer adds `| None` at the top, and nothing inside a list or a map."""
        if isinstance(ref, Pointer):
            text = self.type(peel(ref, Pointer))
            return text if text == self._any(ref) else Code(f"{text} | None")
        return self._plain(ref)

    def _any(self, ref: TypeRef) -> Code:
        return self._plain(ref) if isinstance(ref, AnyType) else Code()

    def _plain(self, ref: TypeRef) -> Code:
        match ref:
            case Primitive(name=name):
                return BUILTIN.get(name) or self.name(ALIASES[name])
            case Named(name=name):
                return self._class(name)
            case AnyType():
                return self.name("Any", "typing")
            case Slice() if is_bytes(ref):
                return Code("bytes")
            case Slice(elem=elem):
                return Code(f"list[{self._plain(peel(elem, Pointer))}]")
            case Array(length=length, elem=elem):
                items = Code(f"list[{self._plain(peel(elem, Pointer))}]")
                return Code(
                    f"{self.name('Annotated', 'typing')}[{items}, {self.name('exactly')}({literal(int(length))})]"
                )
            case Map(key=key, elem=elem):
                return Code(f"dict[{self._plain(key)}, {self._plain(peel(elem, Pointer))}]")
        raise AssertionError(f"a type without a Python form: {ref!r}")

    def zero(self, ref: TypeRef) -> Code:
        """Return an expression for the zero value of a type, which makes a new value each time it is evaluated."""
        match ref:
            case Primitive(name="string"):
                return literal("")
            case Primitive(name="bool"):
                return Code("False")
            case Primitive(name=name):
                return Code("0.0" if BASE_TYPES[name].kind == "float" else "0")
            case Slice() if is_bytes(ref):
                return Code('b""')
            case Array(length=length, elem=elem):
                return self._zeros(int(length), peel(elem, Pointer))
            case Slice():
                return Code("[]")
            case Map():
                return Code("{}")
            case Named(name=name):
                return Code(f"{self.name('zero')}({self._class(name)})")
        return Code("None")

    def _zeros(self, count: int, elem: TypeRef) -> Code:
        if not count:
            return Code("[]")
        zero = self.zero(elem)
        if isinstance(elem, Primitive | AnyType):
            return Code(f"[{zero}] * {literal(count)}")
        return Code(f"[{zero} for _ in range({literal(count)})]")
