"""The scanner of DDL: text → statements of tokens, with comments, and all that is no token as a finding.

sqlglot's own tokenizer is not used for it: it stops at the first unfinished text, gives comments no places, and takes
MySQL's `/*!40101 … */` for comments.
"""

import re
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.tables.lexis import FULL_WIDTH, patterns, rows, unescape
from mallgen.tables.model import Dialect
from mallgen.tables.places import Places
from mallgen.text.limits import DEFAULT, Limits, raise_it
from mallgen.text.span import SpanEdit

_DELIMITER = re.compile(r"delimiter[ \t]+(\S+)[^\n]*", re.I)
_STDIN_END = re.compile(r"\n\\\.[^\n]*")
_ROUTINES = frozenset(("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"))
_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


class DdlToken(NamedTuple):
    """A token: `kind` is word, name (quoted), text, bits, number, sign or end; `upper` is that of words and signs."""

    kind: str
    text: str
    upper: str
    start: int
    end: int


class Comment(NamedTuple):
    """A comment's text without its signs, from `start` to `end` in the file."""

    text: str
    start: int
    end: int


class DdlStatement(NamedTuple):
    """The tokens of a statement; the last is an `end` at its `;` or at the end of the file."""

    tokens: tuple[DdlToken, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Return the first words and signs in upper case, those that decide on its kind."""
        return tuple(token.upper for token in self.tokens[:6])


class ScannedDdl(NamedTuple):
    """A file as statements; `comments` in order of place. Statements of data alone are left out."""

    places: Places
    statements: tuple[DdlStatement, ...]
    comments: tuple[Comment, ...]
    diagnostics: tuple[Diagnostic, ...]


class _Unclosed(Exception):
    """A text or quoted name that reaches the end of the file: the file is scanned again, line by line."""


def scan(file: str, text: str, dialect: Dialect, limits: Limits = DEFAULT) -> ScannedDdl:
    """Split a file into statements. Linear; an unfinished text ends with its line."""
    places = Places(file, text)
    try:
        scanner = _Scanner(places, dialect, limits, by_line=False)
        scanner.run()
    except _Unclosed:
        scanner = _Scanner(places, dialect, limits, by_line=True)
        scanner.run()
    return ScannedDdl(places, tuple(scanner.statements), tuple(scanner.comments), tuple(scanner.found))


def scan_part(places: Places, start: int, end: int, dialect: Dialect, limits: Limits) -> list[DdlStatement] | None:
    """Return the statements of a part of a file, None when a text in it is never closed."""
    scanner = _Scanner(places, dialect, limits, by_line=False)
    try:
        scanner.run(start, end)
    except _Unclosed:
        return None
    return scanner.statements


class _Scanner:
    """One pass over a file, or a part of one."""

    def __init__(self, places: Places, dialect: Dialect, limits: Limits, *, by_line: bool) -> None:
        self.places, self.dialect, self.limits, self.by_line = places, dialect, limits, by_line
        self.statements: list[DdlStatement] = []
        self.comments: list[Comment] = []
        self.found: list[Diagnostic] = []
        self.tokens: list[DdlToken] = []
        self.delimiter, self.versioned, self.count = ";", 0, 0
        self.routine, self.blocks, self.resume = False, 0, 0

    def run(self, start: int = 0, end: int | None = None) -> None:
        """Read all tokens between two offsets."""
        text, pattern = self.places.text, patterns(self.dialect, self.by_line)
        match, pos, size = pattern.match, start, len(self.places.text) if end is None else end
        while pos < size:
            if self.delimiter != ";" and text.startswith(self.delimiter, pos):
                self._finish(pos, pos + len(self.delimiter))
                pos += len(self.delimiter)
                continue
            one = match(text, pos, size)
            assert one is not None and one.lastgroup is not None, "the last alternative is any character"
            pos = one.end()
            kind = one.lastgroup
            if kind != "space":
                pos = max(self._take(kind, one[0], one.start(), pos), self.resume)
            if self.count > self.limits.tokens:
                self._too_many(pos)
                return
        self._finish(size, size)

    def _take(self, kind: str, text: str, start: int, end: int) -> int:
        """Keep a token or comment; return the place to go on from."""
        if kind == "word":
            if not self.tokens and (after := self._whole_line(text, start)):
                return after
            self._keep(DdlToken("word", text, text.upper(), start, end))
        elif kind == "sign":
            self._sign(text, start, end)
        elif kind in ("text", "name"):
            self._check(text, start)
            self._keep(DdlToken(kind, unescape(text, self.dialect), "", start, end))
        elif kind in ("number", "bits"):
            self._keep(DdlToken(kind, text, "", start, end))
        else:
            return self._other(kind, text, start, end)
        return end

    def _keep(self, token: DdlToken) -> None:
        self.count += 1
        self.tokens.append(token)
        if token.upper in _ROUTINES and len(self.tokens) <= 12 and self.tokens[0].upper == "CREATE":
            self.routine = True
        elif self.routine and token.kind == "word":
            self._nest(token.upper, self.tokens[-2].upper)

    def _nest(self, word: str, before: str) -> None:
        """Count the blocks of a routine's body, whose statements end with `;` too."""
        if before == "END" and word in ("IF", "LOOP", "WHILE", "REPEAT"):
            self.blocks += 1
        elif word == "END":
            self.blocks -= 1
        elif word == "BEGIN" or (word == "CASE" and before != "END"):
            self.blocks += 1

    def _sign(self, text: str, start: int, end: int) -> None:
        if text == ";" and self.delimiter == ";" and self.blocks <= 0:
            self._finish(start, end)
        else:
            self._keep(DdlToken("sign", text, text, start, end))

    def _other(self, kind: str, text: str, start: int, end: int) -> int:
        """Deal with comments and with what is no token."""
        if kind == "comment":
            body = text[2:-2] if text.startswith("/*") else text.lstrip("-#")
            self.comments.append(Comment(body.strip(), start, end))
        elif kind == "version":
            self.versioned += 1
        elif kind == "closing":
            if self.versioned:
                self.versioned -= 1
            else:
                self._keep(DdlToken("sign", text, text, start, end))
        elif kind == "psql":
            self._meta(text, start, end)
        elif kind == "unclosed":
            return self._unclosed(text, start)
        else:
            self._illegal(text, start, end)
        return end

    def _meta(self, text: str, start: int, end: int) -> None:
        """Take psql's `\\connect name` as USE; its other commands leave no tables."""
        word, _, rest = text[1:].partition(" ")
        names = rest.split()
        if word in ("c", "connect") and names and not self.tokens:
            self._keep(DdlToken("word", "USE", "USE", start, end))
            self._keep(DdlToken("name", names[0].strip('"'), "", start, end))
            self._finish(end, end)

    def _whole_line(self, word: str, start: int) -> int:
        """Return the end of a statement that has no tables (rows of data, DELIMITER), 0 for all others."""
        upper = word.upper()
        if upper == "DELIMITER" and (one := _DELIMITER.match(self.places.text, start)):
            self.delimiter = one[1]
            return one.end()
        if upper in ("INSERT", "REPLACE") and not self.by_line and self.delimiter == ";":
            one = rows(self.dialect).match(self.places.text, start)
            if one is not None and one.end() < len(self.places.text) and not one[0].endswith(";"):
                hint = "end each statement with `;`"
                self._report("ddl-syntax", "a `;` is missing behind these rows", start, start + len(word), hint)
            return one.end() if one is not None else 0
        return 0

    def _finish(self, start: int, end: int) -> None:
        """End the statement at its `;`."""
        self.routine, self.blocks = False, 0
        if not self.tokens:
            return
        tokens, self.tokens = (*self.tokens, DdlToken("end", self.places.text[start:end], "", start, end)), []
        self.statements.append(DdlStatement(tokens))
        if tokens[0].upper == "COPY" and any(token.upper == "STDIN" for token in tokens[-20:]):
            self.resume = after_copied(self.places.text, end)

    def _check(self, text: str, start: int) -> None:
        if one := _ILLEGAL.search(text):
            self._illegal(one[0], start + one.start(), start + one.end())

    def _illegal(self, text: str, start: int, end: int) -> None:
        """Report a character that DDL has not; one of full width goes on as the one that was meant."""
        meant = FULL_WIDTH.get(text, "")
        shown = f"`{text}` of full width" if meant else f"the character U+{ord(text[0]):04X}"
        hint = f"write `{meant}`" if meant else "delete it"
        edits = (SpanEdit(self.places.span(start, end), meant),) if meant else ()
        self._report("ddl-character", f"{shown} is no character of SQL", start, end, hint, edits)
        if meant:
            self._sign(meant, start, end)

    def _unclosed(self, opening: str, start: int) -> int:
        """Report what is never closed, and end it with its line (a comment: with the file)."""
        text = self.places.text
        if opening == "/*":
            self._report("ddl-unfinished", "this comment is never closed", start, start + 2, "close it with `*/`")
            return len(text)
        if not self.by_line:
            raise _Unclosed
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        while end > start + 1 and text[end - 1] in ", \r\t":
            end -= 1
        kind = "text" if opening == "'" else "name"
        self._report(
            "ddl-unfinished", f"this {kind} is never closed in its line", start, end, f"close it with `{opening}`"
        )
        self._keep(DdlToken(kind, text[start + len(opening) : end], "", start, end))
        return end

    def _too_many(self, pos: int) -> None:
        self.tokens = []
        message = f"more than {self.limits.tokens} words, texts and signs"
        hint = "split the file, " + raise_it("tokens", 2 * self.limits.tokens)
        self._report("too-many-tokens", message, pos - 1, pos, hint)

    def _report(
        self, code: str, message: str, start: int, end: int, hint: str, edits: tuple[SpanEdit, ...] = ()
    ) -> None:
        self.found.append(Diagnostic(code, message, self.places.span(start, end), hint, edits=edits))


def after_copied(text: str, start: int) -> int:
    """Return the end of rows that follow PostgreSQL's COPY … FROM stdin."""
    one = _STDIN_END.search(text, start)
    return one.end() if one is not None else start
