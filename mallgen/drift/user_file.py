"""A user's Python file: its tree, the bytes of each node, the meaning of its names. Nothing is reformatted."""

import ast
import codecs
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from keyword import iskeyword
from tokenize import detect_encoding
from typing import NamedTuple, TypeGuard, TypeVar

from mallgen.text.span import Span
from mallgen.text.splice import Overlapping, spliced

_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
Function = ast.FunctionDef | ast.AsyncFunctionDef
Kind = TypeVar("Kind", bound=ast.AST)


class NotPython(Exception):
    """A file that cannot be read as Python; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = max(1, line)
        self.column = max(1, column)


class ImportBinding(NamedTuple):
    """A name that an import binds: its full name, the statement, and the `alias` in it that binds the name."""

    full: str
    statement: ast.Import | ast.ImportFrom
    alias: ast.alias


class ByteEdit(NamedTuple):
    """An edit: `text` replaces bytes `start` to `end` of the file's text in UTF-8 without byte order mark."""

    start: int
    end: int
    text: str


class UserFile:
    """One Python file; `path` is relative to the output folder. Raises NotPython."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.module = module_of(path)
        self._bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        try:
            self._encoding = detect_encoding(io.BytesIO(data).readline)[0].removesuffix("-sig")
            bare = data.removeprefix(self._bom)
            text = bare.decode(self._encoding)
            self.utf8 = bare if self._encoding == "utf-8" else text.encode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the user's Python warns of odd escapes, mallgen does not
                self.tree = ast.parse(text)
        except SyntaxError as problem:
            raise NotPython(problem.msg, problem.lineno or 1, problem.offset or 1) from None
        except (ValueError, LookupError, RecursionError, MemoryError) as problem:
            raise NotPython(str(problem) or type(problem).__name__, 1, 1) from None
        self.text = text
        self.newline = "\r\n" if b"\r\n" in self.utf8 else "\n"
        self._definitions: dict[str, tuple[ast.ClassDef | None, Function | None]] = {}
        self.top_statements = tuple(top_level(self.tree.body))
        self.bindings = dict(self._bindings(self.top_statements))
        self.aliases = {
            node.targets[0].id: node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        }

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Return all nodes of the tree, the outer ones first."""
        return walked(self.tree)

    def of(self, kind: type[Kind], *more: type[Kind]) -> list[Kind]:
        """Return all nodes of these classes, the outer ones first."""
        kinds = (kind, *more)
        return [node for node in self.nodes if node.__class__ in kinds]

    @cached_property
    def star_modules(self) -> tuple[str, ...]:
        """Return the modules of `from module import *`."""
        if b"*" not in self.utf8:
            return ()
        return tuple(self.absolute(node) for node in self.of(ast.ImportFrom) if _is_star(node))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_ENDS.finditer(self.utf8))]

    def offset(self, line: int, column: int) -> int:
        """Return the byte offset of a position in `ast`: lines from 1, columns from 0 in bytes of UTF-8."""
        return self._starts[line - 1] + column

    def range(self, node: ast.AST) -> tuple[int, int]:
        """Return the offset of a node's first byte and of the one behind its last."""
        assert isinstance(node, ast.expr | ast.stmt | ast.alias | ast.arg)
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def source(self, node: ast.AST) -> str:
        """Return the source text of a node."""
        start, end = self.range(node)
        return self.utf8[start:end].decode()

    def span(self, node: ast.AST, shown: str) -> Span:
        """Return a node's span for a message, in a file named `shown`; of a node in several lines, the first line."""
        start, end = self.range(node)
        line, column = self.position(start)
        end_line, end_column = self.position(end)
        if end_line != line:
            end_line, end_column = self.position(len(self.utf8[start:].split(b"\n", 1)[0].rstrip()) + start)
        return Span(shown, line, column, end_line, end_column)

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of a byte offset, both from 1, the column in characters."""
        line = next(i for i in range(len(self._starts), 0, -1) if self._starts[i - 1] <= offset)
        return line, len(self.utf8[self._starts[line - 1] : offset].decode(errors="replace")) + 1

    def line_start(self, line: int) -> int:
        """Return the offset of a line's first byte; behind the last line, that of the file's end."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self.utf8)

    def edited(self, edits: Iterable[ByteEdit]) -> bytes:
        """Return the file with the edits made; every other byte is as it was. Raises Overlapping."""
        found = spliced(self.utf8, ((edit.start, edit.end, edit.text.encode()) for edit in sorted(set(edits))))
        return self._bom + found.decode().encode(self._encoding)

    def absolute(self, statement: ast.ImportFrom) -> str:
        """Return the module that a statement imports from."""
        if not statement.level:
            return statement.module or ""
        parts = self.module.split(".")
        if not self.path.endswith("/__init__.py"):
            parts = parts[:-1]
        parts = parts[: len(parts) - statement.level + 1]
        return ".".join([*parts, *([statement.module] if statement.module else [])])

    def _bindings(self, statements: Iterable[ast.stmt]) -> Iterator[tuple[str, ImportBinding]]:
        for node in statements:
            if isinstance(node, ast.ImportFrom):
                module = self.absolute(node)
                for alias in node.names:
                    yield alias.asname or alias.name, ImportBinding(f"{module}.{alias.name}", node, alias)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    full = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield alias.asname or full, ImportBinding(full, node, alias)

    def every_import(self) -> Iterator[tuple[str, ImportBinding]]:
        """Return local names and bindings of all imports, those inside functions too."""
        return self._bindings(self.of(ast.ImportFrom, ast.Import))

    @cached_property
    def defined(self) -> frozenset[str]:
        """Return the names that the file defines at its top level: classes, functions, variables."""
        found = set(self.aliases)
        for node in self.top_statements:
            if isinstance(node, ast.ClassDef | Function):
                found.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
        return frozenset(found)

    def meaning(self, node: ast.expr) -> str:
        """Return the full name that a (dotted) name means; "?x" for the file's own, "" for other expressions."""
        if isinstance(node, ast.Name):
            binding = self.bindings.get(node.id)
            if binding is not None:
                return binding.full
            value = self.aliases.get(node.id)
            if isinstance(value, ast.Attribute) or (isinstance(value, ast.Name) and value.id != node.id):
                return self.meaning(value)
            return f"?{node.id}" if node.id in self.defined else node.id
        if isinstance(node, ast.Attribute):
            base = self.meaning(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""

    def find(self, qualname: str) -> tuple[ast.ClassDef | None, Function | None]:
        """Return the class and the function of a qualified name, None for one that does not exist."""
        if qualname not in self._definitions:
            self._definitions[qualname] = self._search(qualname)
        return self._definitions[qualname]

    def _search(self, qualname: str) -> tuple[ast.ClassDef | None, Function | None]:
        owner, _, name = qualname.rpartition(".")
        body, found = self.top_statements, None
        if owner:
            found = next((n for n in body if isinstance(n, ast.ClassDef) and n.name == owner), None)
            if found is None:
                return None, None
            body = tuple(top_level(found.body))
        functions = [n for n in body if isinstance(n, Function) and n.name == name]
        return found, functions[-1] if functions else None


def edited(user: UserFile, edits: Sequence[ByteEdit]) -> bytes | None:
    """Return the file with the edits made; None when they overlap, or the result is not Python or not encodable."""
    try:
        data = user.edited(edits)
        UserFile(user.path, data)
    except (NotPython, Overlapping, UnicodeEncodeError):
        return None
    return data


def shifted(user: UserFile, edits: Iterable[ByteEdit], span: Span, path: str) -> Span:
    """Return a span as it is when the file has been edited and is at `path`."""
    start = user.line_start(span.line)
    lines = sum(
        edit.text.count("\n") - user.utf8[edit.start : edit.end].count(b"\n")
        for edit in set(edits)
        if edit.end <= start
    )
    return span._replace(file=path, line=span.line + lines, end_line=span.end_line + lines)


def _is_star(node: ast.ImportFrom) -> bool:
    return node.names[0].name == "*"


def is_function(node: ast.AST) -> TypeGuard[Function]:
    """Return whether a node is a function, plain or async."""
    return isinstance(node, Function)


def module_of(path: str) -> str:
    """Return the module of a path: `mall_api.logic` for `mall_api/logic/__init__.py`."""
    return path.removesuffix(".pyi").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a body, those below `if`, `try` and `with` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from top_level(getattr(node, part, ()))
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                yield from top_level(handler.body)


def walked(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return the nodes that ast.walk gives, without the contexts of names, four times faster."""
    found = [tree]
    for node in found:
        kind = node.__class__
        for name in _CHILD_FIELDS[kind] if kind in _CHILD_FIELDS else _child_fields(kind):
            value = getattr(node, name, None)
            if not value:
                continue
            if value.__class__ is list:
                found += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)
    return tuple(found)


_LEAF_FIELDS = frozenset(
    {"arg", "asname", "attr", "conversion", "ctx", "id", "kind", "level", "module", "type_comment"}
)


_CHILD_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def _child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """Return the fields of a node class that may hold nodes."""
    found = _CHILD_FIELDS[kind] = (
        () if kind is ast.Constant else tuple(name for name in kind._fields if name not in _LEAF_FIELDS)
    )
    return found


@lru_cache(1 << 12)
def annotation_tree(text: str) -> ast.expr:
    """Return the tree of a generated annotation."""
    if text.isidentifier() and not iskeyword(text):
        return ast.Name(text, ast.Load(), lineno=1, col_offset=0, end_lineno=1, end_col_offset=len(text))
    return ast.parse(text, mode="eval").body
