"""Rules about @server: tokens, signatures, middlewares, limits."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mallgen.breaking import BEHAVIOUR, ERROR, WARNING, WIRE, api_rule
from mallgen.breaking.api import ApiChange
from mallgen.breaking.api_pairs import GroupPair, affected
from mallgen.rules import Finding
from mallgen.text.span import Span


class _Said(NamedTuple):
    """A sentence about a value of @server of two groups."""

    pair: GroupPair
    message: str
    severity: str = ""


@api_rule("auth-added", ERROR, WIRE)
def auth_added(change: ApiChange) -> Iterator[Finding]:
    """Routes ask for a token now: calls without one get 401.

    The block has got `jwt`, or the routes have moved to one that has it. Let clients send the token first, to which the
    old version pays no attention, and ask for it when all do.
    """
    found = (_Said(pair, f"calls need a token of `{pair.new.jwt}` now") for pair in _with_jwt(change, False, True))
    yield from _findings(change, "jwt", found, "let clients send the token before the service asks for it")


@api_rule("auth-removed", WARNING, BEHAVIOUR)
def auth_removed(change: ApiChange) -> Iterator[Finding]:
    """Routes ask for no token any more: anybody can call them.

    No client breaks, but what was protected is open. Accept the finding if this is meant.
    """
    found = (
        _Said(pair, f"calls need no token of `{pair.old.jwt}` any more") for pair in _with_jwt(change, True, False)
    )
    yield from _findings(change, "jwt", found, "keep `jwt`, unless everybody may call these routes")


@api_rule("auth-scheme-changed", ERROR, WIRE)
def auth_scheme_changed(change: ApiChange) -> Iterator[Finding]:
    """Routes ask for a token of another secret: those that clients have get 401.

    `jwtTransition` with the old name lets both through until the old ones have expired.
    """
    pairs = (pair for pair in _with_jwt(change, True, True) if pair.old.jwt not in _secrets(pair)[1])
    found = (_Said(pair, f"tokens of `{pair.new.jwt}` are asked for, not of `{pair.old.jwt}`") for pair in pairs)
    yield from _findings(change, "jwt", found, "add `jwtTransition` with the old name until old tokens have expired")


@api_rule("auth-transition-removed", WARNING, WIRE)
def auth_transition_removed(change: ApiChange) -> Iterator[Finding]:
    """Routes take no tokens of the previous secret any more.

    That is the end of a change of secrets, and right once all old tokens have expired: look how long they are valid.
    """
    pairs = [pair for pair in _with_jwt(change, True, True) if pair.old.jwt_transition]
    gone = (pair for pair in pairs if pair.old.jwt_transition not in _secrets(pair)[1])
    found = (_Said(pair, f"tokens of `{pair.old.jwt_transition}` get 401 now") for pair in gone)
    yield from _findings(change, "jwtTransition", found, "keep it until the tokens of the previous secret have expired")


@api_rule("roles-narrowed", ERROR, WIRE)
def roles_narrowed(change: ApiChange) -> Iterator[Finding]:
    """Routes let fewer roles in: callers with the others get 403.

    The block has got `roles`, or has lost some of them, or the routes have moved. Give callers a role that stays first.
    """
    pairs = ((pair, _roles_gone(pair.old.roles, pair.new.roles)) for pair in change.groups)
    found = (_Said(pair, f"{who} are refused now") for pair, who in pairs if who)
    yield from _findings(change, "roles", found, "give callers a role that stays before the service asks for it")


@api_rule("roles-widened", WARNING, BEHAVIOUR)
def roles_widened(change: ApiChange) -> Iterator[Finding]:
    """Routes let more roles in than before.

    No client breaks, but others can do now what only some could. Accept the finding if this is meant.
    """
    pairs = ((pair, _roles_gone(pair.new.roles, pair.old.roles)) for pair in change.groups if pair.old.roles)
    found = (_Said(pair, f"{who} are let in now") for pair, who in pairs if who)
    yield from _findings(change, "roles", found, "keep the roles, unless these callers may do it")


@api_rule("signature-added", ERROR, WIRE)
def signature_added(change: ApiChange) -> Iterator[Finding]:
    """Routes ask for signed requests now: others are refused.

    Let clients sign first, and ask for it when all do.
    """
    pairs = (pair for pair in change.groups if pair.flags("signature") == (False, True))
    found = (_Said(pair, "requests must be signed now") for pair in pairs)
    yield from _findings(change, "signature", found, "let clients sign before the service asks for it")


@api_rule("signature-removed", WARNING, BEHAVIOUR)
def signature_removed(change: ApiChange) -> Iterator[Finding]:
    """Routes take unsigned requests now.

    No client breaks, but what was protected is open. Accept the finding if this is meant.
    """
    pairs = (pair for pair in change.groups if pair.flags("signature") == (True, False))
    found = (_Said(pair, "requests need no signature any more") for pair in pairs)
    yield from _findings(change, "signature", found, "keep `signature`, unless something else protects these routes")


@api_rule("middleware-added", WARNING, BEHAVIOUR)
def middleware_added(change: ApiChange) -> Iterator[Finding]:
    """Requests pass another middleware: it may refuse or change what old clients send.

    What it does is not in the contract. Accept the finding if it lets all of today's requests through.
    """
    found = (
        _Said(pair, f"requests pass `{name}` now")
        for pair in change.groups
        for name in pair.new.middlewares
        if name not in pair.old.middlewares
    )
    yield from _findings(change, "middleware", found, "look whether it lets through what clients send today")


@api_rule("middleware-removed", WARNING, BEHAVIOUR)
def middleware_removed(change: ApiChange) -> Iterator[Finding]:
    """Requests do not pass a middleware any more.

    What it did is not in the contract. It is an error for those that mallgen.toml lists as
    `auth_middlewares` under `[breaking]`: without them routes are open.
    """
    found = (
        _Said(pair, f"requests do not pass `{name}` any more", ERROR if name in change.terms.auth_middlewares else "")
        for pair in change.groups
        for name in pair.old.middlewares
        if name not in pair.new.middlewares
    )
    yield from _findings(change, "middleware", found, "look whether clients or the logic count on what it did")


@api_rule("middleware-order-changed", WARNING, BEHAVIOUR)
def middleware_order_changed(change: ApiChange) -> Iterator[Finding]:
    """Requests pass the same middlewares in another order.

    What one of them sets, the other may miss. Keep the order, or look at what they exchange.
    """
    for pair in change.groups:
        old = [name for name in pair.old.middlewares if name in pair.new.middlewares]
        new = [name for name in pair.new.middlewares if name in pair.old.middlewares]
        if old != new:
            said = _Said(pair, f"requests pass {_listed(new)} now, not {_listed(old)}")
            yield from _findings(change, "middleware", (said,), "keep the order")


@api_rule("timeout-decreased", WARNING, BEHAVIOUR)
def timeout_decreased(change: ApiChange) -> Iterator[Finding]:
    """Routes have less time, or a limit of their own now: slow calls start to fail.

    A block without `timeout` has that of the service's settings. Measure how long calls take before.
    """
    found = (
        _Said(pair, f"calls may take {now} ms now, not {_limit(then, ' ms')}")
        for pair in change.groups
        if (now := pair.new.timeout_ms) and (not (then := pair.old.timeout_ms) or now < then)
    )
    yield from _findings(change, "timeout", found, "keep the time, unless no call needs it")


@api_rule("max-bytes-decreased", ERROR, WIRE)
def max_bytes_decreased(change: ApiChange) -> Iterator[Finding]:
    """Routes take smaller bodies than before: larger ones get 413.

    A block without `maxBytes` has the limit of the service's settings, which is not in the contract: to set one is a
    warning.
    """
    found = (
        _Said(pair, f"bodies may have {now} bytes now, not {_limit(then)}", WARNING if then is None else "")
        for pair in change.groups
        if (now := pair.new.max_bytes) and (not (then := pair.old.max_bytes) or now < then)
    )
    yield from _findings(change, "maxBytes", found, "keep the limit, unless no client sends as much")


@api_rule("max-parts-decreased", ERROR, WIRE)
def max_parts_decreased(change: ApiChange) -> Iterator[Finding]:
    """Forms may have fewer or smaller files and fields than before: others get 413.

    A block without `maxParts` and `maxPartBytes` has the limits of the service's settings, which are not in the
    contract: to set one is a warning.
    """
    parts = (
        _Said(pair, f"forms may have {now} parts now, not {_limit(then)}", WARNING if then is None else "")
        for pair in change.groups
        if (now := pair.new.max_parts) and (not (then := pair.old.max_parts) or now < then)
    )
    yield from _findings(change, "maxParts", parts, "keep the limit, unless no client sends as many")
    sizes = (
        _Said(pair, f"a part of a form may have {now} bytes now, not {_limit(then)}", WARNING if then is None else "")
        for pair in change.groups
        if (now := pair.new.max_part_bytes) and (not (then := pair.old.max_part_bytes) or now < then)
    )
    yield from _findings(change, "maxPartBytes", sizes, "keep the limit, unless no client sends as much")


@api_rule("cors-changed", WARNING, BEHAVIOUR)
def cors_changed(change: ApiChange) -> Iterator[Finding]:
    """Another block of the settings says which pages of other origins may call.

    Its content is not in the contract. Accept the finding if it admits the pages that call today.
    """
    found = (
        _Said(
            pair, f"{_admits(pair.new.cors)} says which pages of other origins may call, not {_admits(pair.old.cors)}"
        )
        for pair in change.groups
        if pair.old.cors != pair.new.cors
    )
    yield from _findings(change, "cors", found, "look whether it admits the pages that call today")


@api_rule("sse-changed", ERROR, WIRE)
def sse_changed(change: ApiChange) -> Iterator[Finding]:
    """Routes answer with a stream of events instead of one JSON text, or the other way round.

    Clients of one cannot read the other. Add the stream as a route of its own.
    """
    words = {True: "a stream of events", False: "one JSON text"}
    pairs = ((pair, *pair.flags("sse")) for pair in change.groups)
    found = (_Said(pair, f"the answer is {words[new]} now, not {words[old]}") for pair, old, new in pairs if old != new)
    yield from _findings(change, "sse", found, "add the other form as a route of its own")


def _admits(name: str) -> str:
    return f"`{name}`" if name else "the service's own `Cors`"


def _with_jwt(change: ApiChange, before: bool, now: bool) -> Iterator[GroupPair]:
    return (pair for pair in change.groups if (bool(pair.old.jwt), bool(pair.new.jwt)) == (before, now))


def _roles_gone(before: tuple[str, ...], now: tuple[str, ...]) -> str:
    """Return the callers of some roles (none: all) who have none of others, empty where there are none."""
    if not now or (before and set(before) <= set(now)):
        return ""
    gone = sorted(set(before) - set(now))
    return (
        f"callers with the role {' or '.join(f'`{name}`' for name in gone)} alone"
        if gone
        else (f"callers without the role {' or '.join(f'`{name}`' for name in now)}")
    )


def _secrets(pair: GroupPair) -> tuple[set[str], set[str]]:
    """Return the names of the secrets whose tokens the old and the new group take."""
    return {pair.old.jwt, pair.old.jwt_transition}, {pair.new.jwt, pair.new.jwt_transition}


def _findings(change: ApiChange, key: str, found: Iterable[_Said], hint: str) -> Iterator[Finding]:
    """Yield a finding for each place and message, with the routes of all groups that it is said of."""
    merged: dict[tuple[Span, str], list[_Said]] = {}
    for said in found:
        merged.setdefault((said.pair.place(key), said.message), []).append(said)
    for (place, message), all_said in merged.items():
        first = all_said[0]
        routes = tuple(route for said in all_said for route in said.pair.routes)
        notes = (change.was(first.pair.old_place(key)),)
        severity = first.severity
        facts, one = affected(routes), (place, message)
        yield Finding(message, place, hint, notes, facts=facts, severity=severity, key=one, about=routes)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _limit(limit: int | None, unit: str = "") -> str:
    return "what the settings say" if limit is None else f"{limit}{unit}" if limit else "any number"
