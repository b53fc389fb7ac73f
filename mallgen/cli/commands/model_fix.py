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
from mallgen.tablerules.mend import MendedTables, mend_tables
from mallgen.workspace.owned import TableFiles, dialect_named, table_groups


def run(values: Values) -> int:
    """Exit 0 when nothing is left to say, 1 when errors are left that only the user can mend."""
    with without_gc():
        return _run(values)


def _run(values: Values) -> int:
    named = values.many("file")
    asked = dialect_named(values.text(DIALECT))
    groups = [TableFiles(named, asked)] if named else table_groups(current_workspace())
    if not groups:
        say("error[usage] nothing to fix was named")
        say("  = help: mallgen model fix data.sql")
        return USAGE
    files: dict[str, TextFile] = {}
    found: list[MendedTables] = []
    try:
        for group in groups:
            listed = read_ddl(group.patterns)
            if listed.diagnostics:
                return report(listed.diagnostics, listed.texts, "")
            files |= {path: read_file(path, limits().bytes) for path in listed.texts}
            texts = {path: files[path].raw for path in listed.texts}
            found.append(mend_tables(texts, RULES.chosen((), ()), limits(), asked or group.dialect))
    except Unreadable as problem:
        return report([Diagnostic(problem.code, problem.message, hint=problem.hint)], {}, "")
    return _show(list(files.values()), found, values)


def _show(files: list[TextFile], found: list[MendedTables], values: Values) -> int:
    """Write or show what was mended; a file of several groups is as the first one has it."""
    mended = MendedTables({}, {}, tuple(dict.fromkeys(problem for one in found for problem in one.left)))
    for one in reversed(found):
        mended.texts.update(one.texts)
        mended.counts.update(one.counts)
    changed = [MendedFile(file, mended.texts[file.name], mended.counts[file.name]) for file in files]
    changed = [one for one in changed if one.places]
    counts = FixCounts(values.flag("write"), "fine already")
    broken = {one.span.file for one in mended.left if one.span is not None and one.severity == "error"}
    untouched = {file.name for file in files} - {one.file.name for one in changed}
    counts.fine, counts.failed = len(untouched - broken), len(untouched & broken)
    problems = [*mended.left, *counts.write_or_show(changed)]
    again = " ".join(["mallgen model fix", *values.many("file")])
    return counts.end(problems, {file.name: file.text for file in files}, again)
