"""Diagnostics about drift: one per file and reason, with its code, its span and the command that mends it. Pure."""

from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.drift import unasked_blocks
from mallgen.drift.absent_modules import absent_modules
from mallgen.drift.compare import Followed
from mallgen.drift.verdict import State, Verdict
from mallgen.output.house import TRASH
from mallgen.output.plan import Plan, Step, StepKind
from mallgen.output.recognise import Survey, is_known, whose
from mallgen.output.records import CONFIG, SETTINGS, Record, Role
from mallgen.text.span import Span


class InspectedFolder(NamedTuple):
    """One contract's output folder as the commands have inspected it; `known` are the records of mallgen.lock by path.

    `where` are the arguments that make a command mean this folder (` -dir out`), or "". `shown` returns a path of the
    folder as the user would write it.
    """

    contract: str
    where: str
    shown: Callable[[str], str]
    disk: Survey
    known: Mapping[str, Record]
    plan: Plan
    followed: Followed


_BY_HAND = "change these lines by hand: sync cannot know what is meant"
_NO_OUTBOX = {
    "`ServiceContext` has no `outbox`": "an outbox needs its tables and a queue: `mallgen rmq outbox` prints their DDL "
    "for a file in the service's `tables`, and its `uses` names a queue service"
}
_STOPS = "change these lines by hand; until then sync writes nothing, as the service could not be imported"


def findings(service: InspectedFolder, stubs: bool) -> Iterator[Diagnostic]:
    """Yield a diagnostic for everything that differs from the contract, unwritten logic included if `stubs` is set."""
    verdicts = {verdict.path: verdict for verdict in service.followed.verdicts}
    for step in service.plan.steps:
        yield from _file(service, step)
    for path, block in left_blocks(service):
        yield _unasked(service, path, block)
    for verdict in verdicts.values():
        yield from _theirs(service, verdict, stubs)
    yield from _absent(service)
    yield from unsure(service)
    for path, target in service.disk.links.items():
        if path not in service.disk.contents:
            yield _unread(service, path, target)
    doubted = {old: new for new, old in service.followed.doubts}
    for old, new in doubted.items():
        yield _doubt(service, service.known[old], new)
    for record in gone(service):
        if record.path not in doubted:
            yield _orphan(service, record)


def _absent(service: InspectedFolder) -> Iterator[Diagnostic]:
    """Yield an error for each module of a back office that its logic imports, and that is nowhere."""
    made = [step.file.path for step in service.plan.steps]
    package = next((path.partition("/")[0] for path in made if path.endswith("/logic/__init__.py")), "")
    sources = {verdict.source for verdict in service.followed.verdicts}
    contents = service.disk.contents
    texts = {path: contents[path].decode("utf-8", "replace") for path in sorted(sources) if path in contents}
    present = [*service.disk.present, *contents, *service.disk.links, *made]
    for one in absent_modules(f"{package}.admin", texts, contents, present) if package else ():
        span = one.span._replace(file=service.shown(one.span.file))
        hint = "fetch it back from version control, or make it anew as docs/admin.md says: `gen` does not write it"
        yield Diagnostic("missing", f"`{service.shown(one.path)}` is missing, and is imported here", span, hint)


def unsure(service: InspectedFolder, applied: bool = False) -> Iterator[Diagnostic]:
    """Yield warnings where a renamed field may be used; `applied`: with the spans that they have after sync."""
    hint = "if it is, write the new name; `mypy --strict` tells where the type is known"
    for found in service.followed.unsure.values():
        for each in found:
            span = each.later if applied else each.span
            span = span._replace(file=service.shown(span.file))
            yield Diagnostic("uses-uncertain", each.text, span, hint, severity="warning")


def for_humans(service: InspectedFolder) -> Iterator[Diagnostic]:
    """Yield the diagnostics about what sync leaves to the user."""
    for verdict in service.followed.verdicts:
        if verdict.state in (State.STUCK, State.BROKEN):
            mine = tuple(r for r in verdict.remarks if r.is_yours or verdict.state is State.BROKEN)
            yield from _theirs(service, verdict._replace(blocks=(), remarks=mine), False)
        elif verdict.blocks and verdict.path not in service.followed.changes:
            yield from _theirs(service, verdict, False)
    for new, old in service.followed.doubts:
        yield _doubt(service, service.known[old], new)


