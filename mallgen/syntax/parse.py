"""From scanned statements to nodes, by the tables compiled from grammar/api.lark."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.model import AnyType, Array, Inline, Map, Member, Named, Pair, Pointer, Slice, TypeRef
from mallgen.syntax import nodes
from mallgen.syntax.lalr import Unexpected, walk
from mallgen.syntax.scan import Scanned, Statement, Token
from mallgen.text.span import Span

Reader = Callable[[Sequence[Token], str], Any]  # from tokens and the name of their rule to a node; raises Unexpected


class NodeBuilder:
    """A builder of nodes while the tables are walked; its methods are named after the rules of the grammar."""

    def __init__(self, file: str, trailing: dict[int, str]) -> None:
        self.file = file
        self.trailing = trailing
        self.above: tuple[str, ...] = ()
        self.last: Token | None = None

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
        return nodes.Declaration(self._text(name), data, self.above + name.head, self._comment(name.line))

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

    def fields(self, *members: Member) -> tuple[Member, ...]:
        return members

    def embedded(self, name: Token, tag: Token | None) -> Member:
        return self._member([name], self.named(name), tag, embedded=True)

    def embedded_pointer(self, name: Token, tag: Token | None) -> Member:
        return self._member([name], Pointer(self.named(name)), tag, embedded=True)

    def _member(self, names: list[Token], data: TypeRef, tag: Token | None, *, embedded: bool) -> Member:
        first, last = names[0], names[-1]
        behind = self.last.tail if self.last else ()
        return Member(
            names=tuple(name.value for name in names),
            type=data,
            tag=tag.value if tag else "",
            comment=" ".join(behind),
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

    def doc_text(self, word: Token, text: Token) -> "_Doc":
        return _Doc(word, self._text(text).value)

    def doc_pairs(self, word: Token, *parts: Any) -> "_Doc":
        pairs = tuple(part for part in parts if isinstance(part, Pair))
        summary = next((pair.value for pair in reversed(pairs) if pair.key == "summary"), "")
        return _Doc(word, summary, pairs)

    def item(self, *parts: Any) -> nodes.Item:
        doc = parts[0] if isinstance(parts[0], _Doc) else _Doc(parts[0])
        word, handler, method, path, *bodies = parts[1:] if isinstance(parts[0], _Doc) else parts
        types: dict[str, TypeRef | None] = dict(b for b in bodies if isinstance(b, tuple))  # `;` is no body
        above = (*_comments_above(doc.word), *(() if word is doc.word else word.head), *method.head)
        handler_text = self._text(handler)
        request, response = types.get("body"), types.get("returns")
        return nodes.Item(self._text(method), path, handler_text, request, response, doc.text, doc.pairs, above)

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


class _Doc(NamedTuple):
    """The text and pairs of `@doc`, and the first word of the route: `@doc`, or `@handler` where there is none."""

    word: Token
    text: str = ""
    pairs: tuple[Pair, ...] = ()


class Parsed(NamedTuple):
    """The statements of a file as nodes, in order, and everything wrong with them."""

    nodes: tuple[nodes.Node, ...]
    diagnostics: tuple[Diagnostic, ...]


class ParsedStatement(NamedTuple):
    """One statement as a node, or None and all that is wrong with it."""

    node: nodes.Node | None
    wrong: tuple[Diagnostic, ...]


def reader(scanned: Scanned) -> Reader:
    """Return the function that parses the parts of a scanned file."""
    builder = NodeBuilder(scanned.file, scanned.trailing)

    def read(tokens: Sequence[Token], rule: str) -> Any:
        builder.above = _above(tokens, rule)
        return walk(tokens, rule, builder)

    return read


def parse_statement(scanned: Scanned, statement: Statement, read: Reader | None = None) -> ParsedStatement:
    """Parse one statement of a file; an editor passes a reader with a cache."""
    read = read or reader(scanned)
    try:
        return ParsedStatement(_node(statement, read), ())
    except Unexpected:
        return ParsedStatement(None, tuple(_mistakes(scanned.file, statement, read)))


def parse(scanned: Scanned, one: Callable[[Scanned, Statement], ParsedStatement] = parse_statement) -> Parsed:
    """Parse every statement; all mistakes of one that fails are reported, and the others are parsed all the same.

    `one` parses a statement: an editor passes one with a cache.
    """
    torn = _unscanned_lines(scanned)
    parsed: list[nodes.Node] = []
    problems: list[Diagnostic] = []
    for number, statement in enumerate(scanned.statements):
        node, wrong = one(scanned, statement)
        if node is not None:
            parsed.append(node)
        problems += [problem for problem in wrong if number not in torn or _before(problem, torn[number])]
    return Parsed(tuple(parsed), tuple(problems))


def _node(statement: Statement, read: Reader) -> nodes.Node:
    if statement.kind == "unknown":
        raise Unexpected(statement.tokens[0])
    node: nodes.Node = read(statement.tokens, statement.kind)
    return node


def _above(tokens: Sequence[Token], rule: str) -> tuple[str, ...]:
    """Return the comments right above a type that is declared alone; in a group each type has its own."""
    if rule != "type" or len(tokens) < 2 or tokens[1].type == "_LPAR":
        return ()
    return _comments_above(tokens[0])


def _comments_above(token: Token) -> tuple[str, ...]:
    """Return the comments right above a token, those that no empty line separates from it."""
    return token.head[len(token.head) - token.near :]


def _mistakes(file: str, statement: Statement, read: Reader) -> list[Diagnostic]:
    from mallgen.syntax.recover import Piece, mistakes

    def attempt(piece: Piece) -> Unexpected | None:
        try:
            read(piece.tokens, piece.rule)
        except Unexpected as problem:
            return problem
        return None

    return list(mistakes(file, statement, attempt))


def _unscanned_lines(scanned: Scanned) -> dict[int, int]:
    """Return the indexes of statements that the scanner could not read in full, with the first line of that."""
    starts = [(statement.tokens[0].line, statement.tokens[0].column) for statement in scanned.statements]
    lines: dict[int, int] = {}
    for problem in scanned.diagnostics:
        if problem.span is not None and problem.severity == "error" and "did you mean `@" not in problem.hint:
            number = bisect_right(starts, (problem.span.line, problem.span.col)) - 1
            lines[number] = min(problem.span.line, lines.get(number, problem.span.line))
    return lines


def _before(problem: Diagnostic, line: int) -> bool:
    """Return whether a syntax error is above a line that could not be read: errors below may only follow from that."""
    return problem.code == "syntax" and problem.span is not None and problem.span.line < line
