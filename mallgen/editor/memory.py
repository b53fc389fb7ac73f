"""A parser with a cache: while the user types in a file, all statements but one stay as they were."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from mallgen.syntax.lalr import Unexpected
from mallgen.syntax.nodes import Node, ServiceNode
from mallgen.syntax.parse import Parsed, ParsedStatement, parse, parse_statement, reader
from mallgen.syntax.recover import Piece, pieces
from mallgen.syntax.salvage import salvage
from mallgen.syntax.scan import Scanned, Statement, Token, scan
from mallgen.text.limits import Limits

_Key = tuple[object, ...]
_Tokens = Sequence[Token]


class ReadFile(NamedTuple):
    """A parsed file: `nodes` also has the readable parts of broken statements, `parsed` is what the commands see."""

    text: str
    scanned: Scanned
    parsed: Parsed
    nodes: tuple[Node, ...]


class Memory:
    """A cache that scans and parses the files of contracts, and keeps the last state of each file."""

    def __init__(self) -> None:
        self._scanned: dict[str, tuple[str, Limits, Scanned]] = {}
        self._read: dict[str, ReadFile] = {}
        self._parts: dict[str, dict[_Key, Any]] = {}

    def scanned(self, text: str, path: str, limits: Limits) -> Scanned:
        """Return a text cut into statements; scanned again only when the text or the limits have changed."""
        kept = self._scanned.get(path)
        if kept is None or kept[0] != text or kept[1] != limits:
            kept = self._scanned[path] = (text, limits, scan(text, path, limits))
        return kept[2]

    def parsed(self, scanned: Scanned) -> Parsed:
        """Return the nodes of the statements that parse, and everything wrong with the others."""
        return self.read(scanned).parsed

    def read(self, scanned: Scanned) -> ReadFile:
        """Return a scanned file as nodes, the readable parts of broken statements included."""
        read = self._read.get(scanned.file)
        if read is None or read.scanned is not scanned:
            read = self._read[scanned.file] = self._parse(scanned)
        return read

    def keep(self, paths: set[str]) -> None:
        """Forget all files but these."""
        for path in self._scanned.keys() - paths:
            for table in (self._scanned, self._read, self._parts):
                table.pop(path, None)

    def _parse(self, scanned: Scanned) -> ReadFile:
        text, _, own = self._scanned[scanned.file]
        assert own is scanned, "a file is parsed as it was scanned last"
        pass_ = _Pass(text, scanned, self._parts.get(scanned.file, {}))
        parsed = parse(scanned, pass_.statement)
        self._parts[scanned.file] = pass_.now
        return ReadFile(text, scanned, parsed, tuple(pass_.nodes))


class _Pass:
    """One parsing of a file: `before` has the parts of the one before it, `now` collects its own."""

    def __init__(self, text: str, scanned: Scanned, before: dict[_Key, Any]) -> None:
        self.nodes: list[Node] = []
        self.now: dict[_Key, Any] = {}
        self._text = text
        self._scanned = scanned
        self._before = before
        self._parse_anew = reader(scanned)
        self._failed: dict[tuple[str, int, int], Unexpected] = {}

    def statement(self, scanned: Scanned, statement: Statement) -> ParsedStatement:
        """Parse a statement as `parse_statement` does, and keep its nodes or its readable parts."""
        parsed = parse_statement(scanned, statement, self.read)
        self.nodes += [parsed.node] if parsed.node is not None else salvage(scanned, statement, self.read)
        return parsed

    def read(self, tokens: _Tokens, rule: str) -> Any:
        """Return the node of a part. Raises Unexpected, which is kept for this parsing only, since it names a token."""
        if not tokens:
            return self._parse_anew(tokens, rule)
        first, last = tokens[0], tokens[-1]
        known = (rule, first.start_pos, last.end_pos)
        if known in self._failed:
            raise self._failed[known]
        service = self._service(tokens) if rule == "service" else None
        if service is not None:
            return service
        try:
            return self._cached(rule, self._text[first.start_pos : last.end_pos], tokens)
        except Unexpected as problem:
            self._failed[known] = problem
            raise

    def _service(self, tokens: _Tokens) -> ServiceNode | None:
        """Return a service block made of its routes, parsed one by one, and the rest; None where one does not parse.

        The grammar is unambiguous, so these parts are those of the whole.
        """
        items = [piece.tokens for piece in pieces(Piece("service", tokens, None)) if piece.rule == "item"]
        if not items or tokens[-1].type != "_RBRACE":
            return None
        head = (*tokens[: len(tokens) - 1 - sum(map(len, items))], tokens[-1])
        try:
            service = self._cached("service", tuple((token.value, token.line, token.column) for token in head), head)
            routes = tuple(self.read(item, "item") for item in items)
        except Unexpected:
            return None
        assert isinstance(service, ServiceNode)
        return replace(service, items=routes)

    def _cached(self, rule: str, own: object, tokens: _Tokens) -> Any:
        """Return the node of these tokens, parsed again only when anything that it depends on (the key) has changed."""
        first, last = tokens[0], tokens[-1]
        position = (first.line, first.column, first.row, first.near)
        key = (rule, own, position, first.head, first.type, last.type, self._scanned.trailing.get(last.end_line))
        node = self._before.get(key) or self.now.get(key) or self._parse_anew(tokens, rule)
        self.now[key] = node
        return node
