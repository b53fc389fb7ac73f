"""mallgen breaking --fix: breaking changes mended where they have a compatible form, as a diff or in place."""

import os
from collections.abc import Sequence

from mallgen.breaking import INFO
from mallgen.breaking.mends import mends
from mallgen.breaking.policy import Judgement
from mallgen.cli.console import report
from mallgen.cli.mending import FixCounts, MendedFile
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.loading.rewrite import read_file
from mallgen.loading.sources import Unreadable, limits
from mallgen.workspace.bases import Versions
from mallgen.workspace.config import Workspace
from mallgen.workspace.mended import Judge, MendProof


def fix(
    judged: Sequence[Judgement],
    shown: Sequence[Diagnostic],
    both: Versions,
    workspace: Workspace,
    judge: Judge,
    values: Values,
) -> int:
    """Show or write what mends the findings among `shown`, and report the others; exit 1 when errors are left."""
    paths = values.many("path")
    counting = {_key(one) for one in shown if one.severity != INFO}
    wanted = [one for one in judged if _key(one.found.diagnostic) in counting]
    texts = both.new.sources
    try:
        files = {path: read_file(path, limits().bytes) for path in {**workspace.sources, **texts}}
    except Unreadable as problem:
        return report([Diagnostic(problem.code, problem.message, hint=problem.hint)], {}, "")
    root = "." if paths else os.path.dirname(workspace.path) or "."
    proof = MendProof(root, paths, files, texts, judge, judged)
    made = proof.proven(list(mends(wanted, both.old.sources, texts)))
    gone = {_key(one.found.diagnostic) for one in made.gone}
    left = [both.base.shown(one) for one in shown if one.severity != INFO and _key(one) not in gone]
    counts = FixCounts(values.flag("write"), "fine already")
    broken = {one.span.file for one in left if one.span is not None and one.severity == "error"}
    untouched = texts.keys() - made.texts.keys()
    counts.fine, counts.failed = len(untouched - broken), len(untouched & broken)
    changed = [MendedFile(files[path], text, made.places[path]) for path, text in sorted(made.texts.items())]
    problems = [*left, *counts.write_or_show(changed)]
    against = values.text("against")
    again = " ".join(["mallgen breaking", *paths, *(["--against", against] if against else []), "--fix"])
    return counts.end(problems, {**workspace.sources, **texts, **both.base.named(both.old.sources)}, again)


def _key(one: Diagnostic) -> tuple[object, ...]:
    return one.code, one.span, one.message
