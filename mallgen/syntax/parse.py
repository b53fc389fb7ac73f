"""From scanned statements to nodes, by the tables compiled from grammar/api.lark."""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from mallgen.diagnostics import Diagnostic, Note
from mallgen.model import AnyType, Array, Inline, Map, Member, Named, Pair, Pointer, Slice, Span, TypeRef
from mallgen.syntax import nodes
from mallgen.syntax.explain import expected_in_words, found_in_words, way_out
from mallgen.syntax.lalr import Unexpected, walk
from mallgen.syntax.scan import HEADS, Scanned, Statement, Token, span_of


class _Builder:
    """Builds nodes while the tables are walked. Method names are rules of the grammar."""

    def __init__(self, file: str, trailing: dict[int, str]) -> None:
        self.file = file
        self.trailing = trailing

    def _span(self, token: Token, last: Token | None = None) -> Span:
        last = last or token
        return Span(self.file, token.line, token.column, last.end_line, last.end_column)

    def _text(self, token: Token) -> nodes.Text:
        value = token.value[1:-1] if token.type in {"STRING", "RAW"} else token.value
        return nodes.Text(value, self._span(token))

    def _comment(self, line: int) -> str:
        return self.trailing.get(line, "")

    def syntax(self, version: Token) -> nodes.SyntaxNode:
        return nodes.SyntaxNode(self._text(version))

    def info(self, *pairs: Pair) -> nodes.InfoNode:
        return nodes.InfoNode(pairs, pairs[0].span if pairs else Span(self.file, 1, 1, 1, 1))

    def pair(self, key: Token, value: Token) -> Pair:
        return Pair(key.value, self._text(value).value, self._span(key, value))

    def imports(self, *paths: Token) -> nodes.ImportNode:
        return nodes.ImportNode(tuple(self._text(path) for path in paths))

    def type(self, *declarations: nodes.Declaration) -> nodes.TypeNode:
        return nodes.TypeNode(declarations)

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

    def plain(self, ref: TypeRef) -> TypeRef:
        return ref

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

    def service_name(self, *words: Token) -> nodes.Text:
        return self.dashed(*words)

    def setting(self, key: Token, value: nodes.Text) -> Pair:
        span = Span(self.file, key.line, key.column, value.span.end_line, value.span.end_col)
        return Pair(key.value, value.value, span)

    def literal(self, token: Token) -> nodes.Text:
        return self._text(token)

    def list_value(self, *words: Token) -> nodes.Text:
        return nodes.Text(",".join(w.value for w in words), self._span(words[0], words[-1]))

    def dashed(self, *words: Token) -> nodes.Text:
        return nodes.Text("".join(w.value for w in words), self._span(words[0], words[-1]))

    def rooted(self, word: Token, *segments: nodes.Text) -> nodes.Text:
        rest = self.path_value(*segments)
        start = self._span(word)
        span = start._replace(end_line=rest.span.end_line, end_col=rest.span.end_col)
        return nodes.Text(word.value + rest.value, span)

    def path_value(self, *segments: nodes.Text) -> nodes.Text:
        first, last = segments[0].span, segments[-1].span
        span = first._replace(end_line=last.end_line, end_col=last.end_col)
        return nodes.Text("".join(s.value for s in segments), span)

    def segment(self, *words: Token) -> nodes.Text:
        return self.dashed(*words)

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
        return nodes.Item(self._text(method), path, self._text(handler), request, response, doc[0], doc[1], method.head)

    def path(self, *items: nodes.Text) -> nodes.Text:
        text = "".join(f"/{item.value}" for item in items)
        first, last = items[0].span, items[-1].span
        return nodes.Text(text, first._replace(end_line=last.end_line, end_col=last.end_col))

    def slash(self, slash: Token, part: nodes.Text | None = None) -> nodes.Text:
        start = self._span(slash)
        if part is None:
            return nodes.Text("", start)
        end = part.span
        return nodes.Text(part.value, start._replace(end_line=end.end_line, end_col=end.end_col))

    def parameter(self, part: nodes.Text) -> nodes.Text:
        return nodes.Text(":" + part.value, part.span)

    def path_more(self, *tokens: Token) -> tuple[Token, ...]:
        return tokens

    def path_part(self, first: Token, *more: tuple[Token, ...]) -> nodes.Text:
        tokens = [first, *(token for tokens in more for token in tokens)]
        text = "".join("." if token.type == "DOT" else token.value for token in tokens)
        return nodes.Text(text, self._span(tokens[0], tokens[-1]))

    def body(self, ref: TypeRef | None = None) -> tuple[str, TypeRef | None]:
        return "body", ref

    def returns(self, _word: Token, body: tuple[str, TypeRef | None]) -> tuple[str, TypeRef | None]:
        return "returns", body[1]

    def plain_body(self, name: Token) -> TypeRef:
        return self.named(name)

    def pointer_body(self, name: Token) -> TypeRef:
        return Pointer(self.named(name))

    def slice_body(self, name: Token) -> TypeRef:
        return Slice(self.named(name))

    def pointers_body(self, name: Token) -> TypeRef:
        return Slice(Pointer(self.named(name)))


