"""mallgen breaking: what a change of the contracts does to those who use them."""

import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from datetime import date, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.breaking import RULES
from mallgen.breaking.judge import judge
from mallgen.breaking.policy import Policy, settle
from mallgen.breaking.terms import Terms
from mallgen.cli.console import (
    ENVIRONMENT,
    FINDINGS,
    FINE,
    USAGE,
    AlreadyReported,
    chosen_format,
    colored,
    for_machines,
    out,
    report,
)
from mallgen.cli.gc import without_gc
from mallgen.cli.options import Values
from mallgen.cli.ruling import chosen_rules, list_rules
from mallgen.diagnostics import Diagnostic
from mallgen.loading.tree import NoRevision, extract, merge_base
from mallgen.text.span import Span
from mallgen.text.visible import counted
from mallgen.workspace.config import BadWorkspace, find
from mallgen.workspace.versions import Version, version_of


class _BaseVersion(NamedTuple):
    """The version to compare with: the folder of the old contracts, its name in messages, the paths of files there.

    `hidden`: the folder is a temporary one, whose name nobody knows.
    """

    folder: str
    label: str
    paths: tuple[str, ...]
    hidden: bool = False


def run(values: Values) -> int:
    """Report the findings; exit 0 without errors, 1 with some, 3 where there is nothing to compare with."""
    if values.flag("rules"):
        return list_rules(RULES)
    with without_gc(), ExitStack() as stack:
        return _run(values, stack)


def _run(values: Values, stack: ExitStack) -> int:
    if chosen_rules(RULES, values, "mallgen breaking") is None:
        return USAGE
    paths = values.many("path")
    try:
        workspace = find()
        policy = workspace.breaking or Policy()
        base = _base(values.text("against") or policy.against, paths, stack)
        root = "." if paths else os.path.dirname(workspace.path) or "."
        new = version_of(root, paths)
        old = version_of(os.path.normpath(os.path.join(base.folder, os.path.relpath(root))), base.paths)
    except BadWorkspace as problem:
        return report(problem.diagnostics, problem.sources, "")
    _refuse_broken(new, old, base)
    chosen = policy.chosen(values.many("select"), values.many("ignore"))
    terms = _terms(policy)
    settled = settle(judge(old.services, new.services, base.label, chosen, terms), policy, terms.today)
    shown = [_shown(one, base) for one in settled.diagnostics]
    sources = {**workspace.sources, **new.sources, **{_name(path, base): text for path, text in old.sources.items()}}
    counts = Counter(one.level for one in shown)
    listed = [one for one in shown if one.level != "info" or values.flag("all") or for_machines()]
    _print(listed, sources, f"{_counts(counts)} against {base.label}{_accepted(settled.accepted)}")
    failing = ("error", "warning") if values.text("fail-on") == "warning" else ("error",)
    return FINDINGS if any(counts[level] for level in failing) else FINE


def _terms(policy: Policy) -> Terms:
    today = date.today()
    soonest = today + timedelta(days=policy.deprecation_days)
    return Terms(today.isoformat(), soonest.isoformat(), policy.deprecation_days, policy.auth_middlewares)


def _print(listed: list[Diagnostic], sources: dict[str, str], counts: str) -> None:
    """Print the findings and the line of counts; for machines the findings go to stdout alone."""
    if for_machines():
        from mallgen.diagnostics.machine import render

        sys.stdout.write(render(chosen_format(), listed))
        return
    from mallgen.diagnostics.terminal import Reporter

    sys.stderr.write(Reporter(sources, colored()).all(listed))
    out(counts)


def _counts(counts: Counter[str]) -> str:
    words = [counted(counts[level], level) for level in ("error", "warning") if counts[level]]
    words = words or ["no breaking changes"]
    compatible = counts["info"]
    return ", ".join([*words, *([f"{counted(compatible, 'compatible change')}"] if compatible else [])])


def _accepted(count: int) -> str:
    return f"; {counted(count, 'finding')} accepted in mallgen.toml" if count else ""


def _base(text: str, paths: tuple[str, ...], stack: ExitStack) -> _BaseVersion:
    """Return what a text names, else the commit where this branch left the main one. Raises AlreadyReported."""
    if text and os.path.isdir(text):
        return _BaseVersion(text, text, paths)
    if text and os.path.isfile(text):
        return _BaseVersion(".", text, (text,))
    try:
        revision, label = (text, text) if text else merge_base()
        folder = os.path.realpath(stack.enter_context(tempfile.TemporaryDirectory(prefix="mallgen-base-")))
        return _BaseVersion(extract(revision, folder), label, paths, True)
    except NoRevision as problem:
        raise AlreadyReported(report([problem.diagnostic], {}, "")) from None


def _refuse_broken(new: Version, old: Version, base: _BaseVersion) -> None:
    """Refuse a version with errors, the old one as a broken environment. Raises AlreadyReported."""
    if old.diagnostics:
        problems = [replace(_shown(one, base), environment=True) for one in old.diagnostics]
        report(problems, {_name(path, base): text for path, text in old.sources.items()}, "")
        raise AlreadyReported(ENVIRONMENT)
    if new.diagnostics:
        raise AlreadyReported(report(new.diagnostics, new.sources, ""))


def _shown(found: Diagnostic, base: _BaseVersion) -> Diagnostic:
    """Return a diagnostic whose old places are named by their version."""
    notes = tuple(replace(note, span=_place(note.span, base)) for note in found.notes)
    return replace(found, span=_place(found.span, base) if found.span else None, notes=notes)


def _place(span: Span, base: _BaseVersion) -> Span:
    return span._replace(file=_name(span.file, base))


def _name(path: str, base: _BaseVersion) -> str:
    if not base.hidden or not os.path.realpath(path).startswith(base.folder):
        return path
    return f"{base.label}:{os.path.relpath(os.path.realpath(path), base.folder)}"
