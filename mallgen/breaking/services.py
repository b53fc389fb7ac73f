"""The services of two versions, paired."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mallgen.breaking.api_pairs import blanked, operations

if TYPE_CHECKING:
    from mallgen.diagnostics import Diagnostic
    from mallgen.model import Contract
    from mallgen.proto.model import ProtoContract
    from mallgen.tables.model import Schema


class ServiceVersion(NamedTuple):
    """A service as one version has it; `path` is its contract's, relative to the version's folder.

    `is_queue`: the RPCs of its proto are topics.
    """

    name: str
    path: str
    api: "Contract | None" = None
    tables: "Schema | None" = None
    proto: "ProtoContract | None" = None
    is_queue: bool = False


class ReadVersion(NamedTuple):
    """A service as it was read, with what is wrong in its contracts and the texts of their files by path."""

    service: ServiceVersion
    diagnostics: "tuple[Diagnostic, ...]"
    sources: dict[str, str]


Pair = tuple[ServiceVersion | None, ServiceVersion | None]


def paired(old: Sequence[ServiceVersion], new: Sequence[ServiceVersion]) -> list[Pair]:
    """Return the old services, each with its new version or None, then the new ones, each with None as its old version.

    They are paired by name, by the path of the contract, by the name in the contract, by their routes, or as the only
    ones; two of different names without a common route are two services.
    """
    match: dict[int, int] = {}
    for identity in (_name, _path, _title, _routes, _any):
        taken = {*match.values()}
        left = _alone({at: service for at, service in enumerate(old) if at not in match}, identity)
        right = _alone({at: service for at, service in enumerate(new) if at not in taken}, identity)
        both = {left[key]: right[key] for key in left if key in right}
        match |= {at: other for at, other in both.items() if not _are_strangers(old[at], new[other])}
    taken = {*match.values()}
    pairs: list[Pair] = [(one, new[match[at]] if at in match else None) for at, one in enumerate(old)]
    return [*pairs, *((None, one) for at, one in enumerate(new) if at not in taken)]


def _alone(services: dict[int, ServiceVersion], identity: Callable[[ServiceVersion], Hashable]) -> dict[Hashable, int]:
    keys = {at: identity(service) for at, service in services.items()}
    counts = Counter(keys.values())
    return {key: at for at, key in keys.items() if key and counts[key] == 1}


def _name(service: ServiceVersion) -> str:
    return service.name


def _path(service: ServiceVersion) -> str:
    return service.path


def _title(service: ServiceVersion) -> str:
    if service.proto is not None:
        return service.proto.package
    return service.api.service if service.api is not None else ""


def _routes(service: ServiceVersion) -> frozenset[tuple[str, str]]:
    """Return methods and paths of all routes."""
    found = operations(service.api) if service.api is not None else []
    return frozenset((one.route.method, blanked(one.route.full_path)) for one in found)


def _any(service: ServiceVersion) -> str:
    return "any"


def _are_strangers(old: ServiceVersion, new: ServiceVersion) -> bool:
    """Return whether two contracts have neither a name nor a route in common."""
    if old.api is None or new.api is None or _title(old) == _title(new):
        return False
    return not _routes(old) & _routes(new)
