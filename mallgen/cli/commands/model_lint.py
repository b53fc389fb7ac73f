"""mallgen model lint: find what works in tables and could be better, and what reaches into another service's."""

from msgspec.structs import replace

from mallgen.cli.console import FINDINGS, FINE, USAGE, for_machines, report, say, verdict
from mallgen.cli.gc import without_gc
from mallgen.cli.options import Values
from mallgen.cli.ruling import chosen_rules, list_rules
from mallgen.cli.writing import current_workspace
from mallgen.kinds.tables import DIALECT
from mallgen.tablerules import RULES
from mallgen.tablerules.suppress import table_findings
from mallgen.text.visible import counted
from mallgen.workspace.owned import ReadScope, dialect_named, read_files, read_workspace, table_files


def run(values: Values) -> int:
    """Exit 0 without findings, 1 with some."""
    with without_gc():
        return _run(values)


def _run(values: Values) -> int:
    if values.flag("rules"):
        return list_rules(RULES)
    chosen = chosen_rules(RULES, values, "mallgen model lint")
    if chosen is None:
        return USAGE
    read = _read(values)
    if read is None:
        return USAGE
    if read.problems:
        return report(read.problems, read.sources, "")
    found = [item.diagnostic for item in table_findings(read.scope, read.diagnostics, chosen)]
    if for_machines():
        verdict(found, read.sources, "")
        return FINDINGS if found else FINE
    report([replace(one, edits=()) for one in found], read.sources, "")  # the last line tells what can be mended
    tables = len(read.scope.tables) + len(read.scope.views)
    mendable = sum(bool(one.edits) for one in found)
    more = f"; {mendable} can be mended: mallgen model fix" if mendable else ""
    say(f"{counted(tables, 'table')}: {counted(len(found), 'finding')}{more}")
    return FINDINGS if found else FINE


def _read(values: Values) -> ReadScope | None:
    """Return the tables of the files, without any those of the workspace's services; None when there are none."""
    if values.many("file"):
        return read_files(values.many("file"), dialect_named(values.text(DIALECT)))
    workspace = current_workspace()
    if any(map(table_files, workspace.members)):
        return read_workspace(workspace)
    say("error[usage] no files are named, and no service of a workspace has tables here")
    say("  = help: mallgen model lint 'sql/*.sql'")
    return None
