"""Reads of attributes and calls of methods that a class has not, such as the column that its table has lost."""

import ast
from collections.abc import Callable, Collection, Iterator
from functools import cached_property

from mallgen.drift.infer import Inferred
from mallgen.drift.symbols import VANISHED, Site
from mallgen.drift.user_file import UserFile

Names = Collection[ast.AST]
_NARROWING = frozenset({"isinstance", "issubclass", "hasattr", "type"})
_PATCHING = frozenset({"setattr", "object", "patch"})


class MissingMembers:
    """Uses in one file of members that are missing; what the file itself may have added or narrowed is left out."""

    def __init__(self, file: UserFile, inferred: Callable[[], Inferred], shadowed: Callable[[], Names]) -> None:
        """Take what the types are inferred by, and the variables that have an import's name; both are made if asked."""
        self._file = file
        self._make = inferred
        self._shadowed = shadowed

    @cached_property
    def _inferred(self) -> Inferred:
        return self._make()

    def sites(self, compared: Names, request: str) -> Iterator[Site]:
        """Yield the uses of members that are missing, without the nodes and the variable that are compared already."""
        passed = {request} if self._inherits else {request, "self"}
        for node in self._file.of(ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in passed:
                continue
            if isinstance(node.ctx, ast.Load) and node not in compared and not node.attr.startswith("_"):
                yield from self._compared(node)

    @property
    def _inherits(self) -> bool:
        return any(node.bases for node in self._file.of(ast.ClassDef))

    def _compared(self, node: ast.Attribute) -> Iterator[Site]:
        owner = self._inferred.class_name(node.value).removeprefix("?")
        names = self._inferred.known.members(owner) if owner else None
        if names is not None and node.attr not in names and self._is_ours(owner) and not self._is_doubtful(node):
            yield Site(node, f"`{owner.rpartition('.')[2]}` has no `{node.attr}`", VANISHED)

    def _is_ours(self, owner: str) -> bool:
        """Return whether a class is made by the contract, or inherits from such a class."""
        return any(known.is_generated for known in self._inferred.known.line(owner))

    def keywords(self) -> Iterator[Site]:
        """Yield calls of methods with a keyword that they do not take, such as the column that a row has lost."""
        for call in self._file.of(ast.Call):
            if call.keywords and isinstance(call.func, ast.Attribute) and not self._is_doubtful(call.func):
                owner = self._inferred.class_name(call.func.value).removeprefix("?")
                taken = self._inferred.known.keywords(owner, call.func.attr) if owner else None
                for word in call.keywords if taken is not None else ():
                    if taken is not None and word.arg is not None and word.arg not in taken:
                        text = f"`{owner.rpartition('.')[2]}.{call.func.attr}` takes no `{word.arg}`"
                        yield Site(word.value, text, VANISHED)

    def _is_doubtful(self, node: ast.Attribute) -> bool:
        """Return whether this file gives a value another class or more attributes than it is known to have.

        A dotted name that begins with an import is no value: references.py compares it.
        """
        if self._file.source(node.value) in self._narrowed:
            return True
        part: ast.expr = node
        while isinstance(part, ast.Attribute):
            if part.attr in self._stored:
                return True
            part = part.value
        return isinstance(part, ast.Name) and part.id in self._file.bindings and part not in self._shadowed()

    @cached_property
    def _narrowed(self) -> frozenset[str]:
        """Return the expressions whose class is asked for."""
        calls = (call for call in self._file.of(ast.Call) if _name(call) in _NARROWING and call.args)
        subjects = (match.subject for match in self._file.of(ast.Match))
        return frozenset(map(self._file.source, (*(call.args[0] for call in calls), *subjects)))

    @cached_property
    def _stored(self) -> frozenset[str]:
        """Return the attributes that the file gives to other values, as `monkeypatch.setattr(svc, "orders", fake)`."""
        targets = (node for node in self._file.of(ast.Attribute) if not isinstance(node.ctx, ast.Load))
        stored = {node.attr for node in targets if not isinstance(node.value, ast.Name) or node.value.id != "self"}
        for call in self._file.of(ast.Call):
            if _name(call) in _PATCHING:
                texts = (arg.value for arg in call.args if isinstance(arg, ast.Constant))
                stored |= {name for text in texts if isinstance(text, str) for name in text.split(".")}
        return frozenset(stored)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
