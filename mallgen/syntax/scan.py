"""The scanner: splits a `.api` file into tokens and statements, finds its imports, enforces limits.

The lexical rules are goctl's (pkg/parser/api/scanner): identifiers are ASCII, strings know no
escapes, `interface{}` is one token, durations list their units in descending order.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.text.limits import DEFAULT, Limits, raise_it
from mallgen.text.span import Span

GO_KEYWORDS = frozenset(
    "break case chan const continue default defer else fallthrough for func go goto if import "
    "interface map package range return select struct switch type var".split()
)


_PIECE = re.compile(
    r"""([ \t\r\f\v\n]*)  # white space, then a token, a comment, or nothing that is known
    ( //[^\n]*|/\*[^*]*\*[^/]*/
    | interface\{\}|[A-Za-z_][A-Za-z0-9_]*
    | "[^"]*"|`[^`]*`
    | @[A-Za-z]*
    | [0-9]++[nµmsh]?
    | \.\.?\.?
    | [-*=()\[\]{},;:]|/(?!\*)
    )?
    """,
    re.VERBOSE,
)
_TRIVIA = re.compile(r"(//[^\n]*|/\*[^*]*\*[^/]*/)|\n")
_PUNCT = {
    "-": "DASH",
    "*": "_STAR",
    "/": "SLASH",
    "=": "_EQUAL",
    "(": "_LPAR",
    ")": "_RPAR",
    "[": "_LSQB",
    "]": "_RSQB",
    "{": "_LBRACE",
    "}": "_RBRACE",
    ",": "_COMMA",
    ";": "_SEMICOLON",
    ":": "_COLON",
}
_BRACKETS = {"_LPAR": 1, "_LBRACE": 1, "_LSQB": 1, "_RPAR": -1, "_RBRACE": -1, "_RSQB": -1}
_PLAIN = re.compile(r"[\t-\r -~]*")
_GROUPS = re.Match.groups
_UNITS = ("h", "m", "s", "ms", "µs", "ns")
_AT = {"@doc": "_AT_DOC", "@handler": "_AT_HANDLER", "@server": "_AT_SERVER"}
_WORDS = {
    **_PUNCT,
    **_AT,
    **dict.fromkeys(GO_KEYWORDS, "KEYWORD"),
    "map": "MAP",
    "returns": "RETURNS",
    "interface{}": "ANY",
    ".": "DOT",
    "..": "DOT",
    "...": "ELLIPSIS",
}
_COMMENT = "comment"
_DIGITS = "0123456789"
_INITIALS = {
    '"': "STRING",
    "`": "RAW",
    "@": "AT",
    "/": _COMMENT,
    **dict.fromkeys(_DIGITS, "INT"),
    **dict.fromkeys("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "NAME"),
}
HEADS = {"syntax": "_SYNTAX", "info": "_INFO", "import": "_IMPORT", "type": "_TYPE", "service": "_SERVICE"}


class Token:
    """A token with the comments before it (`head`) and behind it (`tail`); `type` is a terminal of grammar/api.lark.

    `row` counts lines as goctl does, without those inside comments and strings: by it goctl tells an embedded field.
    `near` is the number of comments in `head` that no empty line separates from the token.
    """

    __slots__ = tuple("type value line column end_line end_column start_pos end_pos row near head tail".split())

    def __init__(self, kind: str, value: str, line: int, column: int, start: int, row: int = 0) -> None:
        size = len(value)
        self.type = kind
        self.value = value
        self.line = self.end_line = line
        self.column = column
        self.end_column = column + size
        self.start_pos = start
        self.end_pos = start + size
        self.head: tuple[str, ...] = ()
        self.tail: tuple[str, ...] = ()
        self.row = row
        self.near = 0

    def __str__(self) -> str:
        return self.value


class Statement(NamedTuple):
    """A top-level statement: `kind` is syntax, info, import, type, service or unknown."""

    kind: str
    tokens: tuple[Token, ...]


class Import(NamedTuple):
    """The path that one import names, and its span."""

    value: str
    span: Span


class Scanned(NamedTuple):
    """A file cut into statements. `trailing` maps a line to the comment at its end."""

    file: str
    statements: tuple[Statement, ...]
    imports: tuple[Import, ...]
    trailing: dict[int, str]
    diagnostics: tuple[Diagnostic, ...]


def _duration_end(text: str, pos: int) -> int:
    """Return the end of the duration at `pos`, or `pos` when digits behind a unit do not go on to a smaller one."""
    start, rank = pos, -1
    while match := re.compile(r"[0-9]+(ns|µs|ms|m|s|h)").match(text, pos):
        if _UNITS.index(match[1]) <= rank:
            return start
        rank, pos = _UNITS.index(match[1]), match.end()
        if not text[pos : pos + 1] or text[pos] not in "0123456789":
            return pos
    return start


def span_of(file: str, token: Token) -> Span:
    """Return the Span of one token."""
    return Span(file, token.line, token.column, token.end_line, token.end_column)


def trivia(gap: str) -> Iterator[str]:
    """Yield the comments between two tokens, and each line end outside of them as `\\n`."""
    for match in _TRIVIA.finditer(gap):
        yield match.group()


def scan(text: str, file: str, limits: Limits = DEFAULT) -> Scanned:
    """Cut the text of a `.api` file into statements; everything wrong is in `diagnostics`."""
    lexer = _Lexer(text, file, limits)
    if "\0" in text:
        from mallgen.syntax.characters import nul_error

        return Scanned(file, (), (), {}, (nul_error(text, file),))
    lexer.run()
    if not _PLAIN.fullmatch(text):
        from mallgen.syntax.characters import invisible

        reported = {problem.span for problem in lexer.diagnostics}
        lexer.diagnostics += (problem for problem in invisible(text, file) if problem.span not in reported)
    problems = [*lexer.diagnostics, *_nesting(lexer.tokens, file, limits.nesting)]
    parts = () if _too_much(problems) else tuple(statements(lexer.tokens))
    imports = tuple(
        Import(token.value[1:-1], span_of(file, token))
        for statement in parts
        if statement.kind == "import"
        for token in statement.tokens
        if token.type == "STRING"
    )
    return Scanned(file, parts, imports, lexer.trailing, tuple(problems))


def _too_much(problems: list[Diagnostic]) -> bool:
    return any(problem.code.startswith("too-") for problem in problems)


class _Lexer:
    def __init__(self, text: str, file: str, limits: Limits) -> None:
        self.text = text
        self.file = file
        self.limits = limits
        self.tokens: list[Token] = []
        self.trailing: dict[int, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self._pending, self._tail = list[str](), list[str]()
        self._near = self._near_line = 0
        self._line = self._row = 1
        self._line_start = 0

    def run(self) -> None:
        pos, size = 0, len(self.text)
        while pos < size:
            pos = self._take_plain(pos)
            if len(self.tokens) > self.limits.tokens:
                most = self.limits.tokens
                hint = f"split the contract into imported files, {raise_it('tokens', 2 * most)}"
                self._report("too-many-tokens", f"the file has more than {most} tokens", pos, 1, hint)
                return
            if pos < size:
                pos = self._take_unusual(pos)
        if self._tail:
            self.tokens[-1].tail = tuple(self._tail)

    def _take_plain(self, pos: int) -> int:
        """Take the tokens from `pos` on; return the offset of one that needs a closer look, or the end."""
        tokens, most = self.tokens, self.limits.tokens
        for gap, value in map(_GROUPS, _PIECE.finditer(self.text, pos)):
            if gap:
                count = gap.count("\n")
                if count:
                    self._line += count
                    self._row += count
                    self._line_start = pos + gap.rindex("\n") + 1
                pos += len(gap)
            if not value:
                return pos
            kind = _WORDS.get(value) or _INITIALS[value[0]]
            if kind == _COMMENT:
                self._comment(value, pos)
            elif kind == "INT" and value[-1] not in _DIGITS:
                return pos
            else:
                self._token(kind, value, pos)
            pos += len(value)
            if len(tokens) > most:
                return pos
        return pos

    def _take_unusual(self, pos: int) -> int:
        """Take a duration, or report what is no token; return the offset where scanning goes on."""
        end = _duration_end(self.text, pos)
        if end == pos:
            return self._illegal(pos)
        self._token("DURATION", self.text[pos:end], pos)
        return end

    def _advance(self, value: str, pos: int) -> None:
        count = value.count("\n")
        if count:
            self._line += count
            self._line_start = pos + value.rindex("\n") + 1

    def _comment(self, value: str, pos: int) -> None:
        last = self.tokens[-1] if self.tokens else None
        if last is not None and last.type == "SLASH" and last.row == self._row:
            last.type = "SLASH_END"
        if last is not None and last.end_line == self._line and not self._pending:
            self.trailing.setdefault(self._line, value.rstrip())
            self._tail.append(value.rstrip())
        else:
            self._near = self._near + 1 if self._line <= self._near_line + 1 else 1
            self._near_line = self._line + value.count("\n")
            self._pending.append(value.rstrip())
        if value.startswith("/*") and not value.endswith("*/"):
            message = "this comment ends here, at the first `/` behind a `*`"
            at = pos + len(value) - 1
            problem = self._last_char_span(value, pos, at)
            hint = "goctl reads it so: write `//` comments, or leave out the slash or the star"
            self.diagnostics.append(Diagnostic("comment-ends-early", message, problem, hint, severity="warning"))
        self._advance(value, pos)

    def _last_char_span(self, value: str, pos: int, at: int) -> Span:
        """Return the span of the character at `at`, the last of a comment that begins at `pos`."""
        line = self._line + value.count("\n")
        start = pos + value.rindex("\n") + 1 if "\n" in value else self._line_start
        return Span(self.file, line, at - start + 1, line, at - start + 2)

    def _token(self, kind: str, value: str, pos: int) -> None:
        row = self._row
        if self.tokens:
            last = self.tokens[-1]
            if self._tail:
                last.tail, self._tail = tuple(self._tail), []
            if last.type == "NAME" and (last.row != row or kind == "RAW"):
                last.type = "NAME_END"
        if kind == "NAME" and len(value) > self.limits.name:
            self._long_name(value, pos)
        elif kind == "AT":
            kind = self._annotation(value, pos)
        token = Token(kind, value, self._line, pos - self._line_start + 1, pos, row)
        self.tokens.append(token)
        if self._pending:
            token.head = tuple(self._pending)
            token.near = self._near if self._line <= self._near_line + 1 else 0
            self._near = 0
            self._pending.clear()
        if (kind == "STRING" or kind == "RAW") and "\n" in value:
            self._advance(value, pos)
            token.end_line = self._line
            token.end_column = pos + len(value) - self._line_start + 1

    def _annotation(self, value: str, pos: int) -> str:
        """Report an unknown annotation, and return the terminal of the nearest one, as if that had been written."""
        from mallgen.text.suggest import nearest

        guess = nearest(value, _AT)
        hint = f"did you mean `{guess}`?" if guess else "write @doc, @handler or @server"
        self._report("unknown-annotation", f"there is no annotation `{value}`", pos, len(value), hint)
        return _AT.get(guess, "_AT_DOC")

    def _long_name(self, value: str, pos: int) -> None:
        message = f"a name may have at most {self.limits.name} characters"
        hint = f"shorten it, {raise_it('name', len(value))}"
        self._report("too-long-name", message, pos, len(value), hint)

    def _illegal(self, pos: int) -> int:
        """Report text that is no token; return the offset where scanning goes on."""
        from mallgen.syntax.characters import illegal_text, point_at_opening

        error = illegal_text(self.text, pos)
        self._report(error.code, error.message, pos, error.size, error.hint)
        return point_at_opening(error, self.tokens, self.diagnostics)

    def _report(self, code: str, message: str, pos: int, size: int, hint: str) -> None:
        column = pos - self._line_start + 1
        span = Span(self.file, self._line, column, self._line, column + size)
        self.diagnostics.append(Diagnostic(code, message, span, hint))


def _nesting(tokens: list[Token], file: str, most: int) -> list[Diagnostic]:
    depth = prefix = 0
    before = ""
    for token in tokens:
        kind = token.type
        if kind in _BRACKETS:
            depth = max(0, depth + _BRACKETS[kind])
        if kind in {"_STAR", "_LSQB"}:
            prefix += 1
        elif prefix and kind not in {"_RSQB", "MAP"} and before != "_LSQB":
            prefix = 0
        before = kind
        if depth > most or prefix > most:
            message = f"more than {most} levels of nesting"
            hint = f"declare inner types on their own, {raise_it('nesting', 2 * most)}"
            return [Diagnostic("too-deep", message, span_of(file, token), hint)]
    return []


_HEADWORDS = {"NAME", "NAME_END", "KEYWORD"}
_LAST = {"_RPAR", "_RBRACE", "STRING"}  # tokens that show the end of a statement


def statements(tokens: Iterable[Token]) -> "list[Statement]":
    """Cut tokens where statements begin, outside of all brackets."""
    parts: list[Statement] = []
    current: list[Token] = []
    depth = 0
    waits = False  # for the `service` that belongs to a block of settings
    for token in tokens:
        if depth == 0 and _begins_statement(token, current, waits):
            _append_statement(parts, current)
            current = []
            waits = token.type == "_AT_SERVER"
            if token.value in HEADS:
                token.type = HEADS[token.value]
        elif depth == 0 and token.value == "service" and current and current[0].type == "_AT_SERVER":
            token.type = "_SERVICE"
        waits = waits and token.type != "_SERVICE"
        current.append(token)
        if token.type in _BRACKETS:
            depth = max(0, depth + _BRACKETS[token.type])
    _append_statement(parts, current)
    return parts


def _begins_statement(token: Token, current: list[Token], waits: bool) -> bool:
    if not current:
        return True
    last = current[-1]
    if token.type != "_AT_SERVER" and token.value not in HEADS:
        is_word = token.type in _HEADWORDS and token.column == 1
        return is_word and last.type in _LAST and not waits
    if last.type in {"_TYPE", "_SERVICE"}:
        return False
    if token.value == "service" and waits:
        return False
    return last.end_line != token.line or last.type in _LAST


def _append_statement(parts: list[Statement], tokens: list[Token]) -> None:
    if not tokens:
        return
    head = tokens[0]
    kinds = {"_AT_SERVER": "service", **{kind: name for name, kind in HEADS.items()}}
    if head.type == "_TYPE":
        _mark_embedded(tokens)
    parts.append(Statement(kinds.get(head.type, "unknown"), tuple(tokens)))


def _mark_embedded(tokens: list[Token]) -> None:
    """Mark `returns`, alone on its line of a struct, as an embedded type: it is a keyword in routes only."""
    for token, after in pairwise(tokens):
        if token.type == "RETURNS" and (after.row != token.row or after.type == "RAW"):
            token.type = "NAME_END"
