"""Rules about the life of routes and fields, and about the contract's version."""

import re
from collections.abc import Iterator

from mallgen.breaking import ERROR, INFO, NO_LEVEL, api_rule
from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import RoutePair, affected, major, operations, server
from mallgen.breaking.lifecycle import (
    STABILITIES,
    doc_place,
    doc_value,
    is_deprecated,
    is_field_deprecated,
    stability,
    sunset,
)
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.diagnostics import Note
from mallgen.lint.scope import Operation
from mallgen.model import Contract, Pair
from mallgen.rules import Finding
from mallgen.text.span import Span

_VERSION = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,9})(?:[-+].*)?")


@api_rule("endpoint-deprecated", INFO, NO_LEVEL)
def endpoint_deprecated(change: ApiChange) -> Iterator[Finding]:
    """A route is deprecated now.

    It still answers. `deprecated: "true"` in its `@doc`, or a comment `Deprecated: …`, says so; `sunset` says until
    when.
    """
    for pair, _, new in _deprecated(change, False, True):
        until = f", until {doc_value(new, 'sunset')}" if doc_value(new, "sunset") else ""
        yield _about(change, pair, f"`{pair.title}` is deprecated now{until}", "deprecated")


@api_rule("field-deprecated", INFO, NO_LEVEL)
def field_deprecated(change: ApiChange) -> Iterator[Finding]:
    """A field is deprecated now.

    It is still there. A comment `// Deprecated: use …` beside the field says so.
    """
    found: dict[Span, tuple[FieldPair, dict[str, RoutePair]]] = {}
    for struct in (*change.structs("request"), *change.structs("response")):
        for pair in struct.fields:
            if (
                pair.old
                and pair.new
                and is_field_deprecated(pair.new.field)
                and not is_field_deprecated(pair.old.field)
            ):
                _, routes = found.setdefault(pair.place, (pair, {}))
                routes.update({route.title: route for route in struct.routes})
    for pair, routes in found.values():
        notes = (change.was(pair.old.field.span),) if pair.old else ()
        message = f"`{pair.title}` is deprecated now"
        yield Finding(message, pair.place, notes=notes, facts=affected(routes.values()))


@api_rule("endpoint-reactivated", INFO, NO_LEVEL)
def endpoint_reactivated(change: ApiChange) -> Iterator[Finding]:
    """A route is not deprecated any more.

    It stays. Tell those who have begun to leave it.
    """
    for pair, _, _ in _deprecated(change, True, False):
        yield _about(change, pair, f"`{pair.title}` is not deprecated any more", "deprecated")


@api_rule("sunset-missing", ERROR, NO_LEVEL)
def sunset_missing(change: ApiChange) -> Iterator[Finding]:
    """A route is deprecated now, and nothing says until when it stays.

    mallgen.toml asks for it with `deprecation_days` under `[breaking]`. Write `sunset: "2026-12-31"` into its `@doc`.
    """
    days = change.terms.deprecation_days
    for pair, _, new in _deprecated(change, False, True):
        if days and not sunset(new):
            said = doc_value(new, "sunset")
            message = f"the sunset of `{pair.title}` is no date: `{said}`" if said else f"`{pair.title}` has no sunset"
            hint = f"write `sunset` with a day into its @doc, {days} days from now or later"
            yield _about(change, pair, message, "sunset" if said else "deprecated", hint)


@api_rule("sunset-too-soon", ERROR, NO_LEVEL)
def sunset_too_soon(change: ApiChange) -> Iterator[Finding]:
    """A route is deprecated now, and gone sooner than the workspace allows.

    `deprecation_days` under `[breaking]` in mallgen.toml is how long clients have to move.
    """
    for pair, old, new in _both(change):
        begins = not is_deprecated(old) or not sunset(old)
        if change.terms.deprecation_days and begins and is_deprecated(new) and "" < sunset(new) < change.terms.soonest:
            message = f"`{pair.title}` ends {sunset(new)}, in less than {change.terms.deprecation_days} days"
            yield _about(change, pair, message, "sunset", "take a later day")


@api_rule("sunset-moved-earlier", ERROR, NO_LEVEL)
def sunset_moved_earlier(change: ApiChange) -> Iterator[Finding]:
    """A deprecated route ends sooner than was announced, or its announced day is gone.

    Clients plan with that day. Keep it, or take a later one.
    """
    for pair, old, new in _deprecated(change, True, True):
        if sunset(new) < sunset(old):
            now = f"{sunset(new)}" if sunset(new) else "not said any more"
            message = f"the sunset of `{pair.title}` is {now}; it was {sunset(old)}"
            yield _about(change, pair, message, "sunset", f"keep {sunset(old)}, or take a later day")


@api_rule("stability-decreased", ERROR, NO_LEVEL)
def stability_decreased(change: ApiChange) -> Iterator[Finding]:
    """A route promises less than before: from `stable` to `beta`, `alpha` or `draft`.

    Whoever trusted the old word cannot take it back. A route without `stability` in its `@doc` is stable.
    """
    for pair, old, new in _stabilities(change):
        if new < old:
            message = f"`{pair.title}` is {STABILITIES[new]} now; it was {STABILITIES[old]}"
            yield _about(change, pair, message, "stability", f"keep `{STABILITIES[old]}`")


