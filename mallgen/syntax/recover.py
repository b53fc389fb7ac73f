"""Everything that is wrong with a statement that did not parse: it is cut into parts that can fail on their own.

Cuts follow how people lay contracts out: a field is a line, an item begins at its @doc or @handler, a setting at a word
with a colon behind it. Each part that fails is reported, and the first mistake outside of all parts as well.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, Note
from mallgen.syntax.explain import begins_nothing, expected_in_words, found_in_words, hint_for
from mallgen.syntax.lalr import END, Unexpected, acceptable
from mallgen.syntax.scan import HEADS, Statement, Token, span_of, statements

Tokens = Sequence[Token]
_PARTS = {"declaration", "fields", "item", "pair", "server", "setting"}
_CLOSING = {"_LBRACE": "_RBRACE", "_LPAR": "_RPAR", "_LSQB": "_RSQB"}
_MARKS = {"_LBRACE": ("{", "}"), "_LPAR": ("(", ")")}


class Piece(NamedTuple):
    """A part of a statement: the rule it should follow, its tokens, and the token behind it."""

    rule: str
    tokens: Tokens
    after: Token | None


Attempt = Callable[[Piece], Unexpected | None]


class Failed(NamedTuple):
    """A piece that does not follow its rule, and the token where it fails."""

    piece: Piece
    problem: Unexpected


def mistakes(file: str, statement: Statement, attempt: Attempt) -> Iterator[Diagnostic]:
    """Yield everything wrong with a statement, and with those that an unclosed bracket made part of it."""
    if statement.kind == "unknown":
        token = statement.tokens[0]
        message, hint = begins_nothing(statement.tokens)
        yield Diagnostic("syntax", message, span_of(file, token), hint)
        return
    tokens = statement.tokens
    cut = next((i for i, token in enumerate(tokens) if i and token.column == 1 and token.value in HEADS), len(tokens))
    body, tail = tokens[:cut], tokens[cut:]
    if statement.kind == "service" and body[-1].type == "_RPAR" and tail[:1] and tail[0].value == "service":
        body, tail = tokens, ()
    opened = _unclosed(body)
    if opened is not None:
        yield _never_closed(file, opened, tail[0] if tail else body[-1], bool(tail))
    for failed in _failures(Piece(statement.kind, body, tail[0] if tail else None), attempt):
        if opened is None or failed.problem.token is not None:
            yield _diagnostic(file, failed)
    for other in statements(tail):
        if other.kind == "unknown" or attempt(Piece(other.kind, other.tokens, None)) is not None:
            yield from mistakes(file, other, attempt)


def _unclosed(tokens: Tokens) -> Token | None:
    """Return the innermost brace or parenthesis that is never closed."""
    opened: list[Token] = []
    for token in tokens:
        if token.type in _MARKS:
            opened.append(token)
        elif opened and token.type == _CLOSING[opened[-1].type]:
            opened.pop()
    return opened[-1] if opened else None


def _never_closed(file: str, opened: Token, last: Token, before: bool) -> Diagnostic:
    left, right = _MARKS[opened.type]
    span = span_of(file, last)
    if not before:
        span = span._replace(line=span.end_line, col=span.end_col, end_col=span.end_col + 1)
    note = (Note(span, "here it still is open"),)
    return Diagnostic("unclosed", f"this `{left}` is never closed", span_of(file, opened), f"add a `{right}`", note)


def _failures(piece: Piece, attempt: Attempt) -> Iterator[Failed]:
    problem = attempt(piece)
    if problem is None:
        return
    covered = False
    for part in pieces(piece):
        wrong = list(_failures(part, attempt))
        covered = covered or (bool(wrong) and _holds(part, problem.token))
        yield from wrong
    if not covered:
        yield Failed(piece, problem)


def _holds(part: Piece, token: Token | None) -> bool:
    if token is None:
        return False
    return any(token is one for one in part.tokens) or token is part.after


def _diagnostic(file: str, failed: Failed) -> Diagnostic:
    piece = failed.piece
    found = failed.problem.token or piece.after
    expected = acceptable(piece.tokens, piece.rule, failed.problem.token)
    if piece.rule in _PARTS and len(expected) > 1:
        expected.discard(END)
    span = span_of(file, found or piece.tokens[-1])
    if found is None:
        span = span._replace(line=span.end_line, col=span.end_col, end_col=span.end_col + 1)
    message = f"expected {expected_in_words(expected)}, found {found_in_words(found)}"
    return Diagnostic("syntax", message, span, hint_for(found, expected, piece.rule))


def pieces(piece: Piece) -> Iterator[Piece]:
    """Yield the parts of a piece that can be right or wrong on their own."""
    cut = _CUTS.get(piece.rule)
    if cut is not None:
        yield from cut(piece.tokens)


def _between(rule: str, tokens: Tokens, cuts: Sequence[int], end: int) -> Iterator[Piece]:
    for start, stop in pairwise([*cuts, end]):
        yield Piece(rule, tokens[start:stop], tokens[stop] if stop < len(tokens) else None)


def _cut_service(tokens: Tokens) -> Iterator[Piece]:
    if tokens[0].type == "_AT_SERVER":
        end = next((i for i, token in enumerate(tokens) if token.type == "_SERVICE"), len(tokens))
        yield from _between("server", tokens, [0], end)
    cuts: list[int] = []
    handled = True
    for i, token in enumerate(tokens):
        bare = bool(cuts) and i - cuts[-1] < 3 and tokens[cuts[-1]].type == "_AT_HANDLER"
        if (token.type == "_AT_DOC" and not bare) or (token.type == "_AT_HANDLER" and handled):
            cuts.append(i)
            handled = token.type == "_AT_HANDLER"
        elif token.type == "_AT_HANDLER":
            handled = True
    yield from _between("item", tokens, cuts, len(tokens) - (tokens[-1].type == "_RBRACE"))


def _cut_type(tokens: Tokens) -> Iterator[Piece]:
    if len(tokens) < 2 or tokens[1].type != "_LPAR":
        if len(tokens) > 1:
            yield Piece("declaration", tokens[1:], None)
        return
    depth, begin = 0, 2
    for i, token in enumerate(tokens[2:], 2):
        depth += (token.type == "_LBRACE") - (token.type == "_RBRACE")
        if token.type == "_RBRACE" and depth == 0:
            yield from _between("declaration", tokens, [begin], i + 1)
            begin = i + 1


def _cut_declaration(tokens: Tokens) -> Iterator[Piece]:
    begin = next((i for i, token in enumerate(tokens) if token.type == "_LBRACE"), None)
    if begin is None:
        return
    depth, end = 0, begin + 1
    cuts: list[int] = []
    while end < len(tokens) and (depth or tokens[end].type != "_RBRACE"):
        token = tokens[end]
        if depth == 0 and (not cuts or token.row != tokens[end - 1].row) and token.type != "RAW":
            cuts.append(end)
        depth = max(0, depth + (token.type in _CLOSING) - (token.type in _CLOSING.values()))
        end += 1
    yield from _between("fields", tokens, cuts, end)


def _cut_pairs(rule: str) -> Callable[[Tokens], Iterator[Piece]]:
    def cut(tokens: Tokens) -> Iterator[Piece]:
        end = len(tokens) - (tokens[-1].type == "_RPAR")
        cuts = [i for i in range(2, end - 1) if tokens[i + 1].type == "_COLON" and _begins_pair(tokens, i)]
        yield from _between(rule, tokens, cuts, end)

    return cut


def _begins_pair(tokens: Tokens, i: int) -> bool:
    return tokens[i].value.isidentifier() and (i == 2 or tokens[i].row != tokens[i - 1].row)


_CUTS: dict[str, Callable[[Tokens], Iterator[Piece]]] = {
    "service": _cut_service,
    "server": _cut_pairs("setting"),
    "info": _cut_pairs("pair"),
    "type": _cut_type,
    "declaration": _cut_declaration,
}
