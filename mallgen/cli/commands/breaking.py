"""mallgen breaking: what a change of the contracts does to those who use them."""

import os
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import date, timedelta

from mallgen.breaking import ERROR, INFO, RULES, WARNING, is_about_tables
from mallgen.breaking.judge import judge
from mallgen.breaking.own_lines import with_own_lines
from mallgen.breaking.policy import Judgement, Policy, settle
from mallgen.breaking.rollout import rollout
from mallgen.breaking.terms import Terms
from mallgen.cli.breaking_fix import fix
from mallgen.cli.console import (
    FINDINGS,
    FINE,
    USAGE,
    AlreadyReported,
    chosen_format,
    colored,
    for_machines,
    out,
    report,
    say,
)
from mallgen.cli.gc import without_gc
from mallgen.cli.options import Values
from mallgen.cli.proving import proved
from mallgen.cli.ruling import chosen_rules, list_rules
from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import is_contract, not_a_contract
from mallgen.loading.baseline import save_baseline
from mallgen.loading.rewrite import CannotWrite
from mallgen.proto.imports import is_library
from mallgen.text.visible import counted
from mallgen.workspace.bases import NoBase, Versions, versions
from mallgen.workspace.config import BadWorkspace, Workspace, find
from mallgen.workspace.own_lines import own_code
from mallgen.workspace.versions import Version, version_of


def run(values: Values) -> int:
    """Report the findings; exit 0 without errors, 1 with some, 3 where there is nothing to compare with."""
    if values.flag("rules"):
        return list_rules(RULES)
    if values.flag("write") and not values.flag("fix"):
        say("error[usage] --write belongs to --fix")
        say("  = help: mallgen breaking --against main --fix --write")
        return USAGE
    if chosen_rules(RULES, values, "mallgen breaking") is None:
        return USAGE
    try:
        with without_gc(), ExitStack() as stack:
            return _run(values, find(), stack)
    except (BadWorkspace, NoBase) as problem:
        return report(problem.diagnostics, problem.sources, "")


def _run(values: Values, workspace: Workspace, stack: ExitStack) -> int:
    paths = values.many("path")
    if not paths and not workspace.members:
        say("error[usage] there is no mallgen.toml here, so nothing says which contracts are meant")
        say("  = help: name them: mallgen breaking mall.api --against main")
        return USAGE
    for path in paths:
        if not is_contract(path):
            say(f"error[usage] `{path}` is {'a folder' if os.path.isdir(path) else not_a_contract()}")
            say("  = help: name the contracts themselves, or none where mallgen.toml lists them")
            return USAGE
    if values.text("save"):
        return _save(values.text("save"), paths, workspace)
    policy = workspace.breaking or Policy()
    both = versions(values.text("against") or policy.against, paths, workspace, stack)
    _refuse_broken(both.new)
    chosen = policy.chosen(values.many("select"), values.many("ignore"))
    terms = _terms(policy)

    def judge_version(new: Version) -> list[Judgement]:
        return judge(both.old.services, new.services, both.base.label, chosen, terms)

    judged = judge_version(both.new)
    if values.flag("fix"):
        return fix(judged, settle(judged, policy, terms.today).diagnostics, both, workspace, judge_version, values)
    judged = proved(judged, workspace, values)
    settled = settle(judged, policy, terms.today)
    if values.flag("explain-version"):
        return _explain(judged)
    shown = [both.base.shown(one) for one in settled.diagnostics]
    code = own_code(workspace) if shown and not paths else []
    shown = with_own_lines(shown, settled.judgements, code)
    counts = Counter(one.level for one in shown)
    listed = [one for one in shown if one.level != "info" or values.flag("all") or for_machines()]
    uses = {member.name: member.uses for member in workspace.members}
    order = rollout(judged, uses, {own.service: own.uses for own in code})
    _print(
        listed,
        both,
        workspace.sources,
        order,
        f"{_counts(counts)} against {both.base.label}{_accepted(settled.accepted)}",
    )
    failing = ("error", "warning") if values.text("fail-on") == "warning" else ("error",)
    return FINDINGS if any(counts[level] for level in failing) else FINE


def _terms(policy: Policy) -> Terms:
    today = date.today()
    soonest = today + timedelta(days=policy.deprecation_days)
    return Terms(today.isoformat(), soonest.isoformat(), policy.deprecation_days, policy.auth_middlewares)


def _explain(judged: list[Judgement]) -> int:
    """Print the part of the version number that each service has to raise, and why; tables do not count."""
    judged = [one for one in judged if not is_about_tables(one.found.diagnostic.code)]
    for service in dict.fromkeys(one.service for one in judged):
        levels = [
            (one.found.diagnostic.severity, one.found.diagnostic.code) for one in judged if one.service == service
        ]
        for part, level in (("major", ERROR), ("minor", WARNING), ("minor", INFO)):
            codes = dict.fromkeys(code for severity, code in levels if severity == level)
            if codes:
                out(f"{service}: {part} ({', '.join(codes)})")
                break
    if not judged:
        out("patch: nothing that callers see has changed")
    return FINE


def _print(listed: list[Diagnostic], both: Versions, more: dict[str, str], order: list[str], counts: str) -> None:
    """Print the findings, the order of rollout and the counts; for machines the findings go to stdout alone."""
    if for_machines():
        from mallgen.diagnostics.machine import render

        sys.stdout.write(render(chosen_format(), listed))
        return
    from mallgen.diagnostics.terminal import Reporter

    sources = {**more, **both.new.sources, **both.base.named(both.old.sources)}
    sys.stderr.write(Reporter(sources, colored()).all(listed))
    for line in ["rollout:", *(f"  {one}" for one in order)] if order else ():
        out(line)
    out(counts)


def _counts(counts: Counter[str]) -> str:
    words = [counted(counts[level], level) for level in ("error", "warning") if counts[level]]
    words = words or ["no breaking changes"]
    compatible = counts["info"]
    return ", ".join([*words, *([f"{counted(compatible, 'compatible change')}"] if compatible else [])])


def _accepted(count: int) -> str:
    return f"; {counted(count, 'finding')} accepted in mallgen.toml" if count else ""


def _refuse_broken(new: Version) -> None:
    """Refuse contracts with errors. Raises AlreadyReported."""
    if new.diagnostics:
        raise AlreadyReported(report(new.diagnostics, new.sources, ""))


def _save(path: str, paths: tuple[str, ...], workspace: Workspace) -> int:
    """Write a baseline of the contracts as they are."""
    root = os.path.realpath("." if paths else os.path.dirname(workspace.path))
    found = version_of(os.path.relpath(root), paths)
    _refuse_broken(found)
    texts = {**workspace.sources, **found.sources} if not paths else found.sources
    own = {name: text for name, text in texts.items() if not is_library(name)}
    files = {os.path.relpath(os.path.realpath(name), root).replace(os.sep, "/"): text for name, text in own.items()}
    outside = next((name for name in files if name.startswith("../")), "")
    if outside:
        say(f"error[usage] `{outside}` lies outside of this folder, which a baseline cannot hold")
        say("  = help: run it where all contracts are below")
        return USAGE
    try:
        save_baseline(path, files)
    except CannotWrite as problem:
        return report([problem.diagnostic], {}, "")
    services = counted(sum(1 for one in found.services if paths or one.name != one.path), "service")
    out(f"{path}: {counted(len(files), 'file')} of {services}; next: mallgen breaking --against {path}")
    return FINE
