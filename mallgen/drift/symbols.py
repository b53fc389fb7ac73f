"""Symbols: the names that generated code offers now, and the current names of those that user code knows."""

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


class Symbols:
    """Names that user code can import, under their current and their former names.

    `texts` are the generated Python files by path, `classes` those of the contract, `present` the paths of all modules
    that stay, `own` path and content of the user's modules by name. `renamed` (full names), `modules` (of the user) and
    `packages` lead from old names to new ones.
    `respells`: write a renamed class's new name at each use of it, instead of importing `New as Old`.
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
        own: Mapping[str, tuple[str, bytes]],
    ) -> None:
        self._texts = {module_of(path): text for path, text in texts.items() if path.endswith(".py")}
        self._texts |= {module_of(path): text for path, text in texts.items() if path.endswith(".pyi")}
        self.classes = {shape.full: shape for shape in classes}
        self.own = own
        self.renamed = dict(renamed)
        self.renamed_fields = {old: new for old, new in renamed.items() if ":" in old}
        self._modules = dict(modules)
        self._packages = packages
        self._scopes: dict[str, Scope | None] = {}
        self._current_names: dict[str, str] = {}
        self._stale_names: dict[str, str] = {}
        folders = (accumulate(_module_at(path).split("."), "{}.{}".format) for path in present)
        self._present_modules = frozenset(chain.from_iterable(folders))

    def generates(self, module: str) -> bool:
        """Return whether mallgen generates a module."""
        return module in self._texts

    def has(self, full: str) -> bool:
        """Return whether a full name exists, in a generated module or message, or as a module of the user's."""
        around, _, name = full.rpartition(".")
        if full in self.classes or full in self._texts or full in self._present_modules or name.startswith("_"):
            return True
        return name in (self._scope(around) or {})

    def lacks(self, full: str) -> bool:
        """Return whether a generated module, package or message exists but does not have this name."""
        return not self.has(full) and self._scope(full.rpartition(".")[0]) is not None

    def _scope(self, full: str) -> Scope | None:
        """Return the names in a generated module, or in a message or an enum of one; None for all else."""
        if full not in self._scopes:
            text = self._texts.get(full)
            self._scopes[full] = self._class_scope(full) if text is None else bound(ast.parse(text).body)
        return self._scopes[full]

    def _class_scope(self, full: str) -> Scope | None:
        around, _, name = full.rpartition(".")
        node = (self._scope(around) or {}).get(name) if around else None
        if isinstance(node, ast.ImportFrom):
            was = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
            return self._scope(f"{node.module}.{was}")
        return members(node) if isinstance(node, ast.ClassDef) else None

    def names_in(self, full: str) -> Scope | None:
        """Return what a message or an enum of a generated module has; None for all other classes."""
        return None if full in self._texts else self._scope(full)

    def statement(self, full: str) -> ast.stmt | None:
        """Return the statement that defines a name in a generated module, or in a message of one."""
        around, _, name = full.rpartition(".")
        return (self._scope(around) or {}).get(name) if around else None

    def module_around(self, full: str) -> str:
        """Return the generated module that a full name is in."""
        while full and full not in self._texts:
            full = full.rpartition(".")[0]
        return full

    def definition(self, full: str) -> str:
        """Return a class's full name in the module that defines it, not in one that re-exports it."""
        around, _, name = full.rpartition(".")
        if around and around not in self._texts:
            full = f"{self.definition(around)}.{name}"
        node = self.statement(full)
        if not isinstance(node, ast.ImportFrom):
            return full
        was = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
        return self.definition(f"{node.module}.{was}")

    def full_name(self, module: str, name: str) -> str:
        """Return the full name that a local name of a generated module means."""
        node = (self._scope(module) or {}).get(name)
        if isinstance(node, ast.Import):
            return next((alias.name for alias in node.names if name == alias.asname), name)
        return name if node is None else self.definition(f"{module}.{name}")

    def missing_head(self, full: str) -> str:
        """Return the shortest head of a dotted name that is gone; "" when all of it exists, or is not generated."""
        parts = full.split(".")
        names = (".".join(parts[:count]) for count in range(2, len(parts) + 1))
        return next((name for name in names if self.lacks(name)), "")

    def current(self, full: str) -> str:
        """Return the current full name of something: the same when it was not renamed."""
        if full not in self._current_names:
            self._current_names[full] = self._current(full)
        return self._current_names[full]

    def _current(self, full: str) -> str:
        full = self._in_current_package(full)
        if full in self.renamed and not self.has(full):
            return self.renamed[full]
        if full in self._modules and not self.generates(full):
            return self._modules[full]
        module, _, name = full.rpartition(".")
        new = f"{self._modules.get(module, module)}.{name}" if module else full
        return full if self.lacks(new) else new

    def _in_current_module(self, full: str) -> str:
        """Return a dotted name with its module's current name, whether the module has such a name or not."""
        parts = full.split(".") if self._modules else []
        heads = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        moved = next((head for head in heads if head in self._modules and not self.generates(head)), None)
        return full if moved is None else self._modules[moved] + full.removeprefix(moved)

    def stale(self, full: str) -> str:
        """Return the name, in its old or its current module, that is gone or renamed; "" when neither is."""
        if full not in self._stale_names:
            names = (full, self._in_current_module(full)) if full else ()
            self._stale_names[full] = next((n for n in names if self.lacks(n) or self._is_renamed(n)), "")
        return self._stale_names[full]

    def new_field(self, shape: ClassShape, name: str) -> str:
        """Return the new name of a field of a class; "" where it was not renamed."""
        new = self.renamed_fields.get(f"{shape.full}:{name}", "").partition(":")[2]
        return new if new in shape.fields and name not in shape.fields else ""

    @cached_property
    def former_fields(self) -> Mapping[str, frozenset[str]]:
        """Return the former names of fields, each with a text for every class that has renamed such a field."""
        found: dict[str, set[str]] = {}
        for old in self.renamed_fields:
            around, _, name = old.partition(":")
            shape = self.classes.get(around)
            if shape is not None and (new := self.new_field(shape, name)):
                found.setdefault(name, set()).add(f"`{shape.name}.{name}` is `{new}` now")
        return {name: frozenset(texts) for name, texts in found.items()}

    def current_module(self, name: str) -> str:
        """Return the current name of a module."""
        placed = self._in_current_package(name)
        return self._modules.get(placed, placed)

    def _in_current_package(self, full: str) -> str:
        """Return a full name with its package's current name."""
        head, dot, rest = full.partition(".")
        return f"{self._packages[head]}{dot}{rest}" if head in self._packages else full

    def _is_renamed(self, full: str) -> bool:
        """Return whether something is gone under this name and has another last part now, in whatever module."""
        return self.current(full).rpartition(".")[2] != full.rpartition(".")[2] and not self.has(full)

    def from_star(self, name: str, modules: Iterable[str]) -> str:
        """Return the full name of a name that came by `from module import *`; a former name counts too."""
        fulls = [f"{module}.{name}" for module in modules if name.isidentifier() and self.generates(module)]
        return next((full for full in fulls if self.has(full) or full in self.renamed), name)

    def is_acceptable(self, found: str, wanted: str) -> bool:
        """Return whether a user's type of another name is acceptable: a twin of the class, or one not generated."""
        module = found.rpartition(".")[0]
        if not self.generates(module):
            return "." in found and found.partition(".")[0] not in sys.stdlib_module_names
        mine, theirs = self.classes.get(found), self.classes.get(wanted)
        return mine is not None and theirs is not None and (mine.name, mine.fields) == (theirs.name, theirs.fields)


class Site(NamedTuple):
    """A node that does not fit the contract, what is wrong with it, and the code of its diagnostic.

    `breaks`: with the contract's generated code the file could not be imported.
    """

    node: ast.AST
    text: str
    code: str = DRIFT
    breaks: bool = False


def _module_at(path: str) -> str:
    """Return the module of a path; the name of an extension module has its platform behind it (`x.abi3.so`)."""
    folder, _, name = path.rpartition("/")
    return module_of(path) if name.endswith(".py") else f"{folder}/{name.partition('.')[0]}".replace("/", ".")
