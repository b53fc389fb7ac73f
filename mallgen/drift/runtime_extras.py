"""The extras of mallgen-runtime in pyproject.toml: those that a service needs and does not ask for."""

import re
import tomllib
from typing import Any

_OF_EVERY_REST = frozenset(("rest", "rpc"))  # an HTTP service that calls nobody may leave out the second one
_DEPENDENCY = re.compile(r"(?P<open>[\"'])(?P<name>mallgen[-_.]runtime)[ \t]*(?:\[(?P<extras>[^\]\"'\n]*)\])?", re.I)


def missing(content: bytes, expected: str) -> tuple[str, ...]:
    """Return the extras that the expected project asks for and the found one does not.

    A project that does not name mallgen-runtime gets it from elsewhere, and lacks none.
    """
    found = _extras(content.decode("utf-8", "replace"))
    asked = _extras(expected) or set()
    if "rest" in asked:
        asked -= _OF_EVERY_REST
    return () if found is None else tuple(sorted(asked - found))


def added(content: bytes, names: tuple[str, ...]) -> bytes | None:
    """Return the file with extras added to its dependency; None when its layout does not allow that."""
    text = content.decode()
    for match in _DEPENDENCY.finditer(text):
        has = [word.strip() for word in (match["extras"] or "").split(",") if word.strip()]
        entry = f"{match['open']}{match['name']}[{','.join([*has, *names])}]"
        made = f"{text[: match.start()]}{entry}{text[match.end() :]}"
        if set(names) <= (_extras(made) or set()):
            return made.encode()
    return None


def _extras(text: str) -> set[str] | None:
    """Return the extras of mallgen-runtime among a project's dependencies; None where it is not one of them."""
    try:
        project: Any = tomllib.loads(text).get("project")
    except ValueError:
        return None
    listed = project.get("dependencies") if isinstance(project, dict) else None
    found = (
        [match for one in listed or [] if (match := _DEPENDENCY.match(f'"{one}'))] if isinstance(listed, list) else []
    )
    if not found:
        return None
    return {word.strip() for match in found for word in (match["extras"] or "").split(",") if word.strip()}
