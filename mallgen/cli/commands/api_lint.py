"""mallgen api lint: find what works in a contract and could be better."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from mallgen.cli.console import ENVIRONMENT, FINDINGS, FINE, USAGE, for_machines, report, say, verdict
from mallgen.cli.gc import without_gc
from mallgen.cli.options import Values
from mallgen.cli.ruling import chosen_rules, list_rules
from mallgen.contract.loaded import Loaded
from mallgen.lint import RULES, Rule
from mallgen.lint.suppress import findings
from mallgen.loading.load import compile_sources
from mallgen.loading.rewrite import CannotWrite, read_file, replace_file
from mallgen.loading.sources import FileTexts, Unreadable, limits, read
from mallgen.rules import Found
from mallgen.syntax.edits import edited
from mallgen.text.span import SpanEdit
from mallgen.text.visible import counted

_ROUNDS = 10  # an edit may make another one possible; none should undo another


class _EditedFiles(FileTexts):
    """The files as they would be after some edits, by their real paths; `count` is the number of edits applied."""

    def __init__(self, edits: Sequence[SpanEdit]) -> None:
        files: dict[str, list[SpanEdit]] = {}
        for edit in edits:
            files.setdefault(edit.span.file, []).append(edit)
        self.texts: dict[str, str] = {}
        self.count = 0
        for name, own in files.items():
            self.texts[os.path.realpath(name)], count = edited(read_file(name, limits().bytes).raw, own)
            self.count += count

    def text(self, path: str, real: str, most: int) -> str:
        """Return the edited text where there is one, else the text on disk."""
        text = self.texts.get(real)
        return super().text(path, real, most) if text is None else text.replace("\r\n", "\n")


class _LintRun(NamedTuple):
    """One run of the linter: the contract, and the rules that are on."""

    path: str
    outside: bool
    chosen: tuple[Rule, ...]

    def load(self, disk: FileTexts | None = None) -> Loaded:
        """Load the contract from disk, or from `disk`, with the diagnostics that generating would give."""
        from mallgen.emit.http.judge import judged  # the list of rules needs no emitter

        return judged(compile_sources(read(self.path, self.outside, disk)))

    def found(self, loaded: Loaded) -> list[Found]:
        """Return the findings of loading and of the chosen rules, without those that comments switch off."""
        if loaded.contract is None:
            return []
        return findings(loaded.contract, loaded.diagnostics, loaded.sources, self.chosen)


def run(values: Values) -> int:
    """Exit 0 without findings, 1 with some."""
    with without_gc():
        return _run(values)


def _run(values: Values) -> int:
    if values.flag("rules"):
        return list_rules(RULES)
    if not values.text("api"):
        say("error[usage] --api is missing")
        say("  = help: mallgen api lint -api mall.api, or mallgen api lint --rules")
        return USAGE
    chosen = chosen_rules(RULES, values, "mallgen api lint")
    if chosen is None:
        return USAGE
    lint_run = _LintRun(values.text("api"), values.flag("allow-outside"), chosen)
    loaded = lint_run.load()
    if loaded.contract is None:
        return report(loaded.diagnostics, loaded.sources, "")
    if not values.flag("fix"):
        return _report(lint_run.found(loaded), loaded)
    try:
        return _fix(lint_run, loaded, values.flag("unsafe-fixes"))
    except Unreadable as problem:
        say(f"error[{problem.code}] {problem.message}")
        return ENVIRONMENT
    except CannotWrite as problem:
        return report([problem.diagnostic], {}, "")


def _report(found: Sequence[Found], loaded: Loaded) -> int:
    diagnostics = [item.diagnostic for item in found]
    if for_machines():
        verdict(diagnostics, loaded.sources, "")
        return FINDINGS if diagnostics else FINE
    report(diagnostics, loaded.sources, "")
    safe = sum(bool(item.edits) and not item.changes for item in found)
    changes = {item.changes: None for item in found if item.edits and item.changes}
    more = sum(bool(item.edits and item.changes) for item in found)
    ways = [f"{safe} can be fixed: mallgen api lint --fix"] if safe else []
    ways += [f"{more} by --fix --unsafe-fixes, which changes {' and '.join(changes)}"] if more else []
    say("; ".join([counted(len(diagnostics), "finding"), *ways]))
    return FINDINGS if diagnostics else FINE


def _fix(lint_run: _LintRun, loaded: Loaded, unsafe: bool) -> int:
    """Apply edits in rounds until none is left, then report the rest; overlapping edits wait for the next round."""
    found = lint_run.found(loaded)
    for _ in range(_ROUNDS):
        after = _EditedFiles([edit for item in found if unsafe or not item.changes for edit in item.edits])
        if not after.count:
            break
        then = lint_run.load(after)
        if then.contract is None or _lost_fields(then) > _lost_fields(loaded):
            say("the fixes would break the contract: nothing was written")
            break
        for name, text in after.texts.items():
            replace_file(os.path.relpath(name), text)
        say(f"{counted(after.count, 'place')} fixed in {counted(len(after.texts), 'file')}")
        loaded, found = then, lint_run.found(then)
    return _report(found, loaded)


def _lost_fields(loaded: Loaded) -> int:
    """Count the fields that are left out because another is read under the same key."""
    return sum(problem.code == "duplicate-key" for problem in loaded.diagnostics)
