"""The routes of two versions of an `.api` contract, paired, and the groups that these belong to."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from mallgen.lint.scope import Operation
from mallgen.model import Contract, Group, Pair, TypeRef, spell
from mallgen.text.span import Span

_PARAMETER = re.compile(r":[^/]+")
_MAJOR = re.compile(r"/v(\d{1,9})(?:(alpha|beta)(\d{0,9}))?(?=/|$)")
Identity = Callable[[Operation], Hashable | None]


class RoutePair(NamedTuple):
    """A route in both versions; None: it is not in that one."""

    old: Operation | None
    new: Operation | None

    @property
    def operation(self) -> Operation:
        """Return the route as it is now, or as it was where it is gone."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def title(self) -> str:
        """Return method and path: `GET /v1/recommend`."""
        return self.operation.title

    @property
    def both(self) -> tuple[Operation, Operation] | None:
        """Return the old and the new route, None where there is only one."""
        return (self.old, self.new) if self.old is not None and self.new is not None else None

    @property
    def is_migrated(self) -> bool:
        """Return whether the route has a higher major version in its path, under which everything may change."""
        found = self.both and [major(one.route.full_path) for one in self.both]
        return bool(found and found[0] and found[1] and found[0] < found[1])

    @property
    def is_compared(self) -> bool:
        """Return whether the new route has to keep what the old one promised."""
        return self.both is not None and not self.is_migrated


class GroupPair(NamedTuple):
    """Two groups and the routes that were in the old one and are in the new one now."""

    old: Group
    new: Group
    routes: tuple[RoutePair, ...]

    def place(self, key: str) -> Span:
        """Return the place of a value of @server, or of the service's name where the new group has none."""
        return _place(self.new, key)

    def old_place(self, key: str) -> Span:
        """Return the old place of a value of @server, or of the service's name where the old group had none."""
        return _place(self.old, key)

    def flags(self, key: str) -> tuple[bool, bool]:
        """Return whether the old and the new group set a flag of @server."""
        return _flag(self.old, key), _flag(self.new, key)


def major(path: str) -> tuple[int, str, int] | None:
    """Return the version in a path, to compare with others: `/v1beta2/x` comes before `/v1/x`; None without one."""
    found = _MAJOR.search(path)
    return (int(found[1]), found[2] or "final", int(found[3] or 0)) if found else None


def blanked(path: str) -> str:
    """Return a path without the names of its parameters and a slash at its end: `/user/:id` is `/user/:uid`."""
    return _PARAMETER.sub(":", path.rstrip("/") or path)


def operations(contract: Contract) -> list[Operation]:
    """Return all routes of a contract."""
    return [Operation(group, route) for group in contract.groups for route in group.routes]


def pair_routes(old: Sequence[Operation], new: Sequence[Operation]) -> tuple[RoutePair, ...]:
    """Return the pairs in the order of the old version, then the routes that are new.

    What is alone in both versions with an identity is paired: by the address, by the address under a higher major
    version, by group and handler, and by method, handler and types where the group is another one too.
    """
    match: dict[int, int] = {}
    for identity in (_exact, _address, _function, _moved):
        _match(old, new, identity, match)
        if identity is _address:
            _match(old, new, _unversioned, match, _is_later)
    taken = {*match.values()}
    pairs = [RoutePair(one, new[match[at]] if at in match else None) for at, one in enumerate(old)]
    return (*pairs, *(RoutePair(None, one) for at, one in enumerate(new) if at not in taken))


def pair_groups(routes: Iterable[RoutePair]) -> tuple[GroupPair, ...]:
    """Return the groups of routes that must keep their promises, in the order of their first routes."""
    found: dict[tuple[Span, Span], list[RoutePair]] = {}
    for route in routes:
        if route.both and route.is_compared:
            old, new = route.both
            found.setdefault((old.group.span, new.group.span), []).append(route)
    return tuple(_group_pair(pairs) for pairs in found.values())


def _group_pair(routes: list[RoutePair]) -> GroupPair:
    first = routes[0].both
    assert first is not None
    return GroupPair(first[0].group, first[1].group, tuple(routes))


def _match(
    old: Sequence[Operation],
    new: Sequence[Operation],
    identity: Identity,
    match: dict[int, int],
    fits: Callable[[Operation, Operation], bool] = lambda *_: True,
) -> None:
    """Add the pairs whose identity only they have among the routes that are still without one."""
    taken = {*match.values()}
    left = _alone((at, identity(one)) for at, one in enumerate(old) if at not in match)
    right = _alone((at, identity(one)) for at, one in enumerate(new) if at not in taken)
    match |= {at: right[key] for key, at in left.items() if key in right and fits(old[at], new[right[key]])}


def _alone(found: Iterable[tuple[int, Hashable | None]]) -> dict[Hashable, int]:
    listed = list(found)
    counts = Counter(key for _, key in listed)
    return {key: at for at, key in listed if key is not None and counts[key] == 1}


def _exact(operation: Operation) -> Hashable:
    return operation.route.method, operation.route.full_path


def _address(operation: Operation) -> Hashable:
    return operation.route.method, blanked(operation.route.full_path)


def _unversioned(operation: Operation) -> Hashable | None:
    path = operation.route.full_path
    return (operation.route.method, _MAJOR.sub("/v", blanked(path), count=1)) if major(path) else None


def _is_later(old: Operation, new: Operation) -> bool:
    return RoutePair(old, new).is_migrated


def _function(operation: Operation) -> Hashable:
    return operation.group.group, operation.route.handler


def _moved(operation: Operation) -> Hashable | None:
    route = operation.route
    types = _spelt(route.request), _spelt(route.response)
    return (route.method, route.handler, *types) if any(types) else None


def _spelt(ref: TypeRef | None) -> str:
    return spell(ref) if ref is not None else ""


def server(group: Group, key: str) -> Pair | None:
    """Return a value of a group's @server, None without one."""
    return next((pair for pair in group.server if pair.key == key), None)


def _place(group: Group, key: str) -> Span:
    found = server(group, key)
    return found.span if found is not None else group.span


def _flag(group: Group, key: str) -> bool:
    found = server(group, key)
    return found is not None and found.value == "true"


def affected(routes: Iterable[RoutePair]) -> tuple[tuple[str, str], ...]:
    """Return the fact that names routes, as clients of the old version know them."""
    return (("affects", ", ".join(_titles(routes))),)


def _titles(routes: Iterable[RoutePair]) -> Iterator[str]:
    return ((route.old or route.operation).title for route in routes)
