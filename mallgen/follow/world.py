"""What the generated half offers to user code now, and what the names that user code knows have become."""

import ast
from collections.abc import Iterable, Mapping
from itertools import accumulate, chain
from typing import NamedTuple

from mallgen.follow.source import module_of, top_level
from mallgen.signature import ClassShape

DRIFT, VANISHED = "signature-drift", "uses-vanished"


class World:
    """`texts` are the generated Python files by path, `classes` those of the contract, `renamed` full names that
    changed, `modules` the user's modules that moved, old to new; `packages` the same of
    whole packages, `theirs` the user's modules.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        classes: Iterable[ClassShape],
        renamed: Mapping[str, str],
        modules: Mapping[str, str],
        packages: Mapping[str, str],
        theirs: frozenset[str],
    ) -> None:
        self._texts = {module_of(path): text for path, text in texts.items() if path.endswith(".py")}
        self._texts |= {module_of(path): text for path, text in texts.items() if path.endswith(".pyi")}
        self.classes = {shape.full: shape for shape in classes}
        self.renamed = dict(renamed)
        self._modules = dict(modules)
        self._packages = packages
        self._names: dict[str, frozenset[str]] = {}
        folders = (accumulate(name.split("."), "{}.{}".format) for name in (*self._texts, *theirs))
        self._packaged = frozenset(chain.from_iterable(folders))

    def generates(self, module: str) -> bool:
        """Whether it is a module of mallgen's."""
        return module in self._texts

    def has(self, full: str) -> bool:
        """Whether a generated module has such a name, or a package a module of the user's."""
        module, _, name = full.rpartition(".")
        if full in self.classes or full in self._texts or full in self._packaged:
            return True
        if module not in self._names:
            self._names[module] = _names(self._texts.get(module, ""))
        return name in self._names[module]

    def now(self, full: str) -> str:
        """The name that something has now: the same when nothing happened to it."""
        full = self._placed(full)
        if full in self.renamed and not self.has(full):
            return self.renamed[full]
        module, _, name = full.rpartition(".")
        return f"{self._modules[module]}.{name}" if module in self._modules else full

    def module(self, name: str) -> str:
        """The name that a module has now."""
        placed = self._placed(name)
        return self._modules.get(placed, placed)

    def _placed(self, full: str) -> str:
        """A name of the package in the one that it has become."""
        head, dot, rest = full.partition(".")
        return f"{self._packages[head]}{dot}{rest}" if head in self._packages else full

    def same(self, found: str, wanted: str) -> bool:
        """Whether a user's type of another name does: one that a module exports again, or the user's own."""
        module = found.rpartition(".")[0]
        if not self.generates(module):
            return "." in found and not found.startswith("typing.")
        mine, theirs = self.classes.get(found), self.classes.get(wanted)
        return mine is not None and theirs is not None and (mine.name, mine.fields) == (theirs.name, theirs.fields)


class Site(NamedTuple):
    """A place that does not fit the contract: the node, what is wrong with it, and the code it is told under."""

    node: ast.AST
    text: str
    code: str = DRIFT


def _names(text: str) -> frozenset[str]:
    """What a module binds at its top."""
    found = set()
    for node in top_level(ast.parse(text).body):
        if isinstance(node, ast.ImportFrom | ast.Import):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return frozenset(found)
