"""Proposals for what could be written at the cursor.

The text before the cursor is scanned, and its last statement cut as syntax/recover.py cuts a broken one; the parse
tables say what can follow its last part, so that proposals are what the grammar allows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mallgen.editor import proposals
from mallgen.editor.project import Project
from mallgen.editor.proposals import Proposal
from mallgen.editor.tags import tag_position
from mallgen.model import Type
from mallgen.syntax.lalr import END, acceptable
from mallgen.syntax.recover import Piece, pieces
from mallgen.syntax.scan import HEADS, Scanned, Statement, Token, scan, statements, trivia

_WORD = re.compile(r"@?[A-Za-z0-9_]*\Z")
_CLOSING = {"_LBRACE": "_RBRACE", "_LPAR": "_RPAR", "_LSQB": "_RSQB"}


class Completed(NamedTuple):
    """The proposals; each replaces the text from `start` to the cursor (offsets in the text as the parser reads it)."""

    start: int
    proposals: tuple[Proposal, ...]


class _Context(NamedTuple):
    """The part of a statement in front of the cursor.

    `same_line`: its last token is on the cursor's line; `expected`: the terminals that can follow it.
    """

    rule: str
    tokens: Sequence[Token]
    same_line: bool
    expected: frozenset[str]


def complete(project: Project, file: str, offset: int, files: Iterable[str]) -> Completed:
    """Return the proposals at an offset of a file; `files` are the contracts to import, as an import writes them.

    Only the statement around the offset is scanned: the lexer reads from left to right, so the text before it is known.
    """
    read = project.files[file]
    begins = [statement.tokens[0].start_pos for statement in read.scanned.statements]
    begin = max((one for one in begins if one < offset), default=0)
    completed = _complete(project, read.text[begin:], offset - begin, files)
    return completed._replace(start=completed.start + begin)


def _complete(project: Project, text: str, offset: int, files: Iterable[str]) -> Completed:
    match = _WORD.search(text, max(0, offset - 300), offset)
    start = match.start() if match is not None else offset
    before = text[:start]
    scanned = scan(before, "")
    opened = next((d for d in scanned.diagnostics if d.code.startswith("unfinished-")), None)
    if opened is not None and opened.span is not None:
        lines = before.split("\n")
        at = sum(len(line) + 1 for line in lines[: opened.span.line - 1]) + opened.span.col - 1
        return _in_literal(text, at, start, offset, scanned, tuple(files))
    if _in_comment(before, scanned):
        return Completed(start, ())
    return Completed(start, tuple(_proposals(project, _context(before, scanned))))


def _in_literal(text: str, at: int, start: int, offset: int, scanned: Scanned, files: tuple[str, ...]) -> Completed:
    """Return the proposals inside a text or a tag that begins at `at` and is not closed before the cursor."""
    statement = scanned.statements[-1] if scanned.statements else None
    if text[at] == '"' and statement is not None and statement.kind == "import":
        return Completed(at + 1, tuple(proposals.files(files)))
    if text[at] != "`" or statement is None or statement.kind != "type":
        return Completed(start, ())
    here = tag_position(text[at:start])
    name = _field_name(statement.tokens)
    if text[start - 1] == "=":
        return Completed(start, ())
    if not here.source:
        return Completed(start, tuple(proposals.sources(name, here.used)))
    if here.in_key:
        return Completed(start, tuple(proposals.keys(name)))
    return Completed(start, tuple(proposals.options(here.options)))


def _field_name(tokens: Sequence[Token]) -> str:
    """Return the name of the field whose tag is being written: the first word of the last line."""
    row = tokens[-1].row
    return next((token.value for token in tokens if token.row == row and token.value.isidentifier()), "")


def _in_comment(before: str, scanned: Scanned) -> bool:
    last = scanned.statements[-1].tokens[-1].end_pos if scanned.statements else 0
    open_one = False
    for piece in trivia(before[last:]):
        open_one = piece.startswith("//")
    return open_one


def _context(before: str, scanned: Scanned) -> _Context:
    statement = _last_statement(scanned)
    if statement is None or statement.kind == "unknown":
        return _Context("file", (), False, frozenset())
    piece = Piece(statement.kind, statement.tokens, None)
    while (inner := _last_part(piece)) is not None:
        piece = inner
    same_line = "\n" not in before[piece.tokens[-1].end_pos :]
    expected = frozenset(acceptable(piece.tokens, piece.rule, None))
    if piece.rule == statement.kind and END in expected and not same_line:
        return _Context("file", (), False, frozenset())
    return _Context(piece.rule, piece.tokens, same_line, expected)


def _last_statement(scanned: Scanned) -> Statement | None:
    """Return the last statement; a word in column 1 that can begin one does so even inside of an unclosed bracket."""
    if not scanned.statements:
        return None
    last = scanned.statements[-1]
    heads = [i for i, token in enumerate(last.tokens) if i and token.column == 1 and token.value in HEADS]
    if heads and last.tokens[0].type != "_AT_SERVER":
        return statements(last.tokens[heads[-1] :])[-1]
    return last


def _last_part(piece: Piece) -> Piece | None:
    """Return the part of a piece that reaches to its end, or None when there is none."""
    if piece.rule in {"info", "server"}:
        return None
    if piece.rule == "type" and _unclosed(piece.tokens) is not None and piece.tokens[1].type == "_LPAR":
        rest = piece.tokens[_last_declaration(piece.tokens) :]
        return Piece("declaration", rest, None) if rest else None
    *_, inner = (piece, *pieces(piece))
    if inner is piece or not inner.tokens or inner.tokens[-1] is not piece.tokens[-1]:
        return None
    return None if inner.rule == "declaration" and _is_closed(inner.tokens) else inner


def _last_declaration(tokens: Sequence[Token]) -> int:
    """Return the index in a group of types where the unclosed declaration begins, or the next one would."""
    depth, begin = 0, 2
    for index, token in enumerate(tokens[2:], 2):
        depth += (token.type == "_LBRACE") - (token.type == "_RBRACE")
        if token.type == "_RBRACE" and depth == 0:
            begin = index + 1
    return begin


def _is_closed(tokens: Sequence[Token]) -> bool:
    return tokens[-1].type == "_RBRACE" and _unclosed(tokens) is None


def _unclosed(tokens: Sequence[Token]) -> int | None:
    """Return the index of the innermost bracket that is not closed."""
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token.type in _CLOSING:
            opened.append(index)
        elif opened and token.type == _CLOSING[tokens[opened[-1]].type]:
            opened.pop()
    return opened[-1] if opened else None


def _proposals(project: Project, here: _Context) -> Iterator[Proposal]:
    types = project.view.types
    match here.rule:
        case "file":
            yield from proposals.statements(with_syntax=not _has_syntax(project))
        case "item":
            yield from _in_item(here, types)
        case "service":
            if "_AT_HANDLER" in here.expected:
                yield from proposals.words("@doc", "@handler")
            if "_SERVICE" in here.expected and here.tokens[-1].type == "_RPAR":
                yield from proposals.words("service")
        case "server" | "info":
            yield from _in_pairs(project, here)
        case "declaration" | "fields":
            yield from _in_struct(here, types)


def _has_syntax(project: Project) -> bool:
    read = project.files.get(project.root)
    return read is not None and any(statement.kind == "syntax" for statement in read.scanned.statements)


def _in_item(here: _Context, types: Sequence[Type]) -> Iterator[Proposal]:
    tokens = here.tokens
    handler = next((i for i, token in enumerate(tokens) if token.type == "_AT_HANDLER"), None)
    opened = _unclosed(tokens)
    if handler is None:
        if opened is not None and _is_at_key(tokens, here.same_line):
            yield from proposals.doc_keys()
        elif opened is None and "_AT_HANDLER" in here.expected:
            yield from proposals.words("@handler")
        return
    if opened is not None and opened > handler:
        answers = tokens[opened - 1].type == "RETURNS"
        yield from proposals.bodies(types, answers, brackets=tokens[-1].type == "_LPAR")
        return
    if len(tokens) - handler == 2:
        yield from proposals.methods()
        return
    if "RETURNS" in here.expected and len(tokens) - handler > 3:
        yield from proposals.words("returns")
    if END in here.expected and not here.same_line:
        yield from proposals.words("@doc", "@handler")


def _in_pairs(project: Project, here: _Context) -> Iterator[Proposal]:
    """Yield keys of settings or of info, or for a setting the values that other blocks have."""
    if _unclosed(here.tokens) is None:
        if "_SERVICE" in here.expected or here.rule == "server":
            yield from proposals.words("service")
        return
    if _is_at_key(here.tokens, here.same_line):
        yield from proposals.setting_keys() if here.rule == "server" else proposals.info_keys()
    elif here.rule == "server":
        colon = next((i for i in range(len(here.tokens) - 1, 0, -1) if here.tokens[i].type == "_COLON"), 0)
        key = here.tokens[colon - 1].value
        values = {pair.value for group in project.view.groups for pair in group.server if pair.key == key}
        yield from proposals.setting_values(key, values)


def _is_at_key(tokens: Sequence[Token], same_line: bool) -> bool:
    return tokens[-1].type == "_LPAR" or (not same_line and tokens[-1].type not in {"_COLON", "_COMMA"})


def _in_struct(here: _Context, types: Sequence[Type]) -> Iterator[Proposal]:
    tokens = here.tokens
    if here.rule == "declaration" and _unclosed(tokens) is None:
        return
    if not here.same_line or tokens[-1].type == "_LBRACE":
        yield from proposals.embedded(types)
    elif "ANY" in here.expected:
        yield from proposals.field_types(types)
    elif tokens[-1].type == "_STAR":
        yield from proposals.embedded(types)
    elif "RAW" in here.expected:
        yield from proposals.tags(_field_name(tokens))
