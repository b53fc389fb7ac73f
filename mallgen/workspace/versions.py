"""The contracts of a version: those of a workspace's services, or files that the user names. An edge: it reads them."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mallgen.breaking.services import ServiceVersion
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import kind_of_file
from mallgen.kinds.tables import schema_of
from mallgen.kinds.target import Target, kind_or_none
from mallgen.workspace.config import NAME, find, read
from mallgen.workspace.targets import of_member


class Version(NamedTuple):
    """All services of a version, with what is wrong in it and the texts of its files by path."""

    services: tuple[ServiceVersion, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]


def version_of(folder: str, paths: Sequence[str]) -> Version:
    """Read a version from a folder: its workspace, or contracts by their path there. Raises BadWorkspace."""
    if paths:
        return _version(folder, (_named(folder, path) for path in paths))
    workspace = read(os.path.join(folder, NAME))
    return _version(folder, (of_member(member, workspace) for member in workspace.members))


def _named(folder: str, path: str) -> Target:
    full = os.path.normpath(os.path.join(folder, path))
    workspace = find(os.path.dirname(full) or ".")
    member = workspace.member_of(full)
    return of_member(member, workspace) if member is not None else Target(kind_of_file(full).name, full, folder)


def _version(folder: str, targets: Iterable[Target]) -> Version:
    services: list[ServiceVersion] = []
    problems: list[Diagnostic] = []
    sources: dict[str, str] = {}
    for target in targets:
        found = _service(folder, target)
        problems += found.diagnostics
        sources |= found.sources
        services += found.services
    return Version(tuple(services), tuple(dict.fromkeys(problems)), sources)


def _service(folder: str, target: Target) -> Version:
    path = os.path.relpath(target.contract, folder)
    if not os.path.isfile(target.contract):
        return Version((), (), {})
    tables = schema_of(target)
    service = ServiceVersion(target.service or path, path, tables=tables.schema)
    kind = kind_or_none(target.kind)
    if kind is None or kind.version is None:
        return Version((service,), _errors(tables.diagnostics), tables.sources)
    found = kind.version(target, service)
    problems = _errors((*found.diagnostics, *tables.diagnostics))
    return Version((found.service,), problems, {**found.sources, **tables.sources})


def _errors(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(one for one in found if one.severity == "error")
