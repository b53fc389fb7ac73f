"""Names of a package that are imported when they are first asked for."""

import importlib
import sys
from collections.abc import Callable, Mapping


def names_from(package: str, places: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package whose names stand in its modules: `conf`, or `a:b` for b of a.

    A process that begins with a module of the package can set its signals before it imports all the others.
    """

    def find(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, other = places[name].partition(":")
        found = getattr(importlib.import_module(f"{package}.{module}"), other or name)
        setattr(sys.modules[package], name, found)
        return found

    return find
