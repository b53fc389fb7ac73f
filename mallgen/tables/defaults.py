"""The reader of DEFAULT: a literal, the current time or an expression."""

from typing import NamedTuple

from mallgen.tables.cursor import Cursor
from mallgen.tables.model import Default, DefaultKind, Dialect
from mallgen.tables.scan import DdlToken
from mallgen.text.span import Span

ENDS = frozenset(
    "NOT NULL DEFAULT PRIMARY UNIQUE KEY CHECK REFERENCES CONSTRAINT COLLATE GENERATED COMMENT AUTO_INCREMENT ON AS "
    "AUTOINCREMENT VIRTUAL STORED PERSISTENT INVISIBLE VISIBLE COLUMN_FORMAT STORAGE SRID FIRST AFTER DEFERRABLE "
    "INITIALLY , )".split()
)
_NOW = frozenset(
    "CURRENT_TIMESTAMP NOW LOCALTIME LOCALTIMESTAMP CURRENT_DATE CURDATE CURRENT_TIME CURTIME UTC_TIMESTAMP "
    "TRANSACTION_TIMESTAMP STATEMENT_TIMESTAMP CLOCK_TIMESTAMP".split()
)
_SQLITE_NOW = frozenset(("DATETIME", "DATE", "TIME", "STRFTIME", "UNIXEPOCH", "JULIANDAY"))


class ReadDefault(NamedTuple):
    """The default of a column: no `value` for NULL, `next_id` for PostgreSQL's nextval, the `digits` of now()."""

    value: Default | None
    span: Span
    next_id: bool = False
    digits: int = 0


def read_default(cursor: Cursor) -> ReadDefault:
    """Read what follows DEFAULT. Raises Misread, with a finding, where nothing does."""
    start = cursor.at
    if cursor.now.kind == "end" or cursor.now.upper in ENDS - {"NOT", "NULL"}:
        cursor.fail("DEFAULT is followed by a value", "write one, such as `DEFAULT 0` or `DEFAULT ''`")
    _pass_over(cursor)
    tokens = list(cursor.tokens[start : cursor.at])
    span = cursor.span(tokens[0], tokens[-1])
    bare = _without_cast(_without_brackets(tokens))
    upper = bare[0].upper
    if upper == "NULL" and len(bare) == 1:
        return ReadDefault(None, span)
    if upper == "NEXTVAL":
        return ReadDefault(None, span, next_id=True)
    if (digits := _current_time(bare, cursor.dialect)) is not None:
        return ReadDefault(Default(DefaultKind.NOW, cursor.source(start, cursor.at), span), span, digits=digits)
    is_plain = bare[0] is tokens[0] or cursor.dialect is Dialect.POSTGRES  # which forgets brackets
    literal = _literal(cursor, bare, span) if is_plain else None
    if literal is None:
        literal = Default(DefaultKind.EXPRESSION, cursor.source(start, cursor.at), span)
        _bare_call(cursor, tokens, span)
    return ReadDefault(literal, span)


def _pass_over(cursor: Cursor) -> None:
    """Take the tokens of the value: the first, and all up to the next attribute."""
    if cursor.now.upper == "(":
        cursor.skip_group()
    else:
        sign = cursor.take().upper
        if sign in ("-", "+", "NOT"):
            cursor.take()
    while cursor.before.kind == "text" and cursor.now.kind == "text" and _continues(cursor):
        cursor.take()
    while cursor.now.kind in ("sign", "word") and cursor.now.upper not in ENDS:
        if cursor.now.kind == "word" and cursor.before.upper not in _JOINS:
            return
        if cursor.now.upper in ("(", "["):
            cursor.skip_group()
            continue
        glue = cursor.take().upper
        while glue in _SIGNS and cursor.now.upper in _SIGNS:  # `||` is two signs, `- -1` too
            cursor.take()
        if glue == "::":
            _cast_type(cursor)
        elif glue in _JOINS and cursor.now.kind != "end" and cursor.now.upper not in (",", ")", "("):
            cursor.take()


def _continues(cursor: Cursor) -> bool:
    """Tell a text that is joined to the one in front of it: in PostgreSQL it stands on another line."""
    if cursor.dialect is Dialect.POSTGRES:
        return cursor.begins_line()
    return cursor.dialect is Dialect.MYSQL


