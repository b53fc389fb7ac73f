"""The order in which the services of a workspace and the migrations of their tables are rolled out. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from mallgen.breaking import ERROR, RULES, WIRE
from mallgen.breaking.demands import may_use
from mallgen.breaking.phases import AFTER_ALL, BEFORE_ALL, RELEASES, Phase, phase_of
from mallgen.breaking.policy import Judgement
from mallgen.diagnostics import Diagnostic
from mallgen.drift.own_uses import OwnUses

_MOST = 2  # reasons that a line names
_ADDED = re.compile(r"proto-(?:service|rpc|field|oneof-field)-added|topic-added")
# what a caller must have stopped to use, or must do already, before the service changes
_CALLER_FIRST = re.compile(
    r"proto-(?:package|service|rpc|message|field|oneof|enum|enum-value)-removed"
    r"|proto-enum-value-added|proto-field-(?:validation-tightened|behavior-changed)|topic-removed"
)
_CALLED = re.compile(r"proto-.*|topic-.*|queue-service-changed")
_LEAVES_TOPIC = re.compile(r"topic-(?:removed|renamed|message-changed)")
_NO_CALL = re.compile(r"proto-(?:.*-not-reserved|reserved-removed|extension-.*|rpc-http-binding-changed)")

_NO_CODE: Mapping[str, OwnUses] = MappingProxyType({})


class _Reasons(NamedTuple):
    """The findings about a service's proto by what they ask of its callers: to come later, to come first, or both.

    `left` are those of the others after which old messages may wait in a topic that nobody reads any more.
    """

    added: list[str]
    removed: list[str]
    changed: list[str]
    left: list[str]


def rollout(
    judged: Sequence[Judgement], uses: Mapping[str, Sequence[str]], code: Mapping[str, OwnUses] = _NO_CODE
) -> list[str]:
    """Return the lines of the order, none where nothing asks for one; `uses` are the services that each one calls.

    A caller depends on what its `code` uses, one without code on all that has changed.
    """
    lines: list[str] = []
    for name in _ordered(uses):
        own = [one.found.diagnostic for one in judged if one.service == name]
        lines += _migrations(name, own)
    callers = {name: [caller for caller, used in uses.items() if name in used] for name in uses}
    for name in _ordered(uses):
        changes = [one for one in judged if one.service == name]
        for caller in callers[name]:
            used = [one for one in changes if caller not in code or may_use(one, code[caller])]
            lines += _pair(name, caller, _reasons(one.found.diagnostic for one in used))
            lines += _unused(name, caller, [one for one in changes if one not in used])
    return lines


def _ordered(uses: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the services, each behind those that it calls; circles are cut."""
    done: dict[str, None] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        begun.add(name)
        for used in uses.get(name, ()):
            if used in uses and used not in begun:
                visit(used)
        done[name] = None

    for name in uses:
        if name not in begun:
            visit(name)
    return list(done)


def _migrations(name: str, found: Sequence[Diagnostic]) -> list[str]:
    """Return the lines about the tables of a service, and of the other ones that have them."""
    groups: dict[str, list[tuple[Phase, str]]] = {}
    for one in found:
        phase = phase_of(one.facts)
        if phase is not None:
            services = dict(one.facts).get("affects", name).replace(", ", " and ")
            groups.setdefault(services, []).append((phase, one.message))
    return [line for services, phases in groups.items() for line in _of_tables(services, phases)]


def _of_tables(services: str, phases: Sequence[tuple[Phase, str]]) -> Iterator[str]:
    before, after = (
        _shown(message for phase, message in phases if phase.when == when) for when in (BEFORE_ALL, AFTER_ALL)
    )
    if before and after:
        yield f"migration in two parts around {services}"
        yield f"  before: {before}"
        yield f"  after: {after}"
    elif before:
        yield f"migration first, then {services}: {before}"
    elif after:
        yield f"{services} first, then the migration: {after}"
    for phase, message in phases:
        if phase.when == RELEASES:
            yield f"{services} {'need' if ' and ' in services else 'needs'} two releases: {message}"
            yield from _numbered(phase.steps)


def _pair(name: str, caller: str, reasons: _Reasons) -> list[str]:
    """Return the lines about a service and one that calls it."""
    added, removed, changed, left = reasons
    if changed or (added and removed):
        what, waits = _shown((*changed, *removed)), " and nothing waits in the old topic" if left else ""
        steps = (
            f"{name} with what is new beside what was there, then {caller}, which uses the new alone",
            f"{name} without what was there, when {caller} is rolled out everywhere{waits}",
        )
        return [f"{name} needs two releases around {caller}: {what}", *_numbered(steps)]
    if added:
        return [f"{name} before {caller}, where it uses what is new: {_shown(added)}"]
    if removed:
        return [f"{caller} before {name}, and without what goes: {_shown(removed)}{_once_empty(name, left)}"]
    return []


def _once_empty(name: str, left: Sequence[str]) -> str:
    return f"; {name} when nothing waits in the topic" if left else ""


def _unused(name: str, caller: str, changes: Sequence[Judgement]) -> Iterator[str]:
    """Yield a line about changes that ask nothing of a caller, as its own code does not use what has changed."""
    reasons = _reasons(one.found.diagnostic for one in changes)
    messages = [*reasons.added, *reasons.removed, *reasons.changed]
    if messages:
        then = _once_empty(name, reasons.left)
        yield f"{name} and {caller} in any order where no use is found in own code: {_shown(messages)}{then}"


def _reasons(found: Iterable[Diagnostic]) -> _Reasons:
    reasons = _Reasons([], [], [], [])
    levels = {code: rule.level for code, rule in RULES.rules().items()}
    for one in found:
        if _ADDED.fullmatch(one.code):
            reasons.added.append(one.message)
        elif _CALLER_FIRST.fullmatch(one.code):
            reasons.removed.append(one.message)
        elif _NO_CALL.fullmatch(one.code):
            continue
        elif _CALLED.fullmatch(one.code) and one.severity == ERROR and levels.get(one.code) == WIRE:
            reasons.changed.append(one.message)
        else:
            continue
        if _LEAVES_TOPIC.fullmatch(one.code):
            reasons.left.append(one.message)
    return reasons


def _shown(messages: Iterable[str]) -> str:
    found = list(dict.fromkeys(messages))
    rest = len(found) - _MOST
    return "; ".join(found[:_MOST]) + (f"; and {rest} more" if rest > 0 else "")


def _numbered(steps: Sequence[str]) -> list[str]:
    return [f"  release {number}: {step}" for number, step in enumerate(steps, 1)]
