"""What can be mended by a click: a lint's edits, a word that was meant, the older dialect."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.editor.places import EditorText, Range, RangeEdit
from mallgen.editor.project import Problem
from mallgen.rules import SpanEdit as SpanEdit
from mallgen.syntax.dialect import Older, older
from mallgen.text.span import Span
from mallgen.text.suggest import guessed

_QUOTED = re.compile(r"`([^`\s]+)`")


class Action(NamedTuple):
    """A change that mends `problem`, or several where that is None; `edits` by file, in order or from the last."""

    title: str
    edits: Mapping[str, tuple[RangeEdit, ...]]
    problem: Problem | None = None


def quick_fixes(found: list[Problem], file: str, texts: Mapping[str, EditorText], asked: Range) -> Iterator[Action]:
    """The ways out of what is wrong in a range of a file."""
    dialect: list[Older | None] = []
    for problem in found:
        if problem.file != file or not _meets(problem.diagnostic, texts[file], asked):
            continue
        if problem.edits:
            yield Action(_title(problem), _by_file(problem.edits, texts), problem)
        guess = _guess(problem.diagnostic, texts[file])
        if guess is not None:
            yield Action(f"Write `{guess.text}`", {file: (guess,)}, problem)
        if problem.diagnostic.code.startswith("older-dialect-"):
            dialect = dialect or [older(texts[file].raw, file)]
            if dialect[0] is not None and dialect[0].is_whole:
                yield _modern(dialect[0], file, texts[file], problem)


def mending(found: list[Problem], file: str, text: EditorText) -> tuple[RangeEdit, ...]:
    """Everything in a file that needs no thought and can be mended at once; of edits that overlap the last."""
    edits: list[SpanEdit] = []
    safe = (edit for problem in found if not problem.changes for edit in problem.edits)
    for edit in sorted(safe, key=lambda edit: edit.span, reverse=True):
        if edit.span.file == file and (not edits or _end(edit.span) <= (edits[-1].span.line, edits[-1].span.col)):
            edits.append(edit)
    return _by_file(tuple(edits), {file: text}).get(file, ())


def _modern(mend: Older, file: str, text: EditorText, problem: Problem) -> Action:
    """The whole file in today's dialect: half of it could be read by neither grammar."""
    count = len(mend.changes)
    title = f"Rewrite from goctl's older dialect ({count} place{'s' * (count != 1)})"
    edits = tuple(RangeEdit(text.raw_between(edit.start, edit.end), edit.text) for edit in mend.edits)
    return Action(title, {file: edits}, problem)


def _title(problem: Problem) -> str:
    hint = problem.diagnostic.hint or problem.diagnostic.message
    changes = f" (changes {problem.changes})" if problem.changes else ""
    return f"{hint[:1].upper()}{hint[1:]}{changes}"


def _meets(diagnostic: Diagnostic, text: EditorText, asked: Range) -> bool:
    span = diagnostic.span
    if span is None:
        return False
    found = text.range(span)
    return found.start <= asked.end and asked.start <= found.end


def _by_file(edits: tuple[SpanEdit, ...], texts: Mapping[str, EditorText]) -> dict[str, tuple[RangeEdit, ...]]:
    found: dict[str, tuple[RangeEdit, ...]] = {}
    for edit in edits:
        name = edit.span.file
        if name in texts:
            found[name] = (*found.get(name, ()), RangeEdit(texts[name].range(edit.span), edit.text))
    return found


def _guess(diagnostic: Diagnostic, text: EditorText) -> RangeEdit | None:
    """The edit that a did-you-mean proposes, where it is clear which word was meant."""
    guess, span = guessed(diagnostic.hint), diagnostic.span
    if not guess or span is None:
        return None
    start, end = text.offset(span.line, span.col), text.offset(span.end_line, span.end_col)
    written = text.text[start:end]
    for word in (match.partition("=")[0] for match in _QUOTED.findall(diagnostic.message)):
        if word == written:
            return RangeEdit(text.between(start, end), guess)
        places = [m.start() for m in re.finditer(rf"(?<![\w-]){re.escape(word)}(?![\w-])", written)]
        if len(places) == 1:
            at = start + places[0]
            return RangeEdit(text.between(at, at + len(word)), guess)
    return None


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_col
