"""The renaming of a type or a handler in all contracts, or the reason why it is refused."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mallgen.contract.base_types import BASE_TYPES
from mallgen.editor.navigation import references
from mallgen.editor.project import Project, SeenFile
from mallgen.editor.symbols import Symbol, symbol_at, symbols
from mallgen.lint.scope import LintScope
from mallgen.syntax.scan import GO_KEYWORDS
from mallgen.text.span import Span

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class SymbolRename(NamedTuple):
    """The spans that get the new name, or `refusal`, the reason against it in the user's words."""

    spans: tuple[Span, ...]
    refusal: str = ""


def renamable(seen: Sequence[SeenFile], line: int, col: int) -> Symbol | str:
    """Return the type or handler at a line and column, or the reason why nothing there can be renamed."""
    if not seen:
        return "the file cannot be read"
    project, file = seen[0]
    symbol = symbol_at(project.files[file], line, col)
    if symbol is not None and symbol.kind == "base":
        return f"`{symbol.name}` is a base type of the language"
    if symbol is None or symbol.kind not in {"type", "handler"}:
        return "only types and handlers can be renamed"
    if symbol.kind == "type" and not _is_declared(project, symbol.name):
        return f"type `{symbol.name}` is not declared"
    return symbol


def rename(seen: Sequence[SeenFile], line: int, col: int, name: str) -> SymbolRename:
    """Return every span of the type or handler at a line and column, in all contracts that see the file.

    Refused are names that the language cannot have, names that are taken, and contracts of which a part cannot be
    read, since the name may be used there.
    """
    symbol = renamable(seen, line, col)
    if isinstance(symbol, str):
        return SymbolRename((), symbol)
    if name == symbol.name:
        return SymbolRename(())
    refusal = _refused_name(symbol, name) or next(_refusals(seen, line, col, name), "")
    return SymbolRename((), refusal) if refusal else SymbolRename(tuple(references(seen, line, col, declared=True)))


def _refused_name(symbol: Symbol, name: str) -> str:
    """Return the reason why the language does not allow a name, empty when it does."""
    if not _NAME.match(name):
        return f"`{name}` is no name: letters A-Z, a-z, digits and `_`, no digit first"
    if symbol.kind == "type" and (name in BASE_TYPES or name in {"any", "map", "interface"}):
        return f"`{name}` is a type of the language"
    if symbol.kind == "type" and name in GO_KEYWORDS:
        return f"`{name}` is a keyword of Go and cannot be a type's name"
    return ""


def _refusals(seen: Sequence[SeenFile], line: int, col: int, name: str) -> Iterator[str]:
    for project, file in seen:
        if not project.is_complete:
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
