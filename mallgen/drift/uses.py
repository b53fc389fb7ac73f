"""Uses of a class under its former name: renamed in a file where that name means nothing else."""

import ast
from collections.abc import Mapping, Set

from mallgen.drift.user_file import ByteEdit, ImportBinding, UserFile


def is_former(binding: ImportBinding, now: str, renamed: Mapping[str, str]) -> bool:
    """Return whether a file uses a former name of a class: by an import of the old name, or by `New as Old`."""
    local = binding.alias.asname or binding.alias.name
    if binding.alias.asname is None:
        return local != now.rpartition(".")[2]
    return any(new == now and old.rpartition(".")[2] == local for old, new in renamed.items())


def respelled(file: UserFile, local: str, now: str, kept: Set[ast.AST]) -> list[ByteEdit] | None:
    """Return the edits that write a class's new name, the last part of `now`, wherever the file has `local`.

    None where one of the two names may mean something else in the file, or is in a string, which could be a type.
    `kept` are nodes that other edits replace.
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
        elif {local, new} & {*_other_names(node), _string(node)}:
            return None
    return edits


def _string(node: ast.AST) -> str:
    return node.value.strip() if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _other_names(node: ast.AST) -> tuple[str, ...]:
    """Return the names that a node other than an `ast.Name` binds or declares."""
    if isinstance(node, ast.arg):
        return (node.arg,)
    if isinstance(node, ast.Global | ast.Nonlocal):
        return tuple(node.names)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs):
        return (node.name or "",)
    return ()
