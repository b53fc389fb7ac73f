"""Folders of services that mallgen.toml no longer has. An edge: it looks below the workspace.

A lock says for which service of a workspace its folder was generated; one that says nothing is somebody's own.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.target import Target, of_line
from mallgen.output.manifest import NAME as LOCK
from mallgen.output.manifest import BadLock, parse
from mallgen.text.span import Span
from mallgen.workspace.config import NAME, Workspace

_DEPTH, _MOST = 4, 5000
_SKIPPED = ("__pycache__", "node_modules", "venv")


class LeftFolder(NamedTuple):
    """What a folder was generated for, and what is said of it."""

    target: Target
    finding: Diagnostic


def left(workspace: Workspace) -> list[LeftFolder]:
    """The folders below a workspace that were generated for services which are not, or not there, any more."""
    if not workspace.members:
        return []
    mine = {os.path.realpath(member.folder) for member in workspace.members}
    return [found for folder in _folders(os.path.dirname(workspace.path), mine) for found in _left(folder, workspace)]


def _folders(root: str, mine: set[str]) -> Iterator[str]:
    """Folders with a lock: not those of the services, and none below them, in other workspaces, or far down."""
    waiting = [(root, 0)]
    for seen, (folder, depth) in enumerate(waiting):
        if seen >= _MOST:
            return
        names = _entries(folder)
        if folder != root and (os.path.realpath(folder) in mine or NAME in names):
            continue
        if folder != root and LOCK in names:
            yield folder
        elif depth < _DEPTH:
            waiting += [(os.path.join(folder, name), depth + 1) for name, is_folder in names.items() if is_folder]


def _entries(folder: str) -> dict[str, bool]:
    """What is in a folder, and which of it are folders; hidden ones and environments are left out."""
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError:
        return {}
    return {name: d for name, d in sorted(found.items()) if not (d and (name[0] == "." or name in _SKIPPED))}


def _left(folder: str, workspace: Workspace) -> Iterator[LeftFolder]:
    shown = os.path.relpath(folder)
    path = os.path.join(shown, LOCK)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        lock = parse(text)
    except (OSError, UnicodeDecodeError, BadLock):
        return  # what a command says that is run there
    for line in lock.contracts:
        target = of_line(line, shown)
        if target.service and any(record.contract == line.path for record in lock.files):
            rows = text.split("\n")
            row = next((n for n, row in enumerate(rows, 1) if row.startswith(f"contract\t{line.kind}\t{line.path}")), 1)
            span = Span(path, row, 1, row, len(rows[row - 1]) + 1)
            yield LeftFolder(target, _finding(target, span, workspace))


def _finding(target: Target, span: Span, workspace: Workspace) -> Diagnostic:
    """That it is still there, and the way out."""
    folder, name = os.path.normpath(target.folder), target.service
    now = next((member for member in workspace.members if member.name == name), None)
    message = f"`{folder}` was generated for service {name}, which {NAME} no longer has"
    hint = f"`mallgen prune` deletes what nobody edited there; or declare [service.{name}] again"
    if now is not None:
        message = f"`{folder}` was generated for service {name}, whose folder is `{os.path.normpath(now.folder)}` now"
        hint = f"move your code there; `mallgen prune` deletes what nobody edited in `{folder}`"
    return Diagnostic("left-behind", message, span, hint)
