"""Messages about characters that a contract cannot have or that are invisible; imported only after one was met."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category, name, normalize

from msgspec.structs import replace

from mallgen.diagnostics import Diagnostic
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.syntax.scan import Token

# direction marks, zero-width and filler characters, controls, tag characters: all invisible (CVE-2021-42574)
INVISIBLE = re.compile(
    "[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064"
    "\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0001-\U000e007f]"
)
_UNFINISHED = {
    '"': ("unfinished-string", 'this text has no closing `"`', 'close it with `"`'),
    "`": ("unfinished-tag", "this tag has no closing back-quote", "close it with a back-quote"),
    "/*": ("unfinished-comment", "this comment has no closing `*/`", "close it with `*/`"),
}
_FILLERS = re.compile("[\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def nul_error(text: str, file: str) -> Diagnostic:
    """Return the error for a NUL: goctl takes it for the end of the file and silently loses the text behind it."""
    at = text.index("\0")
    line, col = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    hint = "save the file as UTF-8 text; UTF-16 and binary files cannot be read"
    return Diagnostic("nul-character", "the file has a NUL character", Span(file, line, col, line, col + 1), hint)


def invisible(text: str, file: str) -> Iterator[Diagnostic]:
    """Yield a warning for each line's first invisible character, but not for a byte order mark that opens the file."""
    for number, line in enumerate(text.split("\n"), 1):
        match = INVISIBLE.search(line)
        if match is not None and not (number == 1 and match.start() == 0 and match[0] == "\ufeff"):
            message = f"{unicode_name(match[0])} is invisible and can make the line look like another"
            span = Span(file, number, match.start() + 1, number, match.end() + 1)
            hint = "delete it unless the text needs it"
            yield Diagnostic("invisible-character", message, span, hint, severity="warning")


def first_invisible(word: str) -> str:
    """Return the first character of a name that is invisible or a space other than U+0020; empty when there is none."""
    for char in word:
        kind = category(char)
        if kind in ("Cc", "Cf", "Zl", "Zp") or (kind == "Zs" and char != " ") or _FILLERS.match(char):
            return char
    return ""


def unicode_name(char: str) -> str:
    """Return code point and name of a character: `U+200B ZERO WIDTH SPACE`."""
    return f"U+{ord(char):04X} {name(char, '')}".rstrip()


class Illegal(NamedTuple):
    """Text that is no token: the error, its length `size`, and the offset `end` where scanning goes on."""

    code: str
    message: str
    hint: str
    size: int
    end: int


def illegal_text(text: str, pos: int) -> Illegal:
    """Return what is wrong with the text at `pos`, where no token begins."""
    for opening, (code, message, hint) in _UNFINISHED.items():
        if text.startswith(opening, pos):
            return Illegal(code, message, hint, len(opening), len(text))
    char, end = text[pos], pos + 1
    if char in "0123456789":
        while text[end : end + 1].isalnum():
            end += 1
        hint = "units stand from large to small: `1h30m`, `3s`, `500ms`; in a path a number has no unit"
        return Illegal("bad-duration", f"`{text[pos:end]}` is no duration", hint, end - pos, end)
    while end < len(text) and (text[end] == char or text[end] > "\x7f"):
        end += 1
    if char == "\ufeff":
        message = "the file starts with a byte order mark"
        return Illegal("byte-order-mark", message, "save it as UTF-8 without BOM", 1, end)
    if char == "'":
        end = text.find("\n", pos) % (len(text) + 1)  # without a line end the rest of the file
    shown = unicode_name(char) if first_invisible(char) or not char.isprintable() else char
    return Illegal("illegal-character", f"`{shown}` cannot stand here", _hint_for(char), 1, end)


def point_at_opening(error: Illegal, tokens: "Sequence[Token]", diagnostics: list[Diagnostic]) -> int:
    """Move the last diagnostic to where an unfinished tag opens; return the offset where scanning goes on.

    A tag is one line: the back-quote that is missing would have closed the first tag that has several.
    """
    if error.code != "unfinished-tag":  # reported once only: the rest of the file is part of it
        return error.end
    torn = next((t for t in tokens if t.type == "RAW" and t.end_line != t.line), None)
    if torn is not None:
        file = diagnostics[-1].span.file if diagnostics[-1].span is not None else ""
        span = Span(file, torn.line, torn.column, torn.line, torn.column + error.size)
        diagnostics[-1] = replace(diagnostics[-1], span=span)
    return error.end


def _hint_for(char: str) -> str:
    """Return the hint for a character that the language does not know."""
    if first_invisible(char):
        return "delete it, or put a plain space in its place: nobody sees it"
    plain = normalize("NFKC", char)
    if char == "'":
        return 'texts stand in double quotation marks: `"…"`'
    if plain != char and len(plain) == 1 and "!" <= plain <= "~":
        return f"did you mean `{plain}`? This one is another character that looks like it"
    return "names are made of A-Z, a-z, 0-9 and _; anything else belongs in quotation marks or a comment"
