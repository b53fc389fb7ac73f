"""The common start of check, diff, status, sync and prune: choose the targets and compare their folders."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from mallgen.cli.console import ENVIRONMENT, FINDINGS, report, say
from mallgen.cli.options import Values
from mallgen.cli.writing import current_workspace, no_workspace
from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Refused
from mallgen.disk.session import session
from mallgen.kinds.kind import KindError, kind_named, kind_of_file
from mallgen.kinds.target import Target, kind_or_none, of_line, outside
from mallgen.output.manifest import NAME, is_merged
from mallgen.output.records import ContractLine
from mallgen.workspace.comparison import Compared, compare, sources
from mallgen.workspace.config import Workspace
from mallgen.workspace.targets import all_targets, of_member

if TYPE_CHECKING:
    from mallgen.workspace.leftover import LeftFolder


class ChosenTargets(NamedTuple):
    """The targets that a command line means, or the problems; `workspace` is set when all of its services are meant."""

    targets: tuple[Target, ...]
    problems: tuple[Diagnostic, ...] = ()
    workspace: Workspace | None = None

    @property
    def is_workspace(self) -> bool:
        """Return whether the whole workspace is meant."""
        return self.workspace is not None

    @property
    def left_folders(self) -> "list[LeftFolder]":
        """Return the folders of services that are no longer in mallgen.toml."""
        from mallgen.workspace.leftover import left_folders

        return left_folders(self.workspace) if self.workspace is not None else []


def choose(values: Values, writes: bool = False) -> ChosenTargets:
    """Return the targets of `-dir` (a folder) or `-api` (a contract), else the workspace's, else this folder's.

    A command that `writes` first completes what an interrupted run left there. Files outside of the repository are
    allowed by the command line only, never by mallgen.lock: it may have come with a clone. Raises AlreadyReported.
    """
    try:
        chosen = _choose(values, writes)
    except Refused as problem:
        return ChosenTargets((), problem.diagnostics)
    outside = values.flag("allow-outside")
    return chosen._replace(targets=tuple(target._replace(outside=outside) for target in chosen.targets))


def complete_interrupted(folders: Iterable[str]) -> None:
    """Complete the interrupted runs of this user in some folders. Raises Refused."""
    for path in folders:
        with session(Folder(path, say)):
            continue


def _choose(values: Values, writes: bool) -> ChosenTargets:
    workspace = current_workspace()
    folder, contract = values.text("dir"), values.text("api")
    own = unlisted_folder(workspace) if not folder and not contract else ""
    if not folder and not own and workspace.members:
        targets = tuple(all_targets(workspace))
        if contract:
            real = os.path.realpath(contract)
            targets = tuple(target for target in targets if os.path.realpath(target.contract) == real)
        if writes:
            complete_interrupted(target.folder for target in targets)
        if targets:
            return ChosenTargets(targets, workspace=None if contract else workspace)
    if writes:
        complete_interrupted([folder or own or "."])
    return _choose_in_folder(folder or own or ".", contract, workspace, bool(folder))


def unlisted_folder(workspace: Workspace) -> str:
    """Return the nearest folder at or above the working directory that has a mallgen.lock, empty when there is none.

    The search ends at a folder that mallgen.toml lists, and at the workspace's own.
    """
    root, here = os.path.dirname(workspace.path), os.path.realpath(".")
    listed = {os.path.realpath(member.folder) for member in workspace.members}
    while workspace.path and here != root and here not in listed:
        if os.path.isfile(os.path.join(here, NAME)):
            return os.path.relpath(here)
        here = os.path.dirname(here)
    return ""


def _choose_in_folder(folder: str, contract: str, workspace: Workspace, is_named: bool = True) -> ChosenTargets:
    """Return the targets of one folder; `is_named` when the command line names it."""
    here = Folder(folder, say)
    try:
        with session(here, shared=True) as one:
            lock, text = one.read_lock()
    except Refused as problem:
        return ChosenTargets((), problem.diagnostics)
    if is_merged(text):
        say(f"{here.shown(NAME)} has what a merge left behind: settled by content")
    members = [m for m in workspace.members if os.path.realpath(m.folder) == os.path.realpath(folder)]
    lines = _one_per_contract(lock.contracts)
    targets = [of_line(line, folder) for line in lines]
    if members and (contract or not lines or len(lines) == 1):
        targets = [of_member(member, workspace)._replace(folder=folder) for member in members]
    if contract:
        try:
            kind = kind_of_file(contract).name
        except KindError as problem:
            return ChosenTargets((), (Diagnostic("no-kind", problem.message, hint=problem.hint, environment=True),))
        alike = [
            target for target in targets if kind_or_none(target.kind) is not None and _reads(target.kind, contract)
        ]
        known = next((t for t in alike if os.path.realpath(t.contract) == os.path.realpath(contract)), None)
        known = known or (alike[0] if len(alike) == 1 else Target(kind, contract, folder))
        wrong = outside(known, known.contract)
        if wrong:
            return ChosenTargets((), wrong)
        targets = [known._replace(contract=contract, folder=folder, border="")]
    if not targets and not is_named:
        return ChosenTargets((), (no_workspace(),))
    if not targets:
        message = f"nothing says which contract `{here.shown('.')}` was generated from: there is no {NAME}"
        hint = "name it: -api FILE"
        return ChosenTargets((), (Diagnostic("contract-missing", message, hint=hint, environment=True),))
    return ChosenTargets(tuple(targets))


def _reads(kind: str, contract: str) -> bool:
    """Return whether contracts of a kind have the suffix of this one: a .proto may be of two kinds."""
    return contract.endswith(kind_named(kind).suffixes)


def _one_per_contract(lines: Iterable[ContractLine]) -> list[ContractLine]:
    """Return one line for each contract: of two that a merge left, the one with more options."""
    by_contract: dict[tuple[str, str], ContractLine] = {}
    for line in sorted(lines, key=lambda line: len(line.options)):
        by_contract[line.kind, line.path] = line
    return sorted(by_contract.values())


class Comparison(NamedTuple):
    """All targets of a command line, compared; `problems` has the warnings, and why a target was not compared."""

    chosen: ChosenTargets
    compared: list[Compared]
    problems: tuple[Diagnostic, ...]

    @property
    def code(self) -> int:
        """Return the exit code when nothing else goes wrong."""
        return exit_code(self.problems)

    def with_more(self, more: list[Compared]) -> "Comparison":
        """Return this comparison with more folders."""
        problems = (*self.problems, *(problem for one in more for problem in one.problems))
        return self._replace(compared=[*self.compared, *more], problems=tuple(dict.fromkeys(problems)))

    def report(self, end: str) -> int:
        """Report the problems and return the exit code; `end` ends the line that counts them."""
        return report(self.problems, sources(self.compared), end)


def compare_all(values: Values, writes: bool = False, prove: bool = False, respells: bool = False) -> Comparison:
    """Choose the targets and compare each with its folder. Raises AlreadyReported."""
    chosen = choose(values, writes)
    compared = [compare(target, say, chosen.is_workspace, prove, respells) for target in chosen.targets]
    problems = [*chosen.problems, *(d for one in compared for d in (*one.made.diagnostics, *one.problems))]
    return Comparison(chosen, compared, tuple(dict.fromkeys(problems)))


def exit_code(diagnostics: Iterable[Diagnostic]) -> int:
    """Return the exit code of some diagnostics: 3 when one is the environment's fault, else 1 for errors, else 0."""
    errors = [d for d in diagnostics if d.severity == "error"]
    if any(d.environment for d in errors):
        return ENVIRONMENT
    return FINDINGS if errors else 0
