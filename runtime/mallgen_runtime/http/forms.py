"""Query strings and form bodies into values by name, as net/url and go-zero read them."""

import re
from urllib.parse import unquote_to_bytes

from mallgen_runtime.http.problems import ApiError

MAX_VALUES = 2048
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def no_json(kind: str) -> ApiError:
    """Return the 415 for a form in the place of JSON: `curl -d` sends one by default."""
    detail = f"the body is a form ({kind}), this route takes JSON: send it with `Content-Type: application/json`"
    return ApiError(415, "not_json", detail, headers={"accept": "application/json"})


def parse_query(text: str, source: str = "query") -> dict[str, list[str]]:
    """`a=1&b=2` by name. A semicolon or a broken %-escape is a 400, as in Go's net/url."""
    found: dict[str, list[str]] = {}
    if not text:
        return found
    if text.count("&") >= MAX_VALUES:
        raise ApiError(400, "bad_request", f"the {source} has more than {MAX_VALUES} values")
    if ";" in text:
        raise ApiError(400, "bad_request", f"the {source} has a semicolon; write & between values, %3B for itself")
    plain = "%" not in text and "+" not in text
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if not plain:
                name, value = _decoded(name, source), _decoded(value, source)
            found.setdefault(name, []).append(value)
    return found


def _decoded(text: str, source: str) -> str:
    if _ESCAPE.search(text):
        raise ApiError(400, "bad_request", f"the {source} has a % that is not followed by two hexadecimal digits")
    return unquote_to_bytes(text.replace("+", " ")).decode("utf-8", "replace")
