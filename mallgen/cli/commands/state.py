"""mallgen without a command: the state of the services here in short, and the next command."""

import os
from collections import Counter
from collections.abc import Sequence

from mallgen.cli.comparing import choose
from mallgen.cli.console import FINE, AlreadyReported, out, report, say
from mallgen.cli.options import Values
from mallgen.cli.status_rows import DRIFTED, ORPHAN, STUB, rows, summary
from mallgen.drift.findings import for_humans
from mallgen.kinds.kind import kind_of_file, suffixes
from mallgen.output.manifest import NAME
from mallgen.output.plan import GENERATED, StepKind
from mallgen.text.visible import counted
from mallgen.text.width import width
from mallgen.workspace.comparison import Compared, compare
from mallgen.workspace.config import NAME as WORKSPACE


def run() -> int:
    """Print the state of the workspace or the generated folder, else the contracts in the working directory."""
    try:
        chosen = choose(Values({}))
    except AlreadyReported as end:
        return end.code
    is_begun = any(problem.code == "interrupted-run" for problem in chosen.problems)
    if not chosen.targets and (is_begun or os.path.exists(NAME)):
        return report(chosen.problems, {}, "")
    if chosen.targets:
        compared = [compare(target, say, chosen.is_workspace) for target in chosen.targets]
        _services(compared)
        out(f"next: {_next(compared)}")
    else:
        _contracts()
    out("help: mallgen --help")
    return FINE


def _services(compared: Sequence[Compared]) -> None:
    lines = [(_shown(one.target.contract), f"-> {one.folder.shown('.')}", _state_in_words(one)) for one in compared]
    sizes = [max(width(line[column]) for line in lines) for column in (0, 1)]
    for line in lines:
        cells = [f"{cell}{' ' * (size - width(cell))}" for cell, size in zip(line, sizes, strict=False)]
        out("  ".join([*cells, line[2]]))


def _state_in_words(compared: Compared) -> str:
    """Return the state of one folder in words, as `7 implemented; up to date`."""
    if compared.service is None:
        return compared.problems[0].message if compared.problems else "nothing could be made of it"
    words = summary(row.state for row in rows(compared.service))
    kinds = Counter(step.kind for step in compared.service.plan.steps)
    changes = kinds[StepKind.CREATE] + kinds[StepKind.UPDATE]
    state = f"{counted(changes, 'file')} to generate" if changes else "up to date"
    return f"{words}; {state}"


def _next(compared: Sequence[Compared]) -> str:
    """Return the command to run next."""
    services = [one.service for one in compared if one.service is not None]
    where = next((service.where for service in services), "")
    states = Counter(row.state for service in services for row in rows(service))
    kinds = {step.kind for service in services for step in service.plan.steps}
    if len(services) < len(compared) or any(True for service in services for _ in for_humans(service)):
        return f"mallgen check{where}"
    if states[DRIFTED] or kinds & {StepKind.PATCH, StepKind.MOVE}:
        return f"mallgen sync{where}"
    if kinds & GENERATED:
        return f"mallgen gen{where}"
    if states[ORPHAN]:
        return f"mallgen prune{where}"
    if states[STUB]:
        return f"mallgen status{where}  # stubs wait for their bodies"
    return "mallgen dev" if os.path.exists(WORKSPACE) else f"mallgen check{where}"


def _contracts() -> None:
    names = sorted(name for name in os.listdir(".") if name.endswith(suffixes()))
    if not names:
        out("no contract here")
        out("next: mallgen api new NAME")
        return
    out(f"contracts here: {', '.join(names)}")
    first = min(names, key=lambda name: suffixes().index(next(filter(name.endswith, suffixes()))))
    out(f"next: mallgen {kind_of_file(first).generate.format(contract=first)} -dir .")


def _shown(path: str) -> str:
    return os.path.normpath(path)
