"""Inference of the types of expressions in a user file; unknown where the file and the generated code do not say."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial

from mallgen.drift.annotations import NamedType, item_type, named_type, without_none
from mallgen.drift.classes import Classes
from mallgen.drift.generated_classes import GeneratedClasses
from mallgen.drift.user_file import Function, UserFile, is_function, walked

TypeSource = Callable[[], NamedType | None]
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)
_PASS_ON = frozenset(
    {
        "copy.copy",
        "copy.deepcopy",
        "copy.replace",
        "dataclasses.replace",
        "msgspec.structs.replace",
        "next",
        "max",
        "min",
    }
)
_LISTS = frozenset({"list", "sorted", "reversed", "set", "frozenset", "tuple", "iter", "aiter"})
_BY_KEY = ("sorted", "max", "min", "sort")
_AWAITED = "await"
_PAGE, _MODEL = "mallgen_runtime.sql.Page", "mallgen_runtime.sql.Model"
_OF_MODELS = frozenset({"fetch", "fetch_one", "within"})


class Inferred:
    """Types of one file's expressions. A name has one where everything that binds it in its function agrees."""

    def __init__(self, file: UserFile, classes: Classes, types: Mapping[ast.AST, NamedType]) -> None:
        self._file = file
        self._replaced_types = types
        self.known = classes
        self._symbols = classes.symbols
        self._generated = GeneratedClasses(classes)
        self._known_types: dict[ast.AST, NamedType | None] = {}
        self._function_of: dict[ast.AST, ast.AST] = {}
        self._classes = {node.name: node for node in file.tree.body if isinstance(node, ast.ClassDef)}
        for outer in _outermost(file.tree.body):
            self._function_of |= dict.fromkeys(walked(outer), outer)
        self._scopes: dict[ast.AST, dict[str, list[TypeSource]]] = {}

    def type_of(self, node: ast.AST) -> NamedType | None:
        """Return the type of an expression, without `| None`; None where it is unknown."""
        if node not in self._known_types:
            self._known_types[node] = None  # a type that depends on itself is unknown
            self._known_types[node] = without_none(self._infer(node))
        return self._known_types[node]

    def class_name(self, node: ast.AST) -> str:
        """Return the current full name of an expression's type; "" where it is unknown."""
        found = self.type_of(node)
        return found.name if found else ""

    def _infer(self, node: ast.AST) -> NamedType | None:
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Await):
            found = self._infer(node.value)
            return found.args[0] if found and found.name == _AWAITED else None
        return self._composed(node)

    def _composed(self, node: ast.AST) -> NamedType | None:
        """Return the type of an expression that is built of others, or of a constant."""
        if isinstance(node, ast.NamedExpr):
            return self.type_of(node.value)
        if isinstance(node, ast.BoolOp):
            return self._agreed(node.values)
        if isinstance(node, ast.IfExp):
            return self._agreed([node.body, node.orelse])
        if isinstance(node, ast.List | ast.Set):
            return _list_of(self._agreed(node.elts))
        if isinstance(node, ast.Tuple):
            parts = [self.type_of(part) for part in node.elts]
            return NamedType("tuple", tuple(part or NamedType("?") for part in parts))
        if isinstance(node, _COMPREHENSIONS):
            return _list_of(self.type_of(node.elt))
        if isinstance(node, ast.DictComp):
            return NamedType(
                "dict", (self.type_of(node.key) or NamedType("?"), self.type_of(node.value) or NamedType("?"))
            )
        if isinstance(node, ast.Constant):
            return NamedType(type(node.value).__name__.replace("NoneType", "None"))
        return None

    def _agreed(self, nodes: Iterable[ast.AST]) -> NamedType | None:
        """Return the type that all expressions have, `None` and empty lists and dicts aside."""
        found = {self.type_of(node) for node in nodes if not _is_empty(node)} - {NamedType("None")}
        return found.pop() if len(found) == 1 else None

    def _name(self, node: ast.Name) -> NamedType | None:
        around = self._function_of.get(node, self._file.tree)
        sources = self._scope(around).get(node.id)
        if sources is None and around is not self._file.tree:
            sources = self._scope(self._file.tree).get(node.id)
        found = {source() for source in sources or ()}
        found.discard(NamedType("None"))
        return found.pop() if len(found) == 1 else None

    def _attribute(self, node: ast.Attribute) -> NamedType | None:
        owner = self.type_of(node.value)
        if owner is None:
            return None
        if owner.name == _PAGE:
            return _list_of(owner.args[0]) if node.attr == "rows" and owner.args else None
        mine = self._local_class(owner)
        found = self._local_attribute(mine, node.attr) if mine is not None else None
        return found or self._generated.attribute(owner.name.removeprefix("?"), node.attr)

    def _local_class(self, owner: NamedType) -> ast.ClassDef | None:
        """Return the class of this file that a value is an instance of."""
        module, _, name = owner.name.rpartition(".")
        return self._classes.get(name) if module == f"?{self._file.module}" else None

    def _local_attribute(self, owner: ast.ClassDef, name: str) -> NamedType | None:
        """Return the type of an attribute of a class of this file: as annotated, else as all assignments have it."""
        for node in owner.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                return self._annotated(node.annotation)
        found: set[NamedType | None] = set()
        for inner in walked(owner):
            if isinstance(inner, ast.AnnAssign) and _is_of_self(inner.target, name):
                return self._annotated(inner.annotation)
            if isinstance(inner, ast.Assign) and any(_is_of_self(target, name) for target in inner.targets):
                found.add(self.type_of(inner.value))
            elif isinstance(inner, ast.Tuple) and isinstance(inner.ctx, ast.Store):
                found |= {None for part in inner.elts if _is_of_self(part, name)}
        found.discard(NamedType("None"))
        return found.pop() if len(found) == 1 else None

    def _annotated(self, annotation: ast.expr | None) -> NamedType | None:
        if annotation is None:
            return None
        return without_none(
            self._generated.resolved(self._replaced_types.get(annotation) or named_type(annotation, self._meaning))
        )

    def _meaning(self, node: ast.expr) -> str:
        full = self._file.meaning(node)
        if full.startswith("?") and full[1:] in self._classes:
            return f"?{self._file.module}.{full[1:]}"
        return self._symbols.current(self._symbols.from_star(full, self._file.star_modules))

    def _is_local(self, node: ast.expr) -> bool:
        """Return whether a dotted name begins with a local variable, which hides an import of that name."""
        while isinstance(node, ast.Attribute):
            node = node.value
        around = self._function_of.get(node)
        return isinstance(node, ast.Name) and around is not None and node.id in self._scope(around)

    def _call(self, node: ast.Call) -> NamedType | None:
        if isinstance(node.func, ast.Attribute) and (owner := self.type_of(node.func.value)) is not None:
            return self._method(owner, node.func.attr, node)
        if not isinstance(node.func, ast.Name | ast.Attribute) or self._is_local(node.func):
            return None
        full = self._symbols.definition(self._meaning(node.func))
        if full in self._symbols.classes or full.rpartition(".")[0] == f"?{self._file.module}":
            return self._generated.resolved(NamedType(full))
        function = self._file.find(node.func.id)[1] if isinstance(node.func, ast.Name) else None
        if function is not None and not function.decorator_list:
            return self._returned(function)
        around, _, maker = full.rpartition(".")
        if maker == "FromString" and around in self._symbols.classes:
            return self._generated.resolved(NamedType(around))
        return self._library_call(full, node.args)

    def _library_call(self, full: str, args: list[ast.expr]) -> NamedType | None:
        """Return the type that a call of a well-known Python function has, by the types of its arguments."""
        if full == "typing.cast" and len(args) == 2:
            return self._annotated(args[0])
        first = self.type_of(args[0]) if args else None
        if full in _LISTS:
            return _list_of(item_type(first))
        if full == "enumerate":
            return _list_of(NamedType("tuple", (NamedType("int"), item_type(first) or NamedType("?"))))
        if full == "zip":
            return _list_of(NamedType("tuple", tuple(item_type(self.type_of(arg)) or NamedType("?") for arg in args)))
        if full == "filter" and len(args) == 2:
            return _list_of(item_type(self.type_of(args[1])))
        if full in _PASS_ON:
            return item_type(first) if full == "next" or (full in ("max", "min") and len(args) == 1) else first
        return None

    def _method(self, owner: NamedType, name: str, call: ast.Call) -> NamedType | None:
        mine = self._local_class(owner)
        if mine is not None:
            function = next((n for n in mine.body if is_function(n) and n.name == name), None)
            if function is not None:
                return None if function.decorator_list else self._returned(function)
        if name in ("get", "pop", "setdefault", "values", "items", "keys", "copy", "add"):
            return _of_container(owner, name)
        found = self._generated.method(owner.name.removeprefix("?"), name)
        return found or (self._method_of_models(owner, name, call.args) if name in _OF_MODELS else None)

    def _method_of_models(self, owner: NamedType, name: str, args: list[ast.expr]) -> NamedType | None:
        """Return the type that a method of every model returns; `fetch` and `fetch_one` name the class of the rows."""
        if all(base != _MODEL for known in self.known.line(owner.name.removeprefix("?")) for base in known.bases):
            return None
        if name == "within":
            return owner
        row = self._annotated(args[0]) if args else None
        return (
            NamedType(_AWAITED, (row if name == "fetch_one" else NamedType("list", (row,)),))
            if row is not None
            else None
        )

    def _returned(self, function: Function) -> NamedType | None:
        found = self._annotated(function.returns)
        if found is None or isinstance(function, ast.FunctionDef) or _yields(function):
            return found
        return NamedType(_AWAITED, (found,))

    def _subscript(self, node: ast.Subscript) -> NamedType | None:
        owner = self.type_of(node.value)
        if owner is None or isinstance(node.slice, ast.Slice):
            return owner
        if owner.name == "tuple" and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            return owner.args[node.slice.value] if -len(owner.args) <= node.slice.value < len(owner.args) else None
        return _of_container(owner, "get") or item_type(owner)

    def _scope(self, around: ast.AST) -> dict[str, list[TypeSource]]:
        """Return the sources of each name's type, in a function with its inner ones or in the module around them."""
        if around not in self._scopes:
            found: dict[str, list[TypeSource]] = {}
            nodes = walked(around) if around is not self._file.tree else self._module_nodes
            for name, source in self._sources(nodes):
                found.setdefault(name, []).append(source)
            if is_function(around) and (owner := self._class_of.get(around)) is not None:
                first = next(iter([*around.args.posonlyargs, *around.args.args]), None)
                if first is not None and not around.decorator_list and first.annotation is None:
                    made = partial(NamedType, f"?{self._file.module}.{owner.name}")
                    found[first.arg] = [made if len(found[first.arg]) == 1 else _unknown]
            self._scopes[around] = found
        return self._scopes[around]

    @cached_property
    def _class_of(self) -> dict[ast.AST, ast.ClassDef]:
        return {node: owner for owner in self._classes.values() for node in owner.body}

    @cached_property
    def _module_nodes(self) -> tuple[ast.AST, ...]:
        return tuple(node for node in self._file.nodes if node not in self._function_of)

    def _sources(self, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, TypeSource]]:
        sure: set[ast.AST] = set()
        lambdas: dict[ast.AST, TypeSource] = {}
        for node in nodes:
            if isinstance(node, ast.Call):
                lambdas |= self._lambdas(node)
            for target, source in self._targets(node):
                sure |= {target}
                yield from ((target.id, source),) if isinstance(target, ast.Name) else ()
        for node in nodes:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node not in sure:
                yield node.id, _unknown
            elif isinstance(node, ast.arg):
                yield node.arg, lambdas.get(node) or partial(self._annotated, node.annotation)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                yield from ((name, _unknown) for name in node.names)
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                yield node.name, _unknown

    def _lambdas(self, call: ast.Call) -> Iterator[tuple[ast.AST, TypeSource]]:
        """Yield the parameters of lambdas that a call applies to each item (as `sorted` does), with their types."""
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        given = [k.value for k in call.keywords if k.arg == "key"] if name in _BY_KEY else call.args[:1]
        rest = call.args[1:2] if name in ("filter", "map") else call.args[:1] if name != "sort" else []
        if name == "sort" and isinstance(call.func, ast.Attribute):
            rest = [call.func.value]
        for function in given if name in (*_BY_KEY, "filter", "map") else ():
            if isinstance(function, ast.Lambda) and len(function.args.args) == 1 and len(rest) == 1:
                yield function.args.args[0], partial(self._item_type, rest[0])

    def _item_type(self, node: ast.expr) -> NamedType | None:
        return item_type(self.type_of(node))

    def _targets(self, node: ast.AST) -> Iterator[tuple[ast.AST, TypeSource]]:
        """Yield the targets that a statement binds, each with the source of its type."""
        if isinstance(node, ast.AnnAssign):
            yield node.target, partial(self._annotated, node.annotation)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from self._unpacked(target, partial(self.type_of, node.value))
        elif isinstance(node, ast.NamedExpr):
            yield node.target, partial(self.type_of, node.value)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield from self._unpacked(node.target, partial(self._item_type, node.iter))

    def _unpacked(self, target: ast.expr, source: TypeSource) -> Iterator[tuple[ast.AST, TypeSource]]:
        if isinstance(target, ast.Tuple | ast.List) and not any(isinstance(t, ast.Starred) for t in target.elts):
            for number, part in enumerate(target.elts):
                yield from self._unpacked(part, _part(source, number, len(target.elts)))
        else:
            yield target, source


