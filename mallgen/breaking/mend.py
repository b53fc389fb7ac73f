"""The compatible form of a change, where there is one: what was taken away put back beside what is new. Pure.

Each finding is mended for itself; whether the contracts are fine with it is for the caller to judge.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mallgen.breaking.api_text import ApiText
from mallgen.syntax.edits import Offsets
from mallgen.text.span import SpanEdit


class Insertion(NamedTuple):
    """Lines that are put before the character at `offset` of a file: a closing brace, or the end.

    `key` is what is put back: it is put back once. `around` are the lines before and behind all that is put there
    together, `gap`: an empty line comes before them, `unit` the white space of one level.
    """

    file: str
    offset: int
    key: object
    lines: tuple[str, ...]
    around: tuple[str, str] = ("", "")
    gap: bool = False
    unit: str = "\t"


class Mend(NamedTuple):
    """The change that mends a finding: insertions and other edits of the new texts.

    `otherwise` is for contracts that are not fine with it.
    """

    insertions: tuple[Insertion, ...] = ()
    edits: tuple[SpanEdit, ...] = ()
    otherwise: "Mend | None" = None

    @property
    def files(self) -> frozenset[str]:
        """Return the files that it changes."""
        return frozenset((*(one.file for one in self.insertions), *(one.span.file for one in self.edits)))


class VersionTexts:
    """The texts of a version by path."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self._api: dict[str, ApiText] = {}

    def api(self, file: str) -> ApiText:
        """Return the tokens of an `.api` file."""
        if file not in self._api:
            self._api[file] = ApiText(self.texts[file], file)
        return self._api[file]


def span_edits(mends: Iterable[Mend], texts: Mapping[str, str]) -> dict[str, list[SpanEdit]]:
    """Return all edits by file, what several mends do alike once."""
    found: dict[str, list[SpanEdit]] = {}
    places: dict[tuple[str, int], dict[object, Insertion]] = {}
    for mend in mends:
        for edit in mend.edits:
            own = found.setdefault(edit.span.file, [])
            if edit not in own:
                own.append(edit)
        for one in mend.insertions:
            places.setdefault((one.file, one.offset), {}).setdefault(one.key, one)
    for (file, offset), insertions in places.items():
        text = ApiPlace(texts[file], offset)
        found.setdefault(file, []).append(text.edit(file, list(insertions.values())))
    return found


class ApiPlace:
    """The place before a closing brace, or at the end of a text."""

    def __init__(self, text: str, offset: int) -> None:
        self.text, self.offset = text, offset
        self.start = text.rfind("\n", 0, offset) + 1
        self.before = text[self.start : offset]

    @property
    def lead(self) -> str:
        """Return the white space at the beginning of the line."""
        return self.before[: len(self.before) - len(self.before.lstrip())]

    def edit(self, file: str, insertions: Sequence[Insertion]) -> SpanEdit:
        """Return the edit that makes all insertions."""
        places = Offsets(self.text, file)
        if self.offset == len(self.text):
            end = "" if not self.before else "\n"
            return SpanEdit(places.span(self.offset, self.offset), end + self._lines(insertions, ""))
        inner = f"{self.lead}{insertions[0].unit}"
        if not self.before.strip():
            return SpanEdit(places.span(self.start, self.start), self._lines(insertions, inner, self._follows()))
        kept = len(self.before.rstrip())
        span = places.span(self.start + kept, self.offset)
        return SpanEdit(span, "\n" + self._lines(insertions, inner, self._follows()) + self.lead)

    def _follows(self) -> bool:
        """Return whether something stands before it in the braces."""
        return not self.text[: self.offset].rstrip().endswith("{")

    def _lines(self, insertions: Sequence[Insertion], indent: str, follows: bool = True) -> str:
        """Return the lines, each as far from the margin as its place asks for."""
        groups: dict[tuple[str, str], list[Insertion]] = {}
        for one in insertions:
            groups.setdefault(one.around, []).append(one)
        lines: list[str] = []
        for (head, foot), ones in groups.items():
            inner = "\t" if head else ""
            if head:
                lines += ["", *head.split("\n")]
            for number, one in enumerate(ones):
                if one.gap and (number if head else lines or follows):
                    lines.append("")
                lines += [f"{inner}{line}" for text in one.lines for line in text.split("\n")]
            lines += [foot] if foot else []
        return "".join(f"{indent}{line}\n" if line.strip() else "\n" for line in lines)
