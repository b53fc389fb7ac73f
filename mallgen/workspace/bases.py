"""The version that a change is compared with: a revision of git, a folder, a file or a baseline. An edge."""

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.diagnostics import Diagnostic
from mallgen.kinds.kind import is_contract, not_a_contract
from mallgen.loading.baseline import BadBaseline, is_baseline, restore_baseline
from mallgen.loading.tree import NoRevision, extract, merge_base
from mallgen.text.span import Span
from mallgen.workspace.config import NAME, BadWorkspace, Workspace
from mallgen.workspace.versions import Version, version_of


class BaseVersion(NamedTuple):
    """The version to compare with: the folder of the old contracts, its name in messages, the paths of files there.

    `is_hidden`: the folder is a temporary one, whose name nobody knows.
    """

    folder: str
    label: str
    paths: tuple[str, ...]
    is_hidden: bool = False

    def shown(self, found: Diagnostic) -> Diagnostic:
        """Return a diagnostic whose old places are named by their version."""
        notes = tuple(replace(note, span=self._place(note.span)) for note in found.notes)
        return replace(found, span=self._place(found.span) if found.span else None, notes=notes)

    def named(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Return texts by the names that their files have in messages."""
        return {self._name(path): text for path, text in texts.items()}

    def _place(self, span: Span) -> Span:
        return span._replace(file=self._name(span.file))

    def _name(self, path: str) -> str:
        real = os.path.realpath(path)
        if not self.is_hidden or not real.startswith(self.folder + os.sep):
            return path
        return f"{self.label}:{os.path.relpath(real, self.folder).replace(os.sep, '/')}"


class NoBase(Exception):
    """There is nothing to compare with: the diagnostics, and the texts that they point into."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], sources: Mapping[str, str]) -> None:
        super().__init__(diagnostics[0].message)
        self.diagnostics = diagnostics
        self.sources = dict(sources)


class Versions(NamedTuple):
    """Two versions, and what the old one is."""

    old: Version
    new: Version
    base: BaseVersion


def versions(against: str, paths: tuple[str, ...], workspace: Workspace, stack: ExitStack) -> Versions:
    """Read the contracts at some paths, else those of the workspace, as they are and as they were.

    `against` is empty for the commit at which this branch left the default one. Raises NoBase, and BadWorkspace for
    the version of today.
    """
    root = "." if paths else os.path.dirname(workspace.path)
    new = version_of(root, paths)
    base = _base(against, paths, stack)
    if unknown := [
        path for path in paths if not any(os.path.exists(os.path.join(at, path)) for at in ("", base.folder))
    ]:
        raise NoBase(tuple(_unknown(path, base) for path in unknown), {})
    return Versions(_read(base, root, workspace), new, base)


def version_at(
    text: str, paths: tuple[str, ...], workspace: Workspace, stack: ExitStack
) -> tuple[Version, BaseVersion]:
    """Read the contracts at some paths, else those of the workspace, as a version has them. Raises NoBase."""
    base = _base(text, paths, stack)
    return _read(base, "." if paths else os.path.dirname(workspace.path) or ".", workspace), base


def _read(base: BaseVersion, root: str, workspace: Workspace) -> Version:
    """Read a version that has contracts, all without errors."""
    found = _version(base, root, tuple(member.contract for member in workspace.members))
    if found.diagnostics:
        problems = tuple(replace(base.shown(one), environment=True) for one in found.diagnostics)
        raise NoBase(problems, base.named(found.sources))
    if not found.services:
        raise NoBase((_nothing(base),), {})
    return found


def _version(base: BaseVersion, root: str, contracts: tuple[str, ...]) -> Version:
    """Read a version by its own mallgen.toml, or before there was one by the paths of today's contracts."""
    folder = os.path.normpath(os.path.join(base.folder, os.path.relpath(root)))
    if base.paths or os.path.isfile(os.path.join(folder, NAME)):
        try:
            return version_of(folder, base.paths)
        except BadWorkspace as problem:
            problems = tuple(replace(base.shown(one), environment=True) for one in problem.diagnostics)
            raise NoBase(problems, base.named(problem.sources)) from None
    return version_of(folder, tuple(os.path.relpath(path, root) for path in contracts))


def _base(text: str, paths: tuple[str, ...], stack: ExitStack) -> BaseVersion:
    if text and os.path.isdir(text):
        return BaseVersion(text, text, paths)
    try:
        if text and os.path.isfile(text):
            if not is_baseline(text):
                if not is_contract(text):
                    message = f"`{text}` is no baseline, and {not_a_contract()}"
                    raise NoBase((_refused(message, "name the file of the contracts, or their folder"),), {})
                return BaseVersion(".", text, (text,))
            folder = _temporary(stack)
            restore_baseline(text, folder)
            return BaseVersion(folder, text, paths, True)
        revision, label = (text, text) if text else merge_base()
        folder = _temporary(stack)
        here = extract(revision, folder)
        return BaseVersion(here, label, paths, True)
    except NoRevision as problem:
        raise NoBase((problem.diagnostic,), {}) from None
    except BadBaseline as problem:
        hint = "write it again at the release: mallgen breaking --save FILE"
        raise NoBase((_refused(f"cannot read the baseline `{text}`: {problem}", hint),), {}) from None


def _temporary(stack: ExitStack) -> str:
    return os.path.realpath(stack.enter_context(tempfile.TemporaryDirectory(prefix="mallgen-base-")))


def _nothing(base: BaseVersion) -> Diagnostic:
    what = " or ".join(f"`{path}`" for path in base.paths) or "contracts"
    return _refused(f"`{base.label}` has no {what}", "name another version: --against REVISION, FOLDER or FILE")


def _unknown(path: str, base: BaseVersion) -> Diagnostic:
    return Diagnostic("no-such-file", f"there is no file `{path}`, and `{base.label}` has none", hint="check the path")


def _refused(message: str, hint: str) -> Diagnostic:
    return Diagnostic("no-base", message, hint=hint, environment=True)
