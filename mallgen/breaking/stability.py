"""Promises that are weaker than usual: what a contract calls beta, alpha or a draft. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mallgen.breaking import ERROR, INFO, WARNING
from mallgen.breaking.api_pairs import operations
from mallgen.breaking.lifecycle import STABILITIES, stability
from mallgen.breaking.struct_pairs import FieldPair
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
    """Return a finding with less weight where all that it affects is unstable: beta takes one level, the others all.

    What the comment of a field, or of its message or type, says counts more than what its routes and RPCs do.
    """
    severity = found.diagnostic.severity
    if severity == INFO:
        return found
    own = _own(found.about)
    most = _of_routes(found, places) if own is None else own
    if most == _STABLE:
        return found
    lower = _LESS.get(severity, severity) if most == _BETA else INFO
    facts = (*found.diagnostic.facts, ("stability", STABILITIES[most]))
    return found._replace(diagnostic=replace(found.diagnostic, severity=lower, facts=facts))


def _of_routes(found: Found, places: Mapping[str, int]) -> int:
    """Return the place in STABILITIES of the most stable route or RPC that a finding affects."""
    names = dict(found.diagnostic.facts).get("affects", "").split(", ") if places else [""]
    return max(places.get(name, _STABLE) for name in names)


def _own(about: object) -> int | None:
    """Return the place in STABILITIES that the old declaration's own comment names, else the one around it."""
    comments = about.old_comments if isinstance(about, FieldPair) else _proto_comments(getattr(about, "old", None))
    for comment in comments:
        said = _SAID.search(comment) if comment else None
        if said and said[1].lower() in STABILITIES:
            return STABILITIES.index(said[1].lower())
    return None


def _proto_comments(old: object) -> Iterator[str]:
    """Yield the comments of a message, an enum or a field of a proto, and of the messages around it."""
    file, path = getattr(old, "file", None), getattr(old, "path", ())
    texts = file.comments.texts if file is not None else {}
    return (texts.get(path[:length], "") for length in range(len(path), 0, -2)) if texts else iter(())


def _rpcs(contract: "ProtoContract") -> Iterator[tuple[str, int]]:
    """Yield RPCs with the place of their own comment, else that of their service's."""
    for service in contract.services:
        for method in service.methods:
            said = _SAID.search(method.doc) or _SAID.search(service.doc)
            word = said[1].lower() if said else "stable"
            yield method.wire.removeprefix("/"), STABILITIES.index(word) if word in STABILITIES else _STABLE