@api_rule("stability-increased", INFO, NO_LEVEL)
def stability_increased(change: ApiChange) -> Iterator[Finding]:
    """A route promises more than before: from `draft` to `alpha`, `beta` or stable.

    From now on changes that break it are errors.
    """
    for pair, old, new in _stabilities(change):
        if new > old:
            message = f"`{pair.title}` is {STABILITIES[new]} now; it was {STABILITIES[old]}"
            yield _about(change, pair, message, "stability")


@api_rule("major-version-not-bumped", ERROR, NO_LEVEL)
def major_version_not_bumped(change: ApiChange) -> Iterator[Finding]:
    """Something breaks clients, and the contract has the major version that it had.

    Versions are `version` in `info`, else `/v1` in paths where all have the same. A contract without them is not
    judged, and nothing is said unless another error stands. Raise the version, or keep the old routes as they are and
    serve the new ones below `/v2`.
    """
    then, now = _versions(change)
    paths = _highest(change.old), _highest(change.new)
    if (then and now and _leading(now) > _leading(then)) or (paths[0] and paths[1] and paths[1][0] > paths[0][0]):
        return
    pair = _info(change.new)
    if pair is not None and then and now:
        hint = "raise the major version, or keep the old routes beside the new ones"
        notes = _was_info(change)
        yield Finding(f"something breaks, and the version is {pair.value}", pair.span, hint, notes)
    elif paths[0] and paths[1] and not _has_several(change.old):
        hint = "keep the old routes as they are, and serve the new ones below a higher version"
        yield Finding(f"something breaks, and paths have {paths[1][1]} as before", paths[1][2], hint)


@api_rule("version-decreased", ERROR, NO_LEVEL)
def version_decreased(change: ApiChange) -> Iterator[Finding]:
    """The `version` in `info` is lower than it was.

    Whoever compares versions takes the new contract for an old one: often a merge took the wrong side.
    """
    then, now = _versions(change)
    pair, old = _info(change.new), _info(change.old)
    if pair is not None and old is not None and then and now and _padded(now) < _padded(then):
        message = f"the version is {pair.value}; it was {old.value}"
        yield Finding(message, pair.span, f"write a version after {old.value}", _was_info(change))


def _both(change: ApiChange) -> Iterator[tuple[RoutePair, Operation, Operation]]:
    return iter(change.compared)


def _deprecated(change: ApiChange, before: bool, now: bool) -> Iterator[tuple[RoutePair, Operation, Operation]]:
    for pair, old, new in _both(change):
        if (is_deprecated(old), is_deprecated(new)) == (before, now):
            yield pair, old, new


def _stabilities(change: ApiChange) -> Iterator[tuple[RoutePair, int, int]]:
    for pair, *both in _both(change):
        old, new = map(stability, both)
        if old is not None and new is not None:
            yield pair, old, new


def _about(change: ApiChange, pair: RoutePair, message: str, key: str, hint: str = "") -> Finding:
    """Return a finding about a pair of a route's `@doc`."""
    assert pair.old is not None
    notes = (change.was(doc_place(pair.old, key)),)
    return Finding(message, doc_place(pair.operation, key), hint, notes, facts=affected((pair,)), key=message)


def _info(contract: Contract) -> Pair | None:
    return next((pair for pair in contract.info if pair.key == "version"), None)


def _was_info(change: ApiChange) -> tuple[Note, ...]:
    old = _info(change.old)
    return (change.was(old.span),) if old is not None else ()


def _versions(change: ApiChange) -> list[tuple[int, ...]]:
    """Return the old and the new version in `info` as numbers, () for none."""
    return [_numbers(_info(contract)) for contract in (change.old, change.new)]


def _numbers(pair: Pair | None) -> tuple[int, ...]:
    found = _VERSION.fullmatch(pair.value.strip()) if pair is not None else None
    return tuple(map(int, found[1].split("."))) if found else ()


def _leading(version: tuple[int, ...]) -> tuple[int, ...]:
    """Return the part of a version that changes when clients break: the first number, before 1.0 the second too."""
    return version[:1] if version[0] else version[:2]


def _padded(version: tuple[int, ...]) -> tuple[int, ...]:
    return (*version, *(0 for _ in range(10 - len(version))))


def _has_several(contract: Contract) -> bool:
    """Return whether a contract serves several versions: to end one of them asks for no other version."""
    return len({version for one in operations(contract) if (version := major(one.route.full_path))}) > 1


def _highest(contract: Contract) -> tuple[tuple[int, str, int], str, Span] | None:
    """Return the highest version in a contract's paths, as a key, as text and its place."""
    found = [(one, version) for one in operations(contract) if (version := major(one.route.full_path))]
    if not found:
        return None
    first, version = max(found, key=lambda item: item[1])
    prefix = server(first.group, "prefix")
    has_it = prefix is not None and major(first.group.prefix)
    place = prefix.span if prefix is not None and has_it else first.route.path_span
    number, stage, step = version
    return version, f"`/v{number}{'' if stage == 'final' else stage}{step or ''}`", place
