"""The Dockerfiles, manifests and compose files of a workspace, for `mallgen check`. An edge."""

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.emit.production.drift import compose_drift, docker_drift, kube_drift
from mallgen.emit.production.facts import Deployable
from mallgen.emit.production.reach import unreachable
from mallgen.emit.production.trees import BadYaml
from mallgen.kinds.target import Made, Target
from mallgen.text.span import Span
from mallgen.workspace.config import Workspace
from mallgen.workspace.deployables import Deployables, deployables, root_of
from mallgen.workspace.marked import MarkedFile


class DeployedFindings(NamedTuple):
    """The problems, and the texts for code frames."""

    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


def deployed_findings(
    workspace: Workspace, found: Sequence[tuple[Target, Made]], marked: Sequence[MarkedFile]
) -> DeployedFindings:
    """Report what in these files no longer fits the services, and what in their settings leads nowhere."""
    read = deployables(workspace, found)
    sources = {**workspace.sources, **read.sources, **{one.path: one.text for one in marked}}
    problems: dict[Diagnostic, None] = {}
    for one in marked:
        try:
            problems |= dict.fromkeys(_drift(workspace, read, one))
        except BadYaml as problem:
            hint = "correct it: https://yaml.org"
            problems[Diagnostic("production-drift", problem.message, problem.span, hint)] = None
    return DeployedFindings(tuple(problems), sources)


def _drift(workspace: Workspace, read: Deployables, one: MarkedFile) -> Iterator[Diagnostic]:
    if one.command == "compose":
        root = os.path.realpath(root_of(workspace, "."))

        def folder_of(context: str) -> str:
            real = os.path.realpath(os.path.join(os.path.dirname(one.path) or ".", context))
            inside = os.path.relpath(real, root).replace(os.sep, "/")
            return "" if inside.startswith("..") else inside

        yield from compose_drift(read.services, one.text, one.path, folder_of, _unread(workspace, read))
        yield from (problem for service in read.services for problem in unreachable(service, in_pods=False))
        return
    service = _service(workspace, read.services, one)
    if service is None:
        if one.service and workspace.path and all(member.name != one.service for member in workspace.members):
            message = f"there is no service {one.service} in mallgen.toml"
            yield Diagnostic(
                "production-drift", message, Span(one.path, 1, 1, 1, 2), "remove the file, or name another"
            )
    elif one.command == "kube":
        yield from kube_drift(service, one.text, one.path)
        yield from unreachable(service, in_pods=True)
    else:
        yield from docker_drift(service, one.text, one.path)


def _unread(workspace: Workspace, read: Deployables) -> frozenset[str]:
    """Return the folders of services that something else is wrong with, which is reported apart."""
    known = {service.service for service in read.services}
    root = os.path.realpath(root_of(workspace, "."))
    folders = (os.path.realpath(member.folder) for member in workspace.members if member.name not in known)
    return frozenset(os.path.relpath(folder, root).replace(os.sep, "/") for folder in folders)


def _service(workspace: Workspace, services: Sequence[Deployable], one: MarkedFile) -> Deployable | None:
    """Return the service that a file is for, by its name, else by its folder."""
    if one.service:
        return next((service for service in services if one.service in (service.service, service.name)), None)
    here = os.path.realpath(os.path.dirname(one.path) or ".")
    root = root_of(workspace, here)
    folders = {os.path.realpath(os.path.join(root, service.folder)): service for service in services}
    return folders.get(here)
