"""mallgen api fix: rewrite contracts from goctl's older dialect, as a diff or in place."""

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.cli.console import USAGE, report, say
from mallgen.cli.gc import without_gc
from mallgen.cli.mending import FixCounts, MendedFile
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.loading.load import compile_sources
from mallgen.loading.rewrite import TextFile, contract_files, read_file
from mallgen.loading.sources import FileTexts, Sources, Unreadable, limits, read
from mallgen.syntax.dialect import Older, older
from mallgen.syntax.edits import SpanMap
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import Scanned, scan
from mallgen.text.limits import Limits
from mallgen.text.span import Span


class _Rewrite(NamedTuple):
    """A file and its rewritten text."""

    file: TextFile
    older: Older


class _RewrittenFiles(FileTexts):
    """The files as they would be after the rewrite, by their real paths; each is scanned once."""

    def __init__(self) -> None:
        self.rewrites: dict[str, _Rewrite] = {}
        self._seen: dict[tuple[str, str], Scanned] = {}

    def text(self, path: str, real: str, most: int) -> str:
        """Return the rewritten text where there is one, else the text on disk."""
        found = self.rewrites.get(real)
        return found.older.text.replace("\r\n", "\n") if found else super().text(path, real, most)

    def scanned(self, text: str, path: str, limits: Limits) -> Scanned:
        """Cut a text into statements, once for each path and text."""
        if (path, text) not in self._seen:
            self._seen[path, text] = scan(text, path, limits)
        return self._seen[path, text]


class _FixRun:
    """The files of one command line: their rewrites, problems and counts."""

    def __init__(self, write: bool, outside: bool) -> None:
        self.counts = FixCounts(write, "modern already")
        self.outside = outside
        self.limits = limits()
        self.disk = _RewrittenFiles()
        self.problems: list[Diagnostic] = []
        self.texts: dict[str, str] = {}
        self.unread: set[str] = set()
        self._backs: dict[str, SpanMap | None] = {}

    def examine(self, path: str) -> None:
        """Read a file and note its rewrite or its errors."""
        try:
            file = read_file(path, self.limits.bytes)
        except Unreadable as problem:
            self._fail(path, Diagnostic(problem.code, problem.message, hint=problem.hint))
            return
        self.texts[file.name] = file.text
        scanned = self.disk.scanned(file.text, file.name, self.limits)
        found = [d for d in (*scanned.diagnostics, *parse(scanned).diagnostics) if d.severity == "error"]
        mend = older(file.raw, file.name, self.limits, self.disk.scanned) if found else None
        if not found:
            self.counts.fine += 1
        elif mend is None:
            self._fail(path, *found)
        elif not mend.is_whole:
            self._fail(path, *mend.problems)
        else:
            self.disk.rewrites[os.path.realpath(path)] = _Rewrite(file, mend)

    def _fail(self, path: str, *diagnostics: Diagnostic) -> None:
        self.problems += diagnostics
        self.unread.add(os.path.realpath(path))
        self.counts.failed += 1

    def drop_refused(self, paths: Iterable[str]) -> None:
        """Drop the rewrites of contracts that have an error apart from the dialect."""
        if not self.disk.rewrites:
            return
        found = {path: read(path, self.outside, self.disk) for path in paths}
        inner = {name for path, sources in found.items() for name in _files(sources) if name != os.path.realpath(path)}
        refused: set[str] = set()
        for path, sources in found.items():
            names = _files(sources)
            if os.path.realpath(path) in inner or not names & self.disk.rewrites.keys():
                continue
            wrong = list(self._errors(sources)) if not names & self.unread else []
            if names & self.unread or any(problem.severity == "error" for problem in wrong):
                refused |= names & self.disk.rewrites.keys()
            self.problems += wrong
            self.texts = sources.texts | self.texts
        self.problems = list(dict.fromkeys(self.problems))
        for name in refused:
            del self.disk.rewrites[name]
        self.counts.failed += len(refused)

    def _errors(self, sources: Sources) -> Iterator[Diagnostic]:
        """Yield the errors of a contract as it would be, at their positions in the files on disk."""
        routes = any(
            token.type == "_AT_HANDLER" for file in sources.files for s in file.statements for token in s.tokens
        )
        for problem in compile_sources(sources).diagnostics:
            if problem.severity != "error" or (problem.code == "no-service" and not routes):
                continue
            if problem.code == "unknown-type" and not routes:
                hint = "the file that imports this one must declare it"
                problem = replace(problem, hint=hint, severity="warning")
            notes = tuple(replace(note, span=self._span_on_disk(note.span)) for note in problem.notes)
            yield replace(problem, span=problem.span and self._span_on_disk(problem.span), notes=notes)

    def _span_on_disk(self, span: Span) -> Span:
        back = self._back(span.file)
        return back.span(span) if back else span

    def _back(self, name: str) -> SpanMap | None:
        if name not in self._backs:
            rewrite = self.disk.rewrites.get(os.path.realpath(name))
            self._backs[name] = rewrite.older.back(rewrite.file.raw, name) if rewrite else None
        return self._backs[name]

    def end(self, again: str) -> int:
        """Write the rewrites, or show them as diffs, and report; return the exit code."""
        rewrites = self.disk.rewrites.values()
        files = (MendedFile(file, mend.text, len(mend.changes)) for file, mend in rewrites)
        self.problems += self.counts.write_or_show(files)
        return self.counts.end(self.problems, self.texts, again)


def _files(sources: Sources) -> set[str]:
    """Return the real paths of a contract's files."""
    return {os.path.realpath(name) for name in sources.texts}


def run(values: Values) -> int:
    """Fix the contract with its imports, and the other files and folders that were named."""
    with without_gc():
        return _fix(values)


def _fix(values: Values) -> int:
    contract, paths = values.text("api"), values.many("path")
    if not contract and not paths:
        say("error[usage] nothing to fix was named")
        say("  = help: mallgen api fix -api mall.api")
        return USAGE
    outside = values.flag("allow-outside")
    try:
        run = _FixRun(values.flag("write"), outside)
    except Unreadable as problem:
        return report([Diagnostic(problem.code, problem.message, hint=problem.hint)], {}, "")
    own = tuple(read(contract, outside, run.disk).texts) or (contract,) if contract else ()
    named = list(contract_files((*own, *paths), say))
    for path in named:
        run.examine(path)
    run.drop_refused(named)
    words = [f"-api {contract}"] if contract else []
    return run.end(" ".join(["mallgen api fix", *words, *paths]))
