"""Judging of two versions: their services are paired, then all rules run over each pair. Pure."""

from collections.abc import Sequence

from mallgen.breaking import RULES, Rule, ServiceChange
from mallgen.breaking.api import ApiChange
from mallgen.breaking.services import ServiceVersion, paired
from mallgen.model import Contract
from mallgen.rules import Found


def judge(
    old: Sequence[ServiceVersion], new: Sequence[ServiceVersion], label: str, chosen: Sequence[Rule]
) -> list[Found]:
    """Return the findings of the chosen rules; `label` names the old version in them."""
    return [found for pair in paired(old, new) for found in RULES.run(_change(*pair, label), chosen)]


def _change(old: ServiceVersion | None, new: ServiceVersion | None, label: str) -> ServiceChange:
    if new is None:
        return ServiceChange(gone=old.api if old is not None else None)
    return ServiceChange(_api(old.api if old is not None else None, new.api, label))


def _api(old: Contract | None, new: Contract | None, label: str) -> ApiChange | None:
    """Return the change of a contract; a new one adds to a contract without anything."""
    if new is None:
        return None
    return ApiChange(old or Contract(new.file, new.service, (), (), ()), new, label)
