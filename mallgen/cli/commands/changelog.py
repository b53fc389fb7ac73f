"""mallgen changelog: what changed for callers between two versions, in Markdown."""

from contextlib import ExitStack

from mallgen.breaking import RULES
from mallgen.breaking.changelog import entries, markdown
from mallgen.breaking.judge import judge
from mallgen.cli.console import FINE, report, show
from mallgen.cli.gc import without_gc
from mallgen.cli.options import Values
from mallgen.workspace.bases import NoBase, version_at
from mallgen.workspace.config import BadWorkspace, find


def run(values: Values) -> int:
    """Print the changelog; exit 0, or 3 where a version cannot be read."""
    language = values.text("lang")
    try:
        with without_gc(), ExitStack() as stack:
            workspace = find()
            (old, before), (new, after) = (
                version_at(values.text(name), (), workspace, stack) for name in ("old", "new")
            )
            judged = judge(old.services, new.services, before.label, RULES.chosen((), ()))
    except (BadWorkspace, NoBase) as problem:
        return report(problem.diagnostics, problem.sources, "")
    show(markdown(entries(judged, language), before.label, after.label, language))
    return FINE
