"""Types of the attributes and methods of classes that the contract makes, and of the user's over these."""

import ast

from mallgen.drift.annotations import NamedType, named_type, without_none
from mallgen.drift.classes import Classes, KnownClass
from mallgen.drift.user_file import is_function


class GeneratedClasses:
    """Types of attributes and methods, read from the current texts and remembered."""

    def __init__(self, classes: Classes) -> None:
        self._symbols = classes.symbols
        self._classes = classes
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
        for known in self._classes.line(owner):
            function = next((n for n in known.node.body if is_function(n) and n.name == name), None)
            if function is not None:
                found = None if function.decorator_list else self._annotated(known, function.returns)
                is_plain = isinstance(function, ast.FunctionDef)
                return found if is_plain else NamedType("await", (found or NamedType("?"),))
        return None

    def resolved(self, found: NamedType) -> NamedType:
        """Return a type whose classes are named by the module that defines them, not by one that re-exports them."""
        return NamedType(self._symbols.definition(found.name), tuple(map(self.resolved, found.args)))

    def _attribute(self, owner: str, name: str) -> NamedType | None:
        for known in self._classes.line(owner):
            if (annotation := _declared(known.node, name)) is not None:
                return self._annotated(known, annotation)
        return None

    def _annotated(self, known: KnownClass, annotation: ast.expr | None) -> NamedType | None:
        if annotation is None:
            return None
        return without_none(self.resolved(named_type(annotation, known.meaning)))


def _declared(node: ast.ClassDef, name: str) -> ast.expr | None:
    """Return what a class says of an attribute's type: an annotation, or the class that is called to make it."""
    for inner in node.body:
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name) and inner.target.id == name:
            return inner.annotation
    for part in ast.walk(node):
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
            target = part.targets[0]
            if isinstance(target, ast.Attribute) and target.attr == name:
                return part.value.func
    return None
