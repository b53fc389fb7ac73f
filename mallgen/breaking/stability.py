"""Promises that are weaker than usual: routes and RPCs that their contract calls beta, alpha or a draft. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mallgen.breaking import ERROR, INFO, WARNING
from mallgen.breaking.api_pairs import operations
from mallgen.breaking.lifecycle import STABILITIES, stability
from mallgen.rules import Found

if TYPE_CHECKING:
    from mallgen.breaking.services import ServiceVersion
    from mallgen.proto.model import ProtoContract

_SAID = re.compile(r"mallgen:stability\s+(\w+)")
_BETA, _STABLE = STABILITIES.index("beta"), STABILITIES.index("stable")
_LESS = {ERROR: WARNING, WARNING: INFO}


def unstable(service: "ServiceVersion | None") -> Mapping[str, int]:
    """Return the places in STABILITIES of routes and RPCs that are not stable, by their names in findings."""
    if service is None:
        return {}
    found: dict[str, int] = {}
    for operation in operations(service.api) if service.api is not None else ():
        found[operation.title] = _STABLE if (said := stability(operation)) is None else said
    if service.proto is not None:
        found.update(_rpcs(service.proto))
    return {name: place for name, place in found.items() if place < _STABLE}


def relaxed(found: Found, places: Mapping[str, int]) -> Found:
    """Return a finding with less weight where all that it affects is unstable: beta takes one level, the others all."""
    severity = found.diagnostic.severity
    if not places or severity == INFO:
        return found
    names = dict(found.diagnostic.facts).get("affects", "").split(", ")
    if not all(name in places for name in names):
        return found
    most = max(places[name] for name in names)
    lower = _LESS.get(severity, severity) if most == _BETA else INFO
    facts = (*found.diagnostic.facts, ("stability", STABILITIES[most]))
    return found._replace(diagnostic=replace(found.diagnostic, severity=lower, facts=facts))


def _rpcs(contract: "ProtoContract") -> Iterator[tuple[str, int]]:
    """Yield RPCs with the place of their own comment, else that of their service's."""
    for service in contract.services:
        for method in service.methods:
            said = _SAID.search(method.doc) or _SAID.search(service.doc)
            word = said[1].lower() if said else "stable"
            yield method.wire.removeprefix("/"), STABILITIES.index(word) if word in STABILITIES else _STABLE
