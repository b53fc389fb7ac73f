"""Messages and hints for syntax errors: what was found, what could stand there, how it is written."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from mallgen.syntax.scan import GO_KEYWORDS, HEADS, Token
from mallgen.text.suggest import did_you_mean

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
    "SLASH_END": "a path beginning with `/`",
    "_STAR": "`*`",
    "DASH": "`-`",
    "_AT_HANDLER": "`@handler`",
    "_AT_DOC": "`@doc`",
    "_AT_SERVER": "`@server`",
    "_SERVICE": "`service`",
    "$END": "nothing more",
}
_A_TYPE = {"ANY", "MAP", "_STAR", "_LSQB", "_LBRACE"}


def expected_in_words(terminals: Iterable[str]) -> str:
    """Return the terminals in words, the most telling first: `a name, `(` or `}``."""
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
    """Return the unexpected token in back-quotes, cut to 40 characters; for None the end of the file."""
    if token is None:
        return "the end of the file"
    text = token.value.split("\n", 1)[0]
    return f"`{text if len(text) <= 40 else text[:37] + '…'}`"


def hint_for(token: Token | None, expected: set[str], rule: str) -> str:
    """Return a hint for one of the common mistakes, else how a part of this rule is written."""
    if token is None:
        return "something that was opened is not closed"
    return _common_mistake(token, expected, rule) or _misspelt_keyword(token, expected) or _HOW_WRITTEN[rule]


def _common_mistake(token: Token, expected: set[str], rule: str) -> str:
    kind, value = token.type, token.value
    name = kind in {"NAME", "NAME_END"}
    if kind == "_AT_SERVER":
        return "`@server (…)` stands right before `service`, one for each block"
    if kind == "RAW" and "STRING" in expected:
        return 'use quotation marks: `"…"`'
    if name and "STRING" in expected:
        return "put the text in quotation marks"
    if expected == {"$END"} and kind in {"_RBRACE", "_RPAR", "_RSQB"}:
        return f"nothing is open here: remove this `{value}`, or look for one too many above"
    if rule in {"item", "service"}:
        return _route_mistake(token, expected, name)
    return _type_mistake(token, expected) if rule in {"fields", "declaration", "type"} else ""


def _route_mistake(token: Token, expected: set[str], name: bool) -> str:
    kind = token.type
    if kind == "_AT_DOC":
        return "`@doc` stands before `@handler`"
    if kind == "_COMMA" and {"NAME", "_RPAR"} <= expected:
        return _HOW_WRITTEN["pair"]
    if name and "_AT_HANDLER" in expected:
        return "every route has its `@handler Name` before it"
    if kind == "SLASH" and "NAME" in expected:
        return "`@handler` has no name: write `@handler Greet` above the route"
    if name and expected == {"_LPAR"}:
        return f"put the type in parentheses: `({token.value})`"
    if kind == "_LBRACE" and "_COLON" in expected:
        return "a path parameter is written `:id`"
    if "_COLON" not in expected and {"NAME", "_STAR"} <= expected:
        return "a request or response is `Name`, `*Name` or `[]Name`: declare a struct with what it holds"
    if kind in {"INT", "DURATION"} and "DASH" not in expected and "KEYWORD" in expected:
        return "in a path a digit may not follow `-` or `.`, and a number with a unit is a duration"
    return ""


def _type_mistake(token: Token, expected: set[str]) -> str:
    kind, value = token.type, token.value
    if value == "struct":
        return "leave out `struct`: today's goctl writes `type X {`"
    if kind in {"KEYWORD", "MAP"} and value in GO_KEYWORDS and "NAME" in expected:
        return f"`{value}` is a keyword of Go and cannot be a name here"
    if kind == "_RBRACE" and "_LSQB" in expected:
        return "an embedded type stands alone on its line; a field needs a type"
    if kind == "_LBRACE" and "_STAR" in expected:
        return "a pointer cannot point to a struct written in place: declare the struct as a type"
    if kind == "DOT":
        return "types of Go's packages are unknown here: use a base type (a time is a string or an int64)"
    if expected == {"_RSQB"}:
        return "write `map[string]int`, `[]string` or `[8]string`"
    if kind in {"NAME", "NAME_END"} and "ELLIPSIS" in expected:
        return "the language has no generics: declare a type for each use"
    return ""


def _misspelt_keyword(token: Token, expected: set[str]) -> str:
    """Return a hint with the keyword that may have been misspelt here, or an empty string."""
    if token.type not in {"NAME", "NAME_END"}:
        return ""
    words = {"RETURNS": "returns", "_SERVICE": "service", "MAP": "map"}
    return did_you_mean(token.value, [word for kind, word in words.items() if kind in expected])


def begins_nothing(tokens: Sequence[Token]) -> tuple[str, str]:
    """Return message and hint for words that begin no statement."""
    token = tokens[0]
    hint = did_you_mean(token.value, [*HEADS, "@server"])
    name = next((name.value for name, brace in pairwise(tokens[:3]) if brace.type == "_LBRACE"), "")
    if not hint and name.isidentifier():
        hint = f"a type is declared by `type {name} {{ … }}`"
    message = f"no statement begins with `{token.value}`"
    return message, hint or "a file is made of syntax, info, import, type and service"


_FIELD = 'a field is written ``Name type `json:"name"` ``, an embedded type alone on its line'
_ROUTE = "a route is written `get /path (Request) returns (Response)`, below `@doc` and `@handler Name`"
_VALUE = "a setting is written `key: value`; put a value with anything but names, `/`, `-` and `,` in quotation marks"
_HOW_WRITTEN = {
    "syntax": 'write `syntax = "v1"`',
    "info": 'write `info ( title: "…" )`',
    "pair": 'write `key: "value"`, each on its own line, without commas',
    "import": 'write `import "other.api"`, or several of them in parentheses',
    "type": "write `type Name { … }`, or several types in parentheses",
    "declaration": _FIELD,
    "fields": _FIELD,
    "service": "write `service name-api { … }`, the only hyphen being the one before `api`",
    "server": _VALUE,
    "setting": _VALUE,
    "item": _ROUTE,
}
