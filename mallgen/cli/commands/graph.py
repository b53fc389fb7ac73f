"""mallgen graph: a picture of the services in mallgen.toml and of who uses whom."""

from mallgen.cli.console import FINE, report, show
from mallgen.cli.options import Values
from mallgen.cli.writing import current_workspace, no_workspace
from mallgen.emit.picture import Pictured, mermaid, svg
from mallgen.kinds.kind import kind_named, rank_of
from mallgen.workspace.config import ServiceEntry


def run(values: Values) -> int:
    """Print the picture; exit 3 where there is no mallgen.toml."""
    workspace = current_workspace()
    if not workspace.members:
        return report([no_workspace()], {}, "")
    draw = mermaid if values.text("to") == "mermaid" else svg
    show(draw([_pictured(member) for member in workspace.members]))
    return FINE


def _pictured(member: ServiceEntry) -> Pictured:
    kind = kind_named(member.kind)
    database = f"database {member.database}" if member.database else "tables" if member.tables else ""
    note = ", ".join(filter(None, (kind.name, database)))
    return Pictured(member.name, rank_of(kind), note, kind.identity == "group", member.uses)
