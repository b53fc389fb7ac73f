"""The targets of a workspace, and the making of a target's files."""

from collections.abc import Mapping

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import KindError, is_built_in, kind_named
from mallgen.kinds.naming import Called, called_kind
from mallgen.kinds.target import Made, Target, Used, outside
from mallgen.workspace.called import service_names
from mallgen.workspace.config import ServiceEntry, Workspace, free_among, named_ports, ordered

RUNTIME_NEEDED = (0, 1, 0)  # the first mallgen_runtime that has everything the generated files import


def of_member(member: ServiceEntry, workspace: Workspace, port: int = 0) -> Target:
    """Return the target of a service of the workspace."""
    return _of_member(member, workspace, service_names(workspace), port)


def _of_member(member: ServiceEntry, workspace: Workspace, names: Mapping[str, Called], port: int) -> Target:
    uses = tuple(_use(used, names[used.name]) for used in workspace.used_by(member))
    target = Target(member.kind, member.contract, member.folder, uses=uses, port=port)
    kind = kind_named(member.kind)
    asked = {"-I": member.includes, "tables": member.tables, "database": (member.database,) if member.database else ()}
    asked |= member.choices
    own = target.having({name: values for name, values in asked.items() if name in (*kind.paths, *kind.options)})
    return own._replace(service=member.name, called=names[member.name], places=member.places)


def _use(member: ServiceEntry, names: Called) -> Used:
    kind = called_kind(member.kind)
    key = names.key or (names.key_of("", kind) if names.name else "")
    return Used(member.name, member.contract, member.includes, key, kind)


def all_targets(workspace: Workspace) -> list[Target]:
    """Return the targets of a workspace, each after those it uses, each with a port of its own for new settings."""
    found: list[Target] = []
    taken: set[int] = set()
    names, named = service_names(workspace), named_ports(workspace)
    for member in ordered(workspace):
        first = kind_named(member.kind).first_port
        port = free_among(named, member.folder, first) if first else 0
        while port in taken:
            port += 1
        taken |= {port} - {0}
        found.append(_of_member(member, workspace, names, port))
    return found


def make(target: Target, prove: bool = True) -> Made:
    """Read, resolve and render a target; write nothing. `prove` compiles the code too, for a caller that writes."""
    if wrong := outside(target):
        return Made("", "", (), wrong, {})
    try:
        kind = kind_named(target.kind)
    except KindError as problem:
        return _refused(problem.message, problem.hint)
    made = kind.make(target, prove)
    layers = {file.layer for file in made.files} if not is_built_in(kind) else ()
    if spaced := next((layer for layer in layers if " " in layer), ""):  # mallgen.lock could not tell its title
        return _refused(f"the kind `{kind.name}` has files of the layer `{spaced}`", "the layer of a role is one word")
    return made


def _refused(message: str, hint: str) -> Made:
    return Made("", "", (), (Diagnostic("no-kind", message, hint=hint, environment=True),), {})
