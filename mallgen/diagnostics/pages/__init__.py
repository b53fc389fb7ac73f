"""The pages that `mallgen explain CODE` prints: those of <theme>.md, one heading per code, and lint rules' docstrings.

A page's first line says what is wrong; then come why it matters and what to write instead. A code without its page
fails tests/diagnostics/test_explain.py. Rules of the linters register their docstrings with `page`.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import TypeVar

THEMES = (
    "files",
    "language",
    "meaning",
    "generation",
    "writing",
    "dialect",
    "drift",
    "lint",
    "ddl",
    "models",
    "breaking",
    "production",
)
_RULES = (
    *(f"mallgen.lint.{name}" for name in ("fields", "routes", "types")),
    "mallgen.breaking.all_rules",
    *(f"mallgen.tablerules.{name}" for name in ("chain", "columns", "keys", "reach", "words")),
)
_HEADING = re.compile(r"^## (.*)\n", re.M)
_TITLE = re.compile(r"# .+\n\n")
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
Explained = TypeVar("Explained", bound=Callable[..., object])
_docstrings: dict[str, str] = {}


def page(code: str) -> Callable[[Explained], Explained]:
    """Register a function's docstring as the page of `code`."""

    def register(function: Explained) -> Explained:
        from inspect import cleandoc

        assert function.__doc__ and code not in _docstrings, code
        _docstrings[code] = cleandoc(function.__doc__)
        return function

    return register


def pages() -> dict[str, str]:
    """Return every page by its code, in alphabetical order. The files are read at the first call."""
    for module in _RULES:
        import_module(module)
    return dict(sorted(unique([*_theme_pages(), *_docstrings.items()]).items()))


def parse(theme: str, text: str) -> list[tuple[str, str]]:
    """Return the codes of one theme with their pages, in the file's order. Raises ValueError where one is no page."""
    head, *rest = _HEADING.split(text)
    if not _TITLE.fullmatch(head):
        raise ValueError(f"{theme}.md: a title and an empty line stand before the first code, nothing else")
    found = [(code, body.strip("\n")) for code, body in zip(rest[::2], rest[1::2], strict=True)]
    for code, body in found:
        if not _CODE.fullmatch(code) or not body:
            raise ValueError(f"{theme}.md: `{code}` is no code with a text below it")
    return found


def unique(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the pages by their codes. Raises ValueError for a code that has two."""
    known: dict[str, str] = {}
    for code, text in found:
        if code in known:
            raise ValueError(f"two pages explain `{code}`")
        known[code] = text
    return known


@cache
def _theme_pages() -> tuple[tuple[str, str], ...]:
    from pkgutil import get_data  # works in a zip too; imported here because only explaining a code needs it

    read = {theme: get_data(__name__, f"{theme}.md") or b"" for theme in THEMES}
    return tuple(one for theme, data in read.items() for one in parse(theme, data.decode("utf-8")))
