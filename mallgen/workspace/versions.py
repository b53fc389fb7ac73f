"""The contracts of a version: those of a workspace's services, or files that the user names. An edge: it reads them."""

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mallgen.breaking.services import ServiceVersion
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import kind_of_file
from mallgen.kinds.rpc import INCLUDES, MORE
from mallgen.kinds.tables import schema_of
from mallgen.kinds.target import Target
from mallgen.loading.load import load
from mallgen.proto.load import load_protos
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
    return Version(tuple(services), tuple(problems), sources)


def _service(folder: str, target: Target) -> Version:
    path = os.path.relpath(target.contract, folder)
    if not os.path.isfile(target.contract):
        return Version((), (), {})
    tables = schema_of(target)
    service = ServiceVersion(target.service or path, path, tables=tables.schema)
    contract = _contract(service, target)
    problems = (*contract.diagnostics, *_errors(tables.diagnostics))
    return Version(contract.services, problems, {**contract.sources, **tables.sources})


def _contract(service: ServiceVersion, target: Target) -> Version:
    """Return a service with its contract, where it has one."""
    if target.kind == "api":
        api = load(target.contract, target.outside)
        return Version((service._replace(api=api.contract),), _errors(api.diagnostics), api.sources)
    if target.kind == "rpc":
        protos = (target.contract, *target.option(MORE))
        loaded = load_protos(protos, target.option(INCLUDES), for_service=False)
        return Version((service._replace(proto=loaded.contract),), _errors(loaded.diagnostics), loaded.sources)
    return Version((service,), (), {})


def _errors(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(one for one in found if one.severity == "error")
