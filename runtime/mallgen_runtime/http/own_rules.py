"""Finds validation.py of a service: the module in which its user registers rules with `validates`."""

import importlib
import importlib.util
from collections.abc import Iterable
from typing import Any

from mallgen_runtime.http.routing import Route

_MODULE = "validation"


def load_own_rules(routes: Iterable[Route[Any]]) -> None:
    """Import `validation` of the packages that the routes are from, where there is one."""
    for package in dict.fromkeys(route.endpoint.__module__.rpartition(".")[0] for route in routes):
        name = f"{package}.{_MODULE}"
        if package and _is_there(name):
            importlib.import_module(name)


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the routes' module is in no package
        return False
