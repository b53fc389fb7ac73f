"""A tree of routes by their paths, which finds those that match the requests of another one."""

from collections.abc import Iterator

from mallgen.lint.scope import Operation


class PathTree:
    """A tree of routes by method and the segments of their paths, in which every parameter is `:`."""

    def __init__(self) -> None:
        self._below: dict[str, PathTree] = {}
        self._operation: Operation | None = None

    def add(self, operation: Operation) -> None:
        """Add a route below the branches of its path."""
        here = self
        for part in _parts(operation):
            here = here._below.setdefault(part, PathTree())
        here._operation = here._operation or operation

    def covering(self, operation: Operation) -> Iterator[Operation]:
        """Yield the routes that match all requests of another one, and more."""
        here, parts = [self], _parts(operation)
        for part in parts:
            here = [
                branch._below[step] for branch in here for step in dict.fromkeys((part, ":")) if step in branch._below
            ]
        for branch in here:
            if branch._operation is not None and _parts(branch._operation) != parts:
                yield branch._operation


def _parts(operation: Operation) -> list[str]:
    path = operation.route.full_path.strip("/").split("/")
    return [operation.route.method, *(":" if part.startswith(":") else part for part in path)]
