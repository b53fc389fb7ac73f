"""mallgen api format: goctl's layout, in place, from stdin to stdout, or only compared."""

from typing import NamedTuple

from mallgen.cli.console import FINDINGS, FINE, USAGE, out, report, say, show
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.loading.rewrite import STDIN, CannotWrite, TextFile, contract_files, read_file, read_stdin, replace_file
from mallgen.loading.sources import Unreadable, limits
from mallgen.syntax.format import format_text
from mallgen.text.diff import unified
from mallgen.text.limits import Limits
from mallgen.text.visible import counted


class _Mode(NamedTuple):
    """The flags `--check` and `--diff`; with neither, files are rewritten."""

    check: bool
    diff: bool


class _FormatRun:
    """The files of one command line: their problems and counts."""

    def __init__(self, mode: _Mode, limits: Limits) -> None:
        self.mode = mode
        self.limits = limits
        self.problems: list[Diagnostic] = []
        self.texts: dict[str, str] = {}
        self.changed = self.unchanged = self.failed = 0

    def fail(self, *diagnostics: Diagnostic) -> None:
        """Note why a file is left unchanged."""
        self.problems += diagnostics
        self.failed += 1

    def laid_out(self, file: TextFile) -> str | None:
        """Return the file's text in goctl's layout, None when it has errors."""
        self.texts[file.name] = file.text
        formatted = format_text(file.text, file.name, self.limits)
        if formatted.text is None:
            self.fail(*formatted.diagnostics)
            return None
        return file.laid_out(formatted.text)

    def file(self, path: str) -> None:
        """Format one file."""
        try:
            file = read_file(path, self.limits.bytes)
        except Unreadable as problem:
            self.fail(Diagnostic(problem.code, problem.message, hint=problem.hint))
            return
        result = self.laid_out(file)
        if result is None:
            return
        if result == file.raw:
            self.unchanged += 1
            return
        try:
            if not self.asked(file, result):
                replace_file(path, result)
        except CannotWrite as problem:
            self.fail(problem.diagnostic)
        else:
            self.changed += 1

    def asked(self, file: TextFile, result: str) -> bool:
        """Print what `--check` or `--diff` asks for, and return whether one was given."""
        if self.mode.diff:
            show(unified(file.raw, result, file.name))
        elif self.mode.check:
            out(file.name)
        return self.mode.check or self.mode.diff

    def end(self, paths: str) -> int:
        """Print the diagnostics and one line of counts; return the exit code. `paths` are those of the command line."""
        code = report(self.problems, self.texts, "")
        asked = self.mode.check or self.mode.diff
        parts = [f"{self.changed} {'would change' if asked else 'formatted'}", f"{self.unchanged} unchanged"]
        parts += [f"{self.failed} left alone"] if self.failed else []
        way_out = f"; mallgen api format {paths} writes them" if asked and self.changed else ""
        say(f"{counted(self.changed + self.unchanged + self.failed, 'file')}: {', '.join(parts)}{way_out}")
        return code or (FINDINGS if self.mode.check and self.changed else FINE)


def run(values: Values) -> int:
    """Format the files and folders that were named, or stdin."""
    paths = (*values.many("path"), *filter(None, [values.text("dir")]))
    try:
        run = _FormatRun(_Mode(values.flag("check"), values.flag("diff")), limits())
    except Unreadable as problem:
        return report([Diagnostic(problem.code, problem.message, hint=problem.hint)], {}, "")
    if values.flag("stdin") or paths == (STDIN,):
        return _stdin(run)
    if not paths or STDIN in paths:
        say("error[usage] " + ("`-` stands alone" if paths else "nothing to format was named"))
        say("  = help: name files or folders, or `-` for stdin: mallgen api format .")
        return USAGE
    for path in contract_files(paths, say):
        run.file(path)
    return run.end(" ".join(paths))


def _stdin(run: _FormatRun) -> int:
    try:
        file = read_stdin(run.limits.bytes)
    except Unreadable as problem:
        return report([Diagnostic(problem.code, problem.message, hint=problem.hint)], {}, "")
    result = run.laid_out(file)
    if result is None:
        return report(run.problems, run.texts, "")
    if not run.asked(file, result):
        show(result)
        return FINE
    return FINDINGS if run.mode.check and result != file.raw else FINE
