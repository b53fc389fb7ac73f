"""The tables that SQL in Python modules names, and the modules that these import."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.text.span import Span

# the shape of a statement, which sentences such as "Update the user" have not
_STATEMENT = re.compile(
    r"\s*(?:\(\s*|EXPLAIN\s+)*(?:SELECT\b.+?\bFROM\b|(?:INSERT|REPLACE)\b.*?\bINTO\b|UPDATE\b.+?\bSET\b|DELETE\b.*?\bFROM\b"
    r"|MERGE\s+INTO\b|WITH\b.+?\bAS\b.*?\(|TRUNCATE\b)",
    re.I | re.S,
)
_NOISE = re.compile(r"'(?:[^'\\]|''|\\.)*+'|--[^\n]*|/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/", re.S)
_NAME = r"(?:(?<![\w$])[\w$]++|`[^`]+`|\"[^\"]+\"|\[[^\]]+\])"
_PLACE = rf"{_NAME}(?:\s*\.\s*{_NAME})?"
_ALIAS = rf"(?:\s+(?:AS\s+)?(?!(?:ON|USING|WHERE|SET|JOIN|ORDER|GROUP|LIMIT)\b){_NAME})?"
_TABLES = re.compile(
    rf"\b(?P<word>FROM|JOIN|INTO|UPDATE|TRUNCATE)\s+(?:(?:LATERAL|ONLY|TABLE|IGNORE|LOW_PRIORITY)\s+)*"
    rf"(?P<list>{_PLACE}{_ALIAS}(?:\s*,\s*{_PLACE}{_ALIAS})*)",
    re.I,
)
_NO_TABLE = re.compile(r"(?:\b(?:KEY|FOR|ON|NO\s+KEY)\s+|\b(?:EXTRACT|TRIM|SUBSTRING|OVERLAY)\s*\([^()]*)\Z", re.I)
_COMMON = re.compile(rf"(?P<name>{_NAME})\s*(?:\([^()]*\)\s*)?AS\s*(?:NOT\s+MATERIALIZED\s*|MATERIALIZED\s*)?\(", re.I)
_LOOKED_BACK = 200


class NamedTable(NamedTuple):
    """A table that a query names; `database` is empty where none stands in front of it."""

    database: str
    name: str


class PlacedTable(NamedTuple):
    """A table that a query in a module names, with the span of the name there."""

    table: NamedTable
    span: Span


class ModuleImport(NamedTuple):
    """A module that a module imports, with the names that it takes from it."""

    module: str
    names: tuple[str, ...]
    span: Span


class ReadModule(NamedTuple):
    """The tables that the queries of a module name, and its imports."""

    tables: tuple[PlacedTable, ...]
    imports: tuple[ModuleImport, ...]


def read_module(path: str, text: str) -> ReadModule:
    """Return what a Python module names; nothing of one that cannot be parsed, which is another finding."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ReadModule((), ())
    lines = text.split("\n")
    tables: list[PlacedTable] = []
    imports: list[ModuleImport] = []
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            inner.add(id(node.value))  # a docstring
        if isinstance(node, ast.JoinedStr):
            inner |= {id(part) for part in node.values}
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports += _imports(node, path, lines)
        elif isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in inner:
            query = _query(node)
            tables += [PlacedTable(one, _span(node, one.name, path, lines)) for one in named_tables(query)]
    return ReadModule(tuple(tables), tuple(imports))


def named_tables(query: str) -> Iterator[NamedTable]:
    """Yield the tables that a statement reads or writes, without those that its WITH defines."""
    if not _STATEMENT.match(query):
        return
    plain = _NOISE.sub(" '' ", query)
    common = {_unquoted(one["name"]).lower() for one in _COMMON.finditer(plain)}
    for found in _TABLES.finditer(plain):
        before = plain[max(0, found.start() - _LOOKED_BACK) : found.start()]
        if found["word"].upper() in ("FROM", "UPDATE") and _NO_TABLE.search(before):
            continue
        for one in re.finditer(rf"(?:\A|,)\s*(?P<place>{_PLACE})", found["list"]):
            *outer, name = map(_unquoted, re.findall(_NAME, one["place"]))
            if outer or name.lower() not in common:
                yield NamedTable(outer[0] if outer else "", name)


def _unquoted(name: str) -> str:
    return name[1:-1] if name[0] in '`"[' else name


def _query(node: ast.JoinedStr | ast.Constant) -> str:
    """Return the text of a literal; what an f-string puts in is `?`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    parts = (part.value if isinstance(part, ast.Constant) else "?" for part in node.values)
    return "".join(map(str, parts))


def _span(node: ast.expr, name: str, path: str, lines: list[str]) -> Span:
    """Return the first place of a name within a literal, the literal's beginning where an escape hides it."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    last = node.end_lineno or node.lineno
    for number in range(node.lineno, last + 1):
        line = lines[number - 1]
        start = _column(line, node.col_offset) if number == node.lineno else 0
        if found := word.search(line, start):
            return Span(path, number, found.start() + 1, number, found.end() + 1)
    start = _column(lines[node.lineno - 1], node.col_offset)
    return Span(path, node.lineno, start + 1, node.lineno, start + 2)


def _column(line: str, offset: int) -> int:
    """Return the characters in front of an offset in bytes of UTF-8."""
    return offset if line.isascii() else len(line.encode()[:offset].decode("utf-8", "replace"))


def _imports(node: ast.Import | ast.ImportFrom, path: str, lines: list[str]) -> Iterator[ModuleImport]:
    start = _column(lines[node.lineno - 1], node.col_offset)
    end = _column(lines[(node.end_lineno or node.lineno) - 1], node.end_col_offset or 0)
    span = Span(path, node.lineno, start + 1, node.end_lineno or node.lineno, end + 1)
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield ModuleImport(alias.name, (), span)
    elif node.module and not node.level:
        yield ModuleImport(node.module, tuple(alias.name for alias in node.names), span)
