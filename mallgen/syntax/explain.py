"""Say in the reader's words what was found and what could have stood there."""

from collections.abc import Iterable

from mallgen.syntax.scan import GO_KEYWORDS, Token

_IN_WORDS = {
    "NAME": "a name",
    "NAME_END": "a name",
    "INT": "a number",
    "DURATION": "a duration such as `3s`",
    "STRING": 'text in quotation marks `"…"`',
    "RAW": "a tag in back-quotes",
    "ELLIPSIS": "`...`",
    "DOT": "`.`",
    "ANY": "a type",
    "MAP": "a type",
    "RETURNS": "`returns`",
    "KEYWORD": "a word",
    "_EQUAL": "`=`",
    "_LPAR": "`(`",
    "_RPAR": "`)`",
    "_LSQB": "`[`",
    "_RSQB": "`]`",
    "_LBRACE": "`{`",
    "_RBRACE": "`}`",
    "_COMMA": "`,`",
    "_COLON": "`:`",
    "_SEMICOLON": "`;`",
    "SLASH": "a path beginning with `/`",
    "_STAR": "`*`",
    "DASH": "`-`",
    "_AT_HANDLER": "`@handler`",
    "_AT_DOC": "`@doc`",
    "_AT_SERVER": "`@server`",
    "_SERVICE": "`service`",
    "$END": "the end of the statement",
}
_A_TYPE = {"ANY", "MAP", "_STAR", "_LSQB", "_LBRACE"}


def expected_in_words(terminals: Iterable[str]) -> str:
    """`a name, `(` or `}``: the acceptable terminals, the most telling first."""
    wanted = set(terminals)
    words: list[str] = []
    if wanted >= _A_TYPE:
        wanted -= _A_TYPE | {"NAME", "NAME_END", "RETURNS"}
        words.append("a type")
    if "NAME" in wanted or "NAME_END" in wanted:
        wanted -= {"RETURNS", "KEYWORD", "MAP"} if "KEYWORD" in wanted else {"RETURNS"}
    words += [_IN_WORDS[name] for name in _IN_WORDS if name in wanted]
    words = list(dict.fromkeys(words))
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"


def found_in_words(token: Token | None) -> str:
    """What stands there instead: the token itself or the end of the statement."""
    if token is None:
        return "the end of the file"
    text = token.value.split("\n", 1)[0]
    return f"`{text if len(text) <= 40 else text[:37] + '…'}`"


def way_out(token: Token | None, expected: set[str]) -> str:
    """A hint for the mistakes that people make most often."""
    if token is None:
        return "something that was opened is not closed"
    if token.value == "struct":
        return "leave out `struct`: today's goctl writes `type X {`"
    if token.type in {"KEYWORD", "MAP"} and token.value in GO_KEYWORDS and "NAME" in expected:
        return f"`{token.value}` is a keyword of Go and cannot be a name here"
    if token.type == "_RBRACE" and "_LSQB" in expected:
        return "an embedded type stands alone on its line; a field needs a type"
    if token.type in {"INT", "DURATION"} and "DASH" not in expected and "KEYWORD" in expected:
        return "in a path a digit may not follow `-` or `.`, and a number with a unit is a duration"
    if token.type == "NAME" and "STRING" in expected:
        return "put the text in quotation marks"
    return ""
