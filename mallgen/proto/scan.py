"""Scans a proto before protoc reads it: its imports, the depth of its nesting, characters outside ASCII. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.syntax.edits import Offsets
from mallgen.text.limits import Limits, raise_it
from mallgen.text.span import Span

_TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<text>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<open>[{\[(<])|(?P<close>[}\])>])|(?P<end>;)|(?P<odd>[^\x00-\x7f]+)""",
    re.S,
)
_MARK = "\ufeff"  # a byte order mark
_MOST = 100


class ProtoImport(NamedTuple):
    """The name of an imported file as protoc reads it, and its span."""

    name: str
    span: Span


class Outline(NamedTuple):
    """The imports of a proto, and diagnostics: also of deep nesting, as protoc's parser recurses without a limit."""

    imports: tuple[ProtoImport, ...]
    diagnostics: tuple[Diagnostic, ...]


def outline(text: str, path: str, limits: Limits) -> Outline:
    """Return the outline of a proto; syntax errors are left to protoc."""
    imports: list[ProtoImport] = []
    odd: list[Diagnostic] = []
    depth = 0
    fresh = True
    offsets = Offsets(text, path)
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "skip":
            continue
        if kind == "open":
            depth += 1
            if depth > limits.nesting:
                return Outline((), (_too_deep(offsets, token.start(), limits.nesting),))
        elif kind == "close":
            depth = max(0, depth - 1)
        elif fresh and token["word"] == "import" and not depth:
            imports += _import(text, offsets, token.end())
        elif kind == "odd" and token.group() != _MARK and len(odd) < _MOST:
            odd.append(_odd(offsets, token))
        fresh = kind in ("end", "close")
    return Outline(tuple(imports), tuple(odd))


def package(text: str) -> str:
    """Return the package that a proto declares, "" when it has none."""
    depth = 0
    parts: list[str] | None = None
    for token in _TOKEN.finditer(text):
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        if token.lastgroup == "end" and parts:
            return ".".join(parts)
        if token.lastgroup in ("end", "close"):
            parts = None
        elif token.lastgroup == "word":
            if parts is not None:
                parts.append(token.group())
            elif not depth and token.group() == "package":
                parts = []
    return ""


def _import(text: str, offsets: Offsets, pos: int) -> Iterator[ProtoImport]:
    """Yield the import whose keyword ends at `pos`; adjacent strings are one name, as for protoc."""
    parts: list[re.Match[str]] = []
    for token in _TOKEN.finditer(text, pos):
        if token.lastgroup == "text":
            parts.append(token)
        elif token.lastgroup != "skip" and (parts or token["word"] not in ("public", "weak", "option")):
            break
    if parts:
        name = "".join(part.group()[1:-1] for part in parts)
        yield ProtoImport(name, offsets.span(parts[0].start(), parts[-1].end()))


def _odd(offsets: Offsets, token: re.Match[str]) -> Diagnostic:
    span = offsets.span(token.start(), token.end())
    hint = "names are made of A-Z, a-z, 0-9 and `_`; other text belongs in quotation marks or in a comment"
    return Diagnostic("illegal-character", f"`{token.group()[:40]}` cannot stand here", span, hint)


def _too_deep(offsets: Offsets, pos: int, most: int) -> Diagnostic:
    hint = f"declare inner messages on their own, {raise_it('nesting', most * 2)}"
    message = f"brackets are nested deeper than {most} levels"
    return Diagnostic("too-deep", message, offsets.span(pos, pos + 1), hint)