class Parsed(NamedTuple):
    """The statements of a file as nodes, in order, and everything wrong with them."""

    nodes: tuple[nodes.Node, ...]
    diagnostics: tuple[Diagnostic, ...]


class _Parser:
    def __init__(self, file: str, trailing: dict[int, str]) -> None:
        self.file = file
        self.builder = _Builder(file, trailing)
        self.diagnostics: list[Diagnostic] = []

    def parse(self, tokens: tuple[Token, ...], start: str) -> nodes.Node | None:
        try:
            node: nodes.Node = walk(tokens, start, self.builder)
        except Unexpected as problem:
            self.diagnostics.append(self._explain(problem, tokens))
            return None
        return node

    def _explain(self, problem: Unexpected, tokens: tuple[Token, ...]) -> Diagnostic:
        found, expected = problem.token, problem.expected
        span = span_of(self.file, found or tokens[-1])
        if found is None:
            span = span._replace(line=span.end_line, col=span.end_col, end_col=span.end_col + 1)
        opened = _unclosed(tokens, found)
        if opened is not None:
            note = (Note(span, "here it still is open"),)
            return Diagnostic("unclosed", "this `{` is never closed", span_of(self.file, opened), "add a `}`", note)
        message = f"expected {expected_in_words(expected)}, found {found_in_words(found)}"
        return Diagnostic("syntax", message, span, way_out(found, expected))


def _unclosed(tokens: tuple[Token, ...], found: Token | None) -> Token | None:
    """The brace that was open when the next statement began in column 1, or the file ended."""
    open_braces: list[Token] = []
    for token in tokens:
        if token.column == 1 and token is not tokens[0] and open_braces and token.value in HEADS:
            return open_braces[-1]
        if token is found:
            return None
        if token.type == "_LBRACE":
            open_braces.append(token)
        elif token.type == "_RBRACE" and open_braces:
            open_braces.pop()
    return open_braces[-1] if open_braces and found is None else None


def parse(scanned: Scanned) -> Parsed:
    """Parse every statement; one that fails is reported and the others go on."""
    parser = _Parser(scanned.file, scanned.trailing)
    torn = _torn(scanned)
    found = [_statement(parser, statement) for n, statement in enumerate(scanned.statements) if n not in torn]
    return Parsed(tuple(n for n in found if n is not None), tuple(parser.diagnostics))


def _torn(scanned: Scanned) -> set[int]:
    """The statements that the scanner could not read in full: what it said is enough."""
    starts = [(statement.tokens[0].line, statement.tokens[0].column) for statement in scanned.statements]
    places = [p.span for p in scanned.diagnostics if p.span is not None and p.severity == "error"]
    return {bisect_right(starts, (span.line, span.col)) - 1 for span in places}


def _statement(parser: _Parser, statement: Statement) -> nodes.Node | None:
    if statement.kind == "unknown":
        token = statement.tokens[0]
        hint = "a file is made of syntax, info, import, type, @server and service"
        message = f"no statement begins with `{token.value}`"
        parser.diagnostics.append(Diagnostic("syntax", message, span_of(parser.file, token), hint))
        return None
    node = parser.parse(statement.tokens, statement.kind)
    if node is None:
        known = parser.diagnostics.pop()
        for start, tokens in pieces(statement):
            parser.parse(tokens, start)
        if known.span not in {d.span for d in parser.diagnostics}:
            parser.diagnostics.append(known)
    return node


def pieces(statement: Statement) -> Iterator[tuple[str, tuple[Token, ...]]]:
    """Cut a statement that did not parse into parts that can fail on their own."""
    if statement.kind == "service":
        yield from _items(statement.tokens)
    elif statement.kind == "type":
        yield from _declarations(statement.tokens)


def _items(tokens: tuple[Token, ...]) -> Iterator[tuple[str, tuple[Token, ...]]]:
    cuts: list[int] = []
    for i, token in enumerate(tokens):
        documented = bool(cuts) and tokens[cuts[-1]].type == "_AT_DOC"
        fresh = not documented or any(t.type == "_AT_HANDLER" for t in tokens[cuts[-1] : i])
        if token.type == "_AT_DOC" or (token.type == "_AT_HANDLER" and fresh):
            cuts.append(i)
    end = len(tokens) - 1 if tokens[-1].type == "_RBRACE" else len(tokens)
    for start, stop in pairwise([*cuts, end]):
        yield "item", tokens[start:stop]


def _declarations(tokens: tuple[Token, ...]) -> Iterator[tuple[str, tuple[Token, ...]]]:
    if len(tokens) < 2 or tokens[1].type != "_LPAR":
        return
    depth, begin = 0, 2
    for i, token in enumerate(tokens[2:], 2):
        depth += (token.type == "_LBRACE") - (token.type == "_RBRACE")
        if token.type == "_RBRACE" and depth == 0:
            yield "declaration", tokens[begin : i + 1]
            begin = i + 1
