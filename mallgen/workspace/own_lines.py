"""The workspace's own code beside its contracts: lines that do not fit them, and what it uses. An edge: it reads it."""

import os
from collections.abc import Iterator

from mallgen.breaking.own_lines import OwnCode, OwnLine
from mallgen.drift.findings import InspectedFolder
from mallgen.drift.own_uses import OwnUses, own_uses
from mallgen.output.manifest import NAME
from mallgen.text.span import Span
from mallgen.workspace.comparison import compare
from mallgen.workspace.config import Workspace
from mallgen.workspace.targets import all_targets


def own_code(workspace: Workspace) -> list[OwnCode]:
    """Return the code of each service that has been generated, beside the contracts of today."""
    found: list[OwnCode] = []
    for target in all_targets(workspace):
        if os.path.isfile(os.path.join(target.folder, NAME)):
            seen = compare(target, _silent, is_workspace=True)
            if seen.service is not None:
                uses = _shown(own_uses(seen.expected, seen.service.disk, seen.lock), seen.service)
                found.append(OwnCode(target.service, tuple(_lines(seen.service)), uses))
    return found


def _lines(service: InspectedFolder) -> Iterator[OwnLine]:
    for verdict in service.followed.verdicts:
        for remark in verdict.remarks:
            yield OwnLine(_place(remark.span, service), remark.text)


def _shown(uses: OwnUses, service: InspectedFolder) -> OwnUses:
    """Return uses with paths as the user would write them."""
    members = tuple(one._replace(span=_place(one.span, service)) for one in uses.members)
    return uses._replace(
        members=members, built=tuple(one._replace(span=_place(one.span, service)) for one in uses.built)
    )


def _place(span: Span, service: InspectedFolder) -> Span:
    return span._replace(file=service.shown(span.file))


def _silent(line: str) -> None:
    """Say nothing: the comparison of code is not what was asked for."""
