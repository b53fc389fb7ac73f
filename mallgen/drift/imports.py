"""Edits of a file's imports: names are added and removed one by one, the rest of each statement stays as written."""

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from mallgen.drift.user_file import ByteEdit, ImportBinding, UserFile
from mallgen.python.layout import WIDTH
from mallgen.text.width import width

_FROM_STATEMENT = re.compile(r"from\s*(?P<module>\.*\s*[\w.]*?)\s*\bimport\b")
Alias = tuple[str, str]


class ImportEdits:
    """Names to import and to stop importing in one file; `home` is the module that it becomes, by default its own."""

    def __init__(self, file: UserFile, home: str = "") -> None:
        self._file = file
        self._home = home or file.module
        self._added: dict[ast.ImportFrom, list[Alias]] = {}
        self._removed: dict[ast.ImportFrom | ast.Import, set[ast.alias]] = {}
        self._modules: dict[ast.ImportFrom, str] = {}
        self._new: dict[str, list[Alias]] = {}
        self._renamed: dict[ast.alias, str] = {}

    @cached_property
    def _taken_names(self) -> set[str]:
        return {*self._file.bindings, *self._file.defined, *_assigned(self._file)}

    def remove(self, binding: ImportBinding) -> None:
        """Take a name out of its statement."""
        self._removed.setdefault(binding.statement, set()).add(binding.alias)

    def retarget(self, statement: ast.ImportFrom, module: str) -> None:
        """Import a statement's names from another module; names that were added to it still come from the old one."""
        before = self.module(statement)
        self._modules[statement] = module
        added = self._added.pop(statement, []) if module != before else []
        for name, local in added:
            self.add(before, name, local)

    def rename(self, binding: ImportBinding, module: str) -> None:
        """Let `import module as name` import another module under the same name."""
        self._renamed[binding.alias] = module
        self._removed.setdefault(binding.statement, set())

    def add(self, module: str, name: str, local: str, beside: ast.ImportFrom | None = None) -> None:
        """Import a name: in `beside` if that is of the module, else in another such statement, else in a new one."""
        alias = (name, local)
        found = beside if beside is not None and self.module(beside) == module else self._statement(module)
        names = self._new.setdefault(module, []) if found is None else self._added.setdefault(found, [])
        if alias not in names:
            names.append(alias)
        self._taken_names.add(local)

    def use(self, full: str, wanted: str, beside: ast.ImportFrom | None = None) -> str:
        """Return the expression for a full name; import it if need be, as `wanted`, or `wanted_` where taken."""
        for local, binding in self._file.bindings.items():
            if binding.alias in self._removed.get(binding.statement, ()):
                continue
            if self._full(binding) == full:
                return local
        for local, binding in self._file.bindings.items():
            module, _, name = full.rpartition(".")
            if binding.full == module and (binding.alias.asname or isinstance(binding.statement, ast.ImportFrom)):
                return f"{local}.{name}"
        module, _, name = full.rpartition(".")
        for source, names in [*((self.module(s), n) for s, n in self._added.items()), *self._new.items()]:
            for known, local in names:
                if (source, known) == (module, name) and local == wanted:
                    return local
        free = wanted
        while free in self._taken_names and not self._is_freed(free):
            free = f"{free}_"
        self.add(module, name, free, beside)
        return free

    def edits(self) -> Iterator[ByteEdit]:
        """Yield all changes as edits of bytes."""
        for statement in {*self._added, *self._removed, *self._modules}:
            yield from self._statement_edits(statement)
        for module, names in sorted(self._new.items()):
            yield self._insertion(module, names)

    def _is_freed(self, local: str) -> bool:
        binding = self._file.bindings.get(local)
        return binding is not None and binding.alias in self._removed.get(binding.statement, ())

    def _full(self, binding: ImportBinding) -> str:
        if isinstance(binding.statement, ast.ImportFrom) and binding.statement in self._modules:
            return f"{self._modules[binding.statement]}.{binding.alias.name}"
        return binding.full

    def module(self, statement: ast.ImportFrom) -> str:
        """Return the module that a statement will import from."""
        return self._modules.get(statement) or self._file.absolute(statement)

    def _statement(self, module: str) -> ast.ImportFrom | None:
        """Return a statement at the top level that imports names from this module."""
        for node in self._file.tree.body:
            if isinstance(node, ast.ImportFrom) and self.module(node) == module and node.names[0].name != "*":
                return node
        return None

    def _statement_edits(self, statement: ast.ImportFrom | ast.Import) -> Iterator[ByteEdit]:
        start, end = self._file.range(statement)
        gone = self._removed.get(statement, set())
        kept = [alias for alias in statement.names if alias not in gone]
        added = self._added.get(statement, []) if isinstance(statement, ast.ImportFrom) else []
        if not kept and not added:
            yield self._removal(statement)
            return
        if isinstance(statement, ast.ImportFrom) and statement in self._modules:
            head = _FROM_STATEMENT.match(self._file.utf8[start:end].decode())
            assert head is not None, "a from statement has its module behind `from`"
            text = self._spelled_module(statement, self._modules[statement])
            place = [start + _size(head.string[:at]) for at in head.span("module")]
            yield ByteEdit(place[0], place[1], text)
        renamed = [alias for alias in kept if alias in self._renamed]
        if added or gone:
            first, last = self._file.range(statement.names[0])[0], self._file.range(statement.names[-1])[1]
            is_one_line = b"\n" not in self._file.utf8[start:end] and b"\r" not in self._file.utf8[start:end]
            if is_one_line:
                yield self._line_edit(statement, kept, added, (start, first, last, end))
                return
            yield from self._multiline_edits(statement, kept, added)
        for alias in renamed:
            yield ByteEdit(*self._file.range(alias), self._spelled(alias))

    def _line_edit(
        self,
        statement: ast.ImportFrom | ast.Import,
        kept: list[ast.alias],
        added: list[Alias],
        at: tuple[int, int, int, int],
    ) -> ByteEdit:
        start, first, last, end = at
        names = self._sorted(kept, added)
        text = ", ".join(names)
        before, behind = self._file.utf8[start:first].decode(), self._file.utf8[last:end].decode()
        indent = start - self._file.line_start(statement.lineno)
        if indent + width(f"{before}{text}{behind}") > WIDTH and isinstance(statement, ast.ImportFrom) and not behind:
            newline, pad = self._file.newline, " " * indent
            text = f"({newline}" + "".join(f"{pad}    {name},{newline}" for name in names) + f"{pad})"
        return ByteEdit(first, last, text)

    def _sorted(self, kept: list[ast.alias], added: list[Alias]) -> list[str]:
        """Return the names as written, each new one before the first that isort sorts behind it."""
        names = [(alias.name, self._spelled(alias)) for alias in kept]
        for name, local in added:
            at = next((i for i, (other, _) in enumerate(names) if _isort_key(other) > _isort_key(name)), len(names))
            names.insert(at, (name, _alias(name, local)))
        return [text for _, text in names]

    def _spelled(self, alias: ast.alias) -> str:
        """Return a name as the statement spells it, with its new module if it was renamed."""
        piece = self._file.source(alias)
        return f"{self._renamed[alias]}{piece.removeprefix(alias.name)}" if alias in self._renamed else piece

    def _multiline_edits(
        self, statement: ast.ImportFrom | ast.Import, kept: list[ast.alias], added: list[Alias]
    ) -> Iterator[ByteEdit]:
        """Edit only the names of a statement in several lines: comments and layout stay."""
        names = statement.names
        spare = list(added)
        gone = [alias for alias in names if alias not in kept]
        for alias in gone:
            start, end = self._file.range(alias)
            if spare:
                name, local = spare.pop(0)
                yield ByteEdit(start, end, _alias(name, local))
                continue
            following = names[names.index(alias) + 1 :]
            if following:
                yield ByteEdit(start, self._file.range(following[0])[0], "")
            else:
                before = [other for other in names[: names.index(alias)] if other in kept]
                yield ByteEdit(self._file.range(before[-1])[1] if before else start, end, "")
        if spare:
            anchor = kept[-1] if kept else names[-1]
            start, end = self._file.range(anchor)
            line = self._file.line_start(anchor.lineno)
            alone = not self._file.utf8[line:start].strip()
            is_open = b"(" in self._file.utf8[self._file.range(statement)[0] : self._file.range(names[0])[0]]
            gap = f",{self._file.newline}{self._file.utf8[line:start].decode()}" if alone and is_open else ", "
            yield ByteEdit(end, end, "".join(f"{gap}{_alias(name, local)}" for name, local in spare))

    def _removal(self, statement: ast.ImportFrom | ast.Import) -> ByteEdit:
        """Remove a statement that has lost its names, or write `pass` where it shares its line or is inside a block."""
        start, end = self._file.range(statement)
        assert statement.end_lineno is not None
        line, behind = self._file.line_start(statement.lineno), self._file.line_start(statement.end_lineno + 1)
        alone = not self._file.utf8[line:start].strip() and not self._file.utf8[end:behind].strip()
        if alone and statement in self._file.tree.body:
            return ByteEdit(line, behind, "")
        return ByteEdit(start, end, "pass")

    def _insertion(self, module: str, names: list[Alias]) -> ByteEdit:
        """Insert a new statement behind the one that isort sorts before it."""
        newline = self._file.newline
        plain = sorted((name for name, local in names if name == local), key=_isort_key)
        each = [
            _alias(name, local)
            for name, local in sorted(names, key=lambda alias: _isort_key(alias[0]))
            if name != local
        ]
        parts = [f"from {module} import {one}{newline}" for one in each]
        if plain:
            parts.insert(0, self._statement_text(module, plain))
        text = "".join(parts)
        found = [n for n in self._file.tree.body if isinstance(n, ast.ImportFrom | ast.Import)]
        same = [n for n in found if _module_name(n).partition(".")[0] == module.partition(".")[0]]
        before = [n for n in same if _module_name(n) < module]
        if before:
            return self._insert_behind(before[-1], text)
        if same:
            at = self._file.line_start(same[0].lineno)
            return ByteEdit(at, at, text)
        if found:
            return self._insert_behind(found[-1], f"{newline}{text}")
        first = self._file.tree.body[0] if self._file.tree.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return self._insert_behind(first, f"{newline}{text}")
        at = self._file.line_start(first.lineno) if first else len(self._file.utf8)
        return ByteEdit(at, at, text)

    def _statement_text(self, module: str, names: list[str]) -> str:
        """Return an import statement, in several lines where black would break it."""
        newline = self._file.newline
        line = f"from {module} import {', '.join(names)}"
        if width(line) <= WIDTH:
            return f"{line}{newline}"
        return f"from {module} import ({newline}" + "".join(f"    {name},{newline}" for name in names) + f"){newline}"

    def _insert_behind(self, node: ast.stmt, text: str) -> ByteEdit:
        assert node.end_lineno is not None
        at = self._file.line_start(node.end_lineno + 1)
        ended = self._file.utf8[:at].endswith((b"\n", b"\r"))
        return ByteEdit(at, at, text if ended else f"{self._file.newline}{text}")

    def _spelled_module(self, statement: ast.ImportFrom, module: str) -> str:
        """Return the module as the statement spells it: relative where the statement already is."""
        if not statement.level:
            return module
        here = self._home.split(".")[:-1]
        there = module.split(".")
        shared = 0
        while shared < min(len(here), len(there)) and here[shared] == there[shared]:
            shared += 1
        return "." * (len(here) - shared + 1) + ".".join(there[shared:]) if shared else module


def _module_name(node: ast.ImportFrom | ast.Import) -> str:
    return (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name


def _alias(name: str, local: str) -> str:
    return name if name == local else f"{name} as {local}"


def _isort_key(name: str) -> tuple[int, str]:
    """Return isort's sort key: constants, then classes, then functions."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name.lower()


def _size(text: str) -> int:
    return len(text.encode())


def _assigned(file: UserFile) -> set[str]:
    """Return every name that is assigned or a parameter anywhere in the file."""
    names = {node.id for node in file.of(ast.Name) if isinstance(node.ctx, ast.Store)}
    return names | {node.arg for node in file.of(ast.arg)}
