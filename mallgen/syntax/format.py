"""The one layout of a `.api` file: goctl's, with every comment kept.

The layout is that of goctl 1.10.2 (pkg/parser/api/ast): an empty line between statements; one line for a pair, a field,
a route; columns for values, types and tags. Beyond goctl: a comment between two words stays between them, and
formatting a second time changes nothing. docs/formatting.md has the rules and the differences.
"""

from collections.abc import Callable
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.syntax.columns import Row, aligned, outdented
from mallgen.syntax.comments import CommentedToken, merged, with_comments
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import Statement, scan
from mallgen.syntax.service_words import wrong_words
from mallgen.text.limits import DEFAULT, Limits

_NOTHING = {'""', "``"}
_ENDS_LINE = "//"


class Formatted(NamedTuple):
    """The text in its layout, or None and the errors that keep it from being read."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...]


def format_text(text: str, file: str, limits: Limits = DEFAULT) -> Formatted:
    """Lay out the `.api` text of `file`; lines end in LF. Only syntax counts: names need not resolve."""
    scanned = scan(text, file, limits)
    parsed = parse(scanned)
    problems = (*scanned.diagnostics, *parsed.diagnostics, *wrong_words(parsed.nodes))
    if any(problem.severity == "error" for problem in problems):
        return Formatted(None, problems)
    printer = _Printer()
    tokens, rest = with_comments(text, (token for statement in scanned.statements for token in statement.tokens))
    begin = 0
    for statement in scanned.statements:
        end = begin + len(statement.tokens)
        printer.statement(statement, tokens[begin:end])
        begin = end
    printer.finish(rest)
    return Formatted("".join(f"{line}\n" for line in aligned(printer.rows)), ())


class _Line:
    """The line that is being written; `depth` is the indentation of later lines, `written` its own, both in tabs."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.depth = 0
        self.left: list[str] = []  # comments of words that were left out, for the line before the next word
        self.written = 0
        self._cells: list[str] = []
        self._text: list[str] = []
        self._last: CommentedToken | None = None

    def begin(self, word: CommentedToken) -> None:
        """Start a line with `word`, its comments on lines before it."""
        self.end()
        for comment in (*self.left, *word.head):
            self.rows.append(Row(self.depth, (), comment))
        self.left = []
        self.written = self.depth
        self._put(word)

    def add(self, separator: str, word: CommentedToken) -> None:
        """Put `word` behind the last one, or on a new line where comments need one.

        `separator` is empty, one or two spaces, or a tab, which begins a cell.
        """
        last = self._last
        assert last is not None
        if self.left or word.head or (last.tail and word.line > last.line):
            self.begin(word)
            return
        if separator == "\t":
            self._cells.append("".join(self._text))
            self._text = []
        else:
            self._text.append(separator)
        self._put(word)

    def drop(self, dropped: list[CommentedToken]) -> None:
        """Leave words out; their comments go behind the last word, else to the line before the next word."""
        for word in dropped:
            self.left += word.head
            for comment in word.tail:
                last = self._last
                if last is None or self.left or (last.tail and last.tail[-1].startswith(_ENDS_LINE)):
                    self.left.append(comment)
                else:
                    self._last = last._replace(tail=(comment,), line=word.line)
                    self._text.append(f" {comment}")

    def end(self) -> None:
        """Close the line."""
        if self._last is not None:
            self.rows.append(Row(self.written, tuple(self._cells), "".join(self._text)))
        self._cells = []
        self._text = []
        self._last = None

    def _put(self, word: CommentedToken) -> None:
        self._text.append(" ".join((word.text, *word.tail)))
        self._last = word


