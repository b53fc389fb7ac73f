"""Another name for a type, or a handler, wherever it stands; or why not."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mallgen.contract.base_types import BASE_TYPES
from mallgen.editor.navigation import references
from mallgen.editor.project import Project, Seen
from mallgen.editor.symbols import Symbol, symbol_at, symbols
from mallgen.lint.scope import LintScope
from mallgen.syntax.scan import GO_KEYWORDS
from mallgen.text.span import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class SymbolRename(NamedTuple):
    """The places that take the new name, or `refusal`, in the user's words."""

    spans: tuple[Span, ...]
    refusal: str = ""


def renamable(places: Sequence[Seen], line: int, col: int) -> Symbol | str:
    """The type or handler at a place, or why there is nothing to rename."""
    if not places:
        return "the file cannot be read"
    project, file = places[0]
    symbol = symbol_at(project.files[file], line, col)
    if symbol is not None and symbol.kind == "base":
        return f"`{symbol.name}` is a base type of the language"
    if symbol is None or symbol.kind not in {"type", "handler"}:
        return "only types and handlers can be renamed"
    if symbol.kind == "type" and not _is_declared(project, symbol.name):
        return f"type `{symbol.name}` is not declared"
    return symbol


def rename(places: Sequence[Seen], line: int, col: int, name: str) -> SymbolRename:
    """Every place of what stands at a place, in all contracts that see it.

    Refused: names that the language cannot have, names that are taken, and contracts of which a part cannot be read,
    since the name may stand there.
    """
    symbol = renamable(places, line, col)
    if isinstance(symbol, str):
        return SymbolRename((), symbol)
    if name == symbol.name:
        return SymbolRename(())
    refusal = _no_name(symbol, name) or next(_refusals(places, line, col, name), "")
    return SymbolRename((), refusal) if refusal else SymbolRename(tuple(references(places, line, col, declared=True)))


def _no_name(symbol: Symbol, name: str) -> str:
    """Why the language cannot have a name, empty when it can."""
    if not _NAME.match(name):
        return f"`{name}` is no name: letters A-Z, a-z, digits and `_`, no digit first"
    if symbol.kind == "type" and (name in BASE_TYPES or name in {"any", "map", "interface"}):
        return f"`{name}` is a type of the language"
    if symbol.kind == "type" and name in GO_KEYWORDS:
        return f"`{name}` is a keyword of Go and cannot be a type's name"
    return ""


def _refusals(places: Sequence[Seen], line: int, col: int, name: str) -> Iterator[str]:
    for project, file in places:
        if not project.reads:
            broken = next((p for p in project.problems if p.level == "error"), None)
            where = f" ({broken.file}: {broken.diagnostic.message})" if broken is not None else ""
            yield f"a part of the contract cannot be read, and the name may stand there{where}"
        symbol = symbol_at(project.files[file], line, col)
        if symbol is not None:
            yield from _taken(project, symbol, name)


def _taken(project: Project, symbol: Symbol, name: str) -> Iterator[str]:
    if symbol.kind == "type":
        if _is_declared(project, name):
            yield f"type `{name}` is declared already"
        return
    operations = LintScope(project.view).operations
    groups = {one.group.group for one in operations if one.route.handler_span == symbol.span}
    for one in operations:
        if one.route.handler == name and one.group.group in groups:
            where = f" in group `{one.group.group}`" if one.group.group else ""
            yield f"handler `{name}` stands already{where}"


def _is_declared(project: Project, name: str) -> bool:
    return any(
        one.kind == "type" and one.declares and one.name == name
        for read in project.files.values()
        for one in symbols(read)
    )
