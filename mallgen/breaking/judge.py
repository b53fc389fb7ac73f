"""Judging of two versions: their services are paired, then all rules run over each pair. Pure."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mallgen.breaking import RULES, Rule, ServiceChange
from mallgen.breaking.api import ApiChange
from mallgen.rules import Found

if TYPE_CHECKING:
    from mallgen.model import Contract


class ServiceVersion(NamedTuple):
    """A service as one version has it; `path` is its contract's, relative to the version's folder."""

    name: str
    path: str
    api: "Contract | None" = None


def judge(
    old: Sequence[ServiceVersion], new: Sequence[ServiceVersion], label: str, chosen: Sequence[Rule]
) -> list[Found]:
    """Return the findings of the chosen rules; `label` names the old version in them."""
    return [found for pair in paired(old, new) for found in RULES.run(_change(*pair, label), chosen)]


def paired(
    old: Sequence[ServiceVersion], new: Sequence[ServiceVersion]
) -> Iterator[tuple[ServiceVersion, ServiceVersion]]:
    """Yield the services that both versions have: by name, by the path of the contract, or as the only one of each."""
    by_name = {service.name: service for service in new}
    by_path = {service.path: service for service in new}
    only = new[0] if len(old) == len(new) == 1 else None
    for service in old:
        match = by_name.get(service.name) or by_path.get(service.path) or only
        if match is not None:
            yield service, match


def _change(old: ServiceVersion, new: ServiceVersion, label: str) -> ServiceChange:
    api = ApiChange(old.api, new.api, label) if old.api is not None and new.api is not None else None
    return ServiceChange(api)
