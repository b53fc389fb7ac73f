"""Files of DDL as a git revision has them. An edge: it asks git."""

import glob
import os
import subprocess
from fnmatch import fnmatchcase

from mallgen.diagnostics import Diagnostic
from mallgen.loading.ddl_files import natural
from mallgen.text.limits import Limits

_TIMEOUT = 30  # seconds
_HINT = "paths are those of the repository's root; `REVISION:./PATH` begins here"


def is_revision(text: str) -> bool:
    """Return whether a text is `REVISION:PATH` as git spells it, such as `HEAD~1:sql/data.sql`, and names no file."""
    revision, colon, path = text.partition(":")
    if not (colon and revision and path) or revision.startswith(("/", "-", ".")):
        return False
    return not (os.path.lexists(text) or glob.glob(text))


def read_revision(text: str, most: Limits) -> tuple[dict[str, str], Diagnostic | None]:
    """Return the files of `REVISION:PATH` by name, where the path may be a pattern, or why they cannot be read.

    They are in the order of read_ddl. What it calls of git runs no filter or program that a repository names.
    """
    revision, _, path = text.partition(":")
    names = [path]
    if glob.has_magic(path):
        here = path.startswith("./")
        listed, problem = _git(text, ["ls-tree", "-rz", "--name-only", *([] if here else ["--full-tree"]), revision])
        if problem is not None:
            return {}, problem
        found = listed.decode("utf-8", "replace").split("\0")
        names = [f"{'./' * here}{name}" for name in sorted(filter(None, found), key=natural)]
        names = [name for name in names if _fits(name, path)]
        if not names:
            return {}, _refused(text, "no file of it is named so", _HINT)
        if len(names) > most.files:
            return {}, _refused(text, f"there are more than {most.files} files", "join some of them")
    texts = {}
    for name in (f"{revision}:{one}" for one in names):
        texts[name], problem = _content(name, most.bytes)
        if problem is not None:
            return {}, problem
    return texts, None


def _fits(name: str, pattern: str) -> bool:
    """Return whether a pattern names a path as in a shell: `*` stands for no `/`, and for no dot at the beginning."""
    parts, wanted = name.split("/"), pattern.split("/")
    pairs = list(zip(parts, wanted, strict=False))
    is_seen = all(part[:1] != "." or one[:1] == "." for part, one in pairs)
    return name == pattern or (len(parts) == len(wanted) and is_seen and all(fnmatchcase(*pair) for pair in pairs))


def _content(name: str, most: int) -> tuple[str, Diagnostic | None]:
    data, problem = _git(name, ["cat-file", "blob", name])
    if problem is not None:
        return "", problem
    if len(data) > most:
        return "", _refused(name, f"it has more than {most} bytes", "leave rows of data out")
    try:
        return data.decode("utf-8").replace("\r\n", "\n"), None
    except UnicodeDecodeError:
        return "", _refused(name, "it is not UTF-8", "convert it")


def _git(name: str, words: list[str]) -> tuple[bytes, Diagnostic | None]:
    """Return what the user's own git prints, or why it does not."""
    try:
        ran = subprocess.run(["git", *words], capture_output=True, timeout=_TIMEOUT, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        return b"", _refused(name, "git is not installed", "install it, or write the file there: git show")
    except subprocess.TimeoutExpired:
        return b"", _refused(name, f"git has not answered within {_TIMEOUT} s", f"try it by itself: git {words[0]}")
    if ran.returncode:
        lines = ran.stderr.decode(errors="replace").strip().splitlines()
        said = lines[0].removeprefix("fatal: ") if lines else "git has not found it"
        return b"", _refused(name, said, _HINT)
    return ran.stdout, None


def _refused(text: str, why: str, hint: str) -> Diagnostic:
    return Diagnostic("unreadable", f"cannot read `{text}` from git: {why}", hint=hint, environment=True)
