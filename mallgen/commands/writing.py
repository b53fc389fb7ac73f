"""From rendered files to the disk, with what the user is told about it; shared by every generating command."""

import os
from collections import Counter
from typing import NamedTuple

from mallgen.console import FINE, out, report, say
from mallgen.diagnostics import Diagnostic
from mallgen.disk import Folder, Overtaken, Refused, read_lock
from mallgen.lock import ContractLine
from mallgen.tree import File, Kind, Plan, plan


class Output(NamedTuple):
    """What is to be written where."""

    folder: Folder
    contract: ContractLine
    files: tuple[File, ...]
    dry_run: bool
    quiet: bool


class Written(NamedTuple):
    """The exit code, the counts in words, and what happened: the first files of a project, or a change to mallgen's."""

    code: int
    summary: str = ""
    started: bool = False
    changed: bool = False


def write(output: Output) -> Written:
    """Plan, tell, and unless it is a dry run, apply."""
    try:
        with output.folder.turn(shared=output.dry_run):
            steps, problems = _apply(output)
    except Refused as problem:
        end = "; the next mallgen command here completes what was begun" if problem.begun else "; nothing was written"
        return Written(report(problem.diagnostics, {}, end))
    _tell(output, steps)
    if problems:
        return Written(report(problems, {}, "; everything else was written"))
    started = any(step.kind is Kind.CREATE and step.file.identity == "main" for step in steps.steps)
    return Written(FINE, _summary(steps, output.dry_run), started, bool(steps.writes))


def _apply(output: Output) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The plan and, after it was carried out, what somebody changed meanwhile."""
    lock, text = read_lock(output.folder)
    disk = output.folder.survey(output.files, lock, text)
    steps = plan(output.files, disk, lock.with_contract(output.contract), output.contract.path)
    if output.dry_run:
        return steps, ()
    try:
        return steps, output.folder.apply(steps)
    except Overtaken:
        with output.folder.turn():
            return _apply(output)


def _tell(output: Output, steps: Plan) -> None:
    shown = output.folder.shown
    if not output.quiet:
        for step in steps.steps:
            if step.kind is Kind.IGNORE or (output.dry_run and step.kind is not Kind.KEEP):
                word = "" if step.kind is Kind.IGNORE else f"{step.kind.value} "
                tail = f" {step.kind.value}" if step.kind is Kind.IGNORE else ""
                out(f"{word}{shown(step.file.path)}{tail}")
        if not output.dry_run:
            out("Done.")
    for step in steps.steps:
        if step.backup:
            verb = "would move" if output.dry_run else "moved"
            say(f"{shown(step.file.path)} had been edited: {verb} your version to {shown(step.backup)}")
    for record in steps.left:
        say(f"{shown(record.path)} is no longer part of the contract; delete it if you do not need it")


def _summary(steps: Plan, dry_run: bool) -> str:
    counts = Counter(step.kind for step in steps.steps)
    words = {Kind.CREATE: "created", Kind.UPDATE: "updated", Kind.KEEP: "unchanged", Kind.IGNORE: "yours, kept"}
    parts = [f"{counts[kind]} {word}" for kind, word in words.items() if counts[kind]]
    return ("nothing was written; it would be: " if dry_run else "") + ", ".join(parts)


def relative(path: str, folder: str) -> str:
    """The contract's path as mallgen.lock names it: from the output folder, with `/`."""
    root, target = os.path.realpath(folder), os.path.realpath(path)
    return os.path.relpath(target, root).replace(os.sep, "/")
