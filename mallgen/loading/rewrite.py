"""Contracts that are rewritten in place: find, read and replace them. An edge."""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.loading.borders import is_inside, is_writable
from mallgen.loading.sources import Unreadable, read_text
from mallgen.text.limits import DEFAULT, raise_it

STDIN = "-"


class TextFile(NamedTuple):
    """A file: `raw` is its content on disk, `text` the same with LF line ends, `name` its name in messages."""

    name: str
    raw: str
    text: str

    def laid_out(self, text: str) -> str:
        """Return `text` with the line ends that most lines of this file have."""
        windows = self.raw.count("\r\n")
        return text.replace("\n", "\r\n") if windows > self.raw.count("\n") - windows else text


class CannotWrite(Exception):
    """A file could not be replaced, and is unchanged."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def contract_files(paths: Iterable[str], tell: Callable[[str], None]) -> Iterator[str]:
    """Yield the files that `paths` name, each once: files as they are, folders as the `.api` files below them.

    Hidden folders are left out and links to folders are not followed. A link to a file outside of its folder is left
    out too, and reported through `tell`.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _contracts_below(path, tell) if os.path.isdir(path) else [path]:
            real = os.path.realpath(found)
            if real not in seen:
                seen.add(real)
                yield os.path.normpath(found)


def read_file(path: str, most: int = DEFAULT.bytes) -> TextFile:
    """Read a file of at most `most` bytes. Raises Unreadable."""
    text = read_text(path, most)
    try:
        with open(path, "rb") as file:
            return TextFile(path, file.read().decode("utf-8"), text)
    except OSError as problem:
        raise Unreadable("unreadable", f"cannot read `{path}`: {problem.strerror}", "check its permissions") from None


def read_stdin(most: int = DEFAULT.bytes) -> TextFile:
    """Read stdin, at most `most` bytes. Raises Unreadable."""
    data = sys.stdin.buffer.read(most + 1) if hasattr(sys.stdin, "buffer") else sys.stdin.read(most + 1).encode()
    if len(data) > most:
        raise Unreadable("too-large", f"stdin has more than {most} bytes", raise_it("bytes", 4 * most)[3:])
    try:
        raw = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Unreadable("not-utf8", f"stdin is not UTF-8 at byte {problem.start}", "send UTF-8") from None
    return TextFile("<stdin>", raw, raw.replace("\r\n", "\n"))


def replace_file(path: str, text: str) -> None:
    """Replace a file's content in one step; its mode and links to it stay. Raises CannotWrite."""
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    for kind, place, shown in (("file", target, path), ("folder", folder, os.path.relpath(folder))):
        if not is_writable(place):
            raise CannotWrite(_refused("read-only", f"the {kind} `{shown}` is read-only", "allow writing to it"))
    staged = ""
    try:
        handle, staged = tempfile.mkstemp(prefix=".mallgen-", dir=folder)
        with open(handle, "wb") as file:
            file.write(text.encode())
        os.chmod(staged, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(staged, target)
    except OSError as problem:
        raise CannotWrite(
            _refused("cannot-write", f"`{path}`: {problem.strerror}", "make room or allow it")
        ) from problem
    finally:
        if staged:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(staged)


def put_file(path: str, text: str) -> None:
    """Write a file as `replace_file` does, also one that is not there, with its folders. Raises CannotWrite."""
    if os.path.lexists(path):
        replace_file(path, text)
        return
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(folder) and not is_writable(folder):
        shown = os.path.relpath(folder)
        raise CannotWrite(_refused("read-only", f"the folder `{shown}` is read-only", "allow writing to it"))
    try:
        os.makedirs(folder, exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as problem:
        hint = "make room or allow it"
        raise CannotWrite(_refused("cannot-write", f"`{path}`: {problem.strerror}", hint)) from problem


def _refused(code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code, message, hint=hint, environment=True)


def _contracts_below(folder: str, tell: Callable[[str], None]) -> Iterator[str]:
    top = os.path.realpath(folder)
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(here, name)
            if not name.endswith(".api") or not os.path.isfile(path):
                continue
            if not is_inside(os.path.realpath(path), top):
                tell(f"left as it is: `{path}` is a link that leads out of `{folder}`")
            else:
                yield path
