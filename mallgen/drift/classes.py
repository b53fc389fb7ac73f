"""Classes that user code has values of, with all that they inherit: generated ones, and the user's over these."""

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mallgen.drift.symbols import Symbols
from mallgen.drift.user_file import NotPython, UserFile, is_function, walked

# What values of the runtime's classes offer; tests/drift/test_members.py compares it with the runtime.
RUNTIME: Mapping[str, frozenset[str]] = {
    "mallgen_runtime.ServiceBase": frozenset(
        "close config intercept keep kept middlewares open shut start states use".split()
    ),
    "mallgen_runtime.schema.Omitting": frozenset(),
    "mallgen_runtime.schema.Struct": frozenset(),
    "mallgen_runtime.sql.Model": frozenset(
        "cached changed execute fetch fetch_one forget lists row table uniques within".split()
    ),
    "mallgen_runtime.sql.Row": frozenset(),
}


class KnownClass(NamedTuple):
    """A class with its full name; `meaning` returns the full name of a name or dotted name in its module."""

    full: str
    node: ast.ClassDef
    meaning: Callable[[ast.expr], str]
    is_generated: bool

    @property
    def bases(self) -> Iterator[str]:
        """Yield the full names of the classes that it inherits from."""
        for base in self.node.bases:
            full = self.meaning(base.value if isinstance(base, ast.Subscript) else base)
            if full != "typing.Generic":
                yield full


class Classes:
    """Classes by full name. They are the generated ones, and those of user files that a context or model has."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self._found: dict[str, KnownClass | None] = {}
        self._members: dict[str, frozenset[str] | None] = {}
        self._files: dict[str, UserFile | None] = {}

    def find(self, full: str) -> KnownClass | None:
        """Return a class; None where it is unknown."""
        if full not in self._found:
            self._found[full] = self._generated(full) or self._own(full)
        return self._found[full]

    def line(self, full: str) -> Iterator[KnownClass]:
        """Yield a class and those that it inherits from, as far as they are known."""
        known = self.find(full)
        package, _, name = full.partition(".")
        if known is None and name == "svc.ServiceContext":  # the user's file of it is no Python
            yield from self.line(f"{package}.wiring.BaseContext")
        elif known is not None:
            yield known
            for base in known.bases:
                yield from self.line(base)

    def members(self, full: str) -> frozenset[str] | None:
        """Return the public names that values of a class have; None where some of its bases are unknown."""
        if full not in self._members:
            self._members[full] = None  # a class that inherits from itself is unknown
            self._members[full] = self._all_members(full)
        return self._members[full]

    def keywords(self, full: str, method: str) -> frozenset[str] | None:
        """Return the keywords that a generated method takes; None where that is unknown."""
        for known in self.line(full):
            function = next((one for one in known.node.body if is_function(one) and one.name == method), None)
            if function is not None:
                return self._keywords(known, function.args) if known.is_generated else None
        return None

    def _keywords(self, known: KnownClass, args: ast.arguments) -> frozenset[str] | None:
        names = frozenset(arg.arg for arg in (*args.args[1:], *args.kwonlyargs))
        more = args.kwarg.annotation if args.kwarg else None
        if args.kwarg is None:
            return names
        if not isinstance(more, ast.Subscript) or known.meaning(more.value) != "typing.Unpack":
            return None
        values = self.find(known.meaning(more.slice))
        return names | frozenset(_names(values.node)) if values is not None else None

    def _all_members(self, full: str) -> frozenset[str] | None:
        if full in RUNTIME:
            return RUNTIME[full]
        names = self.symbols.names_in(full)
        if names is not None:
            return frozenset(names)
        known = self.find(full)
        if known is None or known.node.decorator_list or any(key.arg == "metaclass" for key in known.node.keywords):
            return None
        found = frozenset(_names(known.node))
        for base in known.bases:
            more = self.members(base)
            if more is None:
                return None
            found |= more
        return None if "__getattr__" in found or "__getattribute__" in found else found

    def _generated(self, full: str) -> KnownClass | None:
        node = self.symbols.statement(full)
        module = self.symbols.module_around(full)

        def meaning(node: ast.expr) -> str:
            if isinstance(node, ast.Attribute):
                return f"{meaning(node.value)}.{node.attr}"
            return self.symbols.full_name(module, node.id) if isinstance(node, ast.Name) else ""

        return KnownClass(full, node, meaning, True) if isinstance(node, ast.ClassDef) else None

    def _own(self, full: str) -> KnownClass | None:
        module, _, name = full.rpartition(".")
        file = self._file(module)
        body = file.top_statements if file is not None else ()
        node = next((one for one in body if isinstance(one, ast.ClassDef) and one.name == name), None)
        if file is None or node is None:
            return None

        def meaning(node: ast.expr) -> str:
            found = file.meaning(node)
            inner = found.removeprefix("?")
            return f"{module}.{inner}" if inner != found else self.symbols.definition(self.symbols.current(found))

        return KnownClass(full, node, meaning, False)

    def _file(self, module: str) -> UserFile | None:
        if module not in self._files:
            self._files[module] = None
            path, data = self.symbols.own.get(module, ("", b""))
            if path:
                try:
                    self._files[module] = UserFile(path, data)
                except NotPython:
                    return None  # reported where this file is judged
        return self._files[module]


def _names(node: ast.ClassDef) -> Iterator[str]:
    """Yield the names of a class's body, and those that its methods assign to `self`."""
    for inner in walked(node)[1:]:
        if isinstance(inner, ast.Attribute) and not isinstance(inner.ctx, ast.Load):
            yield inner.attr
        elif isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            yield inner.id
        elif is_function(inner) or isinstance(inner, ast.ClassDef):
            yield inner.name
