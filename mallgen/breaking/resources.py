"""Resources that are read, edited and written back: a field that old clients do not know is lost on the way.

A route that reads and one that writes belong to one resource when their paths do, or when they carry the same struct.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from mallgen.breaking.api_pairs import RoutePair, blanked
from mallgen.breaking.struct_pairs import FieldPair
from mallgen.lint.scope import Operation, words

Carriers = Callable[[FieldPair], Sequence[RoutePair]]
_READ_WORDS = frozenset("get list detail details info query find search fetch read show view all page".split())
_WRITE_WORDS = frozenset("update edit modify save set replace change upsert put".split())


class Resources:
    """The routes that read resources and those that replace them, and the fields that are new in what these take."""

    def __init__(self, routes: Iterable[RoutePair], requests: Sequence[FieldPair], carriers: Carriers) -> None:
        self._carriers = carriers
        self._writers: dict[str, list[RoutePair]] = defaultdict(list)
        self.readers: dict[str, list[RoutePair]] = defaultdict(list)
        for route in routes:
            if route.both is not None and route.is_compared:
                operation = route.both[1]
                if is_write(operation):
                    self._writers[family(operation)].append(route)
                elif is_read(operation):
                    self.readers[family(operation)].append(route)
        self._added: dict[str, list[FieldPair]] = defaultdict(list)
        for pair in requests:
            if pair.old is None and pair.values.keys() & {"json", "form"}:
                self._added[pair.key].append(pair)

    def writers(self, pair: FieldPair) -> list[RoutePair]:
        """Return the routes that write the resources which the routes of a response's field read."""
        return [route for name in _families(self._carriers(pair), is_read) for route in self.writers_of(name)]

    def writers_of(self, name: str) -> Sequence[RoutePair]:
        """Return the routes that write the resources of a family of paths."""
        return self._writers.get(name, ())

    def written(self, pair: FieldPair) -> list[FieldPair]:
        """Return the new fields of requests that write what a new field of a response reads."""
        reads = _families(self._carriers(pair), is_read)
        return [other for other in self._added.get(pair.key, ()) if reads and self._writes(other, reads, pair)]

    def routes(self, pair: FieldPair, written: Sequence[FieldPair]) -> list[RoutePair]:
        """Return the routes that read a field of a response, then those that write it."""
        reads = [route for route in self._carriers(pair) if is_read(route.operation)]
        writes = [route for other in written for route in self._carriers(other) if is_write(route.operation)]
        return list({id(route): route for route in (*reads, *writes)}.values())

    def _writes(self, other: FieldPair, reads: set[str], pair: FieldPair) -> bool:
        writes = _families(self._carriers(other), is_write)
        return bool(writes & reads or (writes and pair.identity == other.identity))

    def is_resource(self, pair: FieldPair) -> bool:
        """Return whether a new field of a response is of something that is written, too."""
        return bool(self.writers(pair) or self.written(pair))

    def is_read_only(self, pair: FieldPair) -> bool:
        """Return whether a new field of a response is of a resource that is written without it."""
        return bool(self.writers(pair)) and not self.written(pair)


def family(operation: Operation) -> str:
    """Return the path of an operation without parameters and verbs at its end: `/user/:id` and `/user/edit` are one."""
    parts = blanked(operation.route.full_path).split("/")
    while len(parts) > 1 and (parts[-1] == ":" or _verb(parts[-1]) in _READ_WORDS | _WRITE_WORDS):
        parts.pop()
    return "/".join(parts) or "/"


def is_read(operation: Operation) -> bool:
    """Return whether an operation reads: it is a GET, or its handler has the name of one that reads."""
    return operation.route.method in ("get", "head") or _verb(operation.route.handler) in _READ_WORDS


def is_write(operation: Operation) -> bool:
    """Return whether an operation replaces a resource: a PUT, or a POST by its handler's name. A PATCH merges."""
    method = operation.route.method
    return method == "put" or (method == "post" and _verb(operation.route.handler) in _WRITE_WORDS)


def is_put(route: RoutePair) -> bool:
    """Return whether a route replaces a resource as a whole."""
    return route.operation.route.method == "put"


def _verb(name: str) -> str:
    return next(iter(words(name)), "")


def _families(routes: Iterable[RoutePair], wanted: Callable[[Operation], bool]) -> set[str]:
    return {family(route.operation) for route in routes if wanted(route.operation)}
