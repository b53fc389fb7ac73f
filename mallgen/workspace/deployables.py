"""The services of a workspace, or of one folder, as they are put into production. An edge: it reads their settings."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.emit.production.facts import DEV, GRPC, HTTP, Callee, Deployable, label, read_settings
from mallgen.emit.production.trees import BadYaml
from mallgen.kinds.kind import HTTP_READY, REGISTERED, kind_named
from mallgen.kinds.target import Made, Target
from mallgen.loading.borders import is_inside
from mallgen.output.records import SETTINGS
from mallgen.workspace.config import Workspace, ports, settings_of

_ASKED = {HTTP_READY: HTTP, REGISTERED: GRPC}
_MOST_BYTES = 1 << 20


class Deployables(NamedTuple):
    """Services, the problems that kept others from being read, and the texts for code frames."""

    services: tuple[Deployable, ...]
    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


def deployables(workspace: Workspace, found: Sequence[tuple[Target, Made]]) -> Deployables:
    """Read the services that targets are made into; those that never run, such as plain models, are left out."""
    services: list[Deployable] = []
    problems: list[Diagnostic] = []
    sources: dict[str, str] = {}
    for target, made in found:
        if made.files and kind_named(target.kind).runs:
            one = _read(workspace, target, made, sources)
            (services if isinstance(one, Deployable) else problems).append(one)  # type: ignore[arg-type]
    return Deployables(tuple(services), tuple(problems), sources)


def root_of(workspace: Workspace, folder: str) -> str:
    """Return the workspace's folder, for a service of none its own."""
    return os.path.dirname(workspace.path) if workspace.path else os.path.realpath(folder)


def _read(workspace: Workspace, target: Target, made: Made, sources: dict[str, str]) -> Deployable | Diagnostic:
    settings = next((file.path for file in made.files if file.role == SETTINGS), "")
    path = os.path.normpath(os.path.join(target.folder, settings))
    if not settings or not os.path.isfile(path):
        message = f"`{path}` is not there: the image and its ports follow from it"
        return Diagnostic("not-generated", message, None, "generate the service first: mallgen gen")
    texts = {os.path.basename(one): _text(one, target.folder) for one in settings_of(target.folder)}
    text = texts[os.path.basename(settings)]
    sources[path] = text
    try:
        tree = read_settings(text, path)
    except BadYaml as problem:
        return Diagnostic("bad-settings", problem.message, problem.span, "correct it: https://yaml.org")
    stem = os.path.splitext(os.path.basename(settings))[0]
    folder = os.path.relpath(os.path.realpath(target.folder), os.path.realpath(root_of(workspace, target.folder)))
    return Deployable(
        name=label(target.service or stem),
        service=target.service,
        contract=target.kind,
        kind=_ASKED.get(kind_named(target.kind).ready, DEV),
        package=made.package,
        folder=folder.replace(os.sep, "/"),
        version=_version(target.folder),
        settings=settings,
        texts=texts,
        tree=tree,
        uses=tuple(Callee(used.name, used.kind, _port(workspace, used.name)) for used in target.uses),
        routes=frozenset(file.role.title[4:] for file in made.files if file.role and file.role.method == "GET"),
    )


def _port(workspace: Workspace, name: str) -> int:
    """Return the port of a service of the workspace, 0 where its settings do not name it."""
    folder = next((member.folder for member in workspace.members if member.name == name), "")
    return next(iter(ports(folder)), 0) if folder else 0


def _version(folder: str) -> str:
    """Return the version of the project in a folder, as an image's tag may have it."""
    import tomllib

    try:
        version = (
            tomllib.loads(_text(os.path.join(folder, "pyproject.toml"), folder)).get("project", {}).get("version", "")
        )
    except (ValueError, RecursionError, AttributeError):
        version = ""  # `check` says what is wrong with the file
    fits = isinstance(version, str) and version.replace(".", "").replace("-", "").isalnum() and version.isascii()
    return version if fits else "latest"


def _text(path: str, folder: str) -> str:
    """Return the text of a file in a folder; empty when it cannot be read, leads outside or has more than 1 MiB."""
    real = os.path.realpath(path)
    if not os.path.isfile(real) or not is_inside(real, os.path.realpath(folder)):
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError:
        return ""
    return text if len(text) <= _MOST_BYTES else ""