def _cast_type(cursor: Cursor) -> None:
    """Take the type behind `::`, which may have several words."""
    if cursor.now.kind in ("word", "name"):
        cursor.take()
    cursor.accept_any("VARYING", "PRECISION")
    if cursor.now.upper == "(":
        cursor.skip_group()
    cursor.accept("WITHOUT", "TIME", "ZONE") or cursor.accept("WITH", "TIME", "ZONE")


_SIGNS = frozenset("+-*/|%><=")
_JOINS = frozenset(("::", "+", "-", "*", "/", "|", "%", ".", ">", "<", "=", "AT", "ZONE", "WITHOUT", "WITH", "VARYING"))


def _without_brackets(tokens: list[DdlToken]) -> list[DdlToken]:
    while len(tokens) > 2 and tokens[0].upper == "(" and tokens[-1].upper == ")":
        depth = 0
        for at, token in enumerate(tokens):
            depth += (token.upper == "(") - (token.upper == ")")
            if depth == 0 and at < len(tokens) - 1:
                return tokens
        tokens = tokens[1:-1]
    return tokens


def _without_cast(tokens: list[DdlToken]) -> list[DdlToken]:
    """Return a literal without PostgreSQL's casts: `'{}'::jsonb`."""
    at = next((at for at, token in enumerate(tokens) if token.upper == "::"), 0)
    if not at or any(token.upper in ("+", "-", "*", "/", "|", "AT") for token in tokens[at:]):
        return tokens
    return _without_brackets(tokens[:at])


def _current_time(tokens: list[DdlToken], dialect: Dialect) -> int | None:
    """Return the fractional digits of the current time, None for other values."""
    first, rest = tokens[0], tokens[1:]
    if dialect is Dialect.SQLITE and first.upper in _SQLITE_NOW:
        return 0 if any(token.text.lower() == "now" for token in rest) or len(rest) == 2 else None
    if first.upper not in _NOW or (rest and rest[0].upper != "(") or len(rest) > 3:
        return None
    number = rest[1].text if len(rest) == 3 and rest[1].kind == "number" else "0"
    return int(number) if number.isdecimal() and len(number) < 3 else 0


def _literal(cursor: Cursor, tokens: list[DdlToken], span: Span) -> Default | None:
    first = tokens[0]
    if all(token.kind == "text" for token in tokens):
        return Default(DefaultKind.LITERAL, "".join(token.text for token in tokens), span, True)
    if len(tokens) == 1 and first.kind == "name" and cursor.dialect is Dialect.SQLITE:
        return Default(DefaultKind.LITERAL, first.text, span, True)
    if len(tokens) == 1 and first.kind in ("number", "bits"):
        return Default(DefaultKind.LITERAL, first.text, span)
    if len(tokens) == 1 and first.upper in ("TRUE", "FALSE"):
        text = first.text.lower() if cursor.dialect is Dialect.POSTGRES else str(int(first.upper == "TRUE"))
        return Default(DefaultKind.LITERAL, text, span)
    if len(tokens) == 2 and first.upper in ("-", "+") and tokens[1].kind == "number":
        return Default(DefaultKind.LITERAL, first.upper.replace("+", "") + tokens[1].text, span)
    return None


def _bare_call(cursor: Cursor, tokens: list[DdlToken], span: Span) -> None:
    """Report an expression without brackets, which MySQL and SQLite refuse."""
    if cursor.dialect is Dialect.POSTGRES or tokens[0].upper == "(":
        return
    if cursor.dialect is Dialect.SQLITE and len(tokens) == 1:
        return
    severity = "warning" if cursor.dialect is Dialect.MYSQL and len(tokens) > 1 else "error"
    text = cursor.places.text[tokens[0].start : tokens[-1].end]
    only = ", MariaDB alone does without" if severity == "warning" else ""
    message = f"the default `{text[:40]}` is an expression without brackets{only}"
    edits = cursor.bracketed(span) if len(tokens) > 1 else ()
    hint = f"write `({text[:60]})`, or quote a text"
    cursor.report("ddl-bare-expression", message, span, hint, severity, edits=edits)
