"""The symbols of a file: declarations, and the names that refer to them."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from mallgen.contract.base_types import BASE_TYPES
from mallgen.editor.memory import ReadFile
from mallgen.editor.places import contains
from mallgen.model import TypeRef, named
from mallgen.syntax.nodes import ImportNode, Item, Node, ServiceNode, TypeNode
from mallgen.syntax.scan import Statement, Token
from mallgen.text.span import Span

Kind = Literal["type", "handler", "import", "route", "method", "base"]


class Symbol(NamedTuple):
    """A name and its span. A route's name is its method and path, an import's its path; no base type is declared."""

    kind: Kind
    name: str
    span: Span
    declares: bool = False


class Spot(NamedTuple):
    """The statement around a cursor, and the token that it touches."""

    statement: Statement | None
    token: Token | None


def symbols(read: ReadFile) -> Iterator[Symbol]:
    """Yield every symbol of a file, in the order of its statements."""
    for node in read.nodes:
        yield from _in_node(node, read.text)


def symbol_at(read: ReadFile, line: int, col: int) -> Symbol | None:
    """Return the symbol that a cursor is in or right behind; where two touch, the one that begins there."""
    touched = [symbol for symbol in symbols(read) if contains(symbol.span, line, col)]
    return max(touched, key=lambda symbol: symbol.span[1:3], default=None)


def spot(read: ReadFile, line: int, col: int) -> Spot:
    """Return the statement and the token at a line and column."""
    here, around = (line, col), None
    for statement in read.scanned.statements:
        if (statement.tokens[0].line, statement.tokens[0].column) > here:
            break
        around = statement
    if around is None:
        return Spot(None, None)
    for token in reversed(around.tokens):
        if (token.line, token.column) <= here <= (token.end_line, token.end_column):
            return Spot(around, token)
    return Spot(around, None)


def _in_node(node: Node, text: str) -> Iterator[Symbol]:
    match node:
        case ImportNode(paths=paths):
            for path in paths:
                yield Symbol("import", path.value, path.span)
        case TypeNode(declarations=declarations):
            for declaration in declarations:
                yield Symbol("type", declaration.name.value, declaration.name.span, declares=True)
                yield from _in_type(declaration.type)
        case ServiceNode(items=items):
            for item in items:
                yield from _in_item(item, text)


def _in_item(item: Item, text: str) -> Iterator[Symbol]:
    yield Symbol("handler", item.handler.value, item.handler.span, declares=True)
    yield Symbol("method", item.method.value, item.method.span)
    yield Symbol("route", f"{item.method.value} {item.path.value}", item.path.span, declares=True)
    if any(pair.key == "websocket" for pair in item.doc_pairs):
        yield from _messages(item, text)
    for ref in (item.request, item.response):
        if ref is not None:
            yield from _in_type(ref)


def _messages(item: Item, text: str) -> Iterator[Symbol]:
    """Yield the type that @doc names for what the clients of a WebSocket send; its name may be in quotation marks."""
    for pair in item.doc_pairs:
        if pair.key == "message":
            _, _, _, line, end = pair.span
            end -= text.split("\n")[line - 1][end - 2 : end - 1] in ('"', "`")
            yield Symbol("type", pair.value, pair.span._replace(line=line, col=end - len(pair.value), end_col=end))


def _in_type(ref: TypeRef) -> Iterator[Symbol]:
    for reference in named(ref):
        is_base = reference.name in BASE_TYPES or reference.name == "any"
        yield Symbol("base" if is_base else "type", reference.name, reference.span)
