"""What the contract says in words, as lines without comment marks."""

import posixpath
import re
from collections.abc import Iterable

from mallgen.model import Contract, Route
from mallgen.text.span import Span

_SEVERAL = re.compile(r"(?<=\*/) (?=/[/*])")  # comments behind one field
_SUPPRESSION = re.compile(r"//\s*mallgen:ignore\b")


def prose(comments: Iterable[str]) -> list[str]:
    """`// text` and `/* text */` comments as lines of text."""
    lines: list[str] = []
    for text in (text.strip() for comment in comments for text in _SEVERAL.split(comment)):
        if _SUPPRESSION.match(text):
            continue  # for `api lint`, not for readers of the code
        if text.startswith("/*"):
            inner = text.removeprefix("/*").removesuffix("*/").strip("*")
            lines += [re.sub(r"^\s*\*+ ?", "", line).strip() for line in inner.strip().split("\n")]
        else:
            lines.append(text.lstrip("/").strip())
    while lines and not lines[-1]:
        lines.pop()
    return lines


def route_name(route: Route) -> str:
    """`GET /v1/recommend`."""
    return f"{route.method.upper()} {route.full_path}"


def route_prose(route: Route) -> list[str]:
    """What the contract says about a route: the summary of its `@doc`, its description, the comments above it."""
    described = next((pair.value for pair in reversed(route.doc_pairs) if pair.key == "description"), "")
    pairs = [f"{pair.key}: {pair.value}" for pair in route.doc_pairs if pair.value]
    said = [text.strip().split("\n") for text in (route.doc, described) if text.strip()] or [pairs]
    found: list[str] = []
    for part in (*said, prose(route.docs)):
        lines = [line.strip() for line in part]
        if lines and lines != found:
            found += ["", *lines] if found else lines
    return found


def place(contract: Contract, span: Span) -> str:
    """`mall.api:31`: the file relative to the contract's folder, so that no path of a machine is in it."""
    folder = posixpath.dirname(contract.file.replace("\\", "/"))
    path = span.file.replace("\\", "/")
    relative = posixpath.relpath(path, folder or ".") if path != contract.file else posixpath.basename(path)
    return f"{relative}:{span.line}"
