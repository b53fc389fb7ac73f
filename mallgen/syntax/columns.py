"""Lines of cells, aligned as Go's text/tabwriter aligns them with a padding of one space."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

TAB_WIDTH = 8


class Row(NamedTuple):
    """A line: `depth` tabs, `cells` that are aligned in columns, and `text` that is not; widths are in characters."""

    depth: int
    cells: tuple[str, ...]
    text: str


def aligned(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of `rows`; a column ends at the first row without a cell in it."""
    for run in _runs(rows, lambda row: row.depth):
        for row, cells in zip(run, _padded_cells(run, 0), strict=True):
            yield "\t" * row.depth + "".join(cells) + row.text


def outdented(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows of a struct's body, the others moved right around embedded types with a tag (depth 0, one cell).

    goctl writes these types without indentation, so that tabwriter takes them for cells of the column that is the
    indentation of the other rows. Those move right by one tab for each TAB_WIDTH characters of the longest type.
    """
    for run in _runs(rows, lambda row: bool(row.depth or row.cells)):
        size = 1 + max(0 if row.depth else sum(map(len, row.cells)) for row in run)
        for row in run:
            if row.depth:
                yield row._replace(depth=row.depth + (size - 1) // TAB_WIDTH)
            else:
                yield Row(0, (), "".join(cell.ljust(size) for cell in row.cells) + row.text)


def _runs(rows: Sequence[Row], key: Callable[[Row], object]) -> Iterator[list[Row]]:
    """Yield runs of adjacent rows with equal keys; a row whose text has several lines ends its run."""
    run: list[Row] = []
    for row in rows:
        if run and (key(run[-1]) != key(row) or "\n" in run[-1].text):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _padded_cells(rows: list[Row], column: int) -> list[tuple[str, ...]]:
    padded: list[tuple[str, ...]] = []
    for has_cell, together in groupby(rows, lambda row: len(row.cells) > column):
        run = list(together)
        if not has_cell:
            padded += [()] * len(run)
            continue
        size = max(len(row.cells[column]) for row in run) + 1
        rest = _padded_cells(run, column + 1)
        padded += [(row.cells[column].ljust(size), *more) for row, more in zip(run, rest, strict=True)]
    return padded
