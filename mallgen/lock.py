"""mallgen.lock: what mallgen wrote into a folder, for which contract, and with which content.

Lines of tab-separated cells, sorted, so that two branches merge by union:

    mallgen.lock 1
    # Written by mallgen; commit it. …
    contract<TAB>kind<TAB>path from the lock's folder<TAB>options
    file<TAB>contract's path<TAB>path<TAB>always|once<TAB>identity<TAB>sha256 of what was generated, or -
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

FORMAT = "mallgen.lock 1"
HEADER = "# Written by mallgen; commit it. It tells generated files from edited ones."
NAME = "mallgen.lock"


class ContractLine(NamedTuple):
    """A contract generated into the folder; `path` is relative to the lock, with `/`."""

    kind: str
    path: str
    options: str = ""


class Record(NamedTuple):
    """A generated file and the contract it belongs to."""

    contract: str
    path: str
    owner: str
    identity: str
    sha256: str


class Lock(NamedTuple):
    """The lines of a mallgen.lock."""

    contracts: tuple[ContractLine, ...] = ()
    files: tuple[Record, ...] = ()

    def replace(self, contract: str, files: Iterable[Record]) -> "Lock":
        """This lock with all lines of one contract's files replaced."""
        kept = [record for record in self.files if record.contract != contract]
        return Lock(self.contracts, tuple(sorted({*kept, *files})))

    def with_contract(self, line: ContractLine) -> "Lock":
        """This lock with `line` as the only one for its kind and path."""
        kept = {found for found in self.contracts if (found.kind, found.path) != (line.kind, line.path)}
        return Lock(tuple(sorted({*kept, line})), self.files)

    def text(self) -> str:
        """The content of the file."""
        rows: list[tuple[str, ...]] = [("contract", *line) for line in sorted(self.contracts)]
        rows += [("file", *record) for record in sorted(self.files)]
        return "\n".join([FORMAT, HEADER, *("\t".join(map(cell, row)) for row in rows)]) + "\n"


_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_TABLE = str.maketrans(_ESCAPES)
_UNESCAPED = {escape: char for char, escape in _ESCAPES.items()}


def cell(text: str) -> str:
    """`text` without tabs and line ends."""
    return text.translate(_TABLE)


def uncell(text: str) -> str:
    """The text that `cell` was given."""
    return re.sub(r"\\.", lambda match: _UNESCAPED.get(match.group(), match.group()), text)


class BadLock(Exception):
    """A mallgen.lock that cannot be read: the number of its line, and what is wrong with it."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def parse(text: str) -> Lock:
    """The lock that `text` holds; an absent file is empty text. Raises BadLock."""
    contracts: set[ContractLine] = set()
    files: dict[tuple[str, str], Record] = {}
    lines = text.split("\n") if text else []
    if lines and lines[0] != FORMAT:
        raise BadLock(1, f"this is not a lock of format 1: {lines[0][:40]!r}")
    for number, line in enumerate(lines[1:], 2):
        kind, *cells = map(uncell, line.split("\t"))
        if kind == "contract" and len(cells) == 3:
            contracts.add(ContractLine(*cells))
        elif kind == "file" and len(cells) == 5:
            record = Record(*cells)
            files[record.contract, record.path] = record
        elif line and line not in (FORMAT, HEADER):
            raise BadLock(number, "this line is not mallgen's")
    return Lock(tuple(sorted(contracts)), tuple(sorted(files.values())))
