"""Rules about words of the DDL itself: names and character sets."""

import re
from collections.abc import Iterator

from mallgen.rules import Finding
from mallgen.tablerules import rule
from mallgen.tablerules.scope import TableScope
from mallgen.tables.model import Dialect
from mallgen.tables.places import Places
from mallgen.tables.scan import DdlStatement, DdlToken
from mallgen.tables.words import RESERVED
from mallgen.text.span import SpanEdit

_NARROW = re.compile(r"utf8(?:mb3)?(?P<collation>_\w+)?", re.I)


@rule("reserved-name")
def reserved_name(scope: TableScope) -> Iterator[Finding]:
    """A table, column or database has a reserved word for its name.

    In quotes it works, but every later query needs the quotes too: in the shell, in reports, in migrations. A name such
    as `orders` needs none.
    """
    for table in (*scope.tables, *scope.views):
        for what, name, span in (
            ("table", table.name, table.span),
            *(("column", column.name, column.span) for column in table.columns if not table.select),
        ):
            if name.upper() in RESERVED[table.dialect]:
                yield Finding(_reserved(what, name, table.dialect), span, "choose a name that needs no quotes")
    for scanned, dialect in scope.scanned:
        for statement in scanned.statements:
            token = _database(statement)
            if token is not None and token.text.upper() in RESERVED[dialect]:
                span = scanned.places.span(token.start, token.end)
                yield Finding(_reserved("database", token.text, dialect), span, "choose a name that needs no quotes")


def _reserved(what: str, name: str, dialect: Dialect) -> str:
    return f"the {what} `{name}` has a reserved word of {dialect.title} for its name"


def _database(statement: DdlStatement) -> DdlToken | None:
    """Return the name that CREATE DATABASE gives."""
    if statement.words[:2] not in (("CREATE", "DATABASE"), ("CREATE", "SCHEMA")):
        return None
    at = 5 if statement.words[2:5] == ("IF", "NOT", "EXISTS") else 2
    token = statement.tokens[min(at, len(statement.tokens) - 1)]
    return token if token.kind == "name" else None


@rule("charset-utf8mb3")
def charset_utf8mb3(scope: TableScope) -> Iterator[Finding]:
    """The character set is MySQL's `utf8`, with three bytes a character: it refuses emoji and rarer Chinese characters.

    `utf8mb4` is all of UTF-8; ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4 converts a table that there is.

        ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
    """
    for scanned, dialect in scope.scanned:
        if dialect is Dialect.MYSQL:
            for statement in scanned.statements:
                yield from _narrow(statement, scanned.places)


def _narrow(statement: DdlStatement, places: Places) -> Iterator[Finding]:
    for token in _charsets(statement.tokens):
        match = _NARROW.fullmatch(token.text)
        if match is not None:
            span, wide = places.span(token.start, token.end), f"utf8mb4{match['collation'] or ''}"
            quote = places.text[token.start] if token.kind != "word" else ""
            edits = (SpanEdit(span, f"{quote}{wide}{quote}"),)
            yield Finding(f"`{token.text}` holds no emoji", span, f"write {wide}", edits=edits)


def _charsets(tokens: tuple[DdlToken, ...]) -> Iterator[DdlToken]:
    """Yield the names of character sets and collations in a statement."""
    for at, token in enumerate(tokens[:-1]):
        words = (tokens[at - 1].upper if at else "", token.upper)
        named = words in (("CHARACTER", "SET"), ("CHAR", "SET")) or token.upper in ("CHARSET", "COLLATE", "NAMES")
        value = tokens[at + 1 + (tokens[at + 1].upper == "=")] if named and at + 2 < len(tokens) else None
        if value is not None and value.kind in ("word", "name", "text"):
            yield value
