"""Kinds of contract: each has its suffixes, makes files of a contract, and says how the service is run.

The built-in ones are `http`, `rpc`, `rmq` and `model` beside this module. Installed packages bring others through the
entry point group `mallgen.kinds`; it is read only for a kind or a suffix that is not built in.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mallgen.text.suggest import did_you_mean

if TYPE_CHECKING:
    from mallgen.breaking.services import ReadVersion, ServiceVersion
    from mallgen.kinds.target import Made, Target
    from mallgen.tablerules.carriers import Carrier

    Carried = tuple[tuple[Carrier, ...], dict[str, str]]

GROUP = "mallgen.kinds"
HTTP_READY, REGISTERED, JOINED, STARTED = "http", "registered", "joined", "started"


class Kind(NamedTuple):
    """A kind of contract.

    `name` is its value in mallgen.lock and of `kind` in mallgen.toml. `make` reads a target and renders it; with
    False the code is not compiled, because it is only compared. `generate` and `validate` are the commands for one
    contract, with `{contract}` in them; empty means `gen`, and no command. `paths` are a target's options whose
    values are files and folders, `options` its other ones; mallgen.lock keeps both. `first_port` is the lowest port
    of a new service, 0 for none. `runs`: `mallgen dev` starts the service and waits until it is `ready`: HTTP_READY
    (it answers), REGISTERED, JOINED (its groups) or STARTED. `calls`: other services can call it and find its
    instances under a key; `identity` is what two of them must not share: the `key` in a registry, or the consumer
    `group` of a queue. `title` returns the service's name in the text of a contract, empty where the text has none.
    `carried` reads a target's contract as messages, which `mallgen check` holds beside tables, with the texts of
    its files; None: the kind has no messages. `version` adds a target's contract to a service, to compare two
    versions of it; None: it has none beside tables.
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
    identity: str = "key"
    title: Callable[[str], str] = lambda text: ""
    carried: "Callable[[Target], Carried] | None" = None
    version: "Callable[[Target, ServiceVersion], ReadVersion] | None" = None


class KindError(Exception):
    """A kind that does not exist, or whose package does not work: the message and the hint."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnknownSuffix(KindError):
    """A file whose suffix belongs to no kind of contract."""


_BUILT_IN = {
    "api": "mallgen.kinds.http",
    "rpc": "mallgen.kinds.rpc",
    "rmq": "mallgen.kinds.rmq",
    "model": "mallgen.kinds.model",
}
_SUFFIXES = {".api": "api", ".proto": "rpc", ".sql": "model"}
_known: dict[str, Kind] = {}


def kind_named(name: str) -> Kind:
    """Return the kind of a name. Raises KindError."""
    if name in _BUILT_IN and name not in _known:
        register(import_module(_BUILT_IN[name]).KIND)
    found = _known.get(name) or _installed().get(name)
    if found is not None:
        return found
    known = [*_BUILT_IN, *_known]
    hint = did_you_mean(name, known) or f"the kinds are {', '.join(sorted({*known, *_installed()}))}"
    raise KindError(f"there is no kind of contract `{name}`", hint)


def kind_of_file(contract: str) -> Kind:
    """Return the kind of a contract by its suffix. Raises KindError, UnknownSuffix where no kind has the suffix."""
    own = next((name for suffix, name in _SUFFIXES.items() if contract.endswith(suffix)), "")
    if own:
        return kind_named(own)
    for kind in (*_known.values(), *_installed().values()):
        if contract.endswith(kind.suffixes):
            return kind
    raise UnknownSuffix(f"`{contract}` is {not_a_contract()}", "name the contract's file")


def rank_of(kind: Kind) -> int:
    """Return the place of a kind where kinds are listed: first those that people see, last those of packages."""
    return list(_BUILT_IN).index(kind.name) if is_built_in(kind) else len(_BUILT_IN)


def is_built_in(kind: Kind) -> bool:
    """Return whether the kind is built into mallgen."""
    return kind.name in _BUILT_IN


def is_contract(path: str) -> bool:
    """Return whether the suffix of a file is that of a contract."""
    try:
        kind_of_file(path)
    except KindError:
        return False
    return True


def suffixes() -> tuple[str, ...]:
    """Return the suffixes of all kinds known so far: the built-in ones and registered ones."""
    return (*_SUFFIXES, *(suffix for kind in _known.values() for suffix in kind.suffixes if suffix not in _SUFFIXES))


def not_a_contract() -> str:
    """Return the phrase `neither a .api, .proto nor .sql file`."""
    *first, last = suffixes()
    return f"neither a {', '.join(first)} nor {last} file"


def register(kind: Kind) -> None:
    """Make a kind known. Raises KindError when another kind has its name or one of its suffixes."""
    for other in _known.values():
        both_built_in = {other.name, kind.name} <= _BUILT_IN.keys()  # rpc and rmq share .proto, which means the first
        shared = not both_built_in and set(other.suffixes) & set(kind.suffixes)
        if other is not kind and (other.name == kind.name or shared):
            raise KindError(f"two kinds of contract are `{kind.name}` or share a suffix", "uninstall one of them")
    _known[kind.name] = kind


def forget(name: str) -> None:
    """Undo `register`."""
    _known.pop(name, None)


_loaded: list[Mapping[str, Kind]] = []


def _installed() -> Mapping[str, Kind]:
    """Return the kinds of installed packages, loaded once. Raises KindError for one that does not work."""
    if not _loaded:
        _loaded.append(MappingProxyType(_load()))
    return _loaded[0]


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
            raise KindError(f"{by} does not work: {point.value} is no mallgen.kinds.kind.Kind", hint)
        register(kind)
        kinds[kind.name] = kind
    return kinds
