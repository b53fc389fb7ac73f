"""mallgen status: list each route and RPC with its state."""

from mallgen.cli.comparing import compare_all
from mallgen.cli.console import out, say
from mallgen.cli.options import Values
from mallgen.cli.status_rows import StatusRow, rows, summary
from mallgen.text.width import width
from mallgen.workspace.comparison import Compared

_HEAD = StatusRow("STATE", "ROUTE", "FILE")


def run(values: Values) -> int:
    """Print a table for each service; exit 0 unless something could not be read."""
    comparison = compare_all(values)
    if comparison.code:
        comparison.report("")
    for number, one in enumerate(one for one in comparison.compared if one.service is not None):
        if number:
            out("")
        _table(one)
    for left in comparison.chosen.left_folders:
        say(f"{left.finding.message}; {left.finding.hint}")
    return comparison.code


def _table(compared: Compared) -> None:
    assert compared.service is not None
    listed = [_HEAD, *rows(compared.service)]
    widths = [max(width(row[column]) for row in listed) for column in (0, 1)]
    for row in listed:
        cells = [f"{cell}{' ' * (size - width(cell))}" for cell, size in zip(row, widths, strict=False)]
        out("  ".join([*cells, row.file]).rstrip())
    out(f"{compared.service.contract}: {summary(row.state for row in listed[1:])}")
