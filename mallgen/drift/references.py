"""References of a user file to generated code: follow names that changed, report names and fields that are gone."""

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from mallgen.drift.classes import Classes
from mallgen.drift.fields import Fields
from mallgen.drift.imports import ImportEdits
from mallgen.drift.missing_members import MissingMembers
from mallgen.drift.shadow import shadowed
from mallgen.drift.signatures import Match
from mallgen.drift.symbols import VANISHED, Site
from mallgen.drift.user_file import ByteEdit, ImportBinding, UserFile, is_function
from mallgen.drift.uses import is_former, respelled
from mallgen.output.signature import ClassShape, Signature

_WORD = re.compile(r"[A-Za-z_]\w*")
_LONGEST_ANNOTATION = 200
_ALWAYS_BOUND = frozenset((*dir(builtins), "__file__", "__builtins__", "__class__", "__path__", "__annotations__"))
_NAME_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.FunctionDef: ("name",),
    ast.AsyncFunctionDef: ("name",),
    ast.ClassDef: ("name",),
    ast.ExceptHandler: ("name",),
    ast.MatchAs: ("name",),
    ast.MatchStar: ("name",),
    ast.MatchMapping: ("rest",),
    ast.arg: ("arg",),
}
_NAME_FIELDS |= {
    getattr(ast, name): ("name",) for name in ("TypeVar", "ParamSpec", "TypeVarTuple") if hasattr(ast, name)
}


