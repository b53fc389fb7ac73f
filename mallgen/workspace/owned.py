"""The tables of files, or of a workspace's services with the modules that query them. An edge: it reads files."""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.loading.ddl_files import read_ddl
from mallgen.loading.sources import limits
from mallgen.tablerules.scope import OwnedTables, TableScope
from mallgen.tables.model import Schema, Table
from mallgen.tables.read import DdlSource, Read, read
from mallgen.text.span import Span
from mallgen.workspace.config import ServiceEntry, Workspace

_SKIPPED = frozenset(("__pycache__", "node_modules", "site-packages", "tests"))


class ReadScope(NamedTuple):
    """Tables as the subject of rules; `problems` are why files cannot be read, `diagnostics` what is wrong in them."""

    scope: TableScope
    diagnostics: tuple[Diagnostic, ...]
    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


def read_files(patterns: Iterable[str]) -> ReadScope:
    """Read the tables of files, in their order."""
    files = read_ddl(patterns)
    result = _read(files.texts) if not files.diagnostics else Read(Schema(()), ())
    return ReadScope(TableScope(result.schema, files.texts), result.diagnostics, files.diagnostics, files.texts)


def read_workspace(workspace: Workspace) -> ReadScope:
    """Read the tables of all services that have some, and the modules of all services."""
    texts: dict[str, str] = {}
    tables: dict[Span, Table] = {}
    diagnostics: list[Diagnostic] = []
    problems: list[Diagnostic] = []
    schemas: dict[tuple[str, ...], Schema] = {}
    for patterns in dict.fromkeys(member.tables for member in workspace.members if member.tables):
        files = read_ddl(patterns)
        result = _read(files.texts) if not files.diagnostics else Read(Schema(()), ())
        schemas[patterns] = result.schema
        texts |= files.texts
        problems += files.diagnostics
        diagnostics += result.diagnostics
        tables |= {table.span: table for table in result.schema.tables}
    services = tuple(_owned(member, schemas) for member in workspace.members)
    scope = TableScope(Schema(tuple(tables.values())), texts, services)
    sources = {**texts, **{path: text for one in services for path, text in one.texts.items()}}
    return ReadScope(scope, tuple(dict.fromkeys(diagnostics)), tuple(dict.fromkeys(problems)), sources)


def _read(texts: dict[str, str]) -> Read:
    return read([DdlSource(name, text) for name, text in texts.items()], limits=limits())


def _owned(member: ServiceEntry, schemas: dict[tuple[str, ...], Schema]) -> OwnedTables:
    tables = schemas[member.tables].of(member.database) if member.tables else ()
    return OwnedTables(member.name, _package(member.folder), tables, dict(_modules(member.folder)))


def _package(folder: str) -> str:
    """Return the Python package in a service's folder that has models, empty when there is none."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return next((name for name in names if os.path.isfile(os.path.join(folder, name, "model", "__init__.py"))), "")


def _modules(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the modules below a service's folder that its user writes, with their texts."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(names):
            path = os.path.join(here, name)
            if not name.endswith(".py") or name.endswith(("_gen.py", "_pb2.py", "_grpc.py")):
                continue
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    yield os.path.normpath(path), file.read()
            except OSError:
                continue  # a link that leads nowhere is the survey's finding
