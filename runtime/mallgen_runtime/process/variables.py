"""`${NAME}`, `${NAME:-default}` and `${NAME:?why}` in settings, replaced from the environment as a shell does."""

import os
import re
from collections.abc import Mapping
from contextvars import ContextVar

_OPENING = re.compile(r"\$?\$\{")
_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(:?[-?]|\})")
_INSIDE = re.compile(r"\\[\\}]|\$?\$\{|\}")
_DEEPEST = 8


ENVIRONMENT: ContextVar[Mapping[str, str]] = ContextVar("environment", default=os.environ)  # tests set another one


class BadVariable(ValueError):
    """The problem with a text, in words."""


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Return the text with its variables filled in; `$${` is `${`. Raises BadVariable."""
    return _expanded(text, environment, 0) if "${" in text else text


def _expanded(text: str, environment: Mapping[str, str], depth: int) -> str:
    if depth > _DEEPEST:
        raise BadVariable(f"defaults are nested more than {_DEEPEST} deep")
    found: list[str] = []
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        found.append(_literal(text[at : opening.start()], depth))
        if opening.group() == "$${":
            found.append("${")
            at = opening.end()
            continue
        head = _NAME.match(text, opening.end())
        if head is None:
            raise BadVariable("`${` without a name; write ${NAME} or ${NAME:-default}, and $${ for the characters")
        name, operator = head.groups()
        if operator == "}":
            word, at = "", head.end()
        else:
            at = _closing(text, head.end(), name)
            word = text[head.end() : at - 1]
        found.append(_value(name, operator, word, environment, depth))
    found.append(_literal(text[at:], depth))
    return "".join(found)


def _closing(text: str, start: int, name: str) -> int:
    """Return where the text of a default ends, its brace included."""
    level = 1
    for sign in _INSIDE.finditer(text, start):
        if sign.group() == "${":
            level += 1
        elif sign.group() == "}":
            level -= 1
            if not level:
                return sign.end()
    raise BadVariable(f"`${{{name}` has no closing brace")


def _value(name: str, operator: str, word: str, environment: Mapping[str, str], depth: int) -> str:
    given = environment.get(name)
    if given or (given is not None and not operator.startswith(":")):
        return given
    if operator.endswith("-"):
        return _expanded(word, environment, depth + 1)
    why = _expanded(word, environment, depth + 1) if operator.endswith("?") else ""
    state = "is not set" if given is None else "is empty"
    raise BadVariable(f"the environment variable {name} {state}{': ' if why else ''}{why}")


def _literal(text: str, depth: int) -> str:
    """Return the text of a default, in which a brace is written `\\}`."""
    return re.sub(r"\\([\\}])", r"\1", text) if depth else text
