"""The lexical rules of the dialects: one pattern each, whose last alternative is any character."""

import re
from functools import cache

from mallgen.tables.model import Dialect

FULL_WIDTH = {"，": ",", "；": ";", "（": "(", "）": ")", "‘": "'", "’": "'", "“": '"', "”": '"', "＝": "="}
_WIDE = "".join(FULL_WIDTH)
_LETTER = r"A-Za-z_\x80-\U0010ffff"
_SPACE = r"(?P<space>[ \t\r\n\f\v\u00a0\u3000\ufeff]+)"
_BLOCK = r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/"
# PostgreSQL's comments hold comments, three levels here
_NESTED = _BLOCK
for _ in range(3):
    _NESTED = rf"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|{_NESTED})*+\*/"
_NUMBER = rf"(?P<number>(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?(?![{_LETTER}$]))"
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_CODE_POINT = re.compile(r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4}))")
_ESCAPE = re.compile(r"\\(.)", re.S)
_OTHER = r"(?P<sign>::|[!-/:-@\[-`{-~])|(?P<illegal>(?s:.))"


def _quoted(quote: str, escapes: bool, by_line: bool) -> str:
    """Return the pattern of a quoted text that doubles its quote to hold one."""
    inner = quote + ("\\\\" if escapes else "") + ("\n" if by_line else "")
    held = rf"\\(?s:.)|{quote}{quote}" if escapes else f"{quote}{quote}"
    return rf"{quote}[^{inner}]*+(?:(?:{held})[^{inner}]*+)*+{quote}"


def _word(first: str, rest: str) -> str:
    wide = rf"(?![{_WIDE}\u3000\u00a0\ufeff\ud800-\udfff])"
    return rf"(?:{wide}[{first}])(?:{wide}[{rest}])*+"


def _mysql(by_line: bool) -> str:
    single, double = _quoted("'", True, by_line), _quoted('"', True, by_line)
    word = _word(_LETTER + "$", _LETTER + "0-9$")
    return "|".join(
        (
            _SPACE,
            r"(?P<comment>--(?=[\s\x00-\x1f]|\Z)[^\n]*|\#[^\n]*|/\*(?!M?!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/)",
            r"(?P<version>/\*M?!\d*)",
            r"(?P<closing>\*/)",
            rf"(?P<bits>[bB]'[01]*'|[xX]'[0-9A-Fa-f]*'|0x[0-9A-Fa-f]+|0b[01]+)(?![{_LETTER}])",
            rf"(?P<text>(?:[nN]|_[A-Za-z0-9]+[ ]?)?(?:{single}|{double}))",
            f"(?P<name>{_quoted('`', False, by_line)})",
            r"(?P<unclosed>['\"`]|/\*)",
            _NUMBER,
            rf"(?P<word>{word}|\d++{word})",
            _OTHER,
        )
    )


def _postgres(by_line: bool) -> str:
    plain, escaped = _quoted("'", False, by_line), _quoted("'", True, by_line)
    return "|".join(
        (
            _SPACE,
            rf"(?P<comment>--[^\n]*|{_NESTED})",
            r"(?P<bits>[bB]'[01]*'|[xX]'[0-9A-Fa-f]*')",
            r"(?P<psql>(?<![^\n])\\[a-z]+[^\n]*)",
            rf"(?P<text>[eE]{escaped}|(?:[nN]|[uU]&)?{plain}|\$(?P<tag>\w*)\$(?s:.)*?\$(?P=tag)\$)",
            f"(?P<name>{_quoted(chr(34), False, by_line)})",
            r"(?P<unclosed>['\"]|/\*|\$\w*\$)",
            _NUMBER,
            f"(?P<word>{_word(_LETTER, _LETTER + '0-9$')})",
            _OTHER,
        )
    )


def _sqlite(by_line: bool) -> str:
    return "|".join(
        (
            _SPACE,
            rf"(?P<comment>--[^\n]*|{_BLOCK})",
            r"(?P<bits>[xX]'[0-9A-Fa-f]*'|0x[0-9A-Fa-f]+)",
            f"(?P<text>{_quoted(chr(39), False, by_line)})",
            rf"(?P<name>{_quoted(chr(34), False, by_line)}|{_quoted('`', False, by_line)}|\[[^\]\n]*\])",
            r"(?P<unclosed>['\"`]|/\*)",
            _NUMBER,
            f"(?P<word>{_word(_LETTER, _LETTER + '0-9$')})",
            _OTHER,
        )
    )


@cache
def patterns(dialect: Dialect, by_line: bool) -> re.Pattern[str]:
    """Return the pattern of a dialect's tokens; `by_line`: no text reaches over its line."""
    made = {Dialect.MYSQL: _mysql, Dialect.POSTGRES: _postgres, Dialect.SQLITE: _sqlite}
    return re.compile(made[dialect](by_line))


@cache
def rows(dialect: Dialect) -> re.Pattern[str]:
    """Return the pattern of an INSERT to its end, which is passed over at once; without `;` where a table begins."""
    escapes = dialect is Dialect.MYSQL
    single, double, back = _quoted("'", escapes, False), _quoted('"', escapes, False), _quoted("`", False, False)
    marks = r"\-/" + ("\\#" if escapes else "")
    comment = r"--[^\n]*|\#[^\n]*" if escapes else r"--[^\n]*"
    begins = r"\n(?![ \t]*+(?i:CREATE|ALTER|DROP)[ \t]++(?i:TABLE|DATABASE|VIEW|INDEX|UNIQUE)\b)"
    whole = rf"[^;'\"`\n{marks}]++|{begins}|{single}|{double}|{back}|{comment}|{_BLOCK}|[{marks}]"
    return re.compile(rf"(?:{whole})*+(?:;|\Z|(?=\n))")


def unescape(text: str, dialect: Dialect) -> str:
    """Return the value of a quoted text or name, without its prefix."""
    if text[0] == "[":
        return text[1:-1]
    if text[0] == "$":
        width = text.index("$", 1) + 1
        return text[width:-width]
    opening = next(at for at, char in enumerate(text) if char in "'\"`")
    quote = text[opening]
    inner = text[opening + 1 : -1].replace(quote * 2, quote)
    if text[:2] in ("U&", "u&"):
        return _CODE_POINT.sub(lambda found: chr(min(int(found[1] or found[2], 16), 0x10FFFF)), inner)
    if "\\" in inner and quote != "`" and (dialect is Dialect.MYSQL or text[0] in "eE"):
        return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), inner)
    return inner
