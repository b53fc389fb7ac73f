"""A picture of the services of a workspace and of who uses whom, as SVG or Mermaid. Pure."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from mallgen.text.width import width

_IN_A_ROW = 8
_CHAR, _PAD, _BOX, _ACROSS, _DOWN, _MARGIN = 8, 28, 52, 32, 64, 24
_STYLE = """\
  svg { font-family: system-ui, sans-serif; background: #fff; color-scheme: light dark }
  rect { fill: #f4f6f8; stroke: #57606a; stroke-width: 1.5 }
  .first rect { fill: #ddf4ff } .messages rect { fill: #fff1d6 }
  text { fill: #1f2328; text-anchor: middle; font-size: 15px } .small { font-size: 12px; fill: #57606a }
  path { fill: none; stroke: #57606a; stroke-width: 1.5 } .dashed { stroke-dasharray: 6 4 }
  marker path { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117 } rect { fill: #21262d; stroke: #9198a1 }
    .first rect { fill: #0c2d4a } .messages rect { fill: #3d2e10 }
    text { fill: #f0f6fc } .small { fill: #9198a1 } path { stroke: #9198a1 } marker path { fill: #9198a1 }
  }"""


class Pictured(NamedTuple):
    """A service in the picture.

    `rank` is that of its kind: smaller ones stand above. `note` is a line below its name. `takes_messages`: who uses
    it sends messages and waits for no answer. `uses` are names of other services.
    """

    name: str
    rank: int
    note: str
    takes_messages: bool
    uses: tuple[str, ...]


class _Box(NamedTuple):
    """A service's place: its left edge, its upper edge, its line in the picture."""

    service: Pictured
    x: int
    y: int
    line: int


def mermaid(services: Sequence[Pictured]) -> str:
    """Return the picture as a Mermaid flowchart, which GitHub and GitLab draw in Markdown."""
    numbers = {service.name: number for number, service in enumerate(services)}
    lines = ["flowchart TD"]
    for number, service in enumerate(services):
        lines.append(f'  s{number}["{_quoted(service.name)}<br/>{_quoted(service.note)}"]')
    for service in services:
        for used in service.uses:
            arrow = "-.->" if services[numbers[used]].takes_messages else "-->"
            lines.append(f"  s{numbers[service.name]} {arrow} s{numbers[used]}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    return escape(text, {'"': "#quot;"})


def svg(services: Sequence[Pictured]) -> str:
    """Return the picture as SVG: a row for each kind, arrows to who is used, dashed ones for messages."""
    widest = max((width(text) for service in services for text in (service.name, service.note)), default=0)
    wide = widest * _CHAR + _PAD
    rows = _rows(services)
    most = max((len(row) for row in rows), default=0)
    across = 2 * _MARGIN + max(most * (wide + _ACROSS) - _ACROSS, 0)
    boxes = _placed(rows, wide, across)
    arrows = _arrows(services, boxes, wide)
    height = 2 * _MARGIN + max(len(rows) * (_BOX + _DOWN) - _DOWN, 0) + _DOWN // 2
    described = "; ".join(f"{one.name} uses {', '.join(one.uses)}" for one in services if one.uses)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{height}"'
            f' viewBox="0 0 {across} {height}" role="img" aria-labelledby="title description">',
            '<title id="title">Services</title>',
            f'<desc id="description">{escape(described)}</desc>',
            f"<style>\n{_STYLE}\n</style>",
            '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="6" markerHeight="6"'
            ' orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>',
            *arrows,
            *(_drawn(box, wide) for box in boxes.values()),
            "</svg>",
            "",
        ]
    )


def _rows(services: Sequence[Pictured]) -> list[list[Pictured]]:
    """Return the rows of the picture: by rank, each service near those that use it, long ranks in several rows."""
    by_rank: dict[int, list[Pictured]] = defaultdict(list)
    for service in services:
        by_rank[service.rank].append(service)
    users: dict[str, list[str]] = defaultdict(list)
    for service in services:
        for used in service.uses:
            users[used].append(service.name)
    place: dict[str, float] = {}
    rows = []
    for rank in sorted(by_rank):
        found = sorted(by_rank[rank], key=lambda one: _mean([place[user] for user in users[one.name] if user in place]))
        size = math.ceil(len(found) / math.ceil(len(found) / _IN_A_ROW))
        for start in range(0, len(found), size):
            row = found[start : start + size]
            rows.append(row)
            place.update((one.name, (number + 0.5) / len(row)) for number, one in enumerate(row))
    return rows


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.5


def _placed(rows: Sequence[Sequence[Pictured]], wide: int, across: int) -> dict[str, _Box]:
    boxes = {}
    for line, row in enumerate(rows):
        left = (across - len(row) * (wide + _ACROSS) + _ACROSS) // 2
        for number, service in enumerate(row):
            x, y = left + number * (wide + _ACROSS), _MARGIN + line * (_BOX + _DOWN)
            boxes[service.name] = _Box(service, x, y, line)
    return boxes


def _arrows(services: Sequence[Pictured], boxes: dict[str, _Box], wide: int) -> list[str]:
    """Return a path for each use; those that leave or reach a box are spread over its side."""
    going = [(boxes[one.name], boxes[used]) for one in services for used in one.uses]
    leaving: dict[str, list[str]] = defaultdict(list)
    coming: dict[str, list[str]] = defaultdict(list)
    for start, end in sorted(going, key=lambda pair: pair[1].x):
        leaving[start.service.name].append(end.service.name)
    for start, end in sorted(going, key=lambda pair: pair[0].x):
        coming[end.service.name].append(start.service.name)
    return [_arrow(start, end, wide, leaving[start.service.name], coming[end.service.name]) for start, end in going]


def _arrow(start: _Box, end: _Box, wide: int, leaving: Sequence[str], coming: Sequence[str]) -> str:
    from_x = start.x + wide * (leaving.index(end.service.name) + 1) // (len(leaving) + 1)
    to_x = end.x + wide * (coming.index(start.service.name) + 1) // (len(coming) + 1)
    upwards = end.line < start.line
    from_y = start.y if upwards else start.y + _BOX
    to_y = end.y if end.line > start.line else end.y + _BOX
    bend = _DOWN // 2
    first = from_y - bend if upwards else from_y + bend
    last = to_y - bend if end.line > start.line else to_y + bend
    dashed = ' class="dashed"' if end.service.takes_messages else ""
    return f'<path{dashed} d="M{from_x} {from_y}C{from_x} {first} {to_x} {last} {to_x} {to_y}" marker-end="url(#end)"/>'


def _drawn(box: _Box, wide: int) -> str:
    service, middle = box.service, box.x + wide // 2
    kind = "messages" if service.takes_messages else "first" if box.line == 0 else "other"
    return (
        f'<g class="{kind}"><rect x="{box.x}" y="{box.y}" width="{wide}" height="{_BOX}" rx="8"/>'
        f'<text x="{middle}" y="{box.y + 23}">{escape(service.name)}</text>'
        f'<text class="small" x="{middle}" y="{box.y + 41}">{escape(service.note)}</text></g>'
    )