class _Printer:
    """A printer of statements that are known to parse: it walks their tokens and writes rows."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._line = _Line(self.rows)
        self._words: list[CommentedToken] = []
        self._at = 0
        self._before = ""

    def statement(self, statement: Statement, tokens: list[CommentedToken]) -> None:
        """Write one statement, and before it the empty line that separates it from the last one."""
        self._words, self._at = tokens, 0
        if self._is_empty(statement.kind):
            self._line.drop(tokens)
            return
        single = statement.kind == "import" and tokens[1].text != "("
        kind = "single import" if single else statement.kind
        if self._before and not (single and self._before == kind):
            self.rows.append(Row(0, (), ""))
        self._before = kind
        getattr(self, f"_{statement.kind}")()
        self._line.end()

    def finish(self, rest: tuple[str, ...]) -> None:
        """Write the comments after the last statement."""
        if self._before and (self._before != "single import" or rest or self._line.left):
            self.rows.append(Row(0, (), ""))
        self.rows += [Row(0, (), comment) for comment in (*self._line.left, *rest)]

    def _is_empty(self, kind: str) -> bool:
        """Return whether goctl leaves the statement out because it says nothing."""
        if kind == "type":
            return [word.text for word in self._words[1:]] == ["(", ")"]
        if kind == "import":
            return all(word.text in _NOTHING | {"(", ")"} for word in self._words[1:])
        return kind == "info" and self._are_nothing(self._words)

    @staticmethod
    def _are_nothing(group: list[CommentedToken]) -> bool:
        """Return whether every value of a group of pairs is empty."""
        after_colon = [group[i + 1].text for i in range(len(group) - 1) if group[i].kind == "_COLON"]
        return all(text in _NOTHING for text in after_colon)

    # words

    def _peek(self, offset: int = 0) -> CommentedToken:
        return self._words[self._at + offset]

    def _take(self) -> CommentedToken:
        self._at += 1
        return self._words[self._at - 1]

    def _is(self, kind: str) -> bool:
        return self._at < len(self._words) and self._words[self._at].kind == kind

    def _until(self, *kinds: str) -> list[CommentedToken]:
        begin = self._at
        while self._at < len(self._words) and self._words[self._at].kind not in kinds:
            self._at += 1
        return self._words[begin : self._at]

    # statements

    def _syntax(self) -> None:
        self._line.begin(self._take())
        self._line.add(" ", self._take())
        self._line.add(" ", self._take())

    def _info(self) -> None:
        self._line.begin(self._take())
        self._pairs()

    def _import(self) -> None:
        self._line.begin(self._take())
        self._line.add(" ", self._take())
        if self._at < len(self._words):
            self._group("_RPAR", lambda: self._line.begin(self._take()))

    def _type(self) -> None:
        self._line.begin(self._take())
        if not self._is("_LPAR"):
            self._declaration(" ")
            return
        self._line.add(" ", self._take())
        self._group("_RPAR", lambda: self._declaration(""))

    def _service(self) -> None:
        if self._is("_AT_SERVER"):
            self._settings()
        self._line.begin(self._take())
        self._line.add(" ", merged(self._until("_LBRACE")))
        self._line.add(" ", self._take())
        self._group("_RBRACE", self._item)

    # parts

    def _group(self, close: str, one: Callable[[], None]) -> None:
        """Write the parts up to the bracket `close`, one line each, by calling `one`; the first bracket is written."""
        opened, closing = self._peek(-1), self._peek()
        if closing.kind == close and not opened.tail and not closing.head:
            self._line.add("", self._take())
            return
        self._line.depth += 1
        while not self._is(close):
            one()
        self._line.depth -= 1
        self._line.begin(self._take())

    def _pairs(self) -> None:
        self._line.add(" ", self._take())
        self._group("_RPAR", self._pair)

    def _pair(self) -> None:
        self._line.begin(self._take())
        self._line.add("", self._take())
        begin = self._at
        self._at += 1
        while not self._is("_RPAR") and self._peek(1).kind != "_COLON":
            self._at += 1
        self._line.add("\t", merged(self._words[begin : self._at]))

    def _settings(self) -> None:
        begin = self._at
        settings = [*self._until("_RPAR"), self._take()]
        if self._are_nothing(settings):
            self._line.drop(settings)
            return
        self._at = begin
        self._line.begin(self._take())
        self._pairs()

    def _declaration(self, gap: str) -> None:
        self._line.add(gap, self._take()) if gap else self._line.begin(self._take())
        if self._is("_EQUAL"):
            self._line.add(" ", self._take())
        members = self._is("_LBRACE") and self._peek(1).kind != "_RBRACE"
        self._data_type(gap or (" " if members else "  "))

    def _data_type(self, separator: str) -> None:
        word = self._take()
        self._line.add(separator, word)
        if word.kind == "_LBRACE":
            self._struct()
        elif word.kind == "_STAR":
            self._data_type("")
        elif word.kind == "_LSQB":
            while not self._is("_RSQB"):
                self._line.add("", self._take())
            self._line.add("", self._take())
            self._data_type("")
        elif word.kind == "MAP":
            self._line.add("", self._take())
            self._data_type("")
            self._line.add("", self._take())
            self._data_type("")

    def _struct(self) -> None:
        begin = len(self.rows) + 1
        self._group("_RBRACE", self._field)
        *body, closing = outdented([*self.rows[begin:], Row(self._line.written, (), "")])
        self.rows[begin:] = body
        self._line.written = closing.depth

    def _field(self) -> None:
        is_embedded = self._is("NAME_END") or self._is("_STAR")
        tag = 1 if self._is("NAME_END") else 2
        depth = self._line.depth
        if is_embedded and self._peek(tag).kind == "RAW":
            self._line.depth = 0
        word = self._take()
        self._line.begin(word)
        separator = "\t"
        if word.kind == "_STAR":
            self._line.add("", self._take())
        elif not is_embedded:
            while self._is("_COMMA"):
                self._line.add("", self._take())
                self._line.add(" ", self._take())
            separator = " " if self._has_struct() else "\t"
            self._data_type(separator)
        if self._is("RAW"):
            self._line.add(separator, self._take())
        self._line.depth = depth

    def _has_struct(self) -> bool:
        """Return whether the type that begins here contains a struct."""
        end = _after_type(self._words, self._at)
        return any(word.kind == "_LBRACE" for word in self._words[self._at : end])

    def _item(self) -> None:
        self._line.end()
        if self._is("_AT_DOC"):
            self._doc()
        self._line.begin(self._take())
        self._line.add(" ", self._take())
        self._line.begin(self._take())
        self._line.add(" ", merged(self._until("_LPAR", "RETURNS", "_SEMICOLON", "_AT_DOC", "_AT_HANDLER", "_RBRACE")))
        if self._is("_LPAR"):
            self._body([])
        if self._is("RETURNS"):
            self._body([self._take()])
        if self._is("_SEMICOLON"):
            self._line.drop([self._take()])
        if not self._is("_RBRACE"):
            self._line.end()
            self.rows.append(Row(0, (), ""))

    def _doc(self) -> None:
        begin = self._at
        doc = self._until("_AT_HANDLER")
        if self._are_nothing(doc) and doc[-1].text in _NOTHING | {")"}:
            self._line.drop(doc)
            return
        self._at = begin
        self._line.begin(self._take())
        if self._is("STRING"):
            self._line.add(" ", self._take())
        else:
            self._pairs()

    def _body(self, before: list[CommentedToken]) -> None:
        body = [*before, *self._until("_RPAR"), self._take()]
        if body[-2].kind == "_LPAR":
            self._line.drop(body)
            return
        for number, word in enumerate(body):
            self._line.add(" " if number <= len(before) else "", word)


def _after_type(tokens: list[CommentedToken], at: int) -> int:
    """Return the index behind the type that begins at `at`."""
    kind = tokens[at].kind
    if kind == "_STAR":
        return _after_type(tokens, at + 1)
    if kind == "_LSQB":
        return _after_type(tokens, at + (2 if tokens[at + 1].kind == "_RSQB" else 3))
    if kind == "MAP":
        return _after_type(tokens, _after_type(tokens, at + 2) + 1)
    if kind != "_LBRACE":
        return at + 1
    depth = 0
    while True:
        depth += (tokens[at].kind == "_LBRACE") - (tokens[at].kind == "_RBRACE")
        at += 1
        if not depth:
            return at
