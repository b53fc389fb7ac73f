"""The common end of `api fix` and `model fix`: rewritten files as diffs or in place, and one line of counts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mallgen.cli.console import FINE, report, say, show
from mallgen.diagnostics import Diagnostic
from mallgen.loading.rewrite import CannotWrite, TextFile, replace_file
from mallgen.text.diff import unified
from mallgen.text.visible import counted


class MendedFile(NamedTuple):
    """A file, its new text, and the number of places that are mended in it."""

    file: TextFile
    text: str
    places: int


class FixCounts:
    """The counts of one command line; `fine` are the files that need nothing, in the words of `fine_words`."""

    def __init__(self, write: bool, fine_words: str) -> None:
        self.write, self.fine_words = write, fine_words
        self.fixed = self.places = self.fine = self.failed = 0

    def write_or_show(self, files: Iterable[MendedFile]) -> list[Diagnostic]:
        """Write the files, or show them as diffs; return what kept one from being written."""
        problems = []
        for file, text, places in files:
            try:
                if self.write:
                    replace_file(file.name, text)
                else:
                    show(unified(file.raw, text, file.name))
            except CannotWrite as problem:
                problems.append(problem.diagnostic)
                self.failed += 1
            else:
                self.fixed += 1
                self.places += places
        return problems

    def end(self, problems: list[Diagnostic], texts: Mapping[str, str], again: str) -> int:
        """Print the diagnostics and one line of counts; return the exit code. `again` is the command line to repeat."""
        code = report(problems, texts, "")
        verb = "fixed" if self.write else "to fix"
        counts = {f"{verb} in {counted(self.places, 'place')}": self.fixed, self.fine_words: self.fine}
        counts["left alone"] = self.failed
        parts = [f"{number} {what}" for what, number in counts.items() if number]
        way_out = f"; {again} --write applies it" if self.fixed and not self.write else ""
        say(f"{counted(self.fixed + self.fine + self.failed, 'file')}: {', '.join(parts)}{way_out}")
        return code or FINE
