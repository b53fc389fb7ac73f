"""A place among the tokens of a statement, and the words in which it says that another one belongs there."""

from typing import NamedTuple, NoReturn

from mallgen.diagnostics import Diagnostic, Note
from mallgen.tables.model import Dialect
from mallgen.tables.places import Places
from mallgen.tables.scan import DdlStatement, DdlToken
from mallgen.tables.words import RESERVED
from mallgen.text.span import Span, SpanEdit

_SHOWN = 40
_MADE = frozenset("TABLE DATABASE SCHEMA INDEX UNIQUE VIEW TYPE OR TEMPORARY SEQUENCE DOMAIN FUNCTION TRIGGER".split())
BEGINNINGS = {
    **dict.fromkeys(("CREATE", "ALTER", "DROP"), _MADE),
    "RENAME": frozenset(("TABLE",)),
    "INSERT": frozenset(("INTO",)),
}


class Misread(Exception):
    """A definition that cannot be read further; the reader of the list around it goes on behind it."""


class Name(NamedTuple):
    """A name as the database knows it, with its place."""

    text: str
    span: Span


class Cursor:
    """The tokens of one statement, read from left to right. All findings of a file go to `found`."""

    def __init__(self, statement: DdlStatement, places: Places, dialect: Dialect, found: list[Diagnostic]) -> None:
        self.tokens, self.places, self.dialect, self.found = statement.tokens, places, dialect, found
        self.at = 0

    @property
    def now(self) -> DdlToken:
        """Return the token that is next."""
        return self.tokens[self.at]

    @property
    def before(self) -> DdlToken:
        """Return the token that was taken last."""
        return self.tokens[max(self.at - 1, 0)]

    def ahead(self, count: int = 1) -> DdlToken:
        """Return a token behind the next one; the `end` where there is none."""
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def take(self) -> DdlToken:
        """Take the next token; the `end` stays."""
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def accept(self, *words: str) -> bool:
        """Take words or signs that follow each other; False when others follow."""
        at, tokens = self.at, self.tokens
        if tokens[at].upper != words[0]:
            return False
        if len(words) > 1 and (len(tokens) < at + len(words) or any(map(_differ, tokens[at : at + len(words)], words))):
            return False
        self.at += len(words)
        return True

    def accept_any(self, *words: str) -> str:
        """Take one of several words or signs; an empty string when there is none."""
        return self.take().upper if self.now.upper in words else ""

    def expect(self, word: str, where: str) -> None:
        """Take a word or sign. Raises Misread, with a finding, when there is another."""
        if not self.accept(word):
            self.fail(f"{where} is followed by `{word}`", f"write `{word}` here")

    def begins_line(self) -> bool:
        """Tell a token that is the first of its line."""
        return self.at == 0 or self.places.line(self.now.start) > self.places.line(self.before.start)

    def begins_statement(self) -> bool:
        """Tell a statement whose `;` in front is missing: its first words at the beginning of a line."""
        upper = self.now.upper
        return upper in BEGINNINGS and self.ahead().upper in BEGINNINGS[upper] and self.begins_line()

    def pass_over(self) -> None:
        """Pass over the rest of the statement, up to one whose `;` in front is missing."""
        self.take()
        while self.now.kind != "end" and not self.begins_statement():
            self.at += 1

    def end(self) -> None:
        """Pass over the rest of the statement, whatever its lines begin with."""
        self.at = len(self.tokens) - 1

    def span(self, first: DdlToken, last: DdlToken | None = None) -> Span:
        """Return the span from one token to another."""
        return self.places.span(first.start, (last or first).end)

    def source(self, first: int, last: int) -> str:
        """Return the text of the file from one token's index to another's, the last left out."""
        if first >= last:
            return ""
        return self.places.text[self.tokens[first].start : self.tokens[last - 1].end]

    def shown(self, token: DdlToken | None = None) -> str:
        """Return a token as a message shows it."""
        token = token or self.now
        if token.kind == "end":
            return "the end of the statement" if token.text else "the end of the file"
        text = self.places.text[token.start : token.end]
        return f"`{text}`" if len(text) <= _SHOWN else f"`{text[:_SHOWN]}…`"

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        hint: str,
        severity: str = "error",
        notes: tuple[Note, ...] = (),
        edits: tuple[SpanEdit, ...] = (),
    ) -> None:
        """Keep a finding; with `edits` only where every reader would mend it so."""
        self.found.append(Diagnostic(code, message, span, hint, notes, severity, edits=edits))

    def insertion(self, offset: int, text: str) -> SpanEdit:
        """Return the edit that puts a text into the file."""
        return SpanEdit(self.places.span(offset, offset), text)

    def deletion(self, start: int, end: int) -> SpanEdit:
        """Return the edit that takes a stretch of the file out, with the blanks in front of it."""
        while start and self.places.text[start - 1] in " \t":
            start -= 1
        return SpanEdit(self.places.span(start, end), "")

    def bracketed(self, span: Span) -> tuple[SpanEdit, ...]:
        """Return the edits that put brackets around a stretch of the file."""
        opening = Span(span.file, span.line, span.col, span.line, span.col)
        closing = Span(span.file, span.end_line, span.end_col, span.end_line, span.end_col)
        return SpanEdit(opening, "("), SpanEdit(closing, ")")

    def fail(self, expected: str, hint: str) -> NoReturn:
        """Report that another token belongs here, and give this definition up."""
        self.report("ddl-syntax", f"{self.shown()} cannot stand here: {expected}", self.span(self.now), hint)
        raise Misread

    def name(self, noun: str) -> Name:
        """Take a name. A reserved word without quotes is a finding and taken as the name that was meant."""
        token = self.now
        if token.kind == "name" or (token.kind == "text" and self._text_is_name(token)):
            self.take()
            if not token.text:
                self.report("ddl-syntax", f"the name of this {noun} is empty", self.span(token), "give it a name")
            return Name(token.text, self.span(token))
        if token.kind != "word":
            self.fail(f"the name of a {noun} is missing", f"write the {noun}'s name")
        self.take()
        if token.upper in RESERVED[self.dialect]:
            self.reserved(token, noun)
        return Name(self.fold(token), self.span(token))

    def _text_is_name(self, token: DdlToken) -> bool:
        return self.dialect is Dialect.SQLITE or (
            self.dialect is Dialect.MYSQL and self.places.text[token.start] == '"'
        )

    def fold(self, token: DdlToken) -> str:
        """Return a word as the name that the database keeps: PostgreSQL lowers it."""
        return token.text.lower() if self.dialect is Dialect.POSTGRES else token.text

    def quoted(self, name: str) -> str:
        """Return a name in the dialect's quotes."""
        quote = "`" if self.dialect is Dialect.MYSQL else '"'
        return quote + name.replace(quote, quote * 2) + quote

    def reserved(self, token: DdlToken, noun: str) -> None:
        """Report a reserved word that names something without quotes."""
        message = f"`{token.text}` is a reserved word and the name of a {noun}"
        quoted = self.quoted(self.fold(token))
        is_apart = self.places.text[token.end : token.end + 1] not in ("`", '"', "'", "[")
        edits = (SpanEdit(self.span(token), quoted),) if is_apart else ()
        self.report("ddl-reserved-name", message, self.span(token), f"write it in quotes: {quoted}", edits=edits)

    def qualified(self, noun: str) -> tuple[str, Name]:
        """Take a name with its database or schema in front: both, the first empty where there is none."""
        name, outer = self.name(noun), ""
        while self.accept("."):
            outer, name = name.text, self.after_dot(noun)
        return outer, name

    def after_dot(self, noun: str) -> Name:
        """Take the part of a name behind its dot."""
        token = self.now
        if token.kind not in ("word", "name"):
            self.fail(f"the name of a {noun} is missing after `.`", f"write the {noun}'s name")
        self.take()
        return Name(token.text if token.kind == "name" else self.fold(token), self.span(token))

    def skip_group(self) -> tuple[int, int]:
        """Pass over brackets and all between them: the indexes of the first token in them and of the closing one."""
        first, depth = self.at + 1, 0
        opening, closing = ("[", "]") if self.now.upper == "[" else ("(", ")")
        while self.now.kind != "end":
            sign = self.take().upper
            depth += (sign == opening) - (sign == closing)
            if depth == 0:
                return first, self.at - 1
        span = self.span(self.tokens[first - 1])
        self.report("ddl-syntax", f"this `{opening}` is never closed", span, f"close it with `{closing}`")
        raise Misread

    def skip_to(self, *stops: str) -> None:
        """Pass over tokens until one of the words or signs outside of brackets, a `)` too many, or the end."""
        depth = 0
        while self.now.kind != "end":
            sign = self.now.upper
            if (depth == 0 and (sign in stops or sign == ")")) or (sign in BEGINNINGS and self.begins_statement()):
                return
            depth += (sign == "(") - (sign == ")")
            self.take()

    def number(self) -> int | None:
        """Take a whole number, at most 18 digits long; None where there is none."""
        token = self.now
        if token.kind != "number" or not token.text.isdecimal() or len(token.text) > 18:
            return None
        self.take()
        return int(token.text)


def _differ(token: DdlToken, word: str) -> bool:
    return token.upper != word
