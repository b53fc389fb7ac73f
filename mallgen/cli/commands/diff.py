"""mallgen diff: show what generating would change, as a unified diff. Exits 1 for differences, as diff(1) does."""

from mallgen.cli.comparing import compare_all
from mallgen.cli.console import FINDINGS, FINE, show
from mallgen.cli.options import Values
from mallgen.output.plan import plan
from mallgen.text.diff import changed
from mallgen.workspace.comparison import Compared


def run(values: Values) -> int:
    """Exit 0 without differences, 1 with some or when a contract has errors, 3 when a contract is missing."""
    comparison = compare_all(values)
    comparison.report("")
    differs = [_show(one) for one in comparison.compared]
    return comparison.code or (FINDINGS if any(differs) else FINE)


def _show(compared: Compared) -> bool:
    service = compared.service
    if service is None:
        return False
    steps = plan(compared.expected, service.disk, compared.lock).writes
    for step in steps:
        before = service.disk.contents.get(step.file.path)
        show(changed(before, step.file.text.encode(), service.shown(step.file.path)))
    return bool(steps)
