"""Output of the commands: results go to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from mallgen.text.visible import counted, visible

if TYPE_CHECKING:  # msgspec takes 35 ms, which --version and --help need not pay
    from mallgen.diagnostics import Diagnostic

LAID_OUT = "\n\t"
FINE, FINDINGS, USAGE, ENVIRONMENT = 0, 1, 2, 3
TEXT = "text"
_format = [TEXT]


def choose_format(chosen_format: str) -> None:
    """Choose how this run prints diagnostics: a value of `--format`, text when empty."""
    _format[0] = chosen_format or TEXT


def chosen_format() -> str:
    """Return the format in which this run prints diagnostics."""
    return _format[0]


def for_machines() -> bool:
    """Return whether diagnostics are printed for a machine: then nothing else is said about the input."""
    return _format[0] != TEXT


def out(line: str) -> None:
    """Print a line of the result to stdout."""
    sys.stdout.write(f"{visible(line, LAID_OUT)}\n")


def say(line: str) -> None:
    """Print a line for the person at the terminal to stderr."""
    sys.stderr.write(f"{visible(line, LAID_OUT)}\n")


def show(text: str) -> None:
    """Print text of the user's files to stdout: to a terminal without control characters, else unchanged."""
    sys.stdout.write(visible(text, LAID_OUT) if sys.stdout.isatty() else text)


def colored() -> bool:
    """Return whether stderr takes colours: a terminal, and NO_COLOR is not set (https://no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class AlreadyReported(Exception):
    """Ends a command that has already reported what is wrong; `code` is the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def report(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], end: str) -> int:
    """Print diagnostics and, after errors, one line that counts them and ends in `end`; return the exit code."""
    if not diagnostics:
        return FINE
    errors = [d for d in diagnostics if d.severity == "error"]
    code = FINE if not errors else ENVIRONMENT if all(d.environment for d in errors) else FINDINGS
    if for_machines():
        from mallgen.diagnostics.machine import render

        sys.stderr.write(render(_format[0], diagnostics))
        return code
    from mallgen.diagnostics.terminal import Reporter

    sys.stderr.write(Reporter(sources, colored()).all(diagnostics))
    if not errors:
        unfit = sum(d.severity == "unfit" for d in diagnostics)
        if unfit:
            say(f"{counted(unfit, 'warning')} {'stops' if unfit == 1 else 'stop'} the generation of code")
        return FINE
    files = {d.span.file for d in errors if d.span is not None}
    where = f" in {counted(len(files), 'file')}" if files else ""
    mendable = sum(bool(d.edits) for d in errors)  # flaws of DDL
    mended = f"; mallgen model fix mends {mendable} of them" if mendable else ""
    say(f"{counted(len(errors), 'error')}{where}{end}{mended}")
    return code


def verdict(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], fine: str) -> int:
    """Print diagnostics that are the command's result, or the line `fine`, and return the exit code.

    For machines they go to stdout, as an empty document when there are none.
    """
    if not for_machines():
        code = report(diagnostics, sources, "")
        if code == FINE:
            out(fine)
        return code
    from mallgen.diagnostics.machine import render

    sys.stdout.write(render(_format[0], diagnostics))
    return FINDINGS if any(d.severity == "error" for d in diagnostics) else FINE


def tint(text: str, number: int, stream: TextIO) -> str:
    """Return `text` in one of six colours by number, grey for -1, plain where the stream takes no colours."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{90 if number < 0 else 31 + (number + 4) % 6}m{text}\x1b[0m"
