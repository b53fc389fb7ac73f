"""From a name to where it is declared and used, and the outline of a file."""

import posixpath
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from mallgen.editor.memory import ReadFile
from mallgen.editor.project import Project, Seen
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
    """Where the type, or the file, that stands at a place is declared."""
    read = project.files.get(file)
    symbol = symbol_at(read, line, col) if read is not None else None
    if symbol is None:
        return None
    if symbol.kind == "import":
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file.replace("\\", "/")), symbol.name))
        found = next((name for name in project.files if name.replace("\\", "/") == target), None)
        return Span(found, 1, 1, 1, 1) if found is not None else None
    if symbol.kind == "type":
        return next((one.span for one in _uses(project, symbol) if one.declares), None)
    return symbol.span if symbol.declares else None


def references(places: Iterable[Seen], line: int, col: int, declared: bool) -> list[Span]:
    """Every place of the type or handler at a place, in all contracts that see it; its declaration if `declared`."""
    found: dict[Span, None] = {}
    for project, file in places:
        symbol = symbol_at(project.files[file], line, col)
        if symbol is not None and symbol.kind in {"type", "handler"}:
            found.update((one.span, None) for one in _uses(project, symbol) if declared or not one.declares)
    return sorted(found)


def _uses(project: Project, symbol: Symbol) -> Iterator[Symbol]:
    """Where a type stands in all files of a contract; a handler stands once."""
    if symbol.kind == "handler":
        yield symbol
        return
    for read in project.files.values():
        for one in symbols(read):
            if one.kind == symbol.kind and one.name == symbol.name:
                yield one


def outline(read: ReadFile) -> list[Entry]:
    """What a file holds: info, types with their fields, services with their routes."""
    shape = _Extent(read)
    found: list[Entry] = []
    for node in read.nodes:
        match node:
            case InfoNode(span=span):
                found.append(Entry("info", "info", "", shape.statement(span), span))
            case TypeNode(declarations=declarations):
                found += [shape.declaration(one) for one in declarations]
            case ServiceNode(items=items, name=name):
                children = tuple(shape.route(item) for item in items)
                whole = shape.statement(name.span)
                settings = {pair.key: pair.value for pair in node.settings}
                detail = settings.get("prefix") or settings.get("group") or ""
                found.append(Entry("service", name.value or "service", detail, whole, name.span, children))
    return found


class _Extent:
    """How far the parts of a file reach."""

    def __init__(self, read: ReadFile) -> None:
        self._file = read.scanned.file
        self._tokens = [token for statement in read.scanned.statements for token in statement.tokens]
        self._index = {(token.line, token.column): i for i, token in enumerate(self._tokens)}
        self._statements = read.scanned.statements

    def statement(self, inside: Span) -> Span:
        """The whole statement around a span."""
        for statement in self._statements:
            first, last = statement.tokens[0], statement.tokens[-1]
            if (first.line, first.column) <= inside[1:3] <= (last.line, last.column):
                return self._between(first, last)
        return inside

    def declaration(self, one: Declaration) -> Entry:
        """A type with its fields."""
        fields: list[Entry] = []
        for member in getattr(one.type, "members", ()):
            end = member.tag_span or member.span
            whole = member.span._replace(end_line=end.end_line, end_col=end.end_col)
            fields.append(Entry("field", ", ".join(member.names), spell(member.type), whole, member.span))
        span = self._closed(one.name.span)
        return Entry("type", one.name.value, "", span, one.name.span, tuple(fields))

    def route(self, item: Item) -> Entry:
        """A route from its handler's name to its end."""
        last = self._index[item.path.span[1:3]]
        while last + 1 < len(self._tokens) and self._tokens[last + 1].type not in _AFTER_ROUTE:
            last += 1
        end = span_of(self._file, self._tokens[last])
        span = item.handler.span._replace(end_line=end.end_line, end_col=end.end_col)
        return Entry("route", f"{item.method.value} {item.path.value}", item.handler.value, span, item.path.span)

    def _closed(self, name: Span) -> Span:
        """From a name to the bracket that closes what it begins."""
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
