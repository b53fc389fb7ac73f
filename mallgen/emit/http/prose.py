"""The contract's comments and descriptions, as lines of text without comment marks."""

import posixpath
import re
from collections.abc import Iterable

from mallgen.model import Contract, Route
from mallgen.text.span import Span

_SEVERAL = re.compile(r"(?<=\*/) (?=/[/*])")  # the gap between two comments that follow one field
_BEHAVIOUR = ("status", "stability", "websocket")  # keys of `@doc` that mallgen acts on: they describe nothing
_SUPPRESSION = re.compile(r"//\s*mallgen:ignore\b")


def prose(comments: Iterable[str]) -> list[str]:
    """Return the text of `//` and `/* */` comments as lines."""
    lines: list[str] = []
    for text in (text.strip() for comment in comments for text in _SEVERAL.split(comment)):
        if _SUPPRESSION.match(text):
            continue  # `mallgen:ignore` is meant for `api lint`, not for readers of the code
        if text.startswith("/*"):
            inner = text.removeprefix("/*").removesuffix("*/").strip("*")
            lines += [re.sub(r"^\s*\*+ ?", "", line).strip() for line in inner.strip().split("\n")]
        else:
            lines.append(text.lstrip("/").strip())
    while lines and not lines[-1]:
        lines.pop()
    return lines


def route_name(route: Route) -> str:
    """Return a route's method and full path: `GET /v1/recommend`."""
    return f"{route.method.upper()} {route.full_path}"


def route_prose(route: Route) -> list[str]:
    """Return the lines that describe a route: the summary of its `@doc`, its description, the comments above it."""
    described = next((pair.value for pair in reversed(route.doc_pairs) if pair.key == "description"), "")
    acted_on = (*_BEHAVIOUR, "message") if route.websocket else _BEHAVIOUR
    pairs = [f"{pair.key}: {pair.value}" for pair in route.doc_pairs if pair.value and pair.key not in acted_on]
    docs = [text.strip().split("\n") for text in (route.doc, described) if text.strip()] or [pairs]
    result: list[str] = []
    for part in (*docs, prose(route.docs)):
        lines = [line.strip() for line in part]
        if lines and lines != result:
            result += ["", *lines] if result else lines
    return result


def declared_at(contract: Contract, span: Span) -> str:
    """Return file and line as `mall.api:31`, relative to the contract's folder: no machine's path gets into code."""
    folder = posixpath.dirname(contract.file.replace("\\", "/"))
    path = span.file.replace("\\", "/")
    relative = posixpath.relpath(path, folder or ".") if path != contract.file else posixpath.basename(path)
    return f"{relative}:{span.line}"
