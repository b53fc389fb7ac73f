"""Types for text that may reach a template: text that was made as code, not text that came from a contract.

names.py makes `PyIdent`, layout.py `Literal` and `Code`. An emitter composes a line of such parts: `Code(f"…")`, or
`code` with a pattern; scripts/mypy_code.py refuses a part that is neither code nor a constant. All are strings, so that
templates and files take them as they are; the tests refuse a plain string in a view.
"""

from typing import Any


class Code(str):
    """A piece of source text."""

    __slots__ = ()


class Literal(Code):
    """A literal of Python, TOML or YAML, which is one value whatever text is in it."""

    __slots__ = ()


class PyIdent(Code):
    """An identifier; the constructor raises ValueError for any other text."""

    __slots__ = ()

    def __new__(cls, text: str) -> "PyIdent":
        """Check the text; return a PyIdent unchanged."""
        if text.__class__ is PyIdent:
            return text
        if not text.isidentifier():
            raise ValueError(f"not an identifier: {text!r}")
        return str.__new__(cls, text)


def code(pattern: str, *parts: Code | int) -> Code:
    """Return `pattern`, which must be a constant, with code for each `{}`; raise TypeError for other parts."""
    for part in parts:
        if not isinstance(part, Code | int):
            raise TypeError(f"not code: {part!r}")
    return Code(pattern.format(*parts))


def require(value: Any, where: str) -> None:
    """Raise TypeError unless everything in a view is code, a number or None; dictionaries are refused."""
    if isinstance(value, Code | int | None):
        return
    if isinstance(value, list | tuple):
        for item in value:
            require(item, where)
    elif hasattr(value, "__struct_fields__"):
        for name in value.__struct_fields__:
            require(getattr(value, name), f"{where}.{name}")
    else:
        raise TypeError(f"{where} is not code: {value!r}")
