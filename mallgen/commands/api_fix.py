"""mallgen api fix: from the older dialect to today's, as a diff or in place."""

import sys

from mallgen.console import FINE, USAGE, counted, report, say
from mallgen.diagnostics import Diagnostic
from mallgen.options import Values
from mallgen.patch import unified
from mallgen.sources import Unreadable, read
from mallgen.syntax.dialect import older
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import scan
from mallgen.textfiles import CannotWrite, TextFile, contracts, read_file, replace_file


class _Run:
    """The files of one command line: what was found in them."""

    def __init__(self, write: bool) -> None:
        self.write = write
        self.problems: list[Diagnostic] = []
        self.texts: dict[str, str] = {}
        self.fixed = self.places = self.modern = self.failed = 0

    def fail(self, *diagnostics: Diagnostic) -> None:
        """A file that is left as it is."""
        self.problems += diagnostics
        self.failed += 1

    def file(self, path: str) -> None:
        """Look at one file."""
        try:
            file = read_file(path)
        except Unreadable as problem:
            self.fail(Diagnostic(problem.code, problem.message, hint=problem.hint))
            return
        self.texts[file.name] = file.text
        scanned = scan(file.text, file.name)
        found = [d for d in (*scanned.diagnostics, *parse(scanned).diagnostics) if d.severity == "error"]
        mend = older(file.raw, file.name) if found else None
        if not found:
            self.modern += 1
        elif mend is None:
            self.fail(*found)
        elif not mend.is_whole:
            self.fail(*mend.problems)
        else:
            self.change(file, mend.text, len(mend.places))

    def change(self, file: TextFile, text: str, places: int) -> None:
        """Write or show a file that can be rewritten."""
        try:
            if self.write:
                replace_file(file.name, text)
            else:
                sys.stdout.write(unified(file.raw, text, file.name))
        except CannotWrite as problem:
            self.fail(problem.diagnostic)
        else:
            self.fixed += 1
            self.places += places

    def end(self, again: str) -> int:
        """The diagnostics, one line of counts, and the exit code."""
        code = report(self.problems, self.texts, "")
        verb = "fixed" if self.write else "to fix"
        counts = {f"{verb} in {counted(self.places, 'place')}": self.fixed, "modern already": self.modern}
        counts["left alone"] = self.failed
        parts = [f"{number} {what}" for what, number in counts.items() if number]
        way_out = f"; {again} --write applies it" if self.fixed and not self.write else ""
        say(f"{counted(self.fixed + self.modern + self.failed, 'file')}: {', '.join(parts)}{way_out}")
        return code or FINE


def run(values: Values) -> int:
    """Fix the contract with its imports, and whatever else was named."""
    contract, paths = values.text("api"), values.many("path")
    if not contract and not paths:
        say("error[usage] nothing to fix was named")
        say("  = help: mallgen api fix -api mall.api")
        return USAGE
    run = _Run(values.flag("write"))
    named = (*(tuple(read(contract).texts) or (contract,) if contract else ()), *paths)
    for path in contracts(named):
        run.file(path)
    words = [f"-api {contract}"] if contract else []
    return run.end(" ".join(["mallgen api fix", *words, *paths]))
