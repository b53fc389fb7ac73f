"""Expressions of checks, indexes and generated columns: their columns, told by sqlglot, which is imported for them."""

from mallgen.tables.cursor import Cursor
from mallgen.tables.drafts import Draft
from mallgen.tables.guess import guess
from mallgen.tables.lexis import patterns, unescape
from mallgen.tables.model import Dialect
from mallgen.tables.parsing import UnreadableSql, condition

_LONGEST = 5_000  # tokens of an expression that is looked at


def check_expressions(cursor: Cursor, draft: Draft, expressions: list[tuple[int, int, str]]) -> None:
    """Report expressions that are none, and columns in them that the table has not."""
    for first, last, noun in expressions:
        if first >= last:
            cursor.report("ddl-bad-expression", f"{noun} is empty", cursor.span(cursor.tokens[first]), "write one")
        elif last - first == 1:
            _one_token(cursor, draft, first, noun)
        else:
            _check(cursor, draft, first, last, noun)


def _one_token(cursor: Cursor, draft: Draft, at: int, noun: str) -> None:
    token = cursor.tokens[at]
    if token.kind == "name" or (token.kind == "word" and token.upper not in ("TRUE", "FALSE", "NULL", "VALUE")):
        _known(cursor, draft, (cursor.fold(token) if token.kind == "word" else token.text), at, noun)


def _check(cursor: Cursor, draft: Draft, first: int, last: int, noun: str) -> None:
    from sqlglot import exp

    text = cursor.source(first, last)
    span = cursor.span(cursor.tokens[first], cursor.tokens[last - 1])
    if last - first > _LONGEST:
        message = f"{noun} has more than {_LONGEST} words and signs: it is not looked at"
        cursor.report("ddl-bad-expression", message, span, "write it shorter", "warning")
        return
    try:
        tree = condition(text, cursor.dialect)
        names = [(one.name, one.this.quoted) for one in tree.find_all(exp.Column) if not one.table]
    except UnreadableSql:
        message = f"{noun} cannot be read: `{text[:60]}`"
        cursor.report("ddl-bad-expression", message, span, "correct it, if the database refuses it too", "warning")
        return
    places = {cursor.tokens[at].text: at for at in reversed(range(first, last))}
    for name, quoted in dict.fromkeys(names):
        plain = name if quoted or cursor.dialect is not Dialect.POSTGRES else name.lower()
        at = places.get(name)
        if at is not None and not (quoted and cursor.dialect is Dialect.SQLITE):
            _known(cursor, draft, plain, at, noun)


def _known(cursor: Cursor, draft: Draft, name: str, at: int, noun: str) -> None:
    if draft.column(name) is not None or not draft.is_complete:
        return
    token = cursor.tokens[at]
    message = f"`{draft.name}` has no column `{name}`, which {noun} names"
    known = (column.name for column in draft.columns.values())
    hint = guess(cursor.found, name, known) or "correct the name, or add the column"
    cursor.report("ddl-unknown-column", message, cursor.span(token), hint)


def rename_in_expressions(draft: Draft, old: str, new: str) -> None:
    """Give a column's new name to the checks, predicates and generated columns of its table."""
    draft.checks = {key: _renamed_in(one, draft.dialect, old, new) for key, one in draft.checks.items()}
    for key, index in draft.indexes.items():
        where, spelt = (_renamed_in(text, draft.dialect, old, new) for text in (index.where, index.spelt))
        draft.indexes[key] = index._replace(where=where, spelt=spelt)
    for column in draft.columns.values():
        if column.generated is not None:
            expression = _renamed_in(column.generated.expression, draft.dialect, old, new)
            draft.put(column._replace(generated=column.generated._replace(expression=expression)))


def _renamed_in(text: str, dialect: Dialect, old: str, new: str) -> str:
    """Return an expression with another name for one of its columns."""
    quote = "`" if dialect is Dialect.MYSQL else '"'
    fold = str.lower if dialect is not Dialect.POSTGRES else str
    pieces: list[str] = []
    for one in patterns(dialect, False).finditer(text):
        piece = one[0]
        name = unescape(piece, dialect) if one.lastgroup == "name" else piece if one.lastgroup == "word" else ""
        if one.lastgroup == "word" and dialect is Dialect.POSTGRES:
            name = piece.lower()
        is_same = name and fold(name) == fold(old)
        pieces.append(f"{quote}{new.replace(quote, 2 * quote)}{quote}" if is_same else piece)
    return "".join(pieces)
