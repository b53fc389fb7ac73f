"""The checks of a workspace that has tables: its columns beside the fields of contracts, and reaches. An edge."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.tables import TABLES
from mallgen.kinds.target import Target, kind_or_none
from mallgen.workspace.config import Workspace

if TYPE_CHECKING:
    from mallgen.tablerules.chain import ServiceChain
    from mallgen.tables.model import Table


class ChainFindings(NamedTuple):
    """The problems, and the texts for code frames."""

    problems: tuple[Diagnostic, ...]
    sources: dict[str, str]


def chain_findings(workspace: Workspace, targets: Sequence[Target]) -> ChainFindings:
    """Return what disagrees between tables and the contracts of a workspace, nothing for one without tables.

    Files that cannot be read are left out: their own checks report them.
    """
    if not any(target.option(TABLES) for target in targets):
        return ChainFindings((), {})
    return _findings(workspace, targets)


def _findings(workspace: Workspace, targets: Sequence[Target]) -> ChainFindings:
    from mallgen.rules.suppress import RuleCodes, apply, suppressions
    from mallgen.tablerules import RULES
    from mallgen.tablerules.chain import CHAIN, ChainScope
    from mallgen.workspace.owned import read_workspace

    read = read_workspace(workspace)
    reach = (RULES.rules()["foreign-table"],)
    chains, sources = _chains(targets, {one.service: one.tables for one in read.scope.services})
    found = [*CHAIN.run(ChainScope(chains), CHAIN.chosen((), ())), *RULES.run(read.scope, reach)]
    texts = {**read.sources, **sources}
    codes = [*CHAIN.rules(), *(rule.code for rule in reach)]
    own = [comment for comment in suppressions(texts) if comment.code in codes]  # the linters judge all others
    left = apply(found, own, RuleCodes(codes, codes, "mallgen model lint --rules"), at_notes=True)
    problems = tuple(item.diagnostic for item in left)
    spans = [span for one in problems for span in (one.span, *(note.span for note in one.notes)) if span is not None]
    return ChainFindings(problems, {span.file: texts[span.file] for span in spans})


def _chains(
    targets: Sequence[Target], tables: "Mapping[str, tuple[Table, ...]]"
) -> "tuple[list[ServiceChain], dict[str, str]]":
    """Return the contracts that have tables behind them, with these, and the texts of the contracts."""
    from mallgen.tablerules.chain import ServiceChain

    chains: list[ServiceChain] = []
    sources: dict[str, str] = {}
    for target in targets:
        kind = kind_or_none(target.kind)
        if kind is None or kind.carried is None:
            continue
        behind = [*tables.get(target.service, ())]
        if not kind.calls:  # nobody calls it: what it answers comes from the services that it uses
            behind += [table for used in target.uses for table in tables.get(used.name, ())]
        if behind:
            carriers, texts = kind.carried(target)
            chains.append(ServiceChain(carriers, tuple(behind)))
            sources |= texts
    return chains, sources
