"""mallgen diff: show what generating would change, as a unified diff. Exits 1 for differences, as diff(1) does."""

from mallgen.cli.comparing import compared
from mallgen.cli.console import FINDINGS, FINE, show
from mallgen.cli.options import Values
from mallgen.output.plan import plan
from mallgen.text.diff import changed
from mallgen.workspace.comparison import Compared


def run(values: Values) -> int:
    """Exit 0 without differences, 1 with some or when a contract has errors, 3 when a contract is missing."""
    looked = compared(values)
    looked.report("")
    differs = [_show(one) for one in looked.found]
    return looked.code or (FINDINGS if any(differs) else FINE)


def _show(found: Compared) -> bool:
    service = found.service
    if service is None:
        return False
    steps = plan(found.due, service.disk, found.lock).writes
    for step in steps:
        before = service.disk.contents.get(step.file.path)
        show(changed(before, step.file.text.encode(), service.shown(step.file.path)))
    return bool(steps)
