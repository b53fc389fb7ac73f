"""What `mallgen explain CODE` prints: one function per code, whose docstring is the page.

A page's first line says what is wrong; then come why it matters and what to write instead. A code without its page
fails tests/test_explain.py. Other stages may register pages of their own with `page`: rules of a linter do.
"""

from collections.abc import Callable
from importlib import import_module
from inspect import cleandoc
from typing import TypeVar

_ELSEWHERE = tuple(f"mallgen.lint.{name}" for name in ("fields", "routes", "types", "suppress"))
Explained = TypeVar("Explained", bound=Callable[..., object])
_MODULES = ("files", "language", "meaning", "generation", "writing", "dialect", "drift")
_found: dict[str, str] = {}


def page(code: str) -> Callable[[Explained], Explained]:
    """Register a function's docstring as the page of `code`."""

    def register(function: Explained) -> Explained:
        assert function.__doc__ and code not in _found, code
        _found[code] = cleandoc(function.__doc__)
        return function

    return register


def pages() -> dict[str, str]:
    """Every page by its code, in alphabetical order."""
    for module in (*(f"mallgen.diagnostics.pages.{name}" for name in _MODULES), *_ELSEWHERE):
        import_module(module)
    return dict(sorted(_found.items()))