class References:
    """References of one file, outside of nodes that a match replaces: sync mends `sites`, the user mends `stuck`."""

    def __init__(self, file: UserFile, classes: Classes, imports: ImportEdits, match: Match | None) -> None:
        self._file = file
        self._symbols = classes.symbols
        self._imports = imports
        self._replaced = {inner for node in (match.replaced if match else []) for inner in ast.walk(node)}
        self._annotation_names = {n.id for n in self._replaced if isinstance(n, ast.Name)} | _quoted(self._replaced)
        self._still_used = match.used if match else set()
        self._fields = Fields(file, classes, match.types if match else {})
        self._class_edits: list[ByteEdit] = []
        self.sites: list[Site] = []
        self.stuck: list[Site] = []

    @property
    def edits(self) -> list[ByteEdit]:
        """Return the edits of everything but the imports."""
        return [*self._fields.edits, *self._class_edits]

    def unsure(self, names: Collection[str]) -> list[Site]:
        """Return the expressions that may use one of these fields, though the field of another class may be meant."""
        told = {site.node for site in (*self.sites, *self.stuck)}
        return [site for name, site in self._fields.unsure if name in names and site.node not in told]

    @cached_property
    def _reads(self) -> dict[str, list[ast.AST]]:
        return _reads(self._file.nodes, self._replaced)

    @cached_property
    def _shadowed(self) -> frozenset[ast.Name]:
        return shadowed(self._file.nodes)

    def run(self) -> None:
        """Compare every reference with the generated code."""
        whole: dict[ast.ImportFrom, list[tuple[ImportBinding, str]]] = {}
        for local, binding in self._file.every_import():
            statement = binding.statement
            if isinstance(statement, ast.ImportFrom) and binding.alias.name == "*":
                self._follow_star(statement, binding.alias)
                continue
            now = self._symbols.current(binding.full)
            if isinstance(statement, ast.ImportFrom) and now != binding.full:
                whole.setdefault(statement, []).append((binding, now))
            elif (
                isinstance(statement, ast.Import)
                and (new := self._symbols.current_module(name := binding.alias.name)) != name
            ):
                self._follow_module(binding, new)
            elif (
                self._symbols.respells
                and is_former(binding, now, self._symbols.renamed)
                and self._respell(binding, now)
            ):
                self.sites.append(Site(binding.alias, f"`{local}` is `{now}` now"))
            elif missing := self._symbols.missing_head(_imported(binding)):
                self._drop_or_report(local, binding, missing)
            elif self._is_spare(local, binding):
                self._imports.remove(binding)
        for statement, pairs in whole.items():
            self._follow_renames(statement, pairs)
        self._report_starred()
        for node in self._file.of(ast.Attribute, ast.Call):
            if node not in self._replaced:
                self._compare_expression(node)
        self._fields.run()
        self.sites += self._fields.sites
        self.stuck += self._fields.stuck

    def compare_members(self, request: str) -> None:
        """Report uses of attributes and methods that a class has not; `request` is the variable compared already."""
        compared = {site.node for site in (*self.sites, *self.stuck)} | self._replaced
        missing = MissingMembers(self._file, lambda: self._fields.inferred, lambda: self._shadowed)
        self.stuck += (*missing.sites(compared, request), *missing.keywords())

    def _follow_module(self, binding: ImportBinding, new: str) -> None:
        """Follow `import module` of a moved module; without `as` the user has to, as each use spells the old name."""
        text = f"the module `{binding.alias.name}` is `{new}` now"
        if binding.alias.asname:
            self._imports.rename(binding, new)
            self.sites.append(Site(binding.alias, text))
        else:
            self.stuck.append(Site(binding.statement, text, VANISHED, True))

    def _follow_star(self, statement: ast.ImportFrom, alias: ast.alias) -> None:
        """Follow `from module import *` of a module that has moved; report it where the module is gone."""
        module = self._file.absolute(statement)
        new = self._symbols.current_module(module)
        if new != module and not self._symbols.generates(module):
            self._imports.retarget(statement, new)
            self.sites.append(Site(statement, f"the module `{module}` is `{new}` now"))
        elif missing := self._symbols.missing_head(module):
            where, _, name = missing.rpartition(".")
            self.stuck.append(Site(alias, f"there is no `{name}` in `{where}` any more", VANISHED, True))

    @cached_property
    def _stars(self) -> tuple[str, ...]:
        return tuple(map(self._symbols.current_module, self._file.star_modules))

    def _report_starred(self) -> None:
        """Report names that came by `import *` and are renamed or gone."""
        stars = self._stars
        if not stars:
            return
        unbound = self._unbound if all(map(self._symbols.generates, stars)) else frozenset()
        for name in sorted(self._reads.keys() - self._file.bindings.keys() - self._file.defined):
            full = self._symbols.from_star(name, stars)
            now = self._symbols.current(full)
            if now != full:
                text = f"there is no `{full}` any more, it is `{now}` now"
                self.stuck += [Site(node, text, VANISHED, True) for node in self._reads[name]]
            elif full == name and name in unbound:
                text = f"there is no `{name}` in `{'` or `'.join(stars)}` any more"
                read = [node for node in self._reads[name] if isinstance(node, ast.Name)]
                self.stuck += [Site(node, text, VANISHED, True) for node in read]

    @property
    def _unbound(self) -> frozenset[str]:
        """Return the names that nothing but an `import *` can have bound."""
        bound = {getattr(node, key, None) for node in self._file.nodes for key in _NAME_FIELDS.get(node.__class__, ())}
        bound |= {node.id for node in self._file.of(ast.Name) if not isinstance(node.ctx, ast.Load)}
        bound |= {local for local, _ in self._file.every_import()}
        return frozenset(self._reads.keys() - bound - _ALWAYS_BOUND)

    def _is_spare(self, local: str, binding: ImportBinding) -> bool:
        """Return whether only replaced annotations have used an import of generated code."""
        mine = self._symbols.generates(binding.full.rpartition(".")[0])
        return mine and local in self._annotation_names - self._still_used and not self._reads.get(local)

    def _drop_or_report(self, local: str, binding: ImportBinding, missing: str) -> None:
        is_package = isinstance(binding.statement, ast.Import) and not binding.alias.asname
        uses = [] if is_package else self._reads.get(local, [])
        where, _, name = missing.rpartition(".")
        site = Site(binding.alias, f"there is no `{name}` in `{where}` any more")
        if uses or local not in self._annotation_names:
            used = [Site(node, f"`{local}` is used here", VANISHED) for node in uses if node not in self._shadowed]
            self.stuck += [site._replace(code=VANISHED, breaks=True), *used]
            return
        self.sites.append(site)
        self._imports.remove(binding)

    def _follow_renames(self, statement: ast.ImportFrom, pairs: Sequence[tuple[ImportBinding, str]]) -> None:
        modules = {now.rpartition(".")[0] for _, now in pairs}
        same = all(binding.alias.name == now.rpartition(".")[2] for binding, now in pairs)
        for binding, now in pairs:
            local = binding.alias.asname or binding.alias.name
            if self._reads.get(local) or local not in self._annotation_names:
                self.sites.append(Site(binding.alias, f"`{binding.full}` is `{now}` now"))
        if len(pairs) == len(statement.names) and len(modules) == 1:
            self._imports.retarget(statement, modules.pop())
            if same:
                return
        for binding, now in pairs:
            module, _, name = now.rpartition(".")
            local = binding.alias.asname or binding.alias.name
            if (
                self._symbols.respells
                and is_former(binding, now, self._symbols.renamed)
                and self._respell(binding, now)
            ):
                continue
            self._imports.remove(binding)
            if self._reads.get(local) or local not in self._annotation_names or binding.alias.asname:
                self._imports.add(module, name, local, statement)

    def _respell(self, binding: ImportBinding, now: str) -> bool:
        """Write a class's new name at each use of an import; return whether that was possible."""
        module, _, name = now.rpartition(".")
        edits = respelled(self._file, binding.alias.asname or binding.alias.name, now, self._replaced)
        if edits is None or not isinstance(binding.statement, ast.ImportFrom):
            return False
        self._imports.remove(binding)
        if name not in self._file.bindings:
            self._imports.add(module, name, name, binding.statement)
        self._class_edits += edits
        return True

    def _compare_expression(self, node: ast.expr) -> None:
        if isinstance(node, ast.Attribute):
            full = self._symbols.stale(self._meaning(node))
            if full and not self._is_local(node):
                now = self._symbols.current(full)
                hint = f", it is `{now}` now" if now != full else ""
                self.stuck.append(Site(node, f"there is no `{full}` any more{hint}", VANISHED, True))
        elif isinstance(node, ast.Call):
            shape = self._symbols.classes.get(self._symbols.definition(self._symbols.current(self._meaning(node.func))))
            if shape is None or not shape.checked:
                return
            for keyword in () if self._is_local(node.func) else node.keywords:
                if keyword.arg is None or keyword.arg in shape.fields or self._fields.keyword(keyword, node, shape):
                    continue
                text = f"`{shape.name}` has no `{keyword.arg}` any more"
                self.stuck.append(Site(node, text, VANISHED, node not in self._inside_functions))

    @cached_property
    def _inside_functions(self) -> frozenset[ast.AST]:
        """Return the nodes that run when a function is called, not when the file is imported."""
        functions = filter(is_function, self._file.nodes)
        return frozenset(node for function in functions for part in function.body for node in ast.walk(part))

    def _is_local(self, node: ast.expr) -> bool:
        """Return whether a dotted name begins with a function's own variable, which hides an import of that name."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return node in self._shadowed

    def _meaning(self, node: ast.expr) -> str:
        """Return the full name of a name or a dotted name, also of one that came by `import *`."""
        full = self._file.meaning(node)
        if not self._stars:
            return full
        head, dot, rest = full.partition(".")
        return f"{self._symbols.from_star(head, self._stars)}{dot}{rest}"

    def request(self, match: Match, signature: Signature, names: Sequence[str]) -> None:
        """Compare the fields that a function reads of its request with those that the request has."""
        shape = self._shape(signature)
        if shape is None or not match.request:
            return
        read = _field_reads(match.request, self._file.of(ast.Attribute))
        unknown = {node for node in read if node.attr not in shape.fields}
        known = len(self._fields.sites)
        function = next((f for name in names if (f := self._file.find(name)[1]) is not None), None)
        if not unknown or function is None:
            return
        nodes = list(_scope_nodes(function, match.request))
        if any(isinstance(n, ast.Name) and n.id == match.request and isinstance(n.ctx, ast.Store) for n in nodes):
            return
        for node in nodes:
            if isinstance(node, ast.Attribute) and node in unknown and not self._fields.attribute(node, shape):
                self.stuck.append(Site(node, f"`{shape.name}` has no `{node.attr}` any more", VANISHED))
        self.sites += self._fields.sites[known:]

    def _shape(self, signature: Signature) -> ClassShape | None:
        entry = next((e for e in signature.imports if e.local == signature.request), None)
        shape = self._symbols.classes.get(f"{entry.module}.{entry.name}") if entry else None
        return shape if shape is not None and shape.checked else None


def _field_reads(name: str, nodes: Iterable[ast.Attribute]) -> Iterator[ast.Attribute]:
    """Yield the attributes that may be fields of the variable `name`."""
    for node in nodes:
        if isinstance(node.value, ast.Name) and node.value.id == name and _is_field(node.attr):
            yield node


def _scope_nodes(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without inner functions that have a parameter `name`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            parameters = [n.arg for n in ast.walk(child.args) if isinstance(n, ast.arg)]
            if name in parameters:
                continue
        yield from _scope_nodes(child, name)


def _imported(binding: ImportBinding) -> str:
    """Return the full name that an import needs: `import a.b` binds `a` and needs `a.b`."""
    return binding.alias.name if isinstance(binding.statement, ast.Import) else binding.full


def _is_field(name: str) -> bool:
    """Return whether an attribute may be a field: messages' methods begin with a capital, Python's names with `_`."""
    return not name.startswith("_") and not name[:1].isupper()


def _reads(nodes: Sequence[ast.AST], replaced: set[ast.AST]) -> dict[str, list[ast.AST]]:
    """Return the nodes that read each name, quoted annotations included."""
    found: dict[str, list[ast.AST]] = {}
    prose = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if node in replaced or node in prose:
            continue
        for name in _names_in(node):
            found.setdefault(name, []).append(node)
    return found


def _names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < _LONGEST_ANNOTATION:
        yield from set(_WORD.findall(node.value)) if re.fullmatch(r"[\w.\[\], |]+", node.value) else ()


def _quoted(nodes: set[ast.AST]) -> set[str]:
    return {name for node in nodes if isinstance(node, ast.Constant) for name in _names_in(node)}
