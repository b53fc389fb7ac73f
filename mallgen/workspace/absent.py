"""Contracts and import folders that a target names and that are missing on disk. An edge: it looks for them."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.tables import TABLES
from mallgen.kinds.target import Target, kind_or_none
from mallgen.loading.ddl_files import matching
from mallgen.text.span import Span
from mallgen.text.suggest import did_you_mean
from mallgen.workspace.config import NAME

_DEPTH, _MOST = 4, 2000


class MissingPaths(NamedTuple):
    """An error for each missing path, and the texts for code frames."""

    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


def missing_paths(target: Target) -> MissingPaths:
    """Return every path of a target that is missing, with its position in mallgen.toml where that names it."""
    problems = [*_contracts(target), *_tables(target), *_folders(target)]
    return MissingPaths(tuple(problems), _texts({d.span.file for d in problems if d.span is not None}))


def _contracts(target: Target) -> Iterator[Diagnostic]:
    span = target.places.get("contract")
    if span is not None and not _is_there(target.contract):
        yield _missing(target.contract, span, "contract", os.path.splitext(target.contract)[1])
    for number, used in enumerate(target.uses):
        by = target.places.get(f"uses/{number}")
        if by is not None and not os.path.isfile(used.contract):
            message = f"the contract of {used.name}, which is used here, is not there"
            yield Diagnostic(
                "contract-missing", message, by, f"correct it below [service.{used.name}]", environment=True
            )
    plain = [used.contract for number, used in enumerate(target.uses) if f"uses/{number}" not in target.places]
    for path in [*([] if span is not None else [target.contract]), *_option_files(target), *plain]:
        if not _is_there(path):
            message = f"the contract `{os.path.normpath(path)}` is not there"
            hint = "bring it back, or name another one: -api FILE"
            yield Diagnostic("contract-missing", message, hint=hint, environment=True)


def _is_there(contract: str) -> bool:
    """Return whether there is a contract; that of tables may be a pattern."""
    return os.path.isfile(contract) or (contract.endswith(".sql") and bool(matching(contract)))


def _tables(target: Target) -> Iterator[Diagnostic]:
    for number, path in enumerate(target.option(TABLES)):
        if matching(path):
            continue
        span = target.places.get(f"tables/{number}")
        if span is not None:
            yield _missing(path, span, "file of tables", ".sql")
        else:
            message = f"no file of tables is named `{os.path.normpath(path)}`"
            yield Diagnostic("contract-missing", message, hint="bring it back, or name another one", environment=True)


def _option_files(target: Target) -> list[str]:
    """Return the files that options name besides the contract and its tables."""
    kind = kind_or_none(target.kind)
    names = kind.paths if kind is not None else ()
    return [path for name in names if name not in ("-I", TABLES) for path in target.option(name)]


def _folders(target: Target) -> Iterator[Diagnostic]:
    for number, path in enumerate(target.option("-I")):
        span = target.places.get(f"proto_path/{number}")
        if span is not None and not os.path.isdir(path):
            yield _missing(path, span, "folder", "")


def _missing(path: str, span: Span, what: str, ending: str) -> Diagnostic:
    root = os.path.dirname(span.file) or "."
    shown = os.path.relpath(path, root)
    message = f"{NAME} names a {what} that is not there: {shown}"
    found = [os.path.relpath(one, root) for one in _below(root, ending)]
    moved = [one for one in found if os.path.basename(one) == os.path.basename(path)]
    hint = f"did you mean `{moved[0]}`?" if moved else did_you_mean(shown, found)
    return Diagnostic("contract-missing", message, span, hint or f"bring it back, or correct {NAME}", environment=True)


def _below(root: str, ending: str) -> Iterator[str]:
    """Yield files with an ending, or folders when it is empty; hidden folders and very deep ones are left out."""
    waiting = [(root, 0)]
    for seen, (folder, depth) in enumerate(waiting):
        if seen >= _MOST:
            return
        try:
            with os.scandir(folder) as entries:
                names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
        except OSError:
            continue
        for name, is_folder in names:
            path = os.path.join(folder, name)
            if is_folder and name[0] != "." and name not in ("__pycache__", "node_modules"):
                if not ending:
                    yield path
                if depth < _DEPTH:
                    waiting.append((path, depth + 1))
            elif ending and not is_folder and name.endswith(ending):
                yield path


def _texts(paths: set[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as file:
            found[path] = file.read()
    return found
