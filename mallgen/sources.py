"""Read a contract and everything it imports. An edge: it touches files, and nothing else."""

import os
import stat
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, Note
from mallgen.model import Span
from mallgen.syntax.scan import MAX_BYTES, Import, Scanned, scan

MAX_FILES = 256
MAX_DEPTH = 32


class Sources(NamedTuple):
    """The scanned files, the root first, each followed by its imports; `texts` for code frames."""

    files: tuple[Scanned, ...]
    texts: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]


class Unreadable(Exception):
    """A file that cannot be read as text: code, message and hint."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def read(path: str) -> Sources:
    """Read the contract at `path`; files are named as the user would name them from where he stands."""
    reader = _Reader()
    reader.visit(os.path.normpath(path), (), None)
    return Sources(tuple(reader.files.values()), reader.texts, tuple(reader.diagnostics))


def read_text(path: str) -> str:
    """The text of one `.api` file, or Unreadable."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise Unreadable("no-such-file", f"there is no file `{path}`", "check the path") from None
    except OSError as problem:
        raise Unreadable("unreadable", f"cannot read `{path}`: {problem.strerror}", "check its permissions") from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise Unreadable("not-a-file", f"`{path}` is {kind}", "name the `.api` file itself")
    if status.st_size > MAX_BYTES:
        limit = f"the limit is {MAX_BYTES >> 20} MiB"
        raise Unreadable("too-large", f"`{path}` has {status.st_size} bytes, {limit}", "split it into imported files")
    return _decode(path)


def _decode(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise Unreadable("unreadable", f"cannot read `{path}`: {problem.strerror}", "check its permissions") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Unreadable("not-utf8", f"`{path}` is not UTF-8 at byte {problem.start}", "save it as UTF-8") from None
    return text.replace("\r\n", "\n")


class _Reader:
    def __init__(self) -> None:
        self.files: dict[str, Scanned] = {}
        self.texts: dict[str, str] = {}
        self.diagnostics: list[Diagnostic] = []

    def visit(self, path: str, chain: tuple[str, ...], by: Span | None) -> None:
        key = os.path.realpath(path)
        if key in chain:
            self._cycle(path, key, chain, by)
            return
        if key in self.files:
            return
        if len(self.files) >= MAX_FILES or len(chain) >= MAX_DEPTH:
            message = f"more than {MAX_FILES} files or {MAX_DEPTH} levels of imports"
            self.diagnostics.append(Diagnostic("too-many-files", message, by, "split the contract"))
            return
        try:
            text = read_text(path)
        except Unreadable as problem:
            self.diagnostics.append(Diagnostic(problem.code, problem.message, by, problem.hint))
            return
        self.texts[path] = text
        if not text.strip(" \t\r\f\v\n"):
            hint = 'begin with `syntax = "v1"`, then types and a service'
            where = Span(path, 1, 1, 1, 1)
            self.diagnostics.append(Diagnostic("empty-file", f"`{path}` is empty", by or where, hint))
        scanned = scan(text, path)
        self.files[key] = scanned
        self._imports(scanned, path, (*chain, key))

    def _imports(self, scanned: Scanned, path: str, chain: tuple[str, ...]) -> None:
        seen: dict[str, Import] = {}
        for item in scanned.imports:
            other = seen.setdefault(item.value, item)
            if other is not item and len(chain) == 1:
                note = Note(other.span, "first imported here")
                message = f'"{item.value}" is imported twice'
                self.diagnostics.append(Diagnostic("duplicate-import", message, item.span, "remove one", (note,)))
            elif not item.value.endswith(".api"):
                hint = "only `.api` files can be imported"
                self.diagnostics.append(
                    Diagnostic("bad-import", f'"{item.value}" is not a `.api` file', item.span, hint)
                )
            else:
                target = os.path.join(os.path.dirname(path), item.value)
                self.visit(os.path.normpath(target), chain, item.span)

    def _cycle(self, path: str, key: str, chain: tuple[str, ...], by: Span | None) -> None:
        names = [os.path.basename(name) for name in (*chain[chain.index(key) :], key)]
        message = f"imports form a circle: {' → '.join(names)}"
        hint = "move what both need into a third file"
        self.diagnostics.append(Diagnostic("import-cycle", message, by, hint))
