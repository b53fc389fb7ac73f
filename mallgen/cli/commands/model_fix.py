"""mallgen model fix: mend what has one right way to be mended in files of tables, as a diff or in place."""

from mallgen.cli.console import USAGE, report, say
from mallgen.cli.gc import without_gc
from mallgen.cli.mending import FixCounts, MendedFile
from mallgen.cli.options import Values
from mallgen.cli.writing import current_workspace
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.tables import DIALECT
from mallgen.loading.ddl_files import read_ddl
from mallgen.loading.rewrite import TextFile, read_file
from mallgen.loading.sources import Unreadable, limits
from mallgen.tablerules import RULES
from mallgen.tablerules.mend import mend_tables
from mallgen.workspace.owned import dialect_named, table_files


def run(values: Values) -> int:
    """Exit 0 when nothing is left to say, 1 when errors are left that only the user can mend."""
    with without_gc():
        return _run(values)


def _run(values: Values) -> int:
    named = values.many("file")
    patterns = named or tuple(path for member in current_workspace().members for path in table_files(member))
    if not patterns:
        say("error[usage] nothing to fix was named")
        say("  = help: mallgen model fix data.sql")
        return USAGE
    try:
        found = read_ddl(patterns)
        if found.diagnostics:
            return report(found.diagnostics, found.texts, "")
        files = [read_file(path, limits().bytes) for path in found.texts]
    except Unreadable as problem:
        return report([Diagnostic(problem.code, problem.message, hint=problem.hint)], {}, "")
    return _mend(files, values, " ".join(["mallgen model fix", *named]))


def _mend(files: list[TextFile], values: Values, again: str) -> int:
    texts = {file.name: file.raw for file in files}
    mended = mend_tables(texts, RULES.chosen((), ()), limits(), dialect_named(values.text(DIALECT)))
    changed = [MendedFile(file, mended.texts[file.name], mended.counts[file.name]) for file in files]
    changed = [one for one in changed if one.places]
    counts = FixCounts(values.flag("write"), "fine already")
    broken = {one.span.file for one in mended.left if one.span is not None and one.severity == "error"}
    untouched = {file.name for file in files} - {one.file.name for one in changed}
    counts.fine, counts.failed = len(untouched - broken), len(untouched & broken)
    problems = [*mended.left, *counts.write_or_show(changed)]
    return counts.end(problems, {file.name: file.text for file in files}, again)
