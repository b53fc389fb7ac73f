"""mallgen dev: the whole workspace in one terminal."""

import importlib.util
import os
import sys
from collections.abc import Sequence

from mallgen.commands.writing import Asked, around, generate_all
from mallgen.console import FINDINGS, FINE, USAGE, out, report, say, tint
from mallgen.diagnostics import Diagnostic
from mallgen.options import Values
from mallgen.running.ports import taken
from mallgen.running.service import Spec
from mallgen.running.supervisor import Plan
from mallgen.running.supervisor import run as supervise
from mallgen.targets import Made, Target
from mallgen.workspace import Workspace, ports_in

QUIETLY = Asked(dry_run=False, quiet=True, end="; nothing was written")


def run(values: Values) -> int:
    """Generate, check the ports, run until Ctrl-C; with `--once`, until a command has ended."""
    once = values.many("command")
    if bool(once) != values.flag("once"):
        say("error[usage] --once and a command belong together")
        say("  = help: mallgen dev --once pytest tests/e2e")
        return USAGE
    workspace = around()
    if workspace is None:
        return FINDINGS
    found, code = generate_all(workspace, QUIETLY)
    if code != FINE:
        return code
    specs = tuple(_spec(workspace, target, made) for target, made in found)
    problems = [*_unready(specs), *_ports(specs)]
    if problems:
        return report(problems, {}, "; nothing was started")
    return supervise(_plan(workspace, specs, values.flag("quiet"), bool(once)), once)


def _spec(workspace: Workspace, target: Target, made: Made) -> Spec:
    member = next(member for member in workspace.members if member.folder == target.folder)
    settings = next(file.path for file in made.files if file.identity == "settings")
    found = ports_in(os.path.join(target.folder, settings))
    port = found[0] if found else 0
    return Spec(member.name, member.kind, target.folder, made.package, port, member.uses)


def _unready(specs: Sequence[Spec]) -> list[Diagnostic]:
    if os.name == "nt":
        hint = "run the services one by one: python -m PACKAGE"
        return [Diagnostic("no-windows", "mallgen dev runs on Linux and macOS", hint=hint, environment=True)]
    shared = any(spec.python == sys.executable for spec in specs)
    if shared and importlib.util.find_spec("mallgen_runtime") is None:
        message = f"mallgen-runtime is not installed for {sys.executable}, which is to run the services"
        hint = "pip install 'mallgen-runtime[rest,rpc]', or give each service a .venv in its folder"
        return [Diagnostic("no-runtime", message, hint=hint, environment=True)]
    return []


def _ports(specs: Sequence[Spec]) -> list[Diagnostic]:
    problems = []
    for spec in filter(lambda spec: spec.port, specs):
        found = taken(spec.port)
        if found is not None:
            by = f" by {found.holder}" if found.holder else ""
            hint = f"stop it, or change the port in {spec.folder}/etc"
            message = f"{spec.name}: port {spec.port} is taken{by}"
            problems.append(Diagnostic("port-taken", message, hint=hint, environment=True))
    return problems


def _plan(workspace: Workspace, specs: tuple[Spec, ...], quiet: bool, apart: bool) -> Plan:
    """`apart`: stdout belongs to a command, so that the services' lines go to stderr."""
    width = max(len("mallgen"), *(len(spec.name) for spec in specs))
    order = {spec.name: index for index, spec in enumerate(specs)}

    def line(name: str, text: str) -> None:
        if name and quiet:
            return
        stream = sys.stderr if apart or not name else sys.stdout
        prefix = tint(f"{name or 'mallgen':<{width}} |", order.get(name, -1), stream)
        (say if stream is sys.stderr else out)(f"{prefix} {text}")
        stream.flush()

    def regenerate() -> None:
        generate_all(workspace, QUIETLY)

    folders = {os.path.dirname(member.contract) or "." for member in workspace.members}
    folders |= {path for member in workspace.members for path in member.includes}
    http = tuple(spec._replace(port=spec.port if spec.kind == "api" else 0) for spec in specs)
    return Plan(http, tuple(sorted(folders)), line, regenerate)
