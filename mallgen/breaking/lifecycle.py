"""The life of routes and fields as a contract tells it: deprecated, sunset, stability.

Routes say it in pairs of `@doc`, or as Go does in a comment `Deprecated: …`; fields in such a comment.
"""

import re
from collections.abc import Iterable

from mallgen.lint.scope import Operation
from mallgen.model import Field, Pair
from mallgen.text.span import Span

STABILITIES = ("draft", "alpha", "beta", "stable")
_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_DEPRECATED = re.compile(r"^\s*(?:/[/*]\**)?\s*Deprecated:", re.M)


def doc_pair(operation: Operation, key: str) -> Pair | None:
    """Return a pair of a route's `@doc`, None without one."""
    return next((pair for pair in operation.route.doc_pairs if pair.key == key), None)


def doc_value(operation: Operation, key: str) -> str:
    """Return a value of a route's `@doc`, "" without one."""
    found = doc_pair(operation, key)
    return found.value if found is not None else ""


def doc_place(operation: Operation, key: str) -> Span:
    """Return the place of a pair of a route's `@doc`, or of its path where it has none."""
    found = doc_pair(operation, key)
    return found.span if found is not None else operation.route.path_span


def is_deprecated(operation: Operation) -> bool:
    """Return whether a route is marked deprecated."""
    if not operation.route.doc_pairs and not operation.route.docs:
        return False
    said = doc_value(operation, "deprecated").lower()
    return (bool(said) and said != "false") or _says_deprecated(operation.route.docs)


def is_field_deprecated(field: Field) -> bool:
    """Return whether a field has a comment `Deprecated: …`."""
    return _says_deprecated((*field.docs, field.comment))


def sunset(operation: Operation) -> str:
    """Return the day from which a route may be gone, as `2026-12-31`; "" without one, or where it is no date."""
    found = _DAY.fullmatch(doc_value(operation, "sunset").strip())
    return found[0] if found else ""


def stability(operation: Operation) -> int | None:
    """Return a route's place in STABILITIES, that of `stable` where it says nothing, None for another word."""
    said = doc_value(operation, "stability").lower() or "stable"
    return STABILITIES.index(said) if said in STABILITIES else None


def _says_deprecated(comments: Iterable[str]) -> bool:
    return any(comment and _DEPRECATED.search(comment) for comment in comments)
