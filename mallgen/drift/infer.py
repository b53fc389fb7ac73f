"""Inference of the types of expressions in a user file; unknown where the file and the generated code do not say."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial

from mallgen.drift.annotations import Meant, bare, items_of, meant
from mallgen.drift.generated_classes import GeneratedClasses
from mallgen.drift.symbols import Symbols
from mallgen.drift.user_file import Function, UserFile, is_function, walked

Source = Callable[[], Meant | None]
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)
_SAME = frozenset(
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


class Inferred:
    """Types of one file's expressions. A name has one where everything that binds it in its function agrees."""

    def __init__(self, file: UserFile, symbols: Symbols, types: Mapping[ast.AST, Meant]) -> None:
        self._file = file
        self._types = types
        self._symbols = symbols
        self._made = GeneratedClasses(symbols)
        self._found: dict[ast.AST, Meant | None] = {}
        self._around: dict[ast.AST, ast.AST] = {}
        self._classes = {node.name: node for node in file.tree.body if isinstance(node, ast.ClassDef)}
        for outer in _outermost(file.tree.body):
            self._around |= dict.fromkeys(walked(outer), outer)
        self._scopes: dict[ast.AST, dict[str, list[Source]]] = {}

    def kind(self, node: ast.AST) -> Meant | None:
        """Return the type of an expression, without `| None`; None where it is unknown."""
        if node not in self._found:
            self._found[node] = None  # a type that depends on itself is unknown
            self._found[node] = bare(self._kind(node))
        return self._found[node]

    def full(self, node: ast.AST) -> str:
        """Return the current full name of an expression's type; "" where it is unknown."""
        found = self.kind(node)
        return found.name if found else ""

    def _kind(self, node: ast.AST) -> Meant | None:
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.Await):
            found = self._kind(node.value)
            return found.args[0] if found and found.name == _AWAITED else None
        return self._composed(node)

    def _composed(self, node: ast.AST) -> Meant | None:
        """Return the type of an expression that is built of others, or of a constant."""
        if isinstance(node, ast.NamedExpr):
            return self.kind(node.value)
        if isinstance(node, ast.BoolOp):
            return self._agreed(node.values)
        if isinstance(node, ast.IfExp):
            return self._agreed([node.body, node.orelse])
        if isinstance(node, ast.List | ast.Set):
            return _list(self._agreed(node.elts))
        if isinstance(node, ast.Tuple):
            parts = [self.kind(part) for part in node.elts]
            return Meant("tuple", tuple(part or Meant("?") for part in parts))
        if isinstance(node, _COMPREHENSIONS):
            return _list(self.kind(node.elt))
        if isinstance(node, ast.DictComp):
            return Meant("dict", (self.kind(node.key) or Meant("?"), self.kind(node.value) or Meant("?")))
        if isinstance(node, ast.Constant):
            return Meant(type(node.value).__name__.replace("NoneType", "None"))
        return None

    def _agreed(self, nodes: Iterable[ast.AST]) -> Meant | None:
        """Return the type that all expressions have, `None` and empty lists and dicts aside."""
        found = {self.kind(node) for node in nodes if not _is_empty(node)} - {Meant("None")}
        return found.pop() if len(found) == 1 else None

    def _name(self, node: ast.Name) -> Meant | None:
        around = self._around.get(node, self._file.tree)
        sources = self._scope(around).get(node.id)
        if sources is None and around is not self._file.tree:
            sources = self._scope(self._file.tree).get(node.id)
        found = {source() for source in sources or ()}
        found.discard(Meant("None"))
        return found.pop() if len(found) == 1 else None

    def _attribute(self, node: ast.Attribute) -> Meant | None:
        owner = self.kind(node.value)
        if owner is None:
            return None
        mine = self._mine(owner)
        return self._own(mine, node.attr) if mine is not None else self._made.attribute(owner.name, node.attr)

    def _mine(self, owner: Meant) -> ast.ClassDef | None:
        """Return the class of this file that a value is an instance of."""
        module, _, name = owner.name.rpartition(".")
        return self._classes.get(name) if module == f"?{self._file.module}" else None

    def _own(self, owner: ast.ClassDef, name: str) -> Meant | None:
        """Return the type of an attribute of a class of this file: as annotated, else as all assignments have it."""
        for node in owner.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
                return self._said(node.annotation)
        found: set[Meant | None] = set()
        for inner in walked(owner):
            if isinstance(inner, ast.AnnAssign) and _is_of_self(inner.target, name):
                return self._said(inner.annotation)
            if isinstance(inner, ast.Assign) and any(_is_of_self(target, name) for target in inner.targets):
                found.add(self.kind(inner.value))
            elif isinstance(inner, ast.Tuple) and isinstance(inner.ctx, ast.Store):
                found |= {None for part in inner.elts if _is_of_self(part, name)}
        found.discard(Meant("None"))
        return found.pop() if len(found) == 1 else None

    def _said(self, annotation: ast.expr | None) -> Meant | None:
        if annotation is None:
            return None
        return bare(self._made.resolved(self._types.get(annotation) or meant(annotation, self._meaning)))

    def _meaning(self, node: ast.expr) -> str:
        full = self._file.meaning(node)
        if full.startswith("?") and full[1:] in self._classes:
            return f"?{self._file.module}.{full[1:]}"
        return self._symbols.current(self._symbols.from_star(full, self._file.stars))

    def _is_bound(self, node: ast.expr) -> bool:
        """Return whether a dotted name begins with a local variable, which hides an import of that name."""
        while isinstance(node, ast.Attribute):
            node = node.value
        around = self._around.get(node)
        return isinstance(node, ast.Name) and around is not None and node.id in self._scope(around)

    def _call(self, node: ast.Call) -> Meant | None:
        if isinstance(node.func, ast.Attribute) and (owner := self.kind(node.func.value)) is not None:
            return self._method(owner, node.func.attr, node)
        if not isinstance(node.func, ast.Name | ast.Attribute) or self._is_bound(node.func):
            return None
        full = self._symbols.definition(self._meaning(node.func))
        if full in self._symbols.classes or full.rpartition(".")[0] == f"?{self._file.module}":
            return self._made.resolved(Meant(full))
        function = self._file.find(node.func.id)[1] if isinstance(node.func, ast.Name) else None
        if function is not None and not function.decorator_list:
            return self._returned(function)
        around, _, maker = full.rpartition(".")
        if maker == "FromString" and around in self._symbols.classes:
            return self._made.resolved(Meant(around))
        return self._known(full, node.args)

    def _known(self, full: str, args: list[ast.expr]) -> Meant | None:
        """Return the type that a call of a well-known Python function has, by the types of its arguments."""
        if full == "typing.cast" and len(args) == 2:
            return self._said(args[0])
        first = self.kind(args[0]) if args else None
        if full in _LISTS:
            return _list(items_of(first))
        if full == "enumerate":
            return _list(Meant("tuple", (Meant("int"), items_of(first) or Meant("?"))))
        if full == "zip":
            return _list(Meant("tuple", tuple(items_of(self.kind(arg)) or Meant("?") for arg in args)))
        if full == "filter" and len(args) == 2:
            return _list(items_of(self.kind(args[1])))
        if full in _SAME:
            return items_of(first) if full == "next" or (full in ("max", "min") and len(args) == 1) else first
        return None

    def _method(self, owner: Meant, name: str, call: ast.Call) -> Meant | None:
        mine = self._mine(owner)
        if mine is not None:
            function = next((n for n in mine.body if is_function(n) and n.name == name), None)
            return None if function is None or function.decorator_list else self._returned(function)
        if name in ("get", "pop", "setdefault", "values", "items", "keys", "copy", "add"):
            return _of_container(owner, name)
        return self._made.method(owner.name, name)

    def _returned(self, function: Function) -> Meant | None:
        found = self._said(function.returns)
        if found is None or isinstance(function, ast.FunctionDef) or _yields(function):
            return found
        return Meant(_AWAITED, (found,))

    def _subscript(self, node: ast.Subscript) -> Meant | None:
        owner = self.kind(node.value)
        if owner is None or isinstance(node.slice, ast.Slice):
            return owner
        if owner.name == "tuple" and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            return owner.args[node.slice.value] if -len(owner.args) <= node.slice.value < len(owner.args) else None
        return _of_container(owner, "get") or items_of(owner)

    def _scope(self, around: ast.AST) -> dict[str, list[Source]]:
        """Return the sources of each name's type, in a function with its inner ones or in the module around them."""
        if around not in self._scopes:
            found: dict[str, list[Source]] = {}
            nodes = walked(around) if around is not self._file.tree else self._module
            for name, source in self._bound(nodes):
                found.setdefault(name, []).append(source)
            if is_function(around) and (owner := self._owner.get(around)) is not None:
                first = next(iter([*around.args.posonlyargs, *around.args.args]), None)
                if first is not None and not around.decorator_list and first.annotation is None:
                    made = partial(Meant, f"?{self._file.module}.{owner.name}")
                    found[first.arg] = [made if len(found[first.arg]) == 1 else _unsure]
            self._scopes[around] = found
        return self._scopes[around]

    @cached_property
    def _owner(self) -> dict[ast.AST, ast.ClassDef]:
        return {node: owner for owner in self._classes.values() for node in owner.body}

    @cached_property
    def _module(self) -> tuple[ast.AST, ...]:
        return tuple(node for node in self._file.nodes if node not in self._around)

    def _bound(self, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, Source]]:
        sure: set[ast.AST] = set()
        lambdas: dict[ast.AST, Source] = {}
        for node in nodes:
            if isinstance(node, ast.Call):
                lambdas |= self._lambdas(node)
            for target, source in self._targets(node):
                sure |= {target}
                yield from ((target.id, source),) if isinstance(target, ast.Name) else ()
        for node in nodes:
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and node not in sure:
                yield node.id, _unsure
            elif isinstance(node, ast.arg):
                yield node.arg, lambdas.get(node) or partial(self._said, node.annotation)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                yield from ((name, _unsure) for name in node.names)
            elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
                yield node.name, _unsure

    def _lambdas(self, call: ast.Call) -> Iterator[tuple[ast.AST, Source]]:
        """Yield the parameters of lambdas that a call applies to each item (as `sorted` does), with their types."""
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        given = [k.value for k in call.keywords if k.arg == "key"] if name in _BY_KEY else call.args[:1]
        rest = call.args[1:2] if name in ("filter", "map") else call.args[:1] if name != "sort" else []
        if name == "sort" and isinstance(call.func, ast.Attribute):
            rest = [call.func.value]
        for function in given if name in (*_BY_KEY, "filter", "map") else ():
            if isinstance(function, ast.Lambda) and len(function.args.args) == 1 and len(rest) == 1:
                yield function.args.args[0], partial(self._item, rest[0])

    def _item(self, node: ast.expr) -> Meant | None:
        return items_of(self.kind(node))

    def _targets(self, node: ast.AST) -> Iterator[tuple[ast.AST, Source]]:
        """Yield the targets that a statement binds, each with the source of its type."""
        if isinstance(node, ast.AnnAssign):
            yield node.target, partial(self._said, node.annotation)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from self._unpacked(target, partial(self.kind, node.value))
        elif isinstance(node, ast.NamedExpr):
            yield node.target, partial(self.kind, node.value)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield from self._unpacked(node.target, partial(self._item, node.iter))

    def _unpacked(self, target: ast.expr, source: Source) -> Iterator[tuple[ast.AST, Source]]:
        if isinstance(target, ast.Tuple | ast.List) and not any(isinstance(t, ast.Starred) for t in target.elts):
            for number, part in enumerate(target.elts):
                yield from self._unpacked(part, _part(source, number, len(target.elts)))
        else:
            yield target, source


def _part(source: Source, number: int, count: int) -> Source:
    def found() -> Meant | None:
        whole = source()
        is_tuple = whole is not None and whole.name == "tuple" and len(whole.args) == count
        return bare(whole.args[number]) if whole is not None and is_tuple else None

    return found


def _unsure() -> Meant | None:
    return None


def _list(item: Meant | None) -> Meant | None:
    return Meant("list", (item,)) if item is not None else None


def _of_container(owner: Meant, name: str) -> Meant | None:
    """Return the type that a method of a list or a mapping returns."""
    args = owner.args
    if len(args) == 2 and owner.name != "tuple":
        found = {"values": _list(args[1]), "keys": _list(args[0]), "items": _list(Meant("tuple", args))}
        return owner if name == "copy" else bare(found.get(name, args[1]))
    if len(args) == 1:
        return owner if name == "copy" else items_of(owner)
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
