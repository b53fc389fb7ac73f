"""Routes that have another path now, gathered by what their paths have lost and won: a prefix is one change."""

from collections.abc import Iterable
from typing import NamedTuple

from mallgen.breaking.api_pairs import RoutePair, blanked
from mallgen.lint.scope import Operation

Move = tuple[str, str]


class Moved(NamedTuple):
    """Routes whose paths begin with `new` instead of `old`, and end as before."""

    old: str
    new: str
    routes: tuple[RoutePair, ...]

    @property
    def first(self) -> tuple[Operation, Operation]:
        """Return the old and the new version of the first route."""
        both = self.routes[0].both
        assert both is not None
        return both

    @property
    def is_prefix(self) -> bool:
        """Return whether a prefix has changed: that of the block, or the beginning of several paths."""
        return len(self.routes) > 1 or _has_other_prefix(*self.first)


def moves(routes: Iterable[RoutePair]) -> list[Moved]:
    """Return the changes of paths, each with its routes."""
    found: dict[Move, list[RoutePair]] = {}
    for route in routes:
        if route.both:
            old, new = (blanked(one.route.full_path) for one in route.both)
            if old != new:
                found.setdefault(_move(old, new), []).append(route)
    return [_moved(*move, tuple(pairs)) for move, pairs in found.items()]


def _moved(old: str, new: str, routes: tuple[RoutePair, ...]) -> Moved:
    """Return a change of paths, its beginnings with the names of their parameters."""
    first, now = Moved(old, new, routes).first
    return Moved(_begin(first.route.full_path, old), _begin(now.route.full_path, new), routes)


def _begin(path: str, lead: str) -> str:
    return "/".join(path.split("/")[: lead.count("/") + 1]) if lead != "/" else lead


def _move(old: str, new: str) -> Move:
    """Return the beginnings of two paths, without the segments at their ends that both have."""
    left, right = old.split("/"), new.split("/")
    while len(left) > 1 and len(right) > 1 and left[-1] == right[-1]:
        left.pop()
        right.pop()
    return "/".join(left) or "/", "/".join(right) or "/"


def _has_other_prefix(old: Operation, new: Operation) -> bool:
    return old.group.prefix != new.group.prefix and blanked(old.route.path) == blanked(new.route.path)
