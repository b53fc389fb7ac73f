"""mallgen compose: one compose file for the whole workspace, written once."""

import os

from mallgen.cli.console import FINE, AlreadyReported, report
from mallgen.cli.options import Values
from mallgen.cli.shipping import END, Shipped, chosen, usage, warn, write_all
from mallgen.diagnostics import Diagnostic
from mallgen.emit.production.compose import compose
from mallgen.emit.production.facts import Deployable

_FILE = "compose.yaml"


def run(values: Values) -> int:
    """Write the file when it is missing; exit 1 when its folder cannot be written."""
    if values.text("o").endswith(("/", os.sep)):
        raise usage(f"-o is `{values.text('o')}`, a folder", f"write -o {values.text('o')}{_FILE}")
    shipped = chosen(values, ())
    if not shipped.workspace.path:
        message = "there is no mallgen.toml with services here or above"
        hint = "mallgen new NAME makes a workspace; mallgen docker writes the Dockerfile of one service"
        raise AlreadyReported(report([Diagnostic("no-workspace", message, hint=hint, environment=True)], {}, END))
    _refuse_one_name(shipped)
    path = values.text("o") or os.path.relpath(os.path.join(shipped.root, _FILE))
    folder, name = os.path.split(os.path.normpath(path))
    real = os.path.realpath(folder or ".")

    def place(service: Deployable) -> str:
        there = os.path.relpath(os.path.realpath(shipped.folder(service)), real).replace(os.sep, "/")
        return there if there.startswith(".") else f"./{there}"

    code = write_all({folder or ".": {name: compose(shipped.services, place)}}, shipped, values)
    if code == FINE:
        warn(shipped, values, in_pods=False)
    return code


def _refuse_one_name(shipped: Shipped) -> None:
    """Refuse two services whose names are one in a compose file. Raises AlreadyReported."""
    seen: dict[str, Deployable] = {}
    for service in shipped.services:
        other = seen.setdefault(service.name, service)
        if other is not service:
            message = f"services {other.service} and {service.service} are both `{service.name}` in a compose file"
            raise usage(message, "give one of them another name in mallgen.toml")
