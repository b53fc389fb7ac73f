"""mallgen.lock: what mallgen wrote into a folder, for which contract, and with which content.

Lines of tab-separated cells, sorted, so that two branches merge by union:

    mallgen.lock 1
    # Written by mallgen; commit it. …
    contract<TAB>kind<TAB>path from the lock's folder<TAB>options
    file<TAB>contract<TAB>path<TAB>always|once<TAB>identity<TAB>sha256 of what was generated, or -<TAB>shape<TAB>was
    class<TAB>contract<TAB>full name<TAB>fields
    renamed<TAB>contract<TAB>full name that was<TAB>full name that is

Identity is the text of a Role, shape is `position;request;returns;qualname`: the position is empty where the route is
gone, and `?` where the file was not at its expected path. `was` is a path, with `?` before it where that is in doubt.
Fields are names with commas between them, `name=key` where the key is another word.

Merge leftovers (markers, repeated lines, two versions of a line) are accepted; the content of the files decides
between two versions (recognise.py).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, TypeVar

from mallgen.output.records import (
    DOUBT,
    FIRST_TEST,
    GONE,
    SERVICE_CONTEXT,
    Class,
    ClassField,
    ContractLine,
    Origin,
    Owner,
    Record,
    Renamed,
    Role,
    Shape,
    Unplaced,
)

FORMAT = "mallgen.lock 1"
_FORMAT = re.compile(r"mallgen\.lock ([0-9]{1,9})")
_MARKER = re.compile(r"(?:<{7}|>{7}|\|{7})(?: .*)?|={7}")
HEADER = "# Written by mallgen; commit it. It tells generated files from edited ones."
NAME = "mallgen.lock"


class Lock(NamedTuple):
    """The lines of a mallgen.lock; a path has more than one record where a merge has left two."""

    contracts: tuple[ContractLine, ...] = ()
    files: tuple[Record, ...] = ()
    classes: tuple[Class, ...] = ()
    renamed: tuple[Renamed, ...] = ()

    def replace(
        self,
        contract: str,
        files: Iterable[Record],
        classes: Iterable[Class] = (),
        renamed: Iterable[Renamed] = (),
    ) -> "Lock":
        """Return this lock with all lines of one contract's files, classes and renames replaced."""
        return Lock(
            self.contracts,
            _replaced(self.files, contract, files),
            _replaced(self.classes, contract, classes),
            _replaced(self.renamed, contract, renamed),
        )

    def with_contract(self, line: ContractLine) -> "Lock":
        """Return this lock with `line` as the only one for its kind and path."""
        kept = {found for found in self.contracts if (found.kind, found.path) != (line.kind, line.path)}
        return self._replace(contracts=tuple(sorted({*kept, line})))

    def text(self) -> str:
        """Return the content of the file."""
        rows: list[tuple[str, ...]] = [("contract", *line) for line in sorted(self.contracts)]
        rows += [("file", *row) for row in sorted(map(_cells, self.files))]
        rows += [("class", *row) for row in sorted(map(_cells, self.classes))]
        rows += [("renamed", *row) for row in sorted(map(_cells, self.renamed))]
        return "\n".join([FORMAT, HEADER, *map(_line, rows)]) + "\n"


Line = TypeVar("Line", Record, Class, Renamed)


def _replaced(lines: Iterable[Line], contract: str, new: Iterable[Line]) -> tuple[Line, ...]:
    by_cells = {_cells(line): line for line in lines if line.contract != contract}
    by_cells |= {_cells(line): line for line in new}
    return tuple(line for _, line in sorted(by_cells.items()))


def _cells(line: Record | Class | Renamed) -> tuple[str, ...]:
    """Return the cells of a line; lines are sorted by this text, so that merged branches keep their order."""
    if isinstance(line, Record):
        contract, path, owner, (layer, title), sha256, shape, origin = line
        was = "" if origin is None else origin.path if origin.is_sure else f"{_DOUBT}{origin.path}"
        role = f"{layer} {title}" if title else layer
        return contract, path, _OWNER_TEXTS[owner is Owner.ONCE], role, sha256, _shape_text(shape) if shape else "", was
    if isinstance(line, Class):
        return line.contract, line.name, ",".join(n if n == key else f"{n}={key}" for n, key in line.fields)
    return line


