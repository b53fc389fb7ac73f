"""The meaning of annotations: lists, booleans, the version, the mark of deleted rows, references of a table."""

import re
from collections.abc import Callable, Iterable
from typing import NoReturn

from mallgen.diagnostics import Diagnostic
from mallgen.tables.annotations import Annotation, Word
from mallgen.tables.drafts import Draft
from mallgen.tables.guess import guess
from mallgen.tables.model import DATED, Base, Column, ForeignKey, ListRule
from mallgen.text.span import Span
from mallgen.text.suggest import did_you_mean

_NUMBERS = (Base.INT, Base.DECIMAL, Base.FLOAT, Base.YEAR)
_UNCHOSEN = (Base.JSON, Base.ARRAY, Base.SET, Base.BITS, Base.BIT_STRING, Base.BYTES)
_MEMBERS = (*DATED, Base.BITS, Base.BOOL, Base.DECIMAL, Base.INT, Base.TEXT, Base.UUID, Base.YEAR)
_UNCACHED = "leave out the limit: then the database answers alone"
_MOST = 100_000
_FORM = "write `mallgen:list sales by category, sort sales desc, limit 1000`"


class _Wrong(Exception):
    """An annotation that cannot be followed: the message, its place and a hint."""


def follow(draft: Draft, found: list[Diagnostic]) -> None:
    """Give a table, of which all is known, what its annotations say; report those that cannot be followed."""
    for one in draft.annotations:
        reader = _READERS.get(one.verb)
        try:
            if reader is None:
                hint = guess(found, one.verb, _READERS) or f"annotations are {', '.join(_READERS)}"
                _fail(f"`mallgen:{one.verb}` is no annotation", one.span, hint)
            if draft.select:
                _fail(f"`{draft.name}` is a view, which has no annotations", one.span, "delete it")
            reader(draft, one)
        except _Wrong as wrong:
            message, span, hint = wrong.args
            found.append(Diagnostic("ddl-bad-annotation", message, span, hint))


def _fail(message: str, span: Span, hint: str) -> NoReturn:
    raise _Wrong(message, span, hint)


def _column(draft: Draft, word: Word) -> Column:
    column = draft.column(word.text)
    if column is None:
        hint = did_you_mean(word.text[:100], [one.name for one in draft.columns.values()][:500])
        hint = hint or "correct the name, or add the column"
        _fail(f"`{draft.name}` has no column `{word.text}`", word.span, hint)
    return column


def _list(draft: Draft, one: Annotation) -> None:
    """Read `list NAME [by COLUMN, …], sort COLUMN [asc|desc][, limit N]`; without a limit it is not cached."""
    parts = _parts(one.words)
    if not parts or not parts[0]:
        _fail("a list has no name", one.span, _FORM)
    name, *head = parts[0]
    if not re.fullmatch(r"\w+", name.text):
        _fail(f"`{name.text}` is no name of a list", name.span, "write letters, digits and `_`")
    by: list[Word] = []
    sort: list[Word] = []
    limit = 0
    if head:
        if head[0].text != "by" or len(head) != 2:
            _fail(f"`{head[0].text}` cannot stand here: `by` and a column, or `,`", head[0].span, _FORM)
        by.append(head[1])
    for part in parts[1:]:
        if len(part) > 1 and part[0].text == "sort":
            if sort:
                _fail("a list has one `sort`", part[0].span, "delete one: ties are broken by the primary key")
            sort = part[1:]
        elif len(part) == 2 and part[0].text == "limit":
            limit = _limit(part[1])
        elif len(part) == 1 and by and not sort:
            by.append(part[0])
        else:
            _fail("this part of a list is not known", part[0].span if part else one.span, _FORM)
    if not sort:
        _fail("a list has no `sort`", one.span, _FORM)
    draft.lists.append(_rule(draft, one, name, by, sort, limit))


def _parts(words: tuple[Word, ...]) -> list[list[Word]]:
    parts: list[list[Word]] = [[]]
    for word in words:
        if word.text == ",":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _limit(word: Word) -> int:
    text = word.text
    if not text.isdecimal() or not text.isascii() or len(text) > 6 or not 1 <= int(text) <= _MOST:
        _fail(f"`{text}` is no limit", word.span, f"write a number from 1 to {_MOST}")
    return int(text)


def _rule(draft: Draft, one: Annotation, name: Word, by: list[Word], sort: list[Word], limit: int) -> ListRule:
    columns = [_column(draft, word) for word in by]
    for column, word in zip(columns, by, strict=True):
        if column.type.base in _UNCHOSEN:
            _fail(
                f"no list is chosen by `{column.name}`, a `{column.type.spelt}`", word.span, "choose by another column"
            )
    if len({column.name for column in columns}) != len(columns):
        _fail("a list names one column twice behind `by`", by[0].span, "delete one")
    column, direction = _column(draft, sort[0]), sort[1].text.lower() if len(sort) > 1 else "asc"
    if direction not in ("asc", "desc") or len(sort) > 2:
        _fail(f"`{sort[-1].text}` is no direction", sort[-1].span, "write `asc` or `desc`")
    if column.type.base not in (*_NUMBERS, *DATED):
        hint = "sort by a number or a time"
        _fail(f"no list is sorted by `{column.name}`, a `{column.type.spelt}`", sort[0].span, hint)
    if column.nullable:
        _fail(f"`{column.name}` can be NULL, which has no place in a list", sort[0].span, "make it NOT NULL")
    if not draft.key:
        _fail(f"`{draft.name}` has no primary key, by which a list's rows are known", one.span, "add PRIMARY KEY")
    if limit:
        _check_cached(draft, zip(columns, by, strict=True), column, sort[0], one)
    names = tuple(one.name for one in columns)
    if any((rule.name, rule.by) == (name.text, names) for rule in draft.lists):
        _fail(f"there are two lists `{name.text}` by these columns", name.span, "give one another name")
    return ListRule(name.text, names, column.name, direction == "desc", limit, one.span)


