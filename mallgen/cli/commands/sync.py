"""mallgen sync: generate, and adapt the user's code to the contract. Bodies are never rewritten."""

import sys
from collections import Counter
from itertools import chain

from mallgen.cli.comparing import compare_all, exit_code
from mallgen.cli.console import chosen_format, for_machines, out, report, say, show
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.drift.findings import InspectedFolder, for_humans, is_stopped, unsure
from mallgen.output.manifest import parse
from mallgen.output.plan import Plan, Step, StepKind
from mallgen.text.diff import changed, deleted
from mallgen.text.visible import counted
from mallgen.workspace.comparison import Compared, carry_out, compare, sources

_VERBS = {StepKind.MOVE: "moved", StepKind.PATCH: "patched", StepKind.CREATE: "created", StepKind.UPDATE: "regenerated"}


def run(values: Values) -> int:
    """Exit 0 when all code follows its contract, 1 when something is left to the user, 3 when a contract is missing."""
    apply, quiet = values.flag("apply"), values.flag("quiet")
    respells = values.flag("rename-uses")
    comparison = compare_all(values, writes=apply, prove=apply, respells=respells)
    chosen, compared, problems = comparison.chosen, comparison.compared, list(comparison.problems)
    if comparison.code:
        return _report(problems, compared, "; nothing was written")
    services = [one.service for one in compared if one.service is not None]
    if any(map(is_stopped, services)):
        return _report([*problems, *chain.from_iterable(map(for_humans, services))], compared, "; nothing was written")
    plans: list[Plan] = []
    for number, one in enumerate(compared):
        if apply:
            compared[number], steps, more = carry_out(one, _plan)
            problems += more
            plans += [steps] if steps is not None else []
        elif one.service is not None:
            plans.append(one.service.plan)
        seen = compared[number].service
        if seen is not None and plans:
            _show(seen, plans[-1], apply, quiet)
            problems += unsure(seen, apply and plans[-1].lock is not None)
        compared[number], unsolved = _left_to_user(compared[number], chosen.is_workspace, apply)
        problems += unsolved
    code = _report(problems, compared, "")
    if not quiet:
        _report_aliases(plans, respells)
        _summary(code, plans, apply, chosen.is_workspace, values)
    return code


def _report_aliases(plans: list[Plan], respells: bool) -> None:
    """Report the number of files that keep a class's former name by `as`, and how to rename it there."""
    lines = [line for steps in plans for line in parse(steps.lock or "").renamed if ":" not in line.old]
    names = {f"{line.new.rpartition('.')[2]} as {line.old.rpartition('.')[2]}".encode() for line in lines}
    contents = [
        step.content or b"" for plan in plans for step in plan.writes if step.kind in (StepKind.PATCH, StepKind.MOVE)
    ]
    count = sum(any(name in data for name in names) for data in contents)
    if count:
        way = "the old name has another meaning there, too" if respells else "--rename-uses renames it"
        say(f"{counted(count, 'file')} with `New as Old` for a class that has another name: {way}")


def _left_to_user(one: Compared, is_workspace: bool, applied: bool) -> tuple[Compared, list[Diagnostic]]:
    """Return the findings that are left to the user; after a sync was applied, those of the files as they are now."""
    problems = list(for_humans(one.service)) if one.service is not None else []
    if not problems or not applied:
        return one, problems
    now = compare(one.target, say, is_workspace)
    return now, [*now.problems, *(for_humans(now.service) if now.service is not None else ())]


def _plan(compared: Compared) -> Plan:
    assert compared.service is not None, "it was compared before"
    return Plan((), (), None) if is_stopped(compared.service) else compared.service.plan


def _show(service: InspectedFolder, steps: Plan, apply: bool, quiet: bool) -> None:
    leaving = {step.source for step in steps.writes}
    for step in steps.writes:
        shown = service.shown(step.file.path)
        if step.backup:
            verb = "moved" if apply else "would move"
            say(f"{shown} had been edited: {verb} your version to {service.shown(step.backup)}")
        if step.kind not in (StepKind.PATCH, StepKind.MOVE) and step.file.path not in leaving:
            continue
        old = service.shown(step.source) if step.source else ""
        if not apply:
            show(_diff(service, step, leaving))
        elif not quiet:
            out(f"{old} -> {shown}" if old else f"{_verb(step)} {shown}")


def _diff(service: InspectedFolder, step: Step, leaving: set[str]) -> str:
    """Return the diff of a step; for a move onto a stub, the stub's deletion comes first."""
    shown, contents = service.shown(step.file.path), service.disk.contents
    data = step.content or b""
    if step.kind is StepKind.CREATE:
        return changed(None, data, shown)
    if not step.source:
        return changed(contents[step.file.path], data, shown)
    gone = deleted(contents[step.file.path], shown) if step.before and step.file.path not in leaving else ""
    return gone + changed(contents[step.source], data, service.shown(step.source), shown)


def _verb(step: Step) -> str:
    """Return the verb for a step; an untouched stub is regenerated, not patched."""
    is_stub = step.kind is StepKind.PATCH and step.file.text and step.content == step.file.text.encode()
    return _VERBS[StepKind.UPDATE if is_stub else step.kind]


def _summary(code: int, plans: list[Plan], apply: bool, is_workspace: bool, values: Values) -> None:
    counts = Counter(_verb(step) for steps in plans for step in steps.writes)
    words = ", ".join(f"{counts[word]} {word}" for word in _VERBS.values() if counts[word])
    if not words:
        say("nothing to write" if code else "nothing to do: everything follows the contract")
    elif apply:
        say(words)
    else:
        where = "".join(f" -{name} {values.text(name)}" for name in ("dir", "api") if values.text(name))
        say(f"nothing was written; it would be: {words}")
        say(f"next: mallgen sync --apply{where}")


def _report(problems: list[Diagnostic], compared: list[Compared], end: str) -> int:
    unique = tuple(dict.fromkeys(problems))
    if for_machines():
        from mallgen.diagnostics.machine import render

        sys.stderr.write(render(chosen_format(), unique))
    else:
        report(unique, sources(compared), end or f"; {counted(len(unique), 'finding')} for you")
    return exit_code(unique)
