"""What may reach a template: text that was made as code, and not text that came from a contract.

names.py makes `PyIdent`, pycode.py `Literal` and `Code`. An emitter composes a line of such parts: `Code(f"…")`, or
`code` with a pattern; scripts/mypy_code.py refuses a part that is neither code nor a constant. All are strings, so that
templates and files take them as they are; a plain string in a view is refused in tests.
"""

from typing import Any


class Code(str):
    """A piece of source text."""

    __slots__ = ()


class Literal(Code):
    """A literal of Python, TOML or YAML: whatever text is in it, it is one value."""

    __slots__ = ()


class PyIdent(Code):
    """An identifier; ValueError for any other text."""

    __slots__ = ()

    def __new__(cls, text: str) -> "PyIdent":
        """Check the text; what is one already stays itself."""
        if text.__class__ is PyIdent:
            return text
        if not text.isidentifier():
            raise ValueError(f"not an identifier: {text!r}")
        return str.__new__(cls, text)


def code(pattern: str, *parts: Code | int) -> Code:
    """`pattern`, a constant of ours, with code in the place of each `{}`; TypeError for any other text."""
    for part in parts:
        if not isinstance(part, Code | int):
            raise TypeError(f"not code: {part!r}")
    return Code(pattern.format(*parts))


def require(value: Any, where: str) -> None:
    """TypeError unless everything in a view is code, a number or nothing; dictionaries are no views."""
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
