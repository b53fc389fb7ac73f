"""mallgen new, mallgen api new, rpc new and rmq new: make a project that answers at once."""

import os
from collections.abc import Callable, Iterator, Mapping

from mallgen.cli.console import FINE, say
from mallgen.cli.options import Values
from mallgen.cli.scaffold import NewProject, bad_name, write
from mallgen.emit import starter
from mallgen.kinds import http, rmq, rpc
from mallgen.kinds.target import Target
from mallgen.python.layout import toml_text
from mallgen.python.names import http_package, queue_package, rpc_package, snake
from mallgen.workspace.config import BadWorkspace, find, read
from mallgen.workspace.targets import all_targets


def run(values: Values) -> int:
    """Make the folder NAME with the project of the command."""
    name, command, quiet = values.text("name"), values.text("project"), values.flag("quiet")
    code = bad_name(name, command)
    if code != FINE:
        return code
    project = _PROJECTS[command](name)
    code = write(name, project, quiet)
    if code == FINE and not quiet:
        for line in (*project.next_steps, *_unknown(name, project)):
            say(line)
    return code


def _unknown(name: str, project: NewProject) -> Iterator[str]:
    """Yield the lines by which the mallgen.toml around, if there is one, knows a service of its own folder."""
    targets = project.targets(name)
    if len(targets) > 1:
        return
    (target,) = targets
    try:
        workspace = find()
    except BadWorkspace:
        return  # every command of the workspace says what is wrong with it
    folders = {os.path.realpath(member.folder) for member in workspace.members}
    if not workspace.path or os.path.realpath(target.folder) in folders:
        return
    root = os.path.dirname(os.path.realpath(workspace.path))
    while name in {member.name for member in workspace.members}:
        name = f"{name}-2"
    place = os.path.relpath(workspace.path)
    yield f"{place} does not know the new service; these lines there make it one of the workspace:"
    yield f"  [service.{name}]"
    if target.kind == rmq.KIND.name:
        yield f'  kind = "{target.kind}"'
    yield f"  contract = {toml_text(_from(root, target.contract))}"
    yield f"  dir = {toml_text(_from(root, target.folder))}"


def _from(root: str, path: str) -> str:
    return os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/")


def _http(name: str) -> NewProject:
    def targets(folder: str) -> list[Target]:
        return [Target(http.KIND.name, f"{folder}/{name}.api", folder, bodies=starter.api_bodies(name))]

    start = f"next: cd {name} && pip install -e . && python -m {http_package(starter.service(name))}"
    return NewProject({f"{name}.api": starter.api(name)}, targets, (start, _call(name)))


def _rpc(name: str) -> NewProject:
    def targets(folder: str) -> list[Target]:
        return [Target(rpc.KIND.name, f"{folder}/{name}.proto", folder, bodies=starter.rpc_bodies(name))]

    start = f"next: cd {name} && pip install -e . && python -m {rpc_package(snake(name))}"
    return NewProject({f"{name}.proto": starter.rpc(name)}, targets, (start,))


def _queue(name: str) -> NewProject:
    def targets(folder: str) -> list[Target]:
        return [Target(rmq.KIND.name, f"{folder}/{name}.proto", folder, bodies=starter.queue_bodies(name))]

    start = f"next: cd {name} && pip install -e . && python -m {queue_package(snake(name))}"
    return NewProject({f"{name}.proto": starter.queue(name)}, targets, (start,))


def _workspace(name: str) -> NewProject:
    """Return a workspace with a BFF and a service that it calls."""
    bodies = {http.KIND.name: starter.calling_bodies(name), rpc.KIND.name: starter.greeter_bodies()}

    def targets(folder: str) -> list[Target]:
        return [target._replace(bodies=bodies[target.kind]) for target in all_targets(read(f"{folder}/mallgen.toml"))]

    files = {
        "mallgen.toml": starter.workspace(name),
        "README.md": starter.readme(name),
        "pyproject.toml": starter.pytest_settings(name),
        ".gitattributes": starter.MERGED,
        ".gitignore": starter.IGNORED,
        f"contracts/{name}.api": starter.api(name),
        f"contracts/{starter.GREETER}.proto": starter.greeter(),
    }
    return NewProject(files, targets, (f"next: cd {name} && mallgen dev", _call(name)))


def _call(name: str) -> str:
    return f"then: curl 'localhost:8888/v1/{name}?name=you'"


_PROJECTS: Mapping[str, Callable[[str], NewProject]] = {
    "api new": _http,
    "rpc new": _rpc,
    "rmq new": _queue,
    "new": _workspace,
}
