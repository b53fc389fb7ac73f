"""From a name to its declaration and its uses, and the outline of a file."""

import posixpath
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from mallgen.editor.memory import ReadFile
from mallgen.editor.project import Project, SeenFile
from mallgen.editor.symbols import Symbol, symbol_at, symbols
from mallgen.model import spell
from mallgen.syntax.nodes import Declaration, InfoNode, Item, ServiceNode, TypeNode
from mallgen.syntax.scan import Token, span_of
from mallgen.text.span import Span

OutlineKind = Literal["info", "type", "field", "service", "route"]
_OPENING = {"_LBRACE": "_RBRACE", "_LPAR": "_RPAR"}
_AFTER_ROUTE = {"_AT_DOC", "_AT_HANDLER", "_AT_SERVER", "_RBRACE", "_SEMICOLON"}


class Entry(NamedTuple):
    """A part of a file in its outline: `span` is all of it, `name_span` what to select."""

    kind: OutlineKind
    name: str
    detail: str
    span: Span
    name_span: Span
    children: "tuple[Entry, ...]" = ()


def definition(project: Project, file: str, line: int, col: int) -> Span | None:
    """Return the declaration of the symbol at a line and column, for an import the start of its file, or None."""
    read = project.files.get(file)
    symbol = symbol_at(read, line, col) if read is not None else None
    if symbol is None:
        return None
    if symbol.kind == "import":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file.replace("\\", "/")), symbol.name))
        imported = next((name for name in project.files if name.replace("\\", "/") == target), None)
        return Span(imported, 1, 1, 1, 1) if imported is not None else None
    if symbol.kind == "type":
        return next((one.span for one in _uses(project, symbol) if one.declares), None)
    return symbol.span if symbol.declares else None


def references(seen: Iterable[SeenFile], line: int, col: int, declared: bool) -> list[Span]:
    """Return the spans of the type or handler at a line and column, in all contracts that see the file.

    Its declaration is one of them if `declared`.
    """
    spans: dict[Span, None] = {}
    for project, file in seen:
        symbol = symbol_at(project.files[file], line, col)
        if symbol is not None and symbol.kind in {"type", "handler"}:
            spans.update((one.span, None) for one in _uses(project, symbol) if declared or not one.declares)
    return sorted(spans)


def _uses(project: Project, symbol: Symbol) -> Iterator[Symbol]:
    """Yield the declaration and the uses of a type in all files of a contract; a handler is named only once."""
    if symbol.kind == "handler":
        yield symbol
        return
    for read in project.files.values():
        for one in symbols(read):
            if one.kind == symbol.kind and one.name == symbol.name:
                yield one


def outline(read: ReadFile) -> list[Entry]:
    """Return the outline of a file: info, types with their fields, services with their routes."""
    extent = _Extent(read)
    entries: list[Entry] = []
    for node in read.nodes:
        match node:
            case InfoNode(span=span):
                entries.append(Entry("info", "info", "", extent.statement(span), span))
            case TypeNode(declarations=declarations):
                entries += [extent.declaration(one) for one in declarations]
            case ServiceNode(items=items, name=name):
                children = tuple(extent.route(item) for item in items)
                whole = extent.statement(name.span)
                settings = {pair.key: pair.value for pair in node.settings}
                detail = settings.get("prefix") or settings.get("group") or ""
                entries.append(Entry("service", name.value or "service", detail, whole, name.span, children))
    return entries


class _Extent:
    """The spans of whole statements, declarations and routes of a file."""

    def __init__(self, read: ReadFile) -> None:
        self._file = read.scanned.file
        self._tokens = [token for statement in read.scanned.statements for token in statement.tokens]
        self._index = {(token.line, token.column): i for i, token in enumerate(self._tokens)}
        self._statements = read.scanned.statements

    def statement(self, inside: Span) -> Span:
        """Return the span of the whole statement around a span."""
        for statement in self._statements:
            first, last = statement.tokens[0], statement.tokens[-1]
            if (first.line, first.column) <= inside[1:3] <= (last.line, last.column):
                return self._between(first, last)
        return inside

    def declaration(self, one: Declaration) -> Entry:
        """Return the entry of a type with its fields."""
        fields: list[Entry] = []
        for member in getattr(one.type, "members", ()):
            end = member.tag_span or member.span
            whole = member.span._replace(end_line=end.end_line, end_col=end.end_col)
            fields.append(Entry("field", ", ".join(member.names), spell(member.type), whole, member.span))
        span = self._to_closing_bracket(one.name.span)
        return Entry("type", one.name.value, "", span, one.name.span, tuple(fields))

    def route(self, item: Item) -> Entry:
        """Return the entry of a route, from its handler's name to its end."""
        last = self._index[item.path.span[1:3]]
        while last + 1 < len(self._tokens) and self._tokens[last + 1].type not in _AFTER_ROUTE:
            last += 1
        end = span_of(self._file, self._tokens[last])
        span = item.handler.span._replace(end_line=end.end_line, end_col=end.end_col)
        return Entry("route", f"{item.method.value} {item.path.value}", item.handler.value, span, item.path.span)

    def _to_closing_bracket(self, name: Span) -> Span:
        """Return the span from a name to the bracket that closes its declaration."""
        start = self._index.get(name[1:3])
        if start is None:
            return name
        depth = 0
        for token in self._tokens[start:]:
            depth += (token.type in _OPENING) - (token.type in _OPENING.values())
            if depth == 0 and token.type in _OPENING.values():
                return self._between(self._tokens[start], token)
        return name

    def _between(self, first: Token, last: Token) -> Span:
        end = span_of(self._file, last)
        return Span(self._file, first.line, first.column, end.end_line, end.end_col)
