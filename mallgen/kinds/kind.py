"""Kinds of contract: what a suffix means, what makes files of it, and how a service made of it is run.

The two of mallgen are `mallgen.kinds.http` and `mallgen.kinds.rpc`. Installed packages bring others through the entry
point group `mallgen.kinds`; they are looked for only when a kind or a suffix is none of mallgen's.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mallgen.text.suggest import did_you_mean

if TYPE_CHECKING:
    from mallgen.kinds.target import Made, Target

GROUP = "mallgen.kinds"
HTTP_READY, REGISTERED, STARTED = "http", "registered", "started"


class Kind(NamedTuple):
    """A kind of contract.

    `name` is its word in mallgen.lock and for `kind` in mallgen.toml. `make` reads a target and renders it; with False
    the code is not compiled, as it is only compared. `generate` and `validate` are the words of the commands for one
    contract, `{contract}` in them; empty: `gen`, and none. `paths` are options of a target whose values are files and
    folders, `options` its other ones; both travel to mallgen.lock and back. `first_port` is the first that a new
    service gets, 0 for none. `runs`: `mallgen dev` starts it, and waits until it is `ready`: answers HTTP, registers,
    or has only started. `calls`: other services can use it, and find its instances under a key. `title` is what its
    text calls the service, empty where it does not.
    """

    name: str
    suffixes: tuple[str, ...]
    make: "Callable[[Target, bool], Made]"
    generate: str = ""
    validate: str = ""
    paths: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    first_port: int = 0
    runs: bool = True
    ready: str = STARTED
    calls: bool = False
    title: Callable[[str], str] = lambda text: ""


class KindError(Exception):
    """There is no such kind, or the package that brings it does not work: what is wrong, and the way out."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unlike(KindError):
    """A file that is no contract by its name."""


_BUILT_IN = {"api": "mallgen.kinds.http", "rpc": "mallgen.kinds.rpc"}
_SUFFIXES = {".api": "api", ".proto": "rpc"}
_known: dict[str, Kind] = {}


def named(name: str) -> Kind:
    """The kind of a name. Raises KindError."""
    if name in _BUILT_IN and name not in _known:
        register(import_module(_BUILT_IN[name]).KIND)
    found = _known.get(name) or _installed().get(name)
    if found is not None:
        return found
    known = [*_BUILT_IN, *_known]
    hint = did_you_mean(name, known) or f"the kinds are {', '.join(sorted({*known, *_installed()}))}"
    raise KindError(f"there is no kind of contract `{name}`", hint)


def of(contract: str) -> Kind:
    """The kind of a contract by its suffix. Raises KindError."""
    own = next((name for suffix, name in _SUFFIXES.items() if contract.endswith(suffix)), "")
    if own:
        return named(own)
    for kind in (*_known.values(), *_installed().values()):
        if contract.endswith(kind.suffixes):
            return kind
    raise Unlike(f"`{contract}` is {neither()}", "name the contract's file")


def is_ours(kind: Kind) -> bool:
    """Whether mallgen itself brings the kind."""
    return kind.name in _BUILT_IN


def is_contract(path: str) -> bool:
    """Whether the suffix of a file is that of a contract."""
    try:
        of(path)
    except KindError:
        return False
    return True


def suffixes() -> tuple[str, ...]:
    """The suffixes of all kinds that are known so far: the built-in ones, and others that were used."""
    return (*_SUFFIXES, *(suffix for kind in _known.values() for suffix in kind.suffixes if suffix not in _SUFFIXES))


def neither() -> str:
    """`neither a .api nor a .proto file`."""
    *first, last = suffixes()
    return f"neither a {', '.join(first)} nor a {last} file"


def register(kind: Kind) -> None:
    """Make a kind known, as an entry point does. Raises KindError when another one has its name or a suffix."""
    for other in _known.values():
        if other is not kind and (other.name == kind.name or set(other.suffixes) & set(kind.suffixes)):
            raise KindError(f"two kinds of contract are `{kind.name}` or share a suffix", "uninstall one of them")
    _known[kind.name] = kind


def forget(name: str) -> None:
    """The way back from `register`."""
    _known.pop(name, None)


_found: list[Mapping[str, Kind]] = []


def _installed() -> Mapping[str, Kind]:
    """Those of installed packages, looked for once. Raises KindError for one that does not work."""
    if not _found:
        _found.append(MappingProxyType(_load()))
    return _found[0]


def _load() -> dict[str, Kind]:
    from importlib.metadata import entry_points

    kinds: dict[str, Kind] = {}
    for point in entry_points(group=GROUP):
        by = f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
        hint = f"mend or uninstall {by}, which brings the kind of contract `{point.name}`"
        try:
            kind = point.load()
        except Exception as problem:  # a plug-in may raise anything
            raise KindError(f"{by} does not work: {type(problem).__name__}: {problem}", hint) from None
        if not isinstance(kind, Kind):
            raise KindError(f"{by} does not work: {point.value} is no mallgen.kind.Kind", hint)
        register(kind)
        kinds[kind.name] = kind
    return kinds
