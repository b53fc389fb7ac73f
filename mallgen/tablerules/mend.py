"""The texts of files of DDL with everything mended that has one right way to be mended."""

from bisect import bisect, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.diagnostics import Diagnostic
from mallgen.syntax.edits import DialectEdit, Offsets, SpanMap, applied
from mallgen.tablerules import TableRule
from mallgen.tablerules.scope import TableScope
from mallgen.tablerules.suppress import table_findings
from mallgen.tables.model import Dialect, Schema
from mallgen.tables.read import DdlSource, Read, read
from mallgen.text.limits import Limits
from mallgen.text.span import Span, SpanEdit

_ROUNDS = 10  # a mended statement may show a flaw behind it; none should undo another
Edits = tuple[SpanEdit, ...]


class MendedTables(NamedTuple):
    """The texts by file, the number of places mended in each, and what is left to say, at places of the old texts."""

    texts: dict[str, str]
    counts: dict[str, int]
    left: tuple[Diagnostic, ...]


class _Texts:
    """The texts while they are mended; `backs` lead from places of a text to those of the one before it."""

    def __init__(self, texts: Mapping[str, str], dialect: Dialect | None) -> None:
        self.texts, self.dialect = dict(texts), dialect
        self.counts = dict.fromkeys(texts, 0)
        self.backs: dict[str, list[SpanMap]] = {name: [] for name in texts}

    def copy(self) -> "_Texts":
        other = _Texts(self.texts, self.dialect)
        other.counts, other.backs = dict(self.counts), {name: list(maps) for name, maps in self.backs.items()}
        return other

    def read(self, limits: Limits) -> Read:
        """Read the texts as tables."""
        sources = [DdlSource(name, text.replace("\r\n", "\n")) for name, text in self.texts.items()]
        return read(sources, self.dialect, limits)

    def apply(self, groups: Iterable[Edits]) -> bool:
        """Apply groups of edits, each as a whole; one that touches an earlier one waits for the next round."""
        offsets = {name: Offsets(text, name) for name, text in self.texts.items()}
        made: dict[str, list[tuple[int, int, str]]] = {name: [] for name in self.texts}
        for group in groups:
            name = group[0].span.file
            placed = [_placed(offsets[name], edit) for edit in group]
            if all(_is_free(made[name], start, end) for start, end, _ in placed):
                for one in placed:
                    insort(made[name], one)
                self.counts[name] += 1
        for name, edits in made.items():
            if edits:
                self._replace(name, tuple(DialectEdit(*edit, "", "") for edit in edits), offsets[name])
        return any(made.values())

    def _replace(self, name: str, edits: tuple[DialectEdit, ...], before: Offsets) -> None:
        self.texts[name] = applied(self.texts[name], edits)
        self.backs[name].append(SpanMap(edits, before, Offsets(self.texts[name], name)))

    def back(self, problem: Diagnostic) -> Diagnostic:
        """Return a diagnostic of the texts as they are now, at its places in the texts as they were."""
        notes = tuple(replace(note, span=self._back(note.span)) for note in problem.notes)
        return replace(problem, span=problem.span and self._back(problem.span), notes=notes, edits=())

    def _back(self, span: Span) -> Span:
        for one in reversed(self.backs.get(span.file, ())):
            span = one.span(span)
        return span


def mend_tables(
    texts: Mapping[str, str], rules: Sequence[TableRule], limits: Limits, dialect: Dialect | None = None
) -> MendedTables:
    """Apply the edits of the reader's findings in rounds, then those of rules, unless these make errors."""
    now = _Texts(texts, dialect)
    result = now.read(limits)
    for _ in range(_ROUNDS):
        if not now.apply(_fitting(result)):
            break
        result = now.read(limits)
    found = table_findings(TableScope(result.schema, now.texts, limits=limits), (), rules)
    after = now.copy()
    if after.apply(_whole((item.edits for item in found), result)):
        then = after.read(limits)
        if _errors(then) <= _errors(result):
            now, result = after, then
    return MendedTables(now.texts, now.counts, tuple(map(now.back, result.diagnostics)))


def _errors(result: Read) -> int:
    return sum(problem.severity == "error" for problem in result.diagnostics)


def _fitting(result: Read) -> list[Edits]:
    """Return the edits of the reader's findings, without those that would make a key NULL."""
    keys = set(_key_defaults(result.schema))
    found = [one for one in result.diagnostics if one.code != "ddl-zero-date" or one.span not in keys]
    return _whole([one.edits for one in found], result)


def _whole(groups: Iterable[Edits], result: Read) -> list[Edits]:
    """Return edits without those of files in which a quote is open: nobody can tell where their texts end."""
    found = (one.span for one in result.diagnostics if one.code == "ddl-unfinished")
    unfinished = {span.file for span in found if span is not None}
    return [edits for edits in groups if edits and edits[0].span.file not in unfinished]


def _key_defaults(schema: Schema) -> Iterator[Span]:
    for table in schema.tables:
        for column in table.columns:
            if column.name in table.key and column.default is not None:
                yield column.default.span


def _placed(offsets: Offsets, edit: SpanEdit) -> tuple[int, int, str]:
    span = edit.span
    return offsets.offset(span.line, span.col), offsets.offset(span.end_line, span.end_col), edit.text


def _is_free(made: list[tuple[int, int, str]], start: int, end: int) -> bool:
    """Return whether an edit touches none of those made, which are in order."""
    at = bisect(made, (start, end, ""))
    return (not at or made[at - 1][1] < start) and (at == len(made) or end < made[at][0])
