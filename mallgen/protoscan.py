"""What must be known of a proto before protoc reads it: what it imports, and how deep its brackets nest."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.model import Span
from mallgen.syntax.limits import Limits, raise_it

_TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<open>[{\[(<])|(?P<close>[}\])>])|(?P<end>;)""",
    re.S,
)


class ProtoImport(NamedTuple):
    """The name of an imported file as protoc reads it, and where it stands."""

    name: str
    span: Span


class Outline(NamedTuple):
    """The imports of a proto, and whether it nests too deep for protoc, whose parser recurses without a limit."""

    imports: tuple[ProtoImport, ...]
    diagnostics: tuple[Diagnostic, ...]


def outline(text: str, path: str, limits: Limits) -> Outline:
    """Look over a proto; what is not proto at all is left for protoc to tell."""
    imports: list[ProtoImport] = []
    depth = 0
    fresh = True
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "skip":
            continue
        if kind == "open":
            depth += 1
            if depth > limits.nesting:
                return Outline((), (_too_deep(text, path, token.start(), limits.nesting),))
        elif kind == "close":
            depth = max(0, depth - 1)
        elif fresh and token["word"] == "import" and not depth:
            imports += _import(text, path, token.end())
        fresh = kind in ("end", "close")
    return Outline(tuple(imports), ())


def _import(text: str, path: str, pos: int) -> Iterator[ProtoImport]:
    """The import whose keyword ends at `pos`; adjacent strings are one, as protoc has it."""
    parts: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text, pos):
        if token.lastgroup == "text":
            parts.append(token)
        elif token.lastgroup != "skip" and (parts or token["word"] not in ("public", "weak", "option")):
            break
    if parts:
        name = "".join(part.group()[1:-1] for part in parts)
        start, end = _place(text, parts[0].start()), _place(text, parts[-1].end())
        yield ProtoImport(name, Span(path, *start, *end))


def _too_deep(text: str, path: str, pos: int, most: int) -> Diagnostic:
    line, col = _place(text, pos)
    hint = f"declare inner messages on their own, {raise_it('nesting', most * 2)}"
    return Diagnostic(
        "too-deep", f"brackets are nested deeper than {most} levels", Span(path, line, col, line, col + 1), hint
    )


def _place(text: str, pos: int) -> tuple[int, int]:
    """Line and column from 1."""
    return text.count("\n", 0, pos) + 1, pos - text.rfind("\n", 0, pos)