def is_stopped(service: InspectedFolder) -> bool:
    """Return whether sync writes nothing, as the result would break the service.

    A user file could not be imported, or a stub would answer while the user's code is elsewhere: a middleware's stub
    would let every request pass.
    """
    if any(True for _ in breaking(service)):
        return True
    contents = service.disk.contents
    return any(not is_known(service.known.get(old), contents.get(old)) for _, old in service.plan.waiting)


def breaking(service: InspectedFolder) -> Iterator[Diagnostic]:
    """Yield the diagnostics about user code that could not be imported with the contract's new generated files."""
    for verdict in service.followed.verdicts:
        mine = tuple(remark for remark in verdict.remarks if remark.stops)
        if mine:
            yield from _theirs(service, verdict._replace(blocks=(), remarks=mine), False)


def gone(service: InspectedFolder, edited_too: bool = False) -> list[Record]:
    """Return the orphans that can be deleted; a package's `__init__.py` stays while user code is in it or below.

    `edited_too`: files that the user has edited are to be deleted as well, and keep no package.
    """
    left = {record.path: record for record in service.plan.left}
    staying = service.disk.present - left.keys()
    if not edited_too:
        staying |= {path for path, record in left.items() if not is_known(record, service.disk.contents.get(path))}
    kept = {folder for path in staying for folder in accumulate(path.split("/")[:-1], "{}/{}".format)}
    return [
        record
        for record in service.plan.left
        if not (record.path.endswith("/__init__.py") and record.path.rpartition("/")[0] in kept)
    ]


def left_blocks(service: InspectedFolder) -> Iterator[tuple[str, unasked_blocks.LeftBlock]]:
    """Yield the path of the settings file with each of its blocks that the contract no longer asks for."""
    files = {step.file.role: step.file for step in service.plan.steps}
    settings, contents = files.get(SETTINGS), service.disk.contents
    if settings is not None and settings.path in contents:
        config = contents.get(files[CONFIG].path, b"") if CONFIG in files else b""
        expected = [block.key for block in settings.blocks]
        yield from ((settings.path, block) for block in unasked_blocks.left(contents[settings.path], expected, config))


def _unasked(service: InspectedFolder, path: str, block: unasked_blocks.LeftBlock) -> Diagnostic:
    shown = service.shown(path)
    message = f"`{shown}` has a block `{block.key}`, which the contract and mallgen.toml no longer ask for"
    hint = f"`mallgen prune{service.where}` removes it" if block.is_made else "it has your values: remove it by hand"
    return Diagnostic("config-block-left", message, block.span._replace(file=shown), hint)


def _file(service: InspectedFolder, step: Step) -> Iterator[Diagnostic]:
    if step.kind in (StepKind.KEEP, StepKind.IGNORE):
        return
    shown = service.shown(step.file.path)
    gen = f"mallgen gen{service.where}"
    if step.kind is StepKind.CREATE and not step.before:
        yield Diagnostic("missing", f"`{shown}` is missing: the contract makes it", _top(shown), f"run `{gen}`")
    elif step.kind is StepKind.UPDATE and step.backup:
        hint = f"`{gen}` keeps your version as {service.shown(step.backup)} and writes the generated one"
        yield Diagnostic("edited-generated", f"`{shown}` is generated, and was edited", _top(shown), hint)
    elif step.kind is StepKind.UPDATE:
        yield Diagnostic("stale", f"`{shown}` is not what {service.contract} makes now", _top(shown), f"run `{gen}`")
    elif step.kind is StepKind.MOVE:
        old = service.shown(step.source)
        message = f"`{old}` belongs to {_what(step.file.role)}, whose place is `{shown}` now"
        yield Diagnostic("signature-drift", message, _top(old), f"run `mallgen sync --apply{service.where}`")


def _theirs(service: InspectedFolder, verdict: Verdict, stubs: bool) -> Iterator[Diagnostic]:
    if not verdict.remarks and not verdict.blocks and not stubs:
        return
    shown = service.shown(verdict.source)
    sync = f"mallgen sync --apply{service.where}"
    for remark in verdict.remarks:
        span = remark.span._replace(file=shown)
        if verdict.state is State.BROKEN:
            message = f"this is not Python, so it cannot be compared: {remark.text}"
            yield Diagnostic("user-syntax-error", message, span, "correct it; nothing of it was touched")
            continue
        hint = f"run `{sync}`"
        if remark.is_yours:
            hint = _STOPS if remark.stops else _NO_OUTBOX.get(remark.text, _BY_HAND)
        severity = "warning" if verdict.state is State.FITS else "error"
        yield Diagnostic(remark.code, remark.text, span, hint, severity=severity)
    for block in verdict.blocks:
        if block.needed:
            message = f"`{shown}` has no block `{block.key}`, which the contract asks for"
            flow = verdict.path not in service.followed.changes
            hint = "nothing can be appended to this file: write the block by hand" if flow else f"run `{sync}`"
            yield Diagnostic("config-block-missing", message, _top(shown), hint)
    if stubs and verdict.state is State.STUB:
        yield Diagnostic("stub", f"{_what(verdict.role)} is not implemented", _top(shown), "write its body")


