"""Folders of services that mallgen.toml no longer has. An edge: it looks below the workspace.

A mallgen.lock names the service of the workspace that its folder was generated for; a folder whose mallgen.lock names
none was generated outside of a workspace and is not looked at.
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
    """A target whose service is gone or has another folder now, and the finding about its folder."""

    target: Target
    finding: Diagnostic


def left_folders(workspace: Workspace) -> list[LeftFolder]:
    """Return the folders below a workspace of services that mallgen.toml no longer has, or has in another folder."""
    if not workspace.members:
        return []
    mine = {os.path.realpath(member.folder) for member in workspace.members}
    return [
        found
        for folder in _folders(os.path.dirname(workspace.path), mine)
        for found in _left_by_lock(folder, workspace)
    ]


def _folders(root: str, mine: set[str]) -> Iterator[str]:
    """Yield folders with a mallgen.lock, but none of the services, in other workspaces or far down."""
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
    """Return the names in a folder, each with whether it is a folder; hidden folders and environments are left out."""
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError:
        return {}
    return {name: d for name, d in sorted(found.items()) if not (d and (name[0] == "." or name in _SKIPPED))}


def _left_by_lock(folder: str, workspace: Workspace) -> Iterator[LeftFolder]:
    shown = os.path.relpath(folder)
    path = os.path.join(shown, LOCK)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        lock = parse(text)
    except (OSError, UnicodeDecodeError, BadLock):
        return  # a command that is run in that folder reports it
    for line in lock.contracts:
        target = of_line(line, shown)
        if target.service and any(record.contract == line.path for record in lock.files):
            rows = text.split("\n")
            row = next((n for n, row in enumerate(rows, 1) if row.startswith(f"contract\t{line.kind}\t{line.path}")), 1)
            span = Span(path, row, 1, row, len(rows[row - 1]) + 1)
            yield LeftFolder(target, _finding(target, span, workspace))


def _finding(target: Target, span: Span, workspace: Workspace) -> Diagnostic:
    """Return the finding that the folder is still there, with a hint what to do."""
    folder, name = os.path.normpath(target.folder), target.service
    now = next((member for member in workspace.members if member.name == name), None)
    message = f"`{folder}` was generated for service {name}, which {NAME} no longer has"
    hint = f"`mallgen prune` deletes what nobody edited there; or declare [service.{name}] again"
    if now is not None:
        message = f"`{folder}` was generated for service {name}, whose folder is `{os.path.normpath(now.folder)}` now"
        hint = f"move your code there; `mallgen prune` deletes what nobody edited in `{folder}`"
    return Diagnostic("left-behind", message, span, hint)
