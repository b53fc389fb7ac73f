"""Paths in mallgen.toml or mallgen.lock that lead out of the repository. An edge: it follows links."""

import os
from collections.abc import Iterable, Iterator

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import is_contract, not_a_contract
from mallgen.loading.borders import is_inside
from mallgen.text.span import Span


def strays(paths: Iterable[str], top: str, by: str, place: Span | None = None) -> Iterator[Diagnostic]:
    """Yield an error for each path that leads out of `top` (links are followed), and each file that is no contract.

    `by` is the file that names the paths, `place` the span there.
    """
    for path in paths:
        real = os.path.realpath(path)
        shown = os.path.normpath(path)
        if not is_inside(real, os.path.realpath(top)):
            message = f"`{by}` names `{shown}`, which is outside of `{os.path.relpath(top)}`"
            hint = "what a repository names must be inside of it; name a contract that is meant with -api"
            yield Diagnostic("outside-workspace", message, place, hint)
        elif os.path.isfile(real) and not is_contract(real):
            message = f"`{by}` names `{shown}`, which is {not_a_contract()}"
            yield Diagnostic("outside-workspace", message, place, "name a contract")
