"""The text of an `.api` file by its tokens: where a member, a route or a type begins and ends. Pure."""

from mallgen.syntax.edits import Offsets
from mallgen.syntax.scan import Token, scan
from mallgen.text.span import Span

_STARTS_ROUTE = frozenset({"_AT_DOC", "_AT_HANDLER"})
_OPENING = {"_LBRACE": 1, "_RBRACE": -1}
_ROUND = {"_LPAR": 1, "_RPAR": -1}


class ApiText:
    """A text and its tokens; indexes are those of tokens, offsets those of characters.

    All look-ups raise LookupError where the text has nothing like that at a place.
    """

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.places = Offsets(text, file)
        self.tokens: list[Token] = [token for one in scan(text, file).statements for token in one.tokens]
        self._index = {token.start_pos: at for at, token in enumerate(self.tokens)}

    def at(self, span: Span) -> int:
        """Return the index of the token that begins where a span does."""
        return self._index[self.places.offset(span.line, span.col)]

    def slice(self, first: int, last: int) -> str:
        """Return the text of some tokens and what is between them, without the indentation of the first line."""
        start = self.tokens[first].start_pos
        lead = self.lead(start)
        lines = self.text[start : self.tokens[last].end_pos].split("\n")
        return "\n".join([lines[0], *(line.removeprefix(lead) for line in lines[1:])])

    def lead(self, offset: int) -> str:
        """Return the white space at the beginning of a line."""
        line = self.text[self.text.rfind("\n", 0, offset) + 1 : offset]
        return line[: len(line) - len(line.lstrip())]

    def braces(self, span: Span) -> tuple[int, int]:
        """Return the indexes of the braces around what is declared under the name at a span."""
        size = len(self.tokens)
        first = next((at for at in range(self.at(span), size) if self.tokens[at].type == "_LBRACE"), size)
        depth = 0
        for at in range(first, size):
            depth += _OPENING.get(self.tokens[at].type, 0)
            if not depth:
                return first, at
        raise LookupError(span)

    def member(self, span: Span) -> tuple[int, int]:
        """Return the indexes of the first and the last token of the member at a span."""
        first = self.at(span)
        depth = 0
        for at in range(first, len(self.tokens)):
            token, then = self.tokens[at], self.tokens[at + 1]
            depth += _OPENING.get(token.type, 0)
            is_tag = token.type == "RAW" or then.type == "_RBRACE" or then.row != token.row
            if not depth and is_tag and then.type != "RAW":
                return first, at
        raise LookupError(span)

    def route(self, handler: Span) -> tuple[int, int, int]:
        """Return the indexes of the first token of a route, of its `@handler` and of its last token."""
        middle = self.at(handler) - 1
        first, last, depth = middle, middle + 1, 0
        before = self.tokens[middle - 1].type
        if before == "STRING" and self.tokens[middle - 2].type == "_AT_DOC":
            first = middle - 2
        elif before == "_RPAR":
            opening = next((at for at in range(middle, 0, -1) if self.tokens[at].type == "_LPAR"), middle)
            first = opening - 1 if self.tokens[opening - 1].type == "_AT_DOC" else middle
        while depth or self.tokens[last + 1].type not in _STARTS_ROUTE | {"_RBRACE"}:
            last += 1
            depth += _ROUND.get(self.tokens[last].type, 0)
        return first, middle, last

    def server(self, service: Span) -> str:
        """Return the `@server (…)` of the block whose service's name is at a span, "" without one."""
        keyword = self.at(service) - 1
        if self.tokens[keyword - 1].type != "_RPAR":
            return ""
        first = next((at for at in range(keyword, -1, -1) if self.tokens[at].type == "_AT_SERVER"), keyword)
        return self.slice(first, keyword - 1) if first < keyword else ""
