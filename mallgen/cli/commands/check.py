"""mallgen check: compare generated and hand-written code with the contracts. Writes nothing."""

import os
import re
import sys
from collections.abc import Iterator

from mallgen.cli.comparing import ChosenTargets, compare_all, exit_code
from mallgen.cli.configured import SettingsCheck
from mallgen.cli.console import chosen_format, for_machines, out, report, say
from mallgen.cli.gc import without_gc
from mallgen.cli.options import Values
from mallgen.diagnostics import Diagnostic
from mallgen.drift.findings import findings
from mallgen.drift.verdict import State
from mallgen.kinds.target import kind_or_none
from mallgen.output import package_rename
from mallgen.text.span import Span
from mallgen.text.visible import counted
from mallgen.workspace.chain import ChainFindings, chain_findings
from mallgen.workspace.comparison import Compared, sources
from mallgen.workspace.config import Workspace
from mallgen.workspace.marked import marked_files
from mallgen.workspace.meeting import Clashes, find_clashes
from mallgen.workspace.targets import RUNTIME_NEEDED

_DIST = re.compile(r"mallgen_runtime-(\d+(?:\.\d+)*)\.dist-info")
_PIN = re.compile(r"mallgen[-_.]runtime(?:\[[^\]]*\])?\s*(?P<pins>(?:[=<>~!]=?=?\s*[\w.*]+\s*,?\s*)+)")


def run(values: Values) -> int:
    """Report the findings; exit 0 without any, 1 with some, 3 when a contract is missing."""
    with without_gc():
        return _check(values)


def _check(values: Values) -> int:
    comparison = compare_all(values)
    chosen, compared = comparison.chosen, comparison.compared
    stubs = values.text("fail-on") == "stub"
    configured = SettingsCheck()
    clashes = _clashes(chosen, compared)
    problems = [
        *chosen.problems,
        *(d for one in compared for d in _findings(one, stubs, configured)),
        *clashes.problems,
    ]
    problems += [one.finding for one in chosen.left_folders]
    chains = chain_findings(chosen.workspace, chosen.targets) if chosen.workspace else ChainFindings((), {})
    problems += chains.problems
    unfit, texts = _deployed(chosen, compared)
    problems += unfit
    return _report(
        tuple(dict.fromkeys(problems)),
        compared,
        {**clashes.sources, **configured.texts, **chains.sources, **texts},
    )


def _clashes(chosen: ChosenTargets, compared: list[Compared]) -> Clashes:
    return (
        find_clashes(chosen.workspace, [(one.target, one.made) for one in compared])
        if chosen.workspace
        else Clashes((), {})
    )


def _deployed(chosen: ChosenTargets, compared: list[Compared]) -> tuple[tuple[Diagnostic, ...], dict[str, str]]:
    """Return what in Dockerfiles, manifests and compose files no longer fits; a compose file is the workspace's."""
    workspace = chosen.workspace or Workspace("", ())
    found = [(one.target, one.made) for one in compared if one.made.files]
    roots = [*(target.folder for target, _ in found), *([os.path.dirname(workspace.path)] if workspace.path else [])]
    marked = list(marked_files(list(dict.fromkeys(roots))))
    if not marked:
        return (), {}
    from mallgen.workspace.deployed import deployed_findings  # it reads YAML, which most folders need not

    return deployed_findings(workspace, found, marked)


def _findings(compared: Compared, stubs: bool, configured: SettingsCheck) -> Iterator[Diagnostic]:
    yield from compared.made.diagnostics
    yield from compared.problems
    if compared.service is not None:
        if compared.moved is not None:
            yield package_rename.problem(
                compared.moved, compared.service.disk.present, compared.service.shown, compared.service.where
            )
        if compared.lockless:
            yield _no_lock(compared)
        yield from findings(compared.service, stubs)
        yield from configured.findings(compared)
        yield from _old_runtime(compared)


