"""Judging of two versions: their services are paired, then all rules run over each pair. Pure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mallgen.breaking import RULES, Rule, ServiceChange
from mallgen.breaking.api import ApiChange
from mallgen.breaking.policy import Judgement, with_cause
from mallgen.breaking.services import ServiceVersion, paired
from mallgen.breaking.stability import relaxed, unstable
from mallgen.breaking.table_owners import TableOwners
from mallgen.breaking.terms import NO_TERMS, Terms
from mallgen.model import Contract

if TYPE_CHECKING:
    from mallgen.breaking.proto import ProtoChange
    from mallgen.proto.model import ProtoContract


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
    found: list[Judgement] = []
    for pair in pairs:
        change, places = _change(*pair, label, owners, terms), unstable(pair[0])
        own = (relaxed(one, places) for one in RULES.run(change, chosen))
        found += (Judgement(one, _name(*pair), change=change) for one in own)
    return list({one.found.diagnostic: one for one in reversed(with_cause(found))}.values())[::-1]


def _name(old: ServiceVersion | None, new: ServiceVersion | None) -> str:
    service = new or old
    return service.name if service is not None else ""


def _change(
    old: ServiceVersion | None, new: ServiceVersion | None, label: str, owners: TableOwners, terms: Terms
) -> ServiceChange:
    proto = _proto(old.proto if old is not None else None, new.proto if new is not None else None, label)
    if new is None:
        return ServiceChange(gone=old.api if old is not None else None, proto=proto)
    api = _api(old.api if old is not None else None, new.api, label, terms)
    return ServiceChange(api, proto=proto, tables=owners.change(old, new, label))


def _api(old: Contract | None, new: Contract | None, label: str, terms: Terms) -> ApiChange | None:
    """Return the change of a contract; a new one adds to a contract without anything."""
    if new is None:
        return None
    return ApiChange(old or Contract(new.file, new.service, (), (), ()), new, label, terms)


def _proto(old: "ProtoContract | None", new: "ProtoContract | None", label: str) -> "ProtoChange | None":
    """Return the change of protos; where a version has none, of protos without anything."""
    if old is None and new is None:
        return None
    from mallgen.breaking.proto import ProtoChange  # imported only where there are protos
    from mallgen.proto.model import ProtoContract

    nothing = ProtoContract("", (), (), (), {})
    return ProtoChange(old or nothing, new or nothing, label)