def _part(source: TypeSource, number: int, count: int) -> TypeSource:
    def found() -> NamedType | None:
        whole = source()
        is_tuple = whole is not None and whole.name == "tuple" and len(whole.args) == count
        return without_none(whole.args[number]) if whole is not None and is_tuple else None

    return found


def _unknown() -> NamedType | None:
    return None


def _list_of(item: NamedType | None) -> NamedType | None:
    return NamedType("list", (item,)) if item is not None else None


def _of_container(owner: NamedType, name: str) -> NamedType | None:
    """Return the type that a method of a list or a mapping returns."""
    args = owner.args
    if len(args) == 2 and owner.name != "tuple":
        found = {"values": _list_of(args[1]), "keys": _list_of(args[0]), "items": _list_of(NamedType("tuple", args))}
        return owner if name == "copy" else without_none(found.get(name, args[1]))
    if len(args) == 1:
        return owner if name == "copy" else item_type(owner)
    return None


def _is_empty(node: ast.AST) -> bool:
    return (isinstance(node, ast.List | ast.Tuple) and not node.elts) or (isinstance(node, ast.Dict) and not node.keys)


def _is_of_self(node: ast.AST, name: str) -> bool:
    is_self = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return is_self and isinstance(node, ast.Attribute) and node.attr == name


def _yields(function: Function) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in walked(function))


def _outermost(body: Iterable[ast.AST]) -> Iterator[Function]:
    """Yield the functions of a module and the methods of its classes, not those inside functions."""
    for node in body:
        if is_function(node):
            yield node
        else:
            yield from _outermost(ast.iter_child_nodes(node))