_DOUBT = "?"
_OWNERS = {owner.value: owner for owner in Owner}
_OWNER_TEXTS = (Owner.ALWAYS.value, Owner.ONCE.value)  # the value of an enum's member is slow to read
_UNPLACED = {GONE: "", DOUBT: _DOUBT}
# the layers of two words; the text of all other roles is a layer of one word, and a title
_TWO_WORDS = {str(role): role for role in (FIRST_TEST, SERVICE_CONTEXT)}


def _shape_text(shape: Shape) -> str:
    position, request, returns, qualname = shape
    place = _UNPLACED[position] if isinstance(position, Unplaced) else position
    return f"{place};{request};{returns};{qualname}"


def _record(cells: tuple[str, ...]) -> Record:
    contract, path, owner, role, sha256, shape, was = cells
    origin = Origin(was.removeprefix(_DOUBT), not was.startswith(_DOUBT)) if was else None
    return Record(contract, path, _OWNERS[owner], _role(role), sha256, _shape(shape), origin)


def _role(text: str) -> Role:
    layer, _, title = text.partition(" ")
    return _TWO_WORDS.get(text) or Role(layer, title)


def _shape(text: str) -> Shape | None:
    if not text:
        return None
    place, *parts = text.split(";", 3)
    request, returns, qualname = parts if len(parts) == 3 else (*parts, "", "", "")[:3]
    position = GONE if not place else DOUBT if place.startswith(_DOUBT) else _number(place)
    return Shape(position, request, returns, qualname)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _class(cells: tuple[str, ...]) -> Class:
    contract, name, fields = cells
    names = fields.split(",") if fields else []
    if "=" not in fields:
        return Class(contract, name, tuple(map(ClassField, names, names)))
    members = (field.partition("=") for field in names)
    return Class(contract, name, tuple(ClassField(field, key if sign else field) for field, sign, key in members))


_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_TABLE = str.maketrans(_ESCAPES)
_UNESCAPED = {escape: char for char, escape in _ESCAPES.items()}


def cell(text: str) -> str:
    """Return `text` with backslashes, tabs and line ends escaped."""
    return text.translate(_TABLE)


def _line(row: tuple[str, ...]) -> str:
    line = "\t".join(row)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(row):
        line = "\t".join(map(cell, row))
    return line.rstrip("\t")


def uncell(text: str) -> str:
    """Return the text that `cell` has escaped."""
    return re.sub(r"\\.", lambda match: _UNESCAPED.get(match.group(), match.group()), text)


class BadLock(Exception):
    """A mallgen.lock that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


class NewerLock(BadLock):
    """A mallgen.lock that a later version of mallgen has written."""


@lru_cache(2)  # read to find the contract, and again when the folder is locked
def parse(text: str) -> Lock:
    """Return the lock in `text`, which is empty for an absent file. Raises BadLock and NewerLock."""
    found: dict[str, set[tuple[str, ...]]] = {kind: set() for kind in _LINES}
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line and not _MARKER.fullmatch(line)]
    for number, line in lines:
        if _is_head(number, line, number == lines[0][0]):
            continue
        kind, *cells = map(uncell, line.split("\t")) if "\\" in line else line.split("\t")
        least, most = _LINES.get(kind, (0, -1))
        if not least <= len(cells) <= most or (kind == "file" and cells[2] not in _OWNERS):
            raise BadLock(number, "this line is not mallgen's")
        found[kind].add((*cells, *[""] * (most - len(cells))))
    return Lock(
        tuple(sorted(ContractLine(*cells) for cells in found["contract"])),
        tuple(map(_record, sorted(found["file"]))),
        tuple(map(_class, sorted(found["class"]))),
        tuple(sorted(Renamed(*cells) for cells in found["renamed"])),
    )


_LINES = {"contract": (2, 3), "file": (5, 7), "class": (2, 3), "renamed": (3, 3)}


def _is_head(number: int, line: str, first: bool) -> bool:
    """Return whether a line is the format's or the comment. Raises BadLock if the first is not, and NewerLock."""
    version = _FORMAT.fullmatch(line)
    if version is not None and int(version[1]) > 1:
        raise NewerLock(number, "a newer mallgen has written it")
    if version is None and first:
        raise BadLock(number, f"this is not a lock of format 1: {line[:40]!r}")
    return version is not None or line == HEADER


def is_merged(text: str) -> bool:
    """Return whether a merge has left markers or repeated lines."""
    lines = text.split("\n")[:-1]
    return any(map(_MARKER.fullmatch, lines)) or len(lines) != len(set(lines))
