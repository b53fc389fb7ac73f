"""Parsing that remembers: of a file that somebody types in, all statements but one are as they were."""

from typing import NamedTuple

from mallgen.syntax.limits import Limits
from mallgen.syntax.nodes import Node
from mallgen.syntax.parse import Outcome, Parsed, outcome, parse
from mallgen.syntax.salvage import salvage
from mallgen.syntax.scan import Scanned, Statement, scan

_Key = tuple[object, ...]


class Read(NamedTuple):
    """One file: `nodes` also has what could be saved of broken statements, `parsed` is what the commands see."""

    text: str
    scanned: Scanned
    parsed: Parsed
    nodes: tuple[Node, ...]


class _Kept(NamedTuple):
    outcome: Outcome
    saved: tuple[Node, ...]


class Memory:
    """Scans and parses the files of contracts; what it remembers is the last state of each file."""

    def __init__(self) -> None:
        self._scanned: dict[str, tuple[str, Limits, Scanned]] = {}
        self._read: dict[str, Read] = {}
        self._statements: dict[str, dict[_Key, _Kept]] = {}

    def scanned(self, text: str, path: str, limits: Limits) -> Scanned:
        """A text cut into statements."""
        kept = self._scanned.get(path)
        if kept is None or kept[0] != text or kept[1] != limits:
            kept = self._scanned[path] = (text, limits, scan(text, path, limits))
        return kept[2]

    def parsed(self, scanned: Scanned) -> Parsed:
        """A scanned file as nodes."""
        return self.read(scanned).parsed

    def read(self, scanned: Scanned) -> Read:
        """A scanned file as nodes, with what could be saved."""
        read = self._read.get(scanned.file)
        if read is None or read.scanned is not scanned:
            read = self._read[scanned.file] = self._parse(scanned)
        return read

    def keep(self, paths: set[str]) -> None:
        """Forget all files but these."""
        for path in self._scanned.keys() - paths:
            for table in (self._scanned, self._read, self._statements):
                table.pop(path, None)

    def _parse(self, scanned: Scanned) -> Read:
        text, _, own = self._scanned[scanned.file]
        assert own is scanned, "a file is parsed as it was scanned last"
        before = self._statements.get(scanned.file, {})
        now: dict[_Key, _Kept] = {}
        nodes: list[Node] = []

        def one(scanned: Scanned, statement: Statement) -> Outcome:
            key = _key(text, scanned, statement)
            found = before.get(key) or now.get(key) or _parsed(scanned, statement)
            now[key] = found
            nodes.extend(found.saved)
            return found.outcome

        parsed = parse(scanned, one)
        self._statements[scanned.file] = now
        return Read(text, scanned, parsed, tuple(nodes))


def _parsed(scanned: Scanned, statement: Statement) -> _Kept:
    found = outcome(scanned, statement)
    return _Kept(found, (found.node,) if found.node is not None else salvage(scanned, statement))


def _key(text: str, scanned: Scanned, statement: Statement) -> _Key:
    """All that a statement's nodes and mistakes follow from: its text, its place, the comments around it."""
    first, last = statement.tokens[0], statement.tokens[-1]
    own = text[first.start_pos : last.end_pos]
    place = (first.line, first.column, first.row)
    return own, place, first.head, first.type, last.type, scanned.trailing.get(last.end_line)
