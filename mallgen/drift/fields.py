"""Uses of renamed fields in a user file: fields with another name and the same key on the wire."""

import ast
import re
from collections.abc import Mapping
from functools import cached_property

from mallgen.drift.annotations import NamedType
from mallgen.drift.classes import Classes
from mallgen.drift.infer import Inferred
from mallgen.drift.symbols import UNSURE, VANISHED, Site
from mallgen.drift.user_file import ByteEdit, UserFile
from mallgen.output.signature import ClassShape

_REPLACE_FUNCTIONS = frozenset({"copy.replace", "dataclasses.replace", "msgspec.structs.replace"})
_ATTRIBUTE_FUNCTIONS = frozenset({"getattr", "hasattr", "setattr", "delattr"})
_FIELD_METHODS = frozenset({"HasField", "ClearField"})


class Fields:
    """Uses of renamed fields in one file: `edits` mends those in `sites`, the user has to mend those in `stuck`.

    `unsure` are field names with expressions that may be a use. `types` are the new types of replaced annotations.
    """

    def __init__(self, file: UserFile, classes: Classes, types: Mapping[ast.AST, NamedType]) -> None:
        self._file = file
        self._classes = classes
        self._symbols = classes.symbols
        self._types = types
        self.sites: list[Site] = []
        self.stuck: list[Site] = []
        self.unsure: list[tuple[str, Site]] = []
        self.edits: list[ByteEdit] = []

    @cached_property
    def inferred(self) -> Inferred:
        """Return the types of the file's expressions."""
        return Inferred(self._file, self._classes, self._types)

    def run(self) -> None:
        """Look at every node that has a renamed field's old name."""
        names = self._symbols.former_fields
        for node in self._file.of(ast.Attribute, ast.Call, ast.MatchClass) if names else ():
            if isinstance(node, ast.Attribute):
                self._compare_read(node) if node.attr in names else None
            elif isinstance(node, ast.Call):
                self._compare_call(node)
            elif isinstance(node, ast.MatchClass):
                self._compare_pattern(node)

    def _compare_read(self, node: ast.Attribute) -> None:
        found = self.inferred.type_of(node.value)
        shape = self._symbols.classes.get(found.name) if found else None
        if shape is not None:
            self.attribute(node, shape)
        elif found is None and not self._is_module(node.value):
            self._add_doubt(node, node.attr)

    def _is_module(self, node: ast.expr) -> bool:
        """Return whether a dotted name begins with an import: the contract has no fields there."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._file.bindings

    def _add_doubt(self, node: ast.AST, name: str) -> None:
        texts = sorted(self._symbols.former_fields[name])
        which = "it" if len(texts) == 1 else "one of them"
        self.unsure.append((name, Site(node, f"{', '.join(texts)}, and this may be {which}", UNSURE)))

    def _compare_call(self, node: ast.Call) -> None:
        """Rename fields that a call names: in a string (`getattr`, `HasField`) or as a keyword of `replace`."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in _FIELD_METHODS and len(node.args) == 1:
            self._compare_text(node.args[0], self._shape(node.func.value))
        elif isinstance(node.func, ast.Name) and node.func.id in _ATTRIBUTE_FUNCTIONS and len(node.args) > 1:
            self._compare_text(node.args[1], self._shape(node.args[0]))
        elif node.args and node.keywords and self._file.meaning(node.func) in _REPLACE_FUNCTIONS:
            shape = self._shape(node.args[0])
            for keyword in node.keywords if shape else ():
                self.keyword(keyword, node, shape) if shape else None

    def _shape(self, node: ast.AST) -> ClassShape | None:
        return self._symbols.classes.get(self.inferred.class_name(node))

    def _compare_text(self, node: ast.expr, shape: ClassShape | None) -> None:
        if shape is None or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            return
        new = self._symbols.new_field(shape, node.value)
        start, end = self._file.range(node)
        if new and self._file.utf8[start + 1 : end - 1] == node.value.encode():
            self._add(ByteEdit(start + 1, end - 1, new), node, f"`{shape.name}.{node.value}` is `{new}` now")

    def _compare_pattern(self, node: ast.MatchClass) -> None:
        """Rename keywords of a class pattern; `ast` does not say where they are, so each must be unique in its text."""
        shape = self._symbols.classes.get(self._symbols.definition(self._symbols.current(self._file.meaning(node.cls))))
        start, end = self._file.offset(node.lineno, node.col_offset), self._file.offset(
            node.end_lineno, node.end_col_offset
        )
        for name in node.kwd_attrs if shape else ():
            if shape is None or not (new := self._symbols.new_field(shape, name)):
                continue
            places = [*re.finditer(rb"\b%b(?=\s*=)" % name.encode(), self._file.utf8[start:end])]
            text = f"`{shape.name}.{name}` is `{new}` now"
            if len(places) == 1:
                at = start + places[0].start()
                self._add(ByteEdit(at, at + len(name.encode()), new), node.cls, text)
            else:
                self.stuck.append(Site(node.cls, text, VANISHED))

    def attribute(self, node: ast.Attribute, shape: ClassShape) -> bool:
        """Rename a field behind a dot; return whether the contract has renamed it."""
        new = self._symbols.new_field(shape, node.attr)
        if new:
            self._rename(node, node.attr, new, shape)
        return bool(new)

    def keyword(self, node: ast.keyword, call: ast.Call, shape: ClassShape) -> bool:
        """Rename a keyword argument of a constructor; return whether the contract has renamed the field."""
        new = self._symbols.new_field(shape, node.arg or "")
        if new and node.arg:
            self._rename(node, node.arg, new, shape, call)
        return bool(new)

    def _rename(
        self, node: ast.Attribute | ast.keyword, old: str, new: str, shape: ClassShape, around: ast.Call | None = None
    ) -> None:
        """Rename one use; leave it to the user where `ast` has a wrong position, as in older Pythons' f-strings."""
        text = f"`{shape.name}.{old}` is `{new}` now"
        size = len(old.encode())
        is_read = isinstance(node, ast.Attribute)
        start = self._file.range(node)[1] - size if is_read else self._file.offset(node.lineno, node.col_offset)
        if self._file.utf8[start : start + size] != old.encode():
            self.stuck.append(Site(around or node, text, VANISHED))
        else:
            self._add(ByteEdit(start, start + size, new), around or node, text)

    def _add(self, edit: ByteEdit, node: ast.AST, text: str) -> None:
        if edit not in self.edits:
            self.edits.append(edit)
            self.sites.append(Site(node, text))
