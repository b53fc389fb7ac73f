"""mallgen gen: every service of the workspace."""

from mallgen.commands.writing import Asked, around, put
from mallgen.console import ENVIRONMENT, FINDINGS, FINE, report
from mallgen.diagnostics import Diagnostic
from mallgen.options import Values
from mallgen.targets import Made, Target, make, of_member
from mallgen.workspace import Workspace, free_port, ordered

_FIRST = {"api": 8888, "rpc": 8080}


def run(values: Values) -> int:
    """Make all, and only when all are sound, write."""
    workspace = around()
    if workspace is None:
        return FINDINGS
    if not workspace.members:
        hint = "mallgen new NAME makes a workspace; a single contract: mallgen api py -api FILE"
        problem = Diagnostic("no-workspace", "there is no mallgen.toml here or above", hint=hint)
        return report([problem], {}, "; nothing was written")
    asked = Asked(values.flag("dry-run"), values.flag("quiet"))
    found = [(target, make(target)) for target in targets(workspace)]
    code = _reported([made for _, made in found], asked)
    if code != FINE:
        return code
    return max(put(target, made, asked) for target, made in found)


def targets(workspace: Workspace) -> list[Target]:
    """The services, those that are used first, each new one with a port of its own."""
    found: list[Target] = []
    given: set[int] = set()
    for member in ordered(workspace):
        port = free_port(workspace, member.folder, _FIRST[member.kind])
        while port in given:
            port += 1
        given.add(port)
        found.append(of_member(member, workspace, port))
    return found


def _reported(found: list[Made], asked: Asked) -> int:
    """Tell what is wrong with any of them, once: a proto may be read for several services."""
    diagnostics = tuple(dict.fromkeys(d for made in found for d in made.diagnostics))
    sources = {name: text for made in found for name, text in made.sources.items()}
    code = report(diagnostics, sources, asked.end)
    return code if code in (FINDINGS, ENVIRONMENT) else FINE