def _report(diagnostics: tuple[Diagnostic, ...], compared: list[Compared], more_sources: dict[str, str]) -> int:
    code = exit_code(diagnostics)
    if for_machines():
        from mallgen.diagnostics.machine import render

        sys.stdout.write(render(chosen_format(), diagnostics))
        return code
    report(diagnostics, {**sources(compared), **more_sources}, "")
    services = [one.service for one in compared if one.service is not None]
    stubs = sum(verdict.state is State.STUB for service in services for verdict in service.followed.verdicts)
    files = sum(len(service.plan.steps) for service in services)
    more = f", {counted(stubs, 'stub')}" if stubs else ""
    if not code:
        out(f"{counted(files, 'file')} of {counted(len(services), 'service')}: no drift{more}")
    elif services and any(d.code not in ("contract-missing", "contract-invalid") for d in diagnostics):
        say(f"{counted(files, 'file')} of {counted(len(services), 'service')} compared{more}")
    return code


def _no_lock(compared: Compared) -> Diagnostic:
    assert compared.service is not None
    message = (
        f"`{compared.folder.shown('.')}` has generated files and no mallgen.lock, which tells them from edited ones"
    )
    contract = os.path.normpath(compared.target.contract)
    kind = kind_or_none(compared.target.kind)
    word = kind.generate.format(contract=contract) if kind is not None and kind.generate else "gen"
    way = f"{word} -dir {compared.target.folder}" if compared.service.where else "gen"
    hint = f"bring it back, or run `mallgen {way}`, which writes it by what the files hold"
    return Diagnostic("no-lock", message, None, hint)


def _old_runtime(compared: Compared) -> Iterator[Diagnostic]:
    """Report a mallgen-runtime that is older than the generated files need: the installed or the pinned one."""
    needed = ".".join(map(str, RUNTIME_NEEDED))
    folder = compared.target.folder
    hint = f"pip install 'mallgen-runtime>={needed}'"
    version = next(_installed(folder), None)
    if version is not None and version < RUNTIME_NEEDED:
        message = f"mallgen-runtime {'.'.join(map(str, version))} is too old: these files need {needed}"
        yield Diagnostic("runtime-too-old", message, None, hint)
    path = os.path.join(folder, "pyproject.toml")
    lines = _lines(path)
    for number, line in enumerate(lines, 1):
        pins = _PIN.search(line)
        if pins is not None and not line.lstrip().startswith("#") and _excludes(pins["pins"]):
            span = Span(os.path.normpath(path), number, pins.start() + 1, number, pins.end() + 1)
            message = f"this asks for a mallgen-runtime that is too old: these files need {needed}"
            yield Diagnostic("runtime-too-old", message, span, f"write mallgen-runtime>={needed}")


def _installed(folder: str) -> Iterator[tuple[int, ...]]:
    """Yield the installed runtime versions in the service's own .venv, else in mallgen's environment."""
    base = os.path.join(folder, ".venv", "lib")
    own = [os.path.join(base, name, "site-packages") for name in _names(base)]
    for place in own or sys.path:
        for name in _names(place):
            match = _DIST.fullmatch(name)
            if match is not None:
                yield _version(match[1])


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _excludes(pins: str) -> bool:
    """Return whether no version that is new enough satisfies the pins (PEP 440; pre-releases are ignored)."""
    for operator, text in re.findall(r"(===?|<=?|~=)\s*(\d+(?:\.\d+)*)", pins):
        version = _version(text)
        width = max(len(version), len(RUNTIME_NEEDED))
        padded, needed = ((*v, *[0] * (width - len(v))) for v in (version, RUNTIME_NEEDED))
        if operator == "<" and padded <= needed:
            return True
        if operator == "~=" and version[:-1] < RUNTIME_NEEDED[: len(version) - 1]:
            return True
        if operator in ("==", "===", "<=") and ".*" not in pins and padded < needed:
            return True
    return False


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
