"""From scanned statements to nodes, by the tables compiled from grammar/api.lark."""

from collections.abc import Iterator
from typing import Any

from lark import Lark, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.lexer import Lexer

from mallgen._built import api_tables
from mallgen.diagnostics import Diagnostic
from mallgen.model import AnyType, Array, Inline, Map, Member, Named, Pair, Pointer, Slice, Span, TypeRef
from mallgen.syntax import nodes
from mallgen.syntax.explain import explain
from mallgen.syntax.scan import Scanned, Statement, Token, span_of

STARTS = ("syntax", "info", "import", "type", "service", "declaration", "item")


class TokenLexer(Lexer):
    """Hands the tokens of one statement to lark."""

    def __init__(self, conf: Any = None) -> None:
        self.conf = conf

    def lex(self, tokens: Any) -> Iterator[Any]:  # type: ignore[override]
        """The tokens as they are: scan has made them."""
        return iter(tokens)


class _Place:
    """The file whose statements are being built."""

    file = ""
    trailing: dict[int, str] = {}


def _words(tokens: tuple[Token | None, ...]) -> list[Token]:
    return [token for token in tokens if token is not None]


@v_args(inline=True)
class _Builder(Transformer[Any, Any]):
    """Builds nodes while lark parses. Method names are rules of the grammar."""

    def __init__(self, place: _Place) -> None:
        super().__init__()
        self.place = place

    def _span(self, token: Token, last: Token | None = None) -> Span:
        last = last or token
        return Span(self.place.file, token.line, token.column, last.end_line, last.end_column)

    def _text(self, token: Token) -> nodes.Text:
        value = token.value[1:-1] if token.type in {"STRING", "RAW"} else token.value
        return nodes.Text(value, self._span(token))

    def _comment(self, line: int) -> str:
        return self.place.trailing.get(line, "")

    def syntax(self, version: Token) -> nodes.SyntaxNode:
        return nodes.SyntaxNode(self._text(version))

    def info(self, *pairs: Pair) -> nodes.InfoNode:
        return nodes.InfoNode(pairs, pairs[0].span if pairs else Span(self.place.file, 1, 1, 1, 1))

    def pair(self, key: Token, value: Token) -> Pair:
        return Pair(key.value, self._text(value).value, self._span(key, value))

    @v_args(inline=False)
    def import_(self, paths: list[Token]) -> nodes.ImportNode:
        return nodes.ImportNode(tuple(self._text(path) for path in paths))

    @v_args(inline=False)
    def type(self, declarations: list[nodes.Declaration]) -> nodes.TypeNode:
        return nodes.TypeNode(tuple(declarations))

    def declaration(self, name: Token, data: TypeRef) -> nodes.Declaration:
        return nodes.Declaration(self._text(name), data, name.head, self._comment(name.line))

    def named(self, name: Token) -> Named:
        return Named(name.value, self._span(name))

    def anything(self, token: Token) -> AnyType:
        return AnyType(token.value)

    def mapping(self, _map: Token, key: TypeRef, elem: TypeRef) -> Map:
        return Map(key, elem)

    def slice(self, elem: TypeRef) -> Slice:
        return Slice(elem)

    def array(self, length: Token, elem: TypeRef) -> Array:
        return Array(length.value, elem)

    def pointer(self, elem: TypeRef) -> Pointer:
        return Pointer(elem)

    def struct(self, *members: Member) -> Inline:
        return Inline(members)

    def field(self, *parts: Any) -> Member:
        *names, data, tag = parts
        return self._member(names, data, tag, embedded=False)

    def embedded(self, name: Token, tag: Token | None) -> Member:
        return self._member([name], self.named(name), tag, embedded=True)

    def embedded_pointer(self, name: Token, tag: Token | None) -> Member:
        return self._member([name], Pointer(self.named(name)), tag, embedded=True)

    def _member(self, names: list[Token], data: TypeRef, tag: Token | None, *, embedded: bool) -> Member:
        first, last = names[0], names[-1]
        line = tag.end_line if tag else last.line
        return Member(
            names=tuple(name.value for name in names),
            type=data,
            tag=tag.value if tag else "",
            comment=self._comment(line),
            docs=first.head,
            embedded=embedded,
            span=self._span(first, last),
            tag_span=self._span(tag) if tag else None,
        )

    def service(self, *parts: Any) -> nodes.ServiceNode:
        settings: tuple[Pair, ...] = ()
        if parts and isinstance(parts[0], tuple):
            settings, *rest = parts
        else:
            rest = list(parts)
        name, *items = rest
        return nodes.ServiceNode(name, settings, tuple(items))

    def server(self, *settings: Pair) -> tuple[Pair, ...]:
        return settings

    def service_name(self, first: Token, second: Token | None = None) -> nodes.Text:
        value = f"{first.value}-{second.value}" if second else first.value
        return nodes.Text(value, self._span(first, second))

    def setting(self, key: Token, value: nodes.Text) -> Pair:
        span = Span(self.place.file, key.line, key.column, value.span.end_line, value.span.end_col)
        return Pair(key.value, value.value, span)

    def literal(self, token: Token) -> nodes.Text:
        return self._text(token)

    def list_value(self, *words: Token) -> nodes.Text:
        return nodes.Text(",".join(w.value for w in words), self._span(words[0], words[-1]))

    def dashed(self, *words: Token) -> nodes.Text:
        return nodes.Text("-".join(w.value for w in words), self._span(words[0], words[-1]))

    def rooted(self, word: Token, *segments: nodes.Text) -> nodes.Text:
        rest = self.path_value(*segments)
        start = self._span(word)
        span = start._replace(end_line=rest.span.end_line, end_col=rest.span.end_col)
        return nodes.Text(word.value + rest.value, span)

    def path_value(self, *segments: nodes.Text) -> nodes.Text:
        first, last = segments[0].span, segments[-1].span
        span = first._replace(col=first.col - 1, end_line=last.end_line, end_col=last.end_col)
        return nodes.Text("".join("/" + s.value for s in segments), span)

    def segment(self, first: Token, second: Token | None = None) -> nodes.Text:
        return self.service_name(first, second)

    def doc_text(self, text: Token) -> tuple[str, tuple[Pair, ...], tuple[str, ...]]:
        return self._text(text).value, (), ()

    def doc_pairs(self, *pairs: Pair) -> tuple[str, tuple[Pair, ...], tuple[str, ...]]:
        summary = next((pair.value for pair in reversed(pairs) if pair.key == "summary"), "")
        return summary, pairs, ()

    def item(self, *parts: Any) -> nodes.Item:
        doc: tuple[str, tuple[Pair, ...], tuple[str, ...]] = ("", (), ())
        if isinstance(parts[0], tuple):
            doc, *rest = parts
        else:
            rest = list(parts)
        handler, method, path, *bodies = rest
        request = next((ref for kind, ref in bodies if kind == "body"), None)
        response = next((ref for kind, ref in bodies if kind == "returns"), None)
        return nodes.Item(
            self._text(method), path, self._text(handler), request, response, doc[0], doc[1], method.head
        )

    def path(self, *items: Any) -> nodes.Text:
        text = ""
        first = last = None
        for slash, value, token in _paired(items):
            text += slash + value
            first = first or token
            last = token or last
        assert first is not None or not items
        span = self._span(first, last) if first else Span(self.place.file, 1, 1, 1, 1)
        return nodes.Text(text or "/", span)


def _paired(items: tuple[Any, ...]) -> Iterator[tuple[str, str, Token | None]]:
    for item in items:
        yield "/", item[0], item[1]
