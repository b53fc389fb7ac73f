"""What to say about characters that no contract has; imported after a mistake only."""

from unicodedata import normalize

from mallgen.diagnostics import Diagnostic
from mallgen.model import Span


def nul(text: str, file: str) -> Diagnostic:
    """goctl takes the character for the end of the file, and what stands behind it is silently lost."""
    at = text.index("\0")
    line, col = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    hint = "save the file as UTF-8 text; UTF-16 and binary files cannot be read"
    return Diagnostic("nul-character", "the file has a NUL character", Span(file, line, col, line, col + 1), hint)


def instead(char: str) -> str:
    """What to write for a character that the language does not know."""
    plain = normalize("NFKC", char)
    if char == "'":
        return 'texts stand in double quotation marks: `"…"`'
    if plain != char and len(plain) == 1 and "!" <= plain <= "~":
        return f"did you mean `{plain}`? This one is another character that looks like it"
    return "names are made of A-Z, a-z, 0-9 and _; anything else belongs in quotation marks or a comment"
