"""mallgen gen: generate every service of the workspace, or one folder again by its mallgen.lock."""

from mallgen.cli.comparing import choose, own_folder
from mallgen.cli.console import report
from mallgen.cli.options import Values
from mallgen.cli.writing import Asked, around, generate_all, produce


def run(values: Values) -> int:
    """Make all services, and write only when none has errors."""
    asked = Asked.by(values)._replace(listing=False)
    if values.text("dir"):
        return _folder(values, asked)
    workspace = around()
    if own_folder(workspace):
        return _folder(values, asked)
    return generate_all(workspace, asked)[1]


def _folder(values: Values, asked: Asked) -> int:
    chosen = choose(values, not asked.dry_run)
    if chosen.problems:
        return report(chosen.problems, {}, asked.end)
    return max(produce(target, asked) for target in chosen.targets)
