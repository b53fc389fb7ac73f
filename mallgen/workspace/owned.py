"""The tables of files, or of a workspace's services with the modules that query them. An edge: it reads files."""

import os
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.tables import DIALECT, ONLY
from mallgen.loading.ddl_files import read_ddl
from mallgen.loading.sources import limits
from mallgen.tablerules.scope import OwnedTables, TableScope
from mallgen.tables.model import Dialect, Schema, Table
from mallgen.tables.read import DdlSource, Read, read
from mallgen.text.span import Span
from mallgen.workspace.config import ServiceEntry, Workspace, settings_of

# the password in an address, which a code frame would show
_PASSWORD = re.compile(r"(?P<head>(?:DataSource|Url):[ \t]*[\"']?(?:\w+://)?[^\s:\"'@/]*:)[^\s\"']+(?=@)", re.I)
_MODEL = "model"  # the kind of a package of models
_SKIPPED = frozenset(("__pycache__", "node_modules", "site-packages", "tests", "venv", "env", "build", "dist"))


class ReadScope(NamedTuple):
    """Tables as the subject of rules; `problems` are why files cannot be read, `diagnostics` what is wrong in them."""

    scope: TableScope
    diagnostics: tuple[Diagnostic, ...]
    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


class TableFiles(NamedTuple):
    """The files of a service's tables as mallgen.toml names them, and their dialect, None to be detected."""

    patterns: tuple[str, ...]
    dialect: Dialect | None


def table_files(member: ServiceEntry) -> tuple[str, ...]:
    """Return the files of DDL of a service, or of a package of models alone, as paths and patterns."""
    return (member.contract, *member.tables) if member.kind == _MODEL else member.tables


def dialect_named(name: str) -> Dialect | None:
    """Return the dialect of a name, None for an empty one."""
    return next((dialect for dialect in Dialect if dialect.value == name), None)


def read_files(patterns: Iterable[str], dialect: Dialect | None = None) -> ReadScope:
    """Read the tables of files, in their order."""
    files = read_ddl(patterns)
    result = _read(files.texts, dialect) if not files.diagnostics else Read(Schema(()), ())
    scope = TableScope(result.schema, files.texts, limits=limits())
    return ReadScope(scope, result.diagnostics, files.diagnostics, files.texts)


def read_workspace(workspace: Workspace) -> ReadScope:
    """Read the tables of all services that have some, and the modules of all services.

    A package of models alone is no service: it owns none of its tables.
    """
    texts: dict[str, str] = {}
    tables: dict[Span, Table] = {}
    diagnostics: list[Diagnostic] = []
    problems: list[Diagnostic] = []
    schemas: dict[TableFiles, Schema] = {}
    for wanted in table_groups(workspace):
        files = read_ddl(wanted.patterns)
        result = _read(files.texts, wanted.dialect) if not files.diagnostics else Read(Schema(()), ())
        schemas[wanted] = result.schema
        texts |= files.texts
        problems += files.diagnostics
        diagnostics += result.diagnostics
        tables |= {table.span: table for table in result.schema.tables}
    homes = frozenset(os.path.abspath(member.folder) for member in workspace.members)
    services = tuple(_owned(member, schemas, homes) for member in workspace.members if member.kind != _MODEL)
    scope = TableScope(Schema(tuple(tables.values())), texts, services, limits())
    sources = {**texts, **{path: text for one in services for path, text in one.texts.items()}}
    return ReadScope(scope, tuple(dict.fromkeys(diagnostics)), tuple(dict.fromkeys(problems)), sources)


def table_groups(workspace: Workspace) -> tuple[TableFiles, ...]:
    """Return the files that are read together: those of each service, once where services share them."""
    return tuple(dict.fromkeys(map(_files, filter(table_files, workspace.members))))


def _files(member: ServiceEntry) -> TableFiles:
    return TableFiles(table_files(member), dialect_named(next(iter(member.choices.get(DIALECT, ())), "")))


def _read(texts: dict[str, str], dialect: Dialect | None) -> Read:
    return read([DdlSource(name, text) for name, text in texts.items()], dialect, limits())


def _owned(member: ServiceEntry, schemas: dict[TableFiles, Schema], homes: frozenset[str]) -> OwnedTables:
    """Return the tables of a service: those of its database, and among them those that `only` names.

    `homes` are the folders of all services: a folder below a service's own may be another's.
    """
    tables = schemas[_files(member)].of(member.database) if member.tables else ()
    only = member.choices.get(ONLY, ())
    own = tuple(table for table in tables if not only or any(fnmatchcase(table.name, one) for one in only))
    return OwnedTables(member.name, _package(member.folder), own, dict(_texts(member.folder, homes)), member.admin_of)


def _package(folder: str) -> str:
    """Return the Python package in a service's folder that has models, empty when there is none."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return next((name for name in names if os.path.isfile(os.path.join(folder, name, "model", "__init__.py"))), "")


def _texts(folder: str, homes: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the settings of a service and the modules that its user writes, with their texts."""
    for path in (*settings_of(folder), *_modules(folder, homes)):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
                yield os.path.normpath(path), text if path.endswith(".py") else _PASSWORD.sub(_masked, text)
        except OSError:
            continue  # a link that leads nowhere is the survey's finding


def _masked(found: re.Match[str]) -> str:
    """Return an address with as many stars as its password has characters: columns stay as they are."""
    return found["head"] + "*" * (len(found[0]) - len(found["head"]))


def _modules(folder: str, homes: frozenset[str]) -> Iterator[str]:
    """Yield the paths of a service's modules, without those that are always generated."""
    for here, folders, names in os.walk(folder):
        own = (name for name in folders if os.path.abspath(os.path.join(here, name)) not in homes)
        folders[:] = sorted(name for name in own if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(names):
            if name.endswith(".py") and not name.endswith(("_gen.py", "_pb2.py", "_grpc.py")):
                yield os.path.join(here, name)