def _check_cached(draft: Draft, by: Iterable[tuple[Column, Word]], sort: Column, place: Word, one: Annotation) -> None:
    """Fail for a list that no sorted set can have as the database has it: only one without a limit is not cached."""
    for column, word in by:
        if column.type.base is Base.FLOAT:
            _fail(f"no list that is cached is chosen by `{column.name}`, a `{column.type.spelt}`", word.span, _UNCACHED)
    if sort.type.base is Base.FLOAT and sort.type.bits == 32:
        message = f"no list that is cached is sorted by `{sort.name}`, a `{sort.type.spelt}`: 0.1 is not equal to it"
        _fail(message, place.span, f"make it a double, or {_UNCACHED}")
    for name in draft.key:
        known = draft.column(name)
        if known is not None and known.type.base not in _MEMBERS:
            message = f"no list that is cached has a `{known.type.spelt}` as primary key, as `{known.name}` is"
            _fail(message, one.span, _UNCACHED)


def _bools(draft: Draft, one: Annotation) -> None:
    """Read `bools [COLUMN, …]`: tinyint(1) is a boolean, in the named columns or all."""
    words = [word for word in one.words if word.text != ","]
    columns = [(_column(draft, word), word.span) for word in words]
    for column, span in columns:
        if not column.type.bool_like:
            _fail(f"`{column.name}` is `{column.type.spelt}`, no tinyint(1)", span, "name columns of tinyint(1)")
    chosen = [column for column, _ in columns] or [each for each in draft.columns.values() if each.type.bool_like]
    if not chosen:
        _fail(f"`{draft.name}` has no column of tinyint(1)", one.span, "delete the annotation")
    for column in chosen:
        draft.put(column._replace(type=column.type._replace(base=Base.BOOL)))


def _only_column(draft: Draft, one: Annotation, known: str) -> tuple[Column, Span]:
    if len(one.words) != 1:
        _fail(f"`mallgen:{one.verb}` names one column", one.span, f"write `mallgen:{one.verb} {known}`")
    return _column(draft, one.words[0]), one.words[0].span


def _version(draft: Draft, one: Annotation) -> None:
    """Read `version COLUMN`: each change raises it, and names the one that it was made from."""
    column, span = _only_column(draft, one, "version")
    if draft.version:
        _fail(f"`{draft.name}` has two versions", span, "delete one annotation")
    if column.type.base not in (Base.INT, Base.DATETIME) or column.nullable or column.generated is not None:
        hint = "it is a whole number or a time, NOT NULL"
        _fail(f"`{column.name}` cannot be a version: it is `{column.type.spelt}`", span, hint)
    if column.name in draft.key:
        _fail(f"`{column.name}` is part of the primary key, which never changes", span, "name another column")
    draft.version = column.name


def _deleted(draft: Draft, one: Annotation) -> None:
    """Read `soft-delete COLUMN`: DELETE marks a row by it."""
    column, span = _only_column(draft, one, "deleted_at")
    if draft.deleted:
        _fail(f"`{draft.name}` has two marks of deleted rows", span, "delete one annotation")
    is_time = column.type.base is Base.DATETIME
    if column.type.base not in (Base.DATETIME, Base.INT, Base.BOOL) or is_time != column.nullable:
        hint = "it is a time that can be NULL, or a number or boolean that cannot"
        _fail(f"`{column.name}` cannot mark deleted rows: it is `{column.type.spelt}`", span, hint)
    if column.name in draft.key or column.generated is not None:
        _fail(f"`{column.name}` cannot be written by DELETE", span, "name another column")
    draft.deleted = column.name


def _refers(draft: Draft, one: Annotation) -> None:
    """Read `refers COLUMN TABLE`: the column has keys of that table, though the database does not see to it."""
    if len(one.words) != 2:
        _fail("`mallgen:refers` names a column and a table", one.span, "write `mallgen:refers category_id category`")
    column, target = _column(draft, one.words[0]), one.words[1]
    if any(column.name in known.columns for known in draft.refers):
        _fail(f"`{column.name}` refers to two tables", one.words[0].span, "delete one annotation")
    draft.refers.append(ForeignKey((column.name,), target.text, (), target.span))


_READERS: dict[str, Callable[[Draft, Annotation], None]] = {
    "list": _list,
    "bools": _bools,
    "version": _version,
    "soft-delete": _deleted,
    "refers": _refers,
}
