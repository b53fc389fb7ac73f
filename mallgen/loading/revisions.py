"""Files of DDL as a git revision has them. An edge: it asks git."""

import subprocess

from mallgen.diagnostics import Diagnostic

_TIMEOUT = 30  # seconds


def is_revision(text: str) -> bool:
    """Return whether a text is `REVISION:PATH` as git spells it, such as `HEAD~1:sql/data.sql`."""
    revision, colon, path = text.partition(":")
    return bool(colon and revision and path) and "/" not in revision[:1] and not revision.startswith(("-", "."))


def read_revision(text: str, most: int) -> tuple[str, Diagnostic | None]:
    """Return the content of `REVISION:PATH`, at most `most` bytes, or why it cannot be read.

    `git cat-file` runs no filter or program that a repository names.
    """
    try:
        command = ["git", "cat-file", "blob", text]  # the user's own git, as for every other use of it
        ran = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)  # noqa: S603
    except FileNotFoundError:
        return "", _refused(text, "git is not installed", "install it, or write the file there: git show")
    except subprocess.TimeoutExpired:
        return "", _refused(text, f"git has not answered within {_TIMEOUT} s", "try it by itself: git cat-file blob")
    if ran.returncode:
        lines = ran.stderr.decode(errors="replace").strip().splitlines()
        said = lines[0].removeprefix("fatal: ") if lines else "git has not found it"
        return "", _refused(text, said, "paths are those of the repository's root; `REVISION:./PATH` begins here")
    if len(ran.stdout) > most:
        return "", _refused(text, f"it has more than {most} bytes", "leave rows of data out")
    try:
        return ran.stdout.decode("utf-8").replace("\r\n", "\n"), None
    except UnicodeDecodeError:
        return "", _refused(text, "it is not UTF-8", "convert it")


def _refused(text: str, why: str, hint: str) -> Diagnostic:
    return Diagnostic("unreadable", f"cannot read `{text}` from git: {why}", hint=hint, environment=True)
