"""mallgen gen: generate every service of the workspace, or one folder again by its mallgen.lock."""

import os

from mallgen.cli.comparing import choose, unlisted_folder
from mallgen.cli.console import report
from mallgen.cli.options import Values
from mallgen.cli.writing import WriteOptions, current_workspace, generate, generate_all
from mallgen.output.manifest import NAME


def run(values: Values) -> int:
    """Make all services, and write only when none has errors."""
    options = WriteOptions.by(values)._replace(listing=False)
    if values.text("dir"):
        return _folder(values, options)
    workspace = current_workspace()
    if unlisted_folder(workspace) or (not workspace.path and os.path.isfile(NAME)):
        return _folder(values, options)
    return generate_all(workspace, options)[1]


def _folder(values: Values, options: WriteOptions) -> int:
    chosen = choose(values, not options.dry_run)
    if chosen.problems:
        return report(chosen.problems, {}, options.end)
    return max(generate(target, options) for target in chosen.targets)
