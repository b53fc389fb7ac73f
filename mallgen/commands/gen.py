"""mallgen gen: every service of the workspace."""

from mallgen.commands.writing import Asked, around, generate_all
from mallgen.console import FINDINGS
from mallgen.options import Values


def run(values: Values) -> int:
    """Make all, and only when all are sound, write."""
    workspace = around()
    if workspace is None:
        return FINDINGS
    return generate_all(workspace, Asked(values.flag("dry-run"), values.flag("quiet")))[1]
