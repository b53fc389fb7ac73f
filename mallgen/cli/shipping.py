"""The common part of docker, kube and compose: choose the services, write files that are the user's from the start."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.cli.comparing import choose
from mallgen.cli.console import FINE, USAGE, AlreadyReported, report, say
from mallgen.cli.options import Values
from mallgen.cli.writing import current_workspace
from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Overtaken, Refused
from mallgen.disk.session import session
from mallgen.emit.production.facts import Deployable
from mallgen.emit.production.reach import unreachable
from mallgen.kinds.target import Target
from mallgen.output.files import ExpectedFiles, File
from mallgen.output.manifest import Lock
from mallgen.output.plan import StepKind, plan
from mallgen.output.records import Owner
from mallgen.text.suggest import did_you_mean
from mallgen.workspace.config import Workspace
from mallgen.workspace.deployables import deployables, root_of
from mallgen.workspace.marked import PLACES
from mallgen.workspace.targets import make

END = "; nothing was written"


class Shipped(NamedTuple):
    """The services that a command line means, the folder that their folders are below, and the workspace around it."""

    services: tuple[Deployable, ...]
    root: str
    workspace: Workspace
    sources: Mapping[str, str]

    def folder(self, service: Deployable) -> str:
        """Return the folder of a service as the user would write it."""
        return os.path.relpath(os.path.join(self.root, service.folder))


def chosen(values: Values, names: Sequence[str]) -> Shipped:
    """Return the services of these names, all without any. Raises AlreadyReported."""
    workspace = current_workspace()
    targets = _targets(values, names, workspace)
    made = [(target, make(target, prove=False)) for target in targets]
    problems = [problem for _, one in made for problem in one.diagnostics if problem.severity == "error"]
    sources = {path: text for _, one in made for path, text in one.sources.items()}
    found = deployables(workspace, made)
    sources |= found.sources
    problems = list(dict.fromkeys([*problems, *found.problems]))
    if problems:
        raise AlreadyReported(report(problems, sources, END))
    if not found.services:
        nothing = Diagnostic("nothing-runs", "none of this runs: it is tables alone", hint="name a service that runs")
        raise AlreadyReported(report([nothing], {}, END))
    return Shipped(found.services, root_of(workspace, targets[0].folder), workspace, sources)


def _targets(values: Values, names: Sequence[str], workspace: Workspace) -> tuple[Target, ...]:
    known = [member.name for member in workspace.members]
    for name in names:
        if name not in known:
            where = os.path.relpath(workspace.path) if workspace.path else "this folder: there is no mallgen.toml"
            hint = did_you_mean(name, known) or f"its services are {', '.join(known)}" if known else ""
            raise usage(f"there is no service `{name}` in {where}", hint or "leave it out, and use -dir FOLDER")
    found = choose(values)
    if found.problems:
        way = "name a folder that mallgen has generated a service into"
        problems = [replace(one, hint=way) if one.code == "contract-missing" else one for one in found.problems]
        raise AlreadyReported(report(problems, workspace.sources, END))
    targets = tuple(target for target in found.targets if not names or target.service in names)
    missing = [name for name in names if all(target.service != name for target in targets)]
    if missing:
        raise usage(f"`{missing[0]}` is not the service of {values.text('dir')}", "leave out -dir")
    return targets


def usage(message: str, hint: str) -> AlreadyReported:
    """Report a command line that cannot be meant so, and return what ends the command."""
    say(f"error[usage] {message}")
    say(f"  = help: {hint}")
    return AlreadyReported(USAGE)


def unfit_port(option: str, port: str, service: Deployable) -> AlreadyReported:
    """Report a port that a service does not listen on, and return what ends the command."""
    where = f"{service.folder}/{service.settings}" if service.folder != "." else service.settings
    listens = f"listens on {service.port}" if service.port else "listens on no port"
    message = f"-{option} is {port}, and {service.name} {listens} by {where}"
    return usage(message, "leave it out, or change the settings")


def warn(shipped: Shipped, values: Values, in_pods: bool) -> None:
    """Report what the settings say that does not work in containers."""
    found = [one for service in shipped.services for one in unreachable(service, in_pods)]
    if not values.flag("quiet"):
        report(found, shipped.sources, "")


def write_all(places: Mapping[str, Mapping[str, str]], shipped: Shipped, values: Values) -> int:
    """Write the files that are not there, by folder and name, and return the exit code; others are kept.

    No folder is written into while something is in the way in another one.
    """
    dry = values.flag("dry-run")
    for folder, texts in places.items():
        if len(places) > 1 and not dry and (code := _write(folder, texts, dry=True, quiet=True)):
            return code
    code = max(_write(folder, texts, dry, values.flag("quiet")) for folder, texts in places.items())
    if code == FINE and not values.flag("quiet"):
        for folder in places:
            if not _is_looked_at(folder, shipped):
                below = ", ".join(f"{place}/" for place in PLACES if place)
                say(f"mallgen check looks into the folders of services and of mallgen.toml, and {below} below them,")
                say(f"and not into {folder}")
    return code


def _is_looked_at(folder: str, shipped: Shipped) -> bool:
    roots = [shipped.root, *(shipped.folder(service) for service in shipped.services)]
    known = {os.path.realpath(os.path.join(root, place)) for root in roots for place in PLACES}
    return os.path.realpath(folder) in known


def _write(folder: str, texts: Mapping[str, str], dry: bool, quiet: bool) -> int:
    here = Folder(folder, say)
    files = tuple(File(path, text, Owner.ONCE, None) for path, text in texts.items())
    while True:
        try:
            with session(here) as one:
                one.lock_text()
                seen = one.survey(files, Lock())
                steps = plan(ExpectedFiles("", files), seen, Lock())._replace(lock=None)
                problems = () if dry else one.apply(steps)
        except Overtaken:
            continue
        except Refused as problem:
            return report(problem.diagnostics, problem.sources, END)
        break
    if not quiet:
        verb = "would be created" if dry else "created"
        for step in steps.steps:
            say(
                f"{here.shown(step.file.path)}: {verb if step.kind is StepKind.CREATE else 'exists and is yours, kept'}"
            )
    return report(problems, {}, "") if problems else FINE
