"""Types of the attributes and methods of generated classes."""

import ast

from mallgen.drift.annotations import NamedType, named_type, without_none
from mallgen.drift.symbols import Symbols
from mallgen.drift.user_file import is_function


class GeneratedClasses:
    """Types of attributes and methods, read from the current generated texts and remembered."""

    def __init__(self, symbols: Symbols) -> None:
        self._symbols = symbols
        self._attributes: dict[tuple[str, str], NamedType | None] = {}

    def attribute(self, owner: str, name: str) -> NamedType | None:
        """Return the type of an attribute, under its current name; None where it is unknown."""
        new = self._symbols.new_field(shape, name) if (shape := self._symbols.classes.get(owner)) else ""
        key = owner, new or name
        if key not in self._attributes:
            self._attributes[key] = self._attribute(*key)
        return self._attributes[key]

    def method(self, owner: str, name: str) -> NamedType | None:
        """Return the type of a method's call, wrapped in `await` for an async one; None where it is unknown."""
        node = self._class(owner)
        function = next((n for n in node.body if is_function(n) and n.name == name), None) if node else None
        if function is None:
            return None
        found = self._annotated(owner, function.returns)
        return found if isinstance(function, ast.FunctionDef) else NamedType("await", (found or NamedType("?"),))

    def resolved(self, found: NamedType) -> NamedType:
        """Return a type whose classes are named by the module that defines them, not by one that re-exports them."""
        return NamedType(self._symbols.definition(found.name), tuple(map(self.resolved, found.args)))

    def _attribute(self, owner: str, name: str) -> NamedType | None:
        node = self._class(owner)
        for inner in node.body if node else ():
            if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name) and inner.target.id == name:
                return self._annotated(owner, inner.annotation)
        for part in ast.walk(node) if node else ():
            if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
                target = part.targets[0]
                if isinstance(target, ast.Attribute) and target.attr == name:
                    return self._annotated(owner, part.value.func)
        return None

    def _class(self, full: str) -> ast.ClassDef | None:
        """Return a generated class by its full name; for the user's ServiceContext its generated base."""
        package, _, name = full.partition(".")
        full = f"{package}.wiring.BaseContext" if name == "svc.ServiceContext" else full
        node = self._symbols.statement(full)
        return node if isinstance(node, ast.ClassDef) else None

    def _annotated(self, owner: str, annotation: ast.expr | None) -> NamedType | None:
        around = self._symbols.module_around(owner)

        def full_name(node: ast.expr) -> str:
            if isinstance(node, ast.Attribute):
                return f"{full_name(node.value)}.{node.attr}"
            return self._symbols.full_name(around, node.id) if isinstance(node, ast.Name) else ""

        return without_none(self.resolved(named_type(annotation, full_name))) if annotation is not None else None
