"""The diagnostics for folders that cannot be written to."""

import errno
import os

from mallgen.diagnostics import Diagnostic

_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def busy(shown: str, what: str) -> Diagnostic:
    return Diagnostic("busy", f"cannot write into `{shown}`: {what}", hint="run again", environment=True)


def damaged(where: str, what: str) -> Diagnostic:
    hint = "restore it from version control, or delete it: edited generated files will then be backed up"
    return Diagnostic("bad-lock", f"`{where}`: {what}", hint=hint)


def read_only(shown: str, kind: str) -> Diagnostic:
    return Diagnostic("read-only", f"the {kind} `{shown}` is read-only", hint="allow writing to it", environment=True)


def failed(problem: OSError, shown: str) -> Diagnostic:
    code = "disk-full" if problem.errno in _SPACE else "cannot-write"
    hint = "make room and run again" if code == "disk-full" else "check the folder's permissions"
    at = f" at {os.path.basename(str(problem.filename))}" if problem.filename else ""
    return Diagnostic(code, f"`{shown}`: {problem.strerror}{at}", hint=hint, environment=True)


def interrupted(shown: str) -> Diagnostic:
    message = f"a run of mallgen in `{shown}` was interrupted, and what it had begun is not complete"
    hint = "run `mallgen gen`, or whichever command writes there: it completes it; this one only reads"
    return Diagnostic("interrupted-run", message, hint=hint, environment=True)
