"""Diagnostics as text: a code frame for each, in the order of the files."""

from collections.abc import Mapping, Sequence

from mallgen.diagnostics import Diagnostic, in_order
from mallgen.text.span import Span
from mallgen.text.visible import visible
from mallgen.text.width import width

TAB = "    "
_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
_LONGEST = 160
_MOST = 1000


class Reporter:
    """Prints diagnostics against the texts they point into; `color` adds terminal colours."""

    def __init__(self, sources: Mapping[str, str], color: bool) -> None:
        self._lines = {name: text.split("\n") for name, text in sources.items()}
        self._color = color

    def all(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return the diagnostics sorted by span, an empty line after each; at most 1000, errors before warnings."""
        weighty = sorted(diagnostics, key=lambda d: d.level != "error")  # errors are never cut for warnings
        shown = in_order(weighty[:_MOST])
        rest = len(diagnostics) - len(shown)
        more = f"… and {rest} more; --format concise lists them all\n\n" if rest else ""
        return "".join(f"{self.one(diagnostic)}\n\n" for diagnostic in shown) + more

    def one(self, diagnostic: Diagnostic) -> str:
        """Return one diagnostic without a line end."""
        tint = {"error": _RED, "info": _BLUE}.get(diagnostic.level, _YELLOW)
        head = self._paint(f"{diagnostic.level}[{diagnostic.code}]", tint)
        lines = [f"{head} {self._paint(visible(diagnostic.message), _BOLD)}"]
        pad = self._pad(diagnostic)
        if diagnostic.span is not None:
            lines += self._frame(diagnostic.span, pad, tint, "")
        for note in diagnostic.notes:
            lines += self._frame(note.span, pad, _BLUE, note.text)
        lines += [f"{' ' * pad} = {name}: {visible(text)}" for name, text in diagnostic.facts]
        if diagnostic.hint:
            lines.append(f"{' ' * pad} = help: {visible(diagnostic.hint)}")
        return "\n".join(lines)

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_PLAIN}" if self._color else text

    def _pad(self, diagnostic: Diagnostic) -> int:
        spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
        return max((len(str(span.line)) for span in spans if span is not None), default=1)

    def _frame(self, span: Span, pad: int, tint: str, text: str) -> list[str]:
        bar = self._paint("|", _BLUE)
        arrow = self._paint("-->", _BLUE)
        place = f"{visible(span.file)}:{span.line}:{span.col}"
        found = [f"{' ' * pad}{arrow} {place}" + (f" {visible(text)}" if text else "")]
        lines = self._lines.get(span.file, [])
        if 1 <= span.line <= len(lines):
            shown, before, under = _cut(lines[span.line - 1], span)
            found.append(f"{' ' * pad} {bar}")
            found.append(f"{self._paint(str(span.line).rjust(pad), _BLUE)} {bar} {shown}".rstrip())
            found.append(f"{' ' * pad} {bar} {' ' * before}{self._paint('^' * under, tint)}")
        return found


def _cut(line: str, span: Span) -> tuple[str, int, int]:
    """Return the line as shown, the columns before the carets and their number; a very long line is cut around them."""
    start, end = span.col - 1, span.end_col - 1 if span.end_line == span.line else len(line)
    first = max(0, start - _LONGEST // 2) if len(line) > _LONGEST else 0
    piece = line[first : first + _LONGEST]
    end = min(max(end, start + 1), first + len(piece))
    head, mark = _expanded(line[first:start]), _expanded(line[start:end])
    dots = "…" if first else ""
    tail = "…" if first + _LONGEST < len(line) else ""
    return f"{dots}{_expanded(piece)}{tail}", len(dots) + width(head), max(1, width(mark))


def _expanded(text: str) -> str:
    return visible(text.replace("\t", TAB))
