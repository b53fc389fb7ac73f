"""The places of a query's columns, for messages: sqlglot keeps none that we could use."""

from mallgen.tables.cursor import Cursor
from mallgen.text.span import Span


def projections(cursor: Cursor, first: int, last: int) -> list[Span]:
    """Return the span of each column of the first SELECT that stands outside of brackets; at least one span."""
    tokens, depth, found = cursor.tokens, 0, []
    start = -1
    for at in range(first, last):
        upper = tokens[at].upper
        if start < 0:
            start = _begins(cursor, at, depth, last)
        elif depth == 0 and upper in (",", "FROM", "UNION", "INTERSECT", "EXCEPT", "WHERE", "LIMIT", "ORDER"):
            if start < at:
                found.append(cursor.span(tokens[start], tokens[at - 1]))
            if upper != ",":
                return found or [cursor.span(tokens[first], tokens[last - 1])]
            start = at + 1
        depth += (upper in ("(", "[")) - (upper in (")", "]"))
    if 0 <= start < last:
        found.append(cursor.span(tokens[start], tokens[last - 1]))
    return found or [cursor.span(tokens[first], tokens[last - 1])]


def _begins(cursor: Cursor, at: int, depth: int, last: int) -> int:
    """Return the index of the first column behind SELECT, -1 for other tokens."""
    if depth or cursor.tokens[at].upper != "SELECT":
        return -1
    follows = at + 1
    while follows < last and cursor.tokens[follows].upper in ("DISTINCT", "ALL", "SQL_NO_CACHE", "SQL_CALC_FOUND_ROWS"):
        follows += 1
    return follows
