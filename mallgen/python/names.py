"""The identifiers of generated code: case, keywords, packages, collisions."""

import keyword
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from mallgen.diagnostics import Diagnostic, Note
from mallgen.python.code import PyIdent
from mallgen.text.span import Span

_WORDS = re.compile(r"[A-Z]{2,}s(?![a-z])[0-9]*|[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_remembered = lru_cache(1 << 16)  # each name occurs many times in a contract
_BUILTIN_TYPES = frozenset({"bool", "bytes", "dict", "float", "int", "list", "str"})
_DEPENDENCIES = frozenset(
    [
        "google",
        "grpc",
        "grpc_health",
        "grpc_reflection",
        "httptools",
        "joserfc",
        "mallgen",
        "mallgen_runtime",
        "msgspec",
        "multipart",
        "uvicorn",
        "uvloop",
        "yaml",
    ]
)


@_remembered
def snake(name: str) -> PyIdent:
    """Return a name in snake case, never empty: `ImageURL` → `image_url`, `IDs` → `ids`, `user-api` → `user_api`."""
    text = "_".join(word.lower() for word in _WORDS.findall(name))
    return PyIdent(text if text[:1].isalpha() else f"n{text}")


@_remembered
def variable(name: str) -> PyIdent:
    """Return the attribute, parameter or function for a contract's name: snake case, no keyword, no built-in type."""
    text = snake(name)
    return PyIdent(f"{text}_" if keyword.iskeyword(text) or text in _BUILTIN_TYPES else text)


@_remembered
def class_name(name: str) -> PyIdent:
    """Return the class for a contract's type or handler: its own spelling with a capital first letter."""
    text = name.lstrip("_").replace("-", "_")
    text = text[:1].upper() + text[1:]
    if not text[:1].isalpha():
        text = f"N{text}"
    return PyIdent(f"{text}_" if keyword.iskeyword(text) else text)


def message(name: str) -> PyIdent:
    """Return the class, field or enum value for a proto's name: the name itself unless it is a keyword."""
    return PyIdent(f"{name}_" if keyword.iskeyword(name) else name)


def is_attribute(name: str) -> bool:
    """Return whether a proto's field can be an attribute: it is neither a keyword nor a name such as `__init__`."""
    return not keyword.iskeyword(name) and not (name.startswith("__") and name.endswith("__"))


def rpc_package(package: str) -> PyIdent:
    """Return the package of an RPC service: the proto package with `_` for `.`, and `_rpc` at the end."""
    text = "_".join(snake(part) for part in package.split("."))
    return PyIdent(text if text.endswith("_rpc") else f"{text}_rpc")


def queue_package(package: str) -> PyIdent:
    """Return the package of a queue service: the proto package with `_` for `.`, and `_rmq` at the end."""
    text = "_".join(snake(part) for part in package.split("."))
    return PyIdent(text if text.endswith("_rmq") else f"{text}_rmq")


def model_package(name: str) -> PyIdent:
    """Return the package of the models of a database or file: its name with `_model` at the end."""
    text = snake(name)
    return PyIdent(text if text.endswith("_model") else f"{text}_model")


@_remembered
def module(name: str) -> PyIdent:
    """Return the module or folder for a contract's name."""
    text = snake(name)
    return PyIdent(f"{text}_" if keyword.iskeyword(text) else text)


def handler_base(handler: str) -> str:
    """Return a handler's name without the `Handler` that goctl appends itself: `Recommend` for `RecommendHandler`."""
    base = handler.removesuffix("Handler").removesuffix("handler")
    return base or handler


def http_package(service: str) -> PyIdent:
    """Return the package of an HTTP service: the service's name with `_` for `-`, and `_api` at the end."""
    text = re.sub(r"[^a-z0-9_]", "_", service.lower())
    text = text if text.endswith("_api") else f"{text}_api"
    return PyIdent(text if text[:1].isalpha() else f"n{text}")


def is_taken(package: str) -> bool:
    """Return whether a package of this name would shadow the standard library or a dependency, or is a keyword."""
    return package in sys.stdlib_module_names or package in _DEPENDENCIES or keyword.iskeyword(package)


Name = TypeVar("Name", bound=str)


class Claims:
    """The names of one kind with their origins in the contract; two origins of one name are an error in `problems`."""

    def __init__(self, what: str, hint: str) -> None:
        self._what = what
        self._hint = hint
        self._owners: dict[str, tuple[str, Span]] = {}
        self.problems: list[Diagnostic] = []

    def share(self, name: Name, origin: str, span: Span) -> Name:
        """Claim `name` for `origin`, which may claim it at several spans."""
        other, _ = self._owners.setdefault(name, (origin, span))
        return name if other == origin else self.claim(name, origin, span)

    def claim(self, name: Name, origin: str, span: Span) -> Name:
        """Claim `name` for `origin` at `span`; report a problem when another origin or span has it already."""
        other, other_span = self._owners.setdefault(name, (origin, span))
        if (other, other_span) != (origin, span):
            message = f"`{origin}` and `{other}` would both become the {self._what}: `{name}`"
            note = Note(other_span, f"`{other}` has it already")
            self.problems.append(Diagnostic("name-collision", message, span, self._hint, (note,)))
        return name


class Scope:
    """The names that are visible in one generated file; those that it defines take precedence over imported ones."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def local_name(self, name: str) -> PyIdent:
        """Return the name under which `name` can be imported without hiding a name of the file."""
        local = name
        while local in self._taken:
            local = f"Runtime{local}" if local[:1].isupper() else f"runtime_{local}"
        return PyIdent(local)

    def add(self, name: str) -> PyIdent:
        """Make `name` visible and return it, with underscores at the end while it is taken."""
        while name in self._taken:
            name = f"{name}_"
        self._taken.add(name)
        return PyIdent(name)
