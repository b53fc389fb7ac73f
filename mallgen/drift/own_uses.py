"""Uses of generated code in user files: members that are named, and values that are made with some of their fields."""

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from mallgen.drift.classes import Classes
from mallgen.drift.infer import Inferred
from mallgen.drift.placement import Placement
from mallgen.drift.symbols import Symbols
from mallgen.drift.user_file import NotPython, UserFile, is_function, walked
from mallgen.output.files import ExpectedFiles
from mallgen.output.manifest import Lock
from mallgen.output.recognise import Survey
from mallgen.output.records import Owner
from mallgen.text.span import Span

_FILLING = frozenset({"CopyFrom", "MergeFrom", "ParseFromString", "MergeFromString"})


class MemberUse(NamedTuple):
    """An attribute or keyword that own code names; `owner` is the full name of its class, "" where it is unknown."""

    owner: str
    name: str
    span: Span


class BuiltValue(NamedTuple):
    """A place where own code makes a value of a generated class, and the fields that it gives it."""

    owner: str
    fields: frozenset[str]
    span: Span


class OwnUses(NamedTuple):
    """Uses in the user files of an output folder; `words` are all names and short texts in them."""

    members: tuple[MemberUse, ...] = ()
    built: tuple[BuiltValue, ...] = ()
    words: frozenset[str] = frozenset()


def own_uses(expected: ExpectedFiles, disk: Survey, lock: Lock) -> OwnUses:
    """Return what the user files in `disk.contents` use; files that are no Python are left out."""
    symbols = Placement(expected, disk, lock).symbols()
    classes = Classes(symbols)
    made = {file.path for file in expected.files if file.owner is Owner.ALWAYS}
    found = [
        _FileUses(file, symbols, Inferred(file, classes, {}))
        for path, content in sorted(disk.contents.items())
        if path.endswith(".py") and path not in made and (file := _read(path, content)) is not None
    ]
    members = tuple(use for one in found for use in one.members())
    words = frozenset(word for one in found for word in one.words())
    return OwnUses(members, tuple(value for one in found for value in one.built()), words)


def _read(path: str, content: bytes) -> UserFile | None:
    try:
        return UserFile(path, content)
    except NotPython:
        return None  # reported where the file is judged


class _FileUses:
    """The uses in one file."""

    def __init__(self, file: UserFile, symbols: Symbols, inferred: Inferred) -> None:
        self._file = file
        self._symbols = symbols
        self._inferred = inferred

    def members(self) -> Iterator[MemberUse]:
        for node in self._file.of(ast.Attribute):
            yield MemberUse(self._owner(node.value), node.attr, self._file.span(node, self._file.path))
        for call in self._file.of(ast.Call):
            owner = self._made(call)
            for word in call.keywords:
                if word.arg is not None:
                    yield MemberUse(owner, word.arg, self._file.span(word.value, self._file.path))

    def built(self) -> Iterator[BuiltValue]:
        """Yield the values that are made with named fields alone; those of `**fields` or a copy may have any."""
        for call in self._file.of(ast.Call):
            owner = self._made(call)
            if not owner or call.args or any(word.arg is None for word in call.keywords):
                continue
            later = self._set_later(call)
            if not later & _FILLING:
                given = {word.arg for word in call.keywords if word.arg is not None}
                yield BuiltValue(owner, frozenset(given | later), self._file.span(call.func, self._file.path))

    def words(self) -> Iterator[str]:
        for node in self._file.nodes:
            if isinstance(node, ast.Constant):
                yield from (node.value,) if isinstance(node.value, str) and len(node.value) < 100 else ()
            else:
                yield from (name for key in ("id", "attr", "arg", "name") if (name := getattr(node, key, None)))

    def _owner(self, node: ast.expr) -> str:
        return self._inferred.class_name(node).removeprefix("?")

    def _made(self, call: ast.Call) -> str:
        """Return the class of the value that a call makes, also of the row that a model inserts; "" for other calls."""
        full = self._file.meaning(call.func)
        if full:
            full = self._symbols.definition(
                self._symbols.current(self._symbols.from_star(full, self._file.star_modules))
            )
            if isinstance(self._symbols.statement(full), ast.ClassDef):
                return full
        return self._inserted(call.func) if isinstance(call.func, ast.Attribute) else ""

    def _inserted(self, function: ast.Attribute) -> str:
        """Return the class of the values of a row, where a call of `insert` takes these as keywords."""
        if function.attr != "insert":
            return ""
        for known in self._inferred.known.line(self._owner(function.value)):
            method = next((one for one in known.node.body if is_function(one) and one.name == "insert"), None)
            more = method.args.kwarg.annotation if method is not None and method.args.kwarg else None
            if known.is_generated and isinstance(more, ast.Subscript):
                return known.meaning(more.slice)
        return ""

    def _set_later(self, call: ast.Call) -> set[str]:
        """Return the attributes that the function around a call names of the variable that gets the new value."""
        variable = self._variables.get(call)
        around = self._function_of.get(call, self._file.tree)
        attributes = (node for node in walked(around) if isinstance(node, ast.Attribute)) if variable else ()
        return {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == variable}

    @cached_property
    def _variables(self) -> dict[ast.AST, str]:
        """Return the names of variables by the expressions that they are bound to."""
        found: dict[ast.AST, str] = {}
        bindings = [(node.targets[0], node.value) for node in self._file.of(ast.Assign)]
        bindings += [(node.target, node.value) for node in self._file.of(ast.NamedExpr)]
        bindings += [(node.target, node.value) for node in self._file.of(ast.AnnAssign) if node.value is not None]
        for target, value in bindings:
            if isinstance(target, ast.Name):
                found[value] = target.id
        return found

    @cached_property
    def _function_of(self) -> dict[ast.AST, ast.AST]:
        found: dict[ast.AST, ast.AST] = {}
        for node in self._file.nodes:
            if is_function(node) and node not in found:
                found |= dict.fromkeys(walked(node), node)
        return found
