"""The contracts of a git revision, as files below a folder. An edge: it asks git, and touches no working tree."""

import os
import stat
import subprocess
from collections.abc import Iterator, Sequence

from mallgen.diagnostics import Diagnostic

SUFFIXES = (".api", ".proto", ".sql", ".ddl", ".mysql", ".pgsql", "/mallgen.toml")
_TIMEOUT = 60  # seconds
_MOST_FILES, _MOST_BYTES = 10_000, 256 << 20


class NoRevision(Exception):
    """A revision that cannot be read; `diagnostic` says why."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic("no-base", message, hint=hint, environment=True)


def extract(revision: str, into: str, start: str = ".") -> str:
    """Write the contracts that a revision has below `into`; return the folder there of the folder `start`.

    Raises NoRevision.
    """
    if _asked(["rev-parse", "--git-dir"], start) is None:
        message = f"there is no file or folder `{revision}`, and this folder is in no git repository"
        raise NoRevision(message, "name what to compare with: --against FOLDER or FILE")
    found = _asked(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"], start)
    if found is None:
        message = f"there is no file, folder or git revision `{revision}`"
        raise NoRevision(message, "in a shallow clone: git fetch --unshallow; or --against FOLDER or FILE")
    commit, top = os.fsdecode(found).strip(), _text(["rev-parse", "--show-toplevel"], revision, start)
    listed = list(_contracts(_git(["ls-tree", "-r", "-z", "-l", "--full-tree", commit], revision, start)))
    if len(listed) > _MOST_FILES or sum(size for _, _, size in listed) > _MOST_BYTES:
        raise NoRevision(f"`{revision}` has too many contracts to read", "name a folder that has them: --against DIR")
    os.mkdir(os.path.join(into, ".git"))  # the border of imports, as in the repository
    texts = _blobs([digest for digest, _, _ in listed], revision, start)
    for (_, path, _), data in zip(listed, texts, strict=True):
        target = os.path.join(into, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "xb") as file:
            file.write(data)
    here = os.path.join(into, os.path.relpath(os.path.realpath(start), os.path.realpath(top)))
    os.makedirs(here, exist_ok=True)
    return os.path.normpath(here)


def merge_base(start: str = ".") -> tuple[str, str]:
    """Return the commit at which the branch of a folder left the default branch, and that one. Raises NoRevision."""
    if _asked(["rev-parse", "--git-dir"], start) is None:
        message = "this folder is in no git repository"
        raise NoRevision(message, "name what to compare with: --against FOLDER or FILE")
    for name in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
        if _asked(["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], start) is not None:
            found = _asked(["merge-base", name, "HEAD"], start)
            if found is not None:
                return found.decode().strip(), name
    message = "there is no branch origin/HEAD, main or master to compare with"
    raise NoRevision(message, "name what to compare with: --against REVISION, FOLDER or FILE")


def _contracts(listing: bytes) -> Iterator[tuple[str, str, int]]:
    """Yield digest, path and size of the plain files among a listing that are contracts."""
    for line in listing.split(b"\0"):
        head, _, name = line.partition(b"\t")
        words = head.decode().split()
        path = os.fsdecode(name)
        if len(words) == 4 and stat.S_ISREG(int(words[0], 8)) and f"/{path}".endswith(SUFFIXES):
            yield words[2], path, int(words[3])


def _blobs(digests: Sequence[str], revision: str, start: str) -> Iterator[bytes]:
    """Yield the contents of blobs, which one process of git reads."""
    data = _git(["cat-file", "--batch"], revision, start, "".join(f"{digest}\n" for digest in digests).encode())
    at = 0
    for _ in digests:
        end = data.index(b"\n", at)
        size = int(data[at:end].rpartition(b" ")[2])
        yield data[end + 1 : end + 1 + size]
        at = end + size + 2


def _text(words: list[str], revision: str, start: str) -> str:
    return os.fsdecode(_git(words, revision, start)).strip()


def _git(words: list[str], revision: str, start: str, given: bytes = b"") -> bytes:
    try:
        ran = subprocess.run(  # noqa: S603  the user's own git, which runs no filter or program for these
            ["git", "-C", start, *words], input=given, capture_output=True, timeout=_TIMEOUT, check=False  # noqa: S607
        )
    except FileNotFoundError:
        raise NoRevision("git is not installed", "install it, or name a folder or file: --against DIR") from None
    except subprocess.TimeoutExpired:
        raise NoRevision(f"git has not answered within {_TIMEOUT} s", "name a folder: --against DIR") from None
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip().removeprefix("fatal: ").partition("\n")[0]
        message = f"cannot read `{revision}` from git: {said or 'it does not say why'}"
        raise NoRevision(message, "name what to compare with: --against FOLDER or FILE")
    return ran.stdout


def _asked(words: list[str], start: str) -> bytes | None:
    """Return git's answer, None where it has none."""
    try:
        return _git(words, "HEAD", start)
    except NoRevision:
        return None
