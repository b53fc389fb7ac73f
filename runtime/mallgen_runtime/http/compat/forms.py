"""Queries and form bodies as Go's net/http and go-zero read them: a mistake does not end the reading."""

import re
from urllib.parse import unquote_to_bytes

from mallgen_runtime.http.compat.strconv import GoError, quote

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
MAX_VALUES = 2048
_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PARAMETER = re.compile(rf"""\s*;\s*({_TOKEN.pattern})\s*=\s*({_TOKEN.pattern}|"(?:[^"\\\r\n]|\\.)*")""")
Values = dict[str, list[str]]


def parse_query(data: bytes, found: Values) -> GoError | None:
    """Add the values of a query; return the first mistake, the pair with which is left out."""
    wrong: GoError | None = None
    for pair in data.split(b"&"):
        if b";" in pair:
            wrong = wrong or GoError("invalid semicolon separator in query")
            continue
        if not pair:
            continue
        name, _, value = pair.partition(b"=")
        broken = _BROKEN.search(name) or _BROKEN.search(value)
        if broken is not None:
            wrong = wrong or GoError(f"invalid URL escape {quote(broken.group().decode('utf-8', 'surrogateescape'))}")
            continue
        found.setdefault(_text(name), []).append(_text(value))
    return wrong


def _text(data: bytes) -> str:
    return unquote_to_bytes(data.replace(b"+", b" ")).decode("utf-8", "surrogateescape")


def media_type(value: str) -> tuple[str, GoError | None]:
    """Return the type of a Content-Type header, and what Go's mime says against it."""
    plain = value.partition(";")[0].strip().lower()
    if not plain:
        return "", GoError("mime: no media type")
    kind, slash, rest = plain.partition("/")
    if not _TOKEN.fullmatch(kind):
        return "", GoError("mime: expected token after slash" if slash and not rest else "mime: no media type")
    found = _TOKEN.match(rest)
    if slash and found is None:
        return "", GoError("mime: expected token after slash")
    if found is not None and found.end() != len(rest):
        return "", GoError("mime: unexpected content after media subtype")
    return plain, _wrong_parameters(value.partition(";")[1] + value.partition(";")[2])


def _wrong_parameters(rest: str) -> GoError | None:
    known: dict[str, str] = {}
    while rest := rest.lstrip():
        found = _PARAMETER.match(rest)
        if found is None:
            return None if rest.strip() == ";" else GoError("mime: invalid media parameter")
        name, given = found.group(1).lower(), found.group(2)
        if known.setdefault(name, given) != given:
            return GoError("mime: duplicate parameter name")
        rest = rest[found.end() :]
    return None


def kept(found: Values) -> Values:
    """Return what go-zero takes: no empty values, a name without its `[]`. Raises GoError for too many."""
    made: Values = {}
    count = 0
    for name, values in found.items():
        filled = [value for value in values if value]
        count += len(filled)
        if count > MAX_VALUES:
            raise GoError("too many form values")
        if filled:
            made[name.removesuffix("[]")] = filled
    return made
