"""Parsing that remembers: of a file that somebody types in, all statements but one are as they were."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from mallgen.syntax.lalr import Unexpected, walk
from mallgen.syntax.limits import Limits
from mallgen.syntax.nodes import Node, ServiceNode
from mallgen.syntax.parse import Builder, Outcome, Parsed, outcome, parse
from mallgen.syntax.recover import Piece, pieces
from mallgen.syntax.salvage import salvage
from mallgen.syntax.scan import Scanned, Statement, Token, scan

_Key = tuple[object, ...]
_Tokens = Sequence[Token]


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
        self._parts: dict[str, dict[_Key, _Kept]] = {}

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
            for table in (self._scanned, self._read, self._parts):
                table.pop(path, None)

    def _parse(self, scanned: Scanned) -> Read:
        text, _, own = self._scanned[scanned.file]
        assert own is scanned, "a file is parsed as it was scanned last"
        pass_ = _Pass(text, scanned, self._parts.get(scanned.file, {}))
        parsed = parse(scanned, pass_.statement)
        self._parts[scanned.file] = pass_.now
        return Read(text, scanned, parsed, tuple(pass_.nodes))


class _Pass:
    """One reading of a file: `before` are the parts of the last one, `now` those of this."""

    def __init__(self, text: str, scanned: Scanned, before: dict[_Key, _Kept]) -> None:
        self.nodes: list[Node] = []
        self.now: dict[_Key, _Kept] = {}
        self._text = text
        self._scanned = scanned
        self._before = before
        self._builder = Builder(scanned.file, scanned.trailing)

    def statement(self, scanned: Scanned, statement: Statement) -> Outcome:
        """What parse.outcome gives; a service block is put together of its routes."""
        service = self._service(statement.tokens) if statement.kind == "service" else None
        if service is not None:
            self.nodes.append(service)
            return Outcome(service, ())
        kept = self._kept(statement.kind, statement.tokens, lambda: _parsed(scanned, statement))
        self.nodes.extend(kept.saved)
        return kept.outcome

    def _service(self, tokens: _Tokens) -> ServiceNode | None:
        """A service block of which every route parses on its own, and the rest without them; None for any other.

        The grammar is unambiguous, so these parts are those that the whole has.
        """
        items = [piece.tokens for piece in pieces(Piece("service", tokens, None)) if piece.rule == "item"]
        if not items or tokens[-1].type != "_RBRACE":
            return None
        head = (*tokens[: len(tokens) - 1 - sum(map(len, items))], tokens[-1])
        service = self._part("service", head)
        routes = [self._part("item", item) for item in items] if service is not None else []
        if not isinstance(service, ServiceNode) or any(route is None for route in routes):
            return None
        return replace(service, items=tuple(routes))

    def _part(self, rule: str, tokens: _Tokens) -> Any:
        def read() -> _Kept:
            try:
                return _Kept(Outcome(walk(tokens, rule, self._builder), ()), ())
            except Unexpected:
                return _Kept(Outcome(None, ()), ())

        return self._kept(f"part {rule}", tokens, read).outcome.node

    def _kept(self, rule: str, tokens: _Tokens, read: Callable[[], _Kept]) -> _Kept:
        """What was read of these tokens before, or now; the key is all that it follows from."""
        first, last = tokens[0], tokens[-1]
        own = self._text[first.start_pos : last.end_pos] if rule != "part service" else _spelled(tokens)
        place = (first.line, first.column, first.row)
        key = (rule, own, place, first.head, first.type, last.type, self._scanned.trailing.get(last.end_line))
        found = self._before.get(key) or self.now.get(key) or read()
        self.now[key] = found
        return found


def _spelled(tokens: _Tokens) -> tuple[tuple[str, int, int], ...]:
    return tuple((token.value, token.line, token.column) for token in tokens)


def _parsed(scanned: Scanned, statement: Statement) -> _Kept:
    found = outcome(scanned, statement)
    return _Kept(found, (found.node,) if found.node is not None else salvage(scanned, statement))
