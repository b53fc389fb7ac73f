"""Uses of a class under the name that it had: renamed in the file where the name means nothing else."""

import ast
from collections.abc import Mapping, Set

from mallgen.drift.user_file import ByteEdit, ImportBinding, UserFile


def is_former(binding: ImportBinding, now: str, renamed: Mapping[str, str]) -> bool:
    """Whether a file calls a class by a name that it had: by an import of the old one, or by `New as Old`."""
    local = binding.alias.asname or binding.alias.name
    if binding.alias.asname is None:
        return local != now.rpartition(".")[2]
    return any(new == now and old.rpartition(".")[2] == local for old, new in renamed.items())


def respelled(file: UserFile, local: str, now: str, kept: Set[ast.AST]) -> list[ByteEdit] | None:
    """The edits that write the class's name of today, the last word of `now`, for `local`.

    None where one of the two names may mean something else in the file, in a string that could be a type too. `kept`
    are nodes that are replaced anyway.
    """
    new = now.rpartition(".")[2]
    other = file.bindings.get(new)
    if {new, local} & file.defined or (other is not None and new != local and other.full != now):
        return None
    edits = []
    for node in file.nodes:
        if isinstance(node, ast.Name) and node.id in (local, new) and node not in kept:
            if (node.id == new and other is None) or not isinstance(node.ctx, ast.Load):
                return None
            edits += [ByteEdit(*file.range(node), new)] if node.id == local else []
        elif {local, new} & {*_bound(node), _text(node)}:
            return None
    return edits


def _text(node: ast.AST) -> str:
    return node.value.strip() if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _bound(node: ast.AST) -> tuple[str, ...]:
    """Names that a node binds, or speaks of, without being an `ast.Name`."""
    if isinstance(node, ast.arg):
        return (node.arg,)
    if isinstance(node, ast.Global | ast.Nonlocal):
        return tuple(node.names)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs):
        return (node.name or "",)
    return ()
