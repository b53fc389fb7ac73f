"""Judging of two versions: their services are paired, then all rules run over each pair. Pure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mallgen.breaking import RULES, Rule, ServiceChange
from mallgen.breaking.api import ApiChange
from mallgen.breaking.policy import Judgement, with_cause
from mallgen.breaking.services import ServiceVersion, paired
from mallgen.breaking.stability import relaxed, unstable
from mallgen.breaking.table_owners import TableOwners
from mallgen.breaking.terms import NO_TERMS, Terms
from mallgen.diagnostics import Diagnostic
from mallgen.model import Contract

if TYPE_CHECKING:
    from mallgen.breaking.proto import ProtoChange


def judge(
    old: Sequence[ServiceVersion],
    new: Sequence[ServiceVersion],
    label: str,
    chosen: Sequence[Rule],
    terms: Terms = NO_TERMS,
) -> list[Judgement]:
    """Return the findings of the chosen rules, one of several services once; `label` names the old version in them."""
    pairs = paired(old, new)
    owners = TableOwners(pairs)
    served = frozenset(rpc.full_name for one in new if one.proto is not None for rpc in one.proto.services)
    found: list[Judgement] = []
    for pair in pairs:
        change, places = _change(*pair, label, owners, terms), unstable(pair[0])
        if change.proto is not None:
            change.proto.served = served
        own = (relaxed(one, places) for one in RULES.run(change, chosen))
        name, package = _name(*pair), _package(*pair)
        found += [Judgement(one, name, package, change) for one in own]
    return _once(with_cause(found))


def _once(found: Sequence[Judgement]) -> list[Judgement]:
    """Return findings about what several services share once, with all that they affect."""
    kept: dict[object, Judgement] = {}
    for one in found:
        said = one.found.diagnostic
        key = said.code, said.span, said.message, said.severity
        kept[key] = _with_affected(kept[key], said) if key in kept else one
    return list(kept.values())


def _with_affected(one: Judgement, other: Diagnostic) -> Judgement:
    """Return a finding that affects also what another one does."""
    own, more = (dict(said.facts).get("affects", "") for said in (one.found.diagnostic, other))
    names = dict.fromkeys(name for text in (own, more) for name in text.split(", ") if name)
    facts = {**dict(one.found.diagnostic.facts), "affects": ", ".join(names)} if names else {}
    shown = replace(one.found.diagnostic, facts=tuple(facts.items()) or one.found.diagnostic.facts)
    return one._replace(found=one.found._replace(diagnostic=shown))


def _package(old: ServiceVersion | None, new: ServiceVersion | None) -> str:
    service = new or old
    return service.proto.package if service is not None and service.proto is not None else ""


def _name(old: ServiceVersion | None, new: ServiceVersion | None) -> str:
    service = new or old
    return service.name if service is not None else ""


def _change(
    old: ServiceVersion | None, new: ServiceVersion | None, label: str, owners: TableOwners, terms: Terms
) -> ServiceChange:
    proto = _proto(old, new, label)
    if new is None:
        return ServiceChange(gone=old.api if old is not None else None, proto=proto)
    api = _api(old.api if old is not None else None, new.api, label, terms)
    return ServiceChange(api, proto=proto, tables=owners.change(old, new, label))


def _api(old: Contract | None, new: Contract | None, label: str, terms: Terms) -> ApiChange | None:
    """Return the change of a contract; a new one adds to a contract without anything."""
    if new is None:
        return None
    return ApiChange(old or Contract(new.file, new.service, (), (), ()), new, label, terms)


def _proto(old: ServiceVersion | None, new: ServiceVersion | None, label: str) -> "ProtoChange | None":
    """Return the change of protos; where a version has none, of protos without anything."""
    was, now = (one.proto if one is not None else None for one in (old, new))
    if was is None and now is None:
        return None
    from mallgen.breaking.proto import ProtoChange  # imported only where there are protos
    from mallgen.proto.model import ProtoContract

    nothing = ProtoContract("", (), (), (), {})
    queues = tuple(one.is_queue for one in (old, new) if one is not None and one.proto is not None)
    return ProtoChange(was or nothing, now or nothing, label, (queues[0], queues[-1]))
