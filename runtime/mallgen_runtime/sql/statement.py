"""Statements that users write, with `?` and `"quoted"` names, in the words of a dialect.

Strings, comments and dollar quotes stay as they are and are read by the rules of the dialect: a backslash escapes in
MySQL's strings, and in none of the others' but PostgreSQL's `E'…'`. `??` is a question mark.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from mallgen_runtime.sql.connection import Dialect

_KEPT = 2048
_LONGEST = 200
_ANY_SIZE = 16  # rows that always go into one statement
MOST_LISTED = 8192  # values of one IN
_READS = frozenset("select with values show explain describe desc table".split())
_WRITES = frozenset(
    "insert update delete merge into lock share call alter create drop truncate nextval setval analyze get_lock".split()
)
_STANDARD = r"'(?:[^']++|'')*+(?:'|\Z)"
_ESCAPED = r"'(?:[^'\\]++|''|\\.)*+(?:'|\Z)"
_TICKS = r"`(?:[^`]++|``)*+(?:`|\Z)"
_OWN = {
    Dialect.MYSQL: rf"(?P<kept>{_ESCAPED}|{_TICKS}|--(?=\s|\Z)[^\n]*+|\#[^\n]*+)",
    Dialect.POSTGRES: rf"(?P<kept>[eE]{_ESCAPED}|{_STANDARD}|--[^\n]*+)|(?P<dollar>\$(?:[^\W\d]\w*+)?\$)",
    Dialect.SQLITE: rf"(?P<kept>{_STANDARD}|{_TICKS}|\[[^\]]*+\]?|--[^\n]*+)",
}
_COMMON = r'|(?P<comment>/\*)|(?P<name>"(?:[^"]++|"")*+(?:"|\Z))|(?P<mark>\?\??)|[^\W\d][\w$]*+'
_TOKENS = {dialect: re.compile(own + _COMMON, re.DOTALL) for dialect, own in _OWN.items()}
_BRACKETS = re.compile(r"/\*|\*/")
_WORD = re.compile(r"[^\W\d]\w*+")


class Statement(msgspec.Struct, frozen=True):
    """A statement in the words of a dialect, and the number of its placeholders."""

    text: str
    count: int


def for_values(sql: str, dialect: Dialect, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return a neutral statement in the words of a dialect, and its values, each tuple of them spread out.

    Raises ValueError unless the statement has a placeholder for each value. A tuple is the list of an IN: its last
    value is repeated so that few statements differ in the length of a list alone, and an empty one finds nothing.
    """
    widths: tuple[int, ...] = ()
    spread = values
    if any(type(value) is tuple for value in values):
        lists = [_padded(value) if type(value) is tuple else (value,) for value in values]
        widths = tuple(map(len, lists))
        spread = [one for each in lists for one in each]
    found = translated(sql, dialect, widths)
    if found.count != len(values):
        what = f"the statement has {found.count} placeholders, and {len(values)} values came"
        raise ValueError(f"{what}: {sql[:_LONGEST]}")
    return found.text, spread


def _padded(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(values) > MOST_LISTED:
        raise ValueError(f"a list of an IN has at most {MOST_LISTED} values, not {len(values)}")
    return values + values[-1:] * (power_of_two(len(values)) - len(values)) if values else (None,)


def power_of_two(count: int) -> int:
    """Return the smallest power of two that is not less than a count, which is at least 1."""
    return 1 << (count - 1).bit_length()


def few_sizes(count: int, most: int) -> Iterator[int]:
    """Yield the numbers of rows that go into one statement each, so that few statements differ in them alone."""
    while count > 0:
        size = count if count <= _ANY_SIZE else 1 << (count.bit_length() - 1)
        size = min(most, size)
        yield size
        count -= size


@lru_cache(_KEPT)
def translated(sql: str, dialect: Dialect, widths: tuple[int, ...] = ()) -> Statement:
    """Translate a neutral statement, and count its placeholders, each of which stands for `widths` values.

    Values are `%s` in MySQL's words, where `%` is doubled, `$1` in PostgreSQL's, and `?` in SQLite's.
    """
    made: list[str] = []
    at = count = bound = 0
    literal = _doubled if dialect is Dialect.MYSQL else str
    while (token := _TOKENS[dialect].search(sql, at)) is not None:
        made.append(literal(sql[at : token.start()]))
        at = token.end()
        if token.lastgroup == "mark" and token.group() == "?":
            width = widths[count] if count < len(widths) else 1
            made.append(", ".join(_placeholder(bound + place, dialect) for place in range(1, width + 1)))
            count += 1
            bound += width
        elif token.lastgroup == "mark":
            made.append("?")
        elif token.lastgroup == "name" and dialect is Dialect.MYSQL:
            made.append(literal(_ticked(token.group())))
        else:
            at = _end(sql, token, dialect)
            made.append(literal(sql[token.start() : at]))
    return Statement("".join([*made, literal(sql[at:])]), count)


@lru_cache(_KEPT)
def only_reads(sql: str) -> bool:
    """Return whether a statement of any dialect only reads and takes no locks; false where that is in doubt."""
    words = [word.lower() for word in _WORD.findall(sql)]
    return bool(words) and words[0] in _READS and _WRITES.isdisjoint(words)


def _end(sql: str, token: "re.Match[str]", dialect: Dialect) -> int:
    """Return where a token ends that is as long as its closing mark is far."""
    if token.lastgroup == "dollar":
        found = sql.find(token.group(), token.end())
        return len(sql) if found < 0 else found + len(token.group())
    if token.lastgroup != "comment":
        return token.end()
    depth = 1
    for bracket in _BRACKETS.finditer(sql, token.end()):
        if bracket.group() == "*/":
            depth -= 1
        elif dialect is Dialect.POSTGRES:  # the only one whose comments nest
            depth += 1
        if not depth:
            return bracket.end()
    return len(sql)


def _placeholder(number: int, dialect: Dialect) -> str:
    return {Dialect.MYSQL: "%s", Dialect.POSTGRES: f"${number}", Dialect.SQLITE: "?"}[dialect]


def _doubled(text: str) -> str:
    return text.replace("%", "%%")


def _ticked(name: str) -> str:
    """Return a name in double quotation marks as MySQL quotes it."""
    inner = name[1:-1] if len(name) > 1 and name.endswith('"') else name[1:]
    return "`" + inner.replace('""', '"').replace("`", "``") + "`"
