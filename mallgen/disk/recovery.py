"""Hold the lock of an output folder, and complete a run that was interrupted there. An edge."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mallgen.diagnostics import Diagnostic
from mallgen.disk.folder import Folder, Refused
from mallgen.disk.refusals import busy, failed
from mallgen.disk.sandbox import Root
from mallgen.output.house import HOUSE, JOURNAL, STAGE

if TYPE_CHECKING:  # only a run that writes imports it
    from mallgen.disk.transaction import Outcome


@contextlib.contextmanager
def locked(folder: Folder, root: Root, shared: bool) -> Iterator[None]:
    """Wait for the lock of a folder and hold it; an interrupted run is completed first.

    `shared` is for a caller that only reads: it completes nothing. Raises Refused.
    """
    from mallgen.disk.filelock import Busy, FolderLock

    lock = FolderLock(root, lambda line: folder.tell(f"{line} into {folder.shown('.')}"))
    try:
        lock.take(shared)
    except Busy as problem:
        raise Refused(busy(folder.root, f"{problem} is writing into it")) from None
    except OSError as problem:
        raise Refused(failed(problem, folder.shown(HOUSE))) from problem
    try:
        if not shared:
            _complete_interrupted(folder, root)
        yield
    finally:
        lock.release()


def _complete_interrupted(folder: Folder, root: Root) -> None:
    """Carry out a journal; without one remove the stage of a run that ended before its commit."""
    if root.status(JOURNAL) is not None:
        _complete_journal(folder, root)
    elif root.status(STAGE) is not None:
        from mallgen.disk.transaction import Staging

        try:
            Staging(root).discard()
        except OSError as problem:
            raise Refused(failed(problem, folder.shown(STAGE))) from problem


def _complete_journal(folder: Folder, root: Root) -> None:
    from mallgen.disk.filelock import Signals

    with Signals().deferred() as signals:
        outcome = carry_out(folder, root)
        signals.state = "what an earlier run had begun is complete"
    folder.tell(f"completed in {folder.shown('.')} what an interrupted run had begun")
    for problem in changed_meanwhile(folder, outcome):
        folder.tell(f"{problem.message}; {problem.hint}")


def carry_out(folder: Folder, root: Root) -> Outcome:
    """Carry out the journal. Raises Refused; the journal is then kept, and the next run completes it."""
    from mallgen.disk.journal import BadJournal
    from mallgen.disk.transaction import Staging

    try:
        return Staging(root).carry_out()
    except BadJournal as problem:
        hint = f"delete `{folder.shown(JOURNAL)}` and run again"
        raise Refused(Diagnostic("bad-journal", f"`{folder.shown(JOURNAL)}`: {problem}", hint=hint)) from None
    except OSError as problem:
        raise Refused(failed(problem, folder.root), begun=True) from problem


def changed_meanwhile(folder: Folder, outcome: Outcome) -> tuple[Diagnostic, ...]:
    """Report the versions that were moved aside; return a warning for each file that another process saved meanwhile.

    Such a file stays as it is.
    """
    for path, kept in outcome.saved:
        folder.tell(f"{folder.shown(path)} was saved while mallgen wrote: moved that version to {folder.shown(kept)}")
    return tuple(
        Diagnostic(
            "changed-meanwhile",
            f"`{folder.shown(path)}` was saved while mallgen ran, and is left as it is",
            hint="run again",
        )
        for path in outcome.changed
    )
