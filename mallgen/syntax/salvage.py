"""The readable parts of a statement that did not parse, so that an editor goes on helping while it is being written.

The statement is cut as in recover.py; parts that parse are kept, and a declaration keeps its name and the fields that
parse.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from mallgen.model import Inline, Member, Pair
from mallgen.syntax import nodes
from mallgen.syntax.lalr import Unexpected
from mallgen.syntax.parse import Reader
from mallgen.syntax.recover import Piece, pieces
from mallgen.syntax.scan import HEADS, Scanned, Statement, Token, span_of, statements

Tokens = Sequence[Token]


def salvage(scanned: Scanned, statement: Statement, read: Reader) -> tuple[nodes.Node, ...]:
    """Return the readable parts of a broken statement, and the statements that an unclosed bracket made part of it."""
    return tuple(_salvaged(_Parts(scanned, read), statement))


def _salvaged(parts: "_Parts", statement: Statement) -> Iterator[nodes.Node]:
    tokens = statement.tokens
    cut = next((i for i, token in enumerate(tokens) if i and _begins_statement(tokens, i)), len(tokens))
    body, tail = tokens[:cut], tokens[cut:]
    whole = parts.whole(statement.kind, body) if statement.kind != "unknown" else None
    if whole is not None:
        yield whole
    elif statement.kind == "type":
        yield nodes.TypeNode(tuple(parts.declarations(body)))
    elif statement.kind == "service":
        yield parts.service(body)
    for other in statements(tail):
        yield from _salvaged(parts, other)


def _begins_statement(tokens: Tokens, i: int) -> bool:
    """Return whether a statement begins at a token although a bracket before it is not closed."""
    token = tokens[i]
    return token.column == 1 and (token.value in HEADS or token.type == "_AT_SERVER") and tokens[0].type != "_AT_SERVER"


class _Parts:
    """The parts of a broken statement, as far as they parse."""

    def __init__(self, scanned: Scanned, read: Reader) -> None:
        self._file = scanned.file
        self._trailing = scanned.trailing
        self._read = read

    def whole(self, rule: str, tokens: Tokens) -> Any:
        """Return the node of a part, or None when it does not parse."""
        try:
            return self._read(tokens, rule)
        except Unexpected:
            return None

    def declarations(self, tokens: Tokens) -> Iterator[nodes.Declaration]:
        """Yield the declarations of a `type` statement."""
        last = tokens[0]
        for piece in pieces(Piece("type", tokens, None)):
            last = piece.tokens[-1]
            yield from self._declaration(piece.tokens)
        at = next(i for i, token in enumerate(tokens) if token is last) + 1
        if at > 1 or tokens[1:2]:
            yield from self._declaration(tokens[at:])

    def _declaration(self, tokens: Tokens) -> Iterator[nodes.Declaration]:
        whole = self.whole("declaration", tokens)
        if whole is not None:
            yield whole
            return
        brace = next((i for i, token in enumerate(tokens) if token.type == "_LBRACE"), 0)
        while brace and tokens[brace - 1].value in {"=", "struct"}:
            brace -= 1
        name = tokens[brace - 1] if brace else None
        if name is None or not name.value.isidentifier():
            return
        members: list[Member] = []
        for piece in pieces(Piece("declaration", tokens, None)):
            members += self.whole("fields", piece.tokens) or ()
        text = nodes.Text(name.value, span_of(self._file, name))
        yield nodes.Declaration(text, Inline(tuple(members)), name.head, self._trailing.get(name.line, ""))

    def service(self, tokens: Tokens) -> nodes.ServiceNode:
        """Return a service block with the settings and routes that parse."""
        settings: list[Pair] = []
        items: list[nodes.Item] = []
        for piece in pieces(Piece("service", tokens, None)):
            if piece.rule == "server":
                read = (self.whole("setting", setting.tokens) for setting in pieces(piece))
                settings += [pair for pair in read if pair is not None]
            else:
                items += filter(None, [self.whole("item", piece.tokens)])
        return nodes.ServiceNode(self._name(tokens), tuple(settings), tuple(items))

    def _name(self, tokens: Tokens) -> nodes.Text:
        head = next((i for i, token in enumerate(tokens) if token.type == "_SERVICE"), len(tokens) - 1)
        named = []
        for token in tokens[head + 1 :]:
            if token.type == "_LBRACE":
                break
            named.append(token)
        span = span_of(self._file, named[0] if named else tokens[head])
        return nodes.Text("".join(token.value for token in named), span)
