"""The lines of a workspace's own code that do not fit its contracts. An edge: it reads the code."""

import os
from collections.abc import Iterator

from mallgen.breaking.own_lines import OwnLine
from mallgen.drift.findings import InspectedFolder
from mallgen.output.manifest import NAME
from mallgen.workspace.comparison import compare
from mallgen.workspace.config import Workspace
from mallgen.workspace.targets import all_targets


def own_lines(workspace: Workspace) -> list[OwnLine]:
    """Return the lines that use what the contracts of today no longer have, or have under another name."""
    made = (target for target in all_targets(workspace) if os.path.isfile(os.path.join(target.folder, NAME)))
    found = (compare(target, _silent, is_workspace=True).service for target in made)
    return [line for service in found if service is not None for line in _lines(service)]


def _lines(service: InspectedFolder) -> Iterator[OwnLine]:
    for verdict in service.followed.verdicts:
        for remark in verdict.remarks:
            yield OwnLine(remark.span._replace(file=service.shown(remark.span.file)), remark.text)


def _silent(line: str) -> None:
    """Say nothing: the comparison of code is not what was asked for."""
