"""Lines of cells, aligned as Go's text/tabwriter aligns them with a padding of one space."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

TAB_WIDTH = 8


class Row(NamedTuple):
    """A line: `depth` tabs, `cells` that stand in columns, and `text` that does not. All text counts in characters."""

    depth: int
    cells: tuple[str, ...]
    text: str


def aligned(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of `rows`; a column goes on as long as the rows that follow each other have a cell in it."""
    for run in _runs(rows, lambda row: row.depth):
        pads = _pads(run, 0)
        for row, cells in zip(run, pads, strict=True):
            yield "\t" * row.depth + "".join(cells) + row.text


def outdented(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows of a struct's body, of which some have no depth but a cell: embedded types with a tag.

    goctl writes those without their indentation, where tabwriter takes them for cells of the column that the
    indentation of the rows around them is: these move right by as many tabs as the longest name has full eights.
    """
    for run in _runs(rows, lambda row: bool(row.depth or row.cells)):
        size = 1 + max(0 if row.depth else sum(map(len, row.cells)) for row in run)
        for row in run:
            if row.depth:
                yield row._replace(depth=row.depth + (size - 1) // TAB_WIDTH)
            else:
                yield Row(0, (), "".join(cell.ljust(size) for cell in row.cells) + row.text)


def _runs(rows: Sequence[Row], key: Callable[[Row], object]) -> Iterator[list[Row]]:
    """Rows that follow each other with equal keys; one whose text has several lines is the last of its run."""
    run: list[Row] = []
    for row in rows:
        if run and (key(run[-1]) != key(row) or "\n" in run[-1].text):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _pads(rows: list[Row], column: int) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for has_cell, together in groupby(rows, lambda row: len(row.cells) > column):
        run = list(together)
        if not has_cell:
            found += [()] * len(run)
            continue
        size = max(len(row.cells[column]) for row in run) + 1
        rest = _pads(run, column + 1)
        found += [(row.cells[column].ljust(size), *more) for row, more in zip(run, rest, strict=True)]
    return found
