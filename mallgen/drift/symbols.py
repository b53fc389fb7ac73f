"""What the generated half offers to user code now, and what the names that user code knows have become."""

import ast
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

from mallgen.drift.scope import Scope, bound, members
from mallgen.drift.user_file import module_of
from mallgen.output.signature import ClassShape

DRIFT, VANISHED, UNSURE = "signature-drift", "uses-vanished", "uses-uncertain"


class World:
    """`texts` are the generated Python files by path, `classes` those of the contract, `renamed` full names that
    changed, `modules` the user's modules that moved, old to new; `packages` the same of whole packages, `present` are
    the paths of all modules that stay. `respells`: uses of a class that has another name are written anew.
    """

    respells = False

    def __init__(
        self,
        texts: Mapping[str, str],
        classes: Iterable[ClassShape],
        renamed: Mapping[str, str],
        modules: Mapping[str, str],
        packages: Mapping[str, str],
        present: Iterable[str],
    ) -> None:
        self._texts = {module_of(path): text for path, text in texts.items() if path.endswith(".py")}
        self._texts |= {module_of(path): text for path, text in texts.items() if path.endswith(".pyi")}
        self.classes = {shape.full: shape for shape in classes}
        self.renamed = dict(renamed)
        self.fields = {old: new for old, new in renamed.items() if ":" in old}
        self._modules = dict(modules)
        self._packages = packages
        self._scopes: dict[str, Scope | None] = {}
        self._today: dict[str, str] = {}
        self._lost: dict[str, str] = {}
        folders = (accumulate(_module(path).split("."), "{}.{}".format) for path in present)
        self._there = frozenset(chain.from_iterable(folders))

    def generates(self, module: str) -> bool:
        """Whether it is a module of mallgen's."""
        return module in self._texts

    def has(self, full: str) -> bool:
        """Whether a generated module or message has such a name, or a package a module of the user's."""
        around, _, name = full.rpartition(".")
        if full in self.classes or full in self._texts or full in self._there or name.startswith("_"):
            return True
        return name in (self._scope(around) or {})

    def lacks(self, full: str) -> bool:
        """Whether something of a generated module, package or message is not there."""
        return not self.has(full) and self._scope(full.rpartition(".")[0]) is not None

    def _scope(self, full: str) -> Scope | None:
        """What a generated module, or a message or an enum in one, has; None for all else."""
        if full not in self._scopes:
            text = self._texts.get(full)
            self._scopes[full] = self._inner(full) if text is None else bound(ast.parse(text).body)
        return self._scopes[full]

    def _inner(self, full: str) -> Scope | None:
        around, _, name = full.rpartition(".")
        node = (self._scope(around) or {}).get(name) if around else None
        if isinstance(node, ast.ImportFrom):
            was = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
            return self._scope(f"{node.module}.{was}")
        return members(node) if isinstance(node, ast.ClassDef) else None

    def named(self, full: str) -> ast.stmt | None:
        """The statement that makes a name of a generated module, or of a message in one."""
        around, _, name = full.rpartition(".")
        return (self._scope(around) or {}).get(name) if around else None

    def around(self, full: str) -> str:
        """The generated module that a name is in."""
        while full and full not in self._texts:
            full = full.rpartition(".")[0]
        return full

    def home(self, full: str) -> str:
        """The full name where a class is defined, of one that a generated module exports again."""
        around, _, name = full.rpartition(".")
        if around and around not in self._texts:
            full = f"{self.home(around)}.{name}"
        node = self.named(full)
        if not isinstance(node, ast.ImportFrom):
            return full
        was = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
        return self.home(f"{node.module}.{was}")

    def full(self, module: str, name: str) -> str:
        """The full name that a name has in a generated module."""
        node = (self._scope(module) or {}).get(name)
        if isinstance(node, ast.Import):
            return next((alias.name for alias in node.names if name == alias.asname), name)
        return name if node is None else self.home(f"{module}.{name}")

    def missing(self, full: str) -> str:
        """The part of a dotted name, from its start, that is not there; "" when all is, or is not mallgen's."""
        parts = full.split(".")
        names = (".".join(parts[:count]) for count in range(2, len(parts) + 1))
        return next((name for name in names if self.lacks(name)), "")

    def now(self, full: str) -> str:
        """The name that something has now: the same when nothing happened to it."""
        if full not in self._today:
            self._today[full] = self._named(full)
        return self._today[full]

    def _named(self, full: str) -> str:
        full = self._placed(full)
        if full in self.renamed and not self.has(full):
            return self.renamed[full]
        if full in self._modules and not self.generates(full):
            return self._modules[full]
        module, _, name = full.rpartition(".")
        new = f"{self._modules.get(module, module)}.{name}" if module else full
        return full if self.lacks(new) else new

    def _at(self, full: str) -> str:
        """A dotted name with the module that it is in now, whether it is there or not."""
        parts = full.split(".") if self._modules else []
        heads = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        moved = next((head for head in heads if head in self._modules and not self.generates(head)), None)
        return full if moved is None else self._modules[moved] + full.removeprefix(moved)

    def lost(self, full: str) -> str:
        """A name, with the module that it is in now, that is not there or has become another; "" when neither."""
        if full not in self._lost:
            names = (full, self._at(full)) if full else ()
            self._lost[full] = next((n for n in names if self.lacks(n) or self._is_renamed(n)), "")
        return self._lost[full]

    def field(self, shape: ClassShape, name: str) -> str:
        """The name that a field of a class has now; "" where it has none, or the same."""
        new = self.fields.get(f"{shape.full}:{name}", "").partition(":")[2]
        return new if new in shape.fields and name not in shape.fields else ""

    @cached_property
    def field_names(self) -> Mapping[str, frozenset[str]]:
        """The names that fields had, each with what has become of those that had it."""
        found: dict[str, set[str]] = {}
        for old in self.fields:
            around, _, name = old.partition(":")
            shape = self.classes.get(around)
            if shape is not None and (new := self.field(shape, name)):
                found.setdefault(name, set()).add(f"`{shape.name}.{name}` is `{new}` now")
        return {name: frozenset(texts) for name, texts in found.items()}

    def module(self, name: str) -> str:
        """The name that a module has now."""
        placed = self._placed(name)
        return self._modules.get(placed, placed)

    def _placed(self, full: str) -> str:
        """A name of the package in the one that it has become."""
        head, dot, rest = full.partition(".")
        return f"{self._packages[head]}{dot}{rest}" if head in self._packages else full

    def _is_renamed(self, full: str) -> bool:
        """Whether something has another last name now, wherever it is."""
        return self.now(full).rpartition(".")[2] != full.rpartition(".")[2] and not self.has(full)

    def starred(self, name: str, modules: Iterable[str]) -> str:
        """The full name of something that came by `from module import *`, now or under its old name."""
        fulls = [f"{module}.{name}" for module in modules if name.isidentifier() and self.generates(module)]
        return next((full for full in fulls if self.has(full) or full in self.renamed), name)

    def same(self, found: str, wanted: str) -> bool:
        """Whether a user's type of another name does: one that a module exports again, or the user's own."""
        module = found.rpartition(".")[0]
        if not self.generates(module):
            return "." in found and found.partition(".")[0] not in sys.stdlib_module_names
        mine, theirs = self.classes.get(found), self.classes.get(wanted)
        return mine is not None and theirs is not None and (mine.name, mine.fields) == (theirs.name, theirs.fields)


class Site(NamedTuple):
    """A place that does not fit the contract: the node, what is wrong with it, and the code it is told under.

    `breaks`: with the generated half of today the file could not be imported.
    """

    node: ast.AST
    text: str
    code: str = DRIFT
    breaks: bool = False


def _module(path: str) -> str:
    """The module of a path; an extension module has its platform behind its name."""
    folder, _, name = path.rpartition("/")
    return module_of(path) if name.endswith(".py") else f"{folder}/{name.partition('.')[0]}".replace("/", ".")
