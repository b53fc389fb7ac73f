"""The contracts of a version: those of a workspace's services, or files that the user names. An edge: it reads them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mallgen.breaking.services import ServiceVersion
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import kind_of_file
from mallgen.kinds.tables import schema_of
from mallgen.kinds.target import Target, kind_or_none
from mallgen.text.span import Span
from mallgen.workspace.config import NAME, find, read
from mallgen.workspace.targets import of_member

if TYPE_CHECKING:
    from mallgen.tables.model import Table


class Version(NamedTuple):
    """All services of a version, with what is wrong in it and the texts of its files by path.

    `others` are tables in the files of services that the databases of these do not have.
    """

    services: tuple[ServiceVersion, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    others: "tuple[Table, ...]" = ()


def version_of(folder: str, paths: Sequence[str]) -> Version:
    """Read a version from a folder: its workspace, or contracts by their path there. Raises BadWorkspace."""
    if paths:
        return _version(folder, (_named(folder, path) for path in paths))
    workspace = read(os.path.join(folder, NAME))
    found = _version(folder, (of_member(member, workspace) for member in workspace.members))
    return found._replace(services=(*found.services, *_unowned(folder, found)))


def _unowned(folder: str, found: Version) -> Iterator[ServiceVersion]:
    """Yield the tables that no service has as the tables of their file, which is named instead of a service."""
    owned = {table.span for one in found.services if one.tables is not None for table in one.tables.tables}
    files: dict[str, dict[Span, Table]] = {}
    for table in found.others:
        if table.span not in owned:
            files.setdefault(table.span.file, {})[table.span] = table
    for file, tables in files.items():
        from mallgen.tables.model import Schema  # imported only where there are such tables

        path = os.path.relpath(file, folder)
        yield ServiceVersion(path, path, tables=Schema(tuple(tables.values())))


def _named(folder: str, path: str) -> Target:
    full = os.path.normpath(os.path.join(folder, path))
    workspace = find(os.path.dirname(full) or ".")
    member = workspace.member_of(full)
    return of_member(member, workspace) if member is not None else Target(kind_of_file(full).name, full, folder)


def _version(folder: str, targets: Iterable[Target]) -> Version:
    services: list[ServiceVersion] = []
    problems: list[Diagnostic] = []
    sources: dict[str, str] = {}
    others: list[Table] = []
    for target in targets:
        found = _service(folder, target)
        problems += found.diagnostics
        sources |= found.sources
        services += found.services
        others += found.others
    return Version(tuple(services), tuple(dict.fromkeys(problems)), sources, tuple(others))


def _service(folder: str, target: Target) -> Version:
    path = os.path.relpath(target.contract, folder)
    if not os.path.isfile(target.contract):
        return Version((), (), {})
    tables = schema_of(target)
    service = ServiceVersion(target.service or path, path, tables=tables.schema)
    kind = kind_or_none(target.kind)
    if kind is None or kind.version is None:
        return Version((service,), _errors(tables.diagnostics), tables.sources, tables.others)
    found = kind.version(target, service)
    problems = _errors((*found.diagnostics, *tables.diagnostics))
    return Version((found.service,), problems, {**found.sources, **tables.sources}, tables.others)


def _errors(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(one for one in found if one.severity == "error")
