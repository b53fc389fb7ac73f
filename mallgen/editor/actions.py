"""Quick fixes: the edits of a lint rule, the word that was meant, the way out of the older dialect."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.editor.places import EditorText, Range, RangeEdit
from mallgen.editor.project import Problem
from mallgen.syntax.dialect import Older, older
from mallgen.text.span import Span, SpanEdit
from mallgen.text.suggest import guessed

_QUOTED = re.compile(r"`([^`\s]+)`")


class Action(NamedTuple):
    """A change that mends `problem`, or several problems where that is None; `edits` are by file, in either order."""

    title: str
    edits: Mapping[str, tuple[RangeEdit, ...]]
    problem: Problem | None = None


def quick_fixes(problems: list[Problem], file: str, texts: Mapping[str, EditorText], asked: Range) -> Iterator[Action]:
    """Yield the fixes for the problems in a range of a file."""
    dialect: list[Older | None] = []
    for problem in problems:
        if problem.file != file or not _touches(problem.diagnostic, texts[file], asked):
            continue
        if problem.edits:
            yield Action(_title(problem), _by_file(problem.edits, texts), problem)
        guess = _guessed_edit(problem.diagnostic, texts[file])
        if guess is not None:
            yield Action(f"Write `{guess.text}`", {file: (guess,)}, problem)
        if problem.diagnostic.code.startswith("older-dialect-"):
            dialect = dialect or [older(texts[file].raw, file)]
            if dialect[0] is not None and dialect[0].is_whole:
                yield _modernise(dialect[0], file, texts[file], problem)


def safe_edits(problems: list[Problem], file: str, text: EditorText) -> tuple[RangeEdit, ...]:
    """Return the edits of a file that need no thought, last one first; of edits that overlap only the last."""
    edits: list[SpanEdit] = []
    safe = (edit for problem in problems if not problem.changes for edit in problem.edits)
    for edit in sorted(safe, key=lambda edit: edit.span, reverse=True):
        if edit.span.file == file and (not edits or _end(edit.span) <= (edits[-1].span.line, edits[-1].span.col)):
            edits.append(edit)
    return _by_file(tuple(edits), {file: text}).get(file, ())


def _modernise(mend: Older, file: str, text: EditorText, problem: Problem) -> Action:
    """Return the action that rewrites the whole file: half a file in each dialect no grammar could read."""
    count = len(mend.changes)
    title = f"Rewrite from goctl's older dialect ({count} place{'s' * (count != 1)})"
    edits = tuple(RangeEdit(text.raw_between(edit.start, edit.end), edit.text) for edit in mend.edits)
    return Action(title, {file: edits}, problem)


def _title(problem: Problem) -> str:
    hint = problem.diagnostic.hint or problem.diagnostic.message
    changes = f" (changes {problem.changes})" if problem.changes else ""
    return f"{hint[:1].upper()}{hint[1:]}{changes}"


def _touches(diagnostic: Diagnostic, text: EditorText, asked: Range) -> bool:
    span = diagnostic.span
    if span is None:
        return False
    own = text.range(span)
    return own.start <= asked.end and asked.start <= own.end


def _by_file(edits: tuple[SpanEdit, ...], texts: Mapping[str, EditorText]) -> dict[str, tuple[RangeEdit, ...]]:
    files: dict[str, tuple[RangeEdit, ...]] = {}
    for edit in edits:
        name = edit.span.file
        if name in texts:
            files[name] = (*files.get(name, ()), RangeEdit(texts[name].range(edit.span), edit.text))
    return files


def _guessed_edit(diagnostic: Diagnostic, text: EditorText) -> RangeEdit | None:
    """Return the edit that a did-you-mean hint proposes, or None where it is unclear which word it would replace."""
    guess, span = guessed(diagnostic.hint), diagnostic.span
    if not guess or span is None:
        return None
    start, end = text.offset(span.line, span.col), text.offset(span.end_line, span.end_col)
    written = text.text[start:end]
    for word in (match.partition("=")[0] for match in _QUOTED.findall(diagnostic.message)):
        if word == written:
            return RangeEdit(text.between(start, end), guess)
        starts = [m.start() for m in re.finditer(rf"(?<![\w-]){re.escape(word)}(?![\w-])", written)]
        if len(starts) == 1:
            at = start + starts[0]
            return RangeEdit(text.between(at, at + len(word)), guess)
    return None


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_col
