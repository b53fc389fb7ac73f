"""The contracts that the open ones are compared with: those of the commit where the branch left the default one.

git is asked in a thread, as it may take long; until it has answered nothing is said about compatibility.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable

from mallgen.breaking.policy import Policy
from mallgen.editor.compatibility import BaseContract
from mallgen.loading.borders import import_border
from mallgen.loading.load import load
from mallgen.loading.tree import NoRevision, extract, merge_base
from mallgen.workspace.config import BadWorkspace, find

_FRESH = 60.0  # seconds until git is asked again


class _Repository:
    """A repository as far as git has answered; `folder` has the contracts of `commit`."""

    def __init__(self, top: str) -> None:
        self.top = top
        self.asked = 0.0
        self.commit = self.label = ""
        self.folder: tempfile.TemporaryDirectory[str] | None = None
        self.contracts: dict[str, BaseContract | None] = {}

    def read(self) -> None:
        """Ask git; what is not there leaves the repository without a base."""
        try:
            commit, label = merge_base(self.top)
            if commit == self.commit:
                return
            folder = tempfile.TemporaryDirectory(prefix="mallgen-base-", ignore_cleanup_errors=True)
            extract(commit, folder.name, self.top)
        except (NoRevision, OSError):
            return
        self.folder, self.commit, self.label, self.contracts = folder, commit, label, {}


class Bases:
    """The repositories of the contracts that are open; `start` runs what may take long beside the answers."""

    def __init__(self, start: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._start = start or _in_thread
        self._repositories: dict[str, _Repository] = {}

    def contract(self, path: str) -> BaseContract | None:
        """Return the contract that began in a file, None where there is none or it is not known yet."""
        top = import_border(path)
        if not os.path.isabs(path) or not os.path.lexists(os.path.join(top, ".git")):
            return None
        known = self._repositories.setdefault(top, _Repository(top))
        if time.monotonic() - known.asked > _FRESH or not known.asked:
            known.asked = time.monotonic()
            self._start(known.read)
        folder, contracts = known.folder, known.contracts
        if folder is None:
            return None
        if path not in contracts:
            contracts[path] = _loaded(path, known, folder.name)
        return contracts[path]


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _loaded(path: str, known: _Repository, folder: str) -> BaseContract | None:
    old = os.path.join(folder, os.path.relpath(os.path.realpath(path), os.path.realpath(known.top)))
    found = load(old) if os.path.isfile(old) else None
    if found is None or found.contract is None:
        return None
    try:
        workspace = find(os.path.dirname(path))
    except BadWorkspace:
        return BaseContract(found.contract, found.sources, known.label, Policy(), path)
    member = workspace.member_of(path)
    service = member.name if member is not None else os.path.relpath(path, known.top)
    return BaseContract(found.contract, found.sources, known.label, workspace.breaking or Policy(), service)