def _unread(service: InspectedFolder, path: str, target: str) -> Diagnostic:
    shown = service.shown(path)
    where = f"to `{service.shown(target)}`, where no file is" if target else "out of the folder"
    message = f"`{shown}` is a link that leads {where}: it is not compared"
    hint = "copy the file here, or let the link lead to a place inside"
    return Diagnostic("not-compared", message, None, hint, severity="warning")


def _doubt(service: InspectedFolder, record: Record, path: str) -> Diagnostic:
    old, new = service.shown(record.path), service.shown(path)
    here = next((step.file.role for step in service.plan.steps if step.file.path == record.path), None)
    if here:
        return _displaced(service, record, here, path)
    if _is_occupied(service, record, path):
        title = record.role.title
        there = service.known.get(path)
        other = _what(there.role) if there is not None else "a file of yours"
        message = f"`{old}` was written for {_what(record.role)}, whose place is `{new}` now; that has {other}"
        answer = f'let `{new}` do what {title} shall do and begin with `"""{title}"""`'
        hint = f"{answer}; {_trash(service, f'`{old}`')}"
        return Diagnostic("maybe-renamed", message, _top(old), hint)
    message = f"`{old}` was {_what(record.role)}; it may have become `{new}`"
    where = service.where
    hint = f"if it has, `mv {old} {new}` and run `mallgen sync --apply{where}`; else {_trash(service, 'it')}"
    return Diagnostic("maybe-renamed", message, _top(old), hint)


def _displaced(service: InspectedFolder, record: Record, here: Role, path: str) -> Diagnostic:
    """Report a file that may belong to the route it was written for, or to the one that has its path now."""
    old, new = service.shown(record.path), service.shown(path)
    title = here.title
    stay = f'if it is for {title} now, let it begin with `"""{title}"""`'
    if old == new:
        message = f"`{old}` was written for {_what(record.role)}; here {title} belongs"
        hint = f"{stay}; else move it away and run `mallgen gen{service.where}`"
        return Diagnostic("maybe-renamed", message, _top(old), hint)
    message = f"`{old}` was written for {_what(record.role)}, whose place is `{new}` now; here {title} belongs"
    move = f"if it goes with its route, `mv {old} {new}` and run `mallgen sync --apply{service.where}`"
    if _is_occupied(service, record, path):
        move = f"if it goes with its route, let it and `{new}` change places"
    return Diagnostic("maybe-renamed", message, _top(old), f"{move}; {stay}")


def _is_occupied(service: InspectedFolder, record: Record, path: str) -> bool:
    """Return whether the path of a record's route holds a user file that was written for something else."""
    there = service.known.get(path)
    is_other = there is None or there.role != record.role
    return path in service.disk.present and is_other and not is_known(there, service.disk.contents.get(path))


def _trash(service: InspectedFolder, what: str) -> str:
    return f"`mallgen prune --force{service.where}` puts {what} into {TRASH}/"


def _orphan(service: InspectedFolder, record: Record) -> Diagnostic:
    shown = service.shown(record.path)
    edited = not is_known(record, service.disk.contents.get(record.path))
    hint = f"`mallgen prune{service.where}` deletes it"
    if edited:
        hint = f"it {whose(record, service.disk.contents.get(record.path))}: {_trash(service, 'it')}"
    message = f"`{shown}` is no longer part of the contract: it was {_what(record.role)}"
    there = next((step.file.path for step in service.plan.steps if step.file.role == record.role), "")
    if there:
        message = f"`{shown}` was {_what(record.role)}, which lives in `{service.shown(there)}` now"
    return Diagnostic("orphan", message, _top(shown), hint)


def _what(role: Role | None) -> str:
    text = str(role or "")
    return f"the {text}" if " " in text else text


def _top(shown: str) -> Span:
    return Span(shown, 1, 1, 1, 2)
