"""Read a contract and everything it imports. An edge: it reads files and the environment."""

import os
import stat
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, Note
from mallgen.loading.borders import import_border, is_inside
from mallgen.syntax.scan import Import, Scanned, scan
from mallgen.text.limits import DEEPEST, DEFAULT, Limits, raise_it, setting
from mallgen.text.span import Span


class Sources(NamedTuple):
    """The scanned files, the root first, each followed by its imports; `texts` for code frames."""

    files: tuple[Scanned, ...]
    texts: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]
    limits: Limits = DEFAULT


class Unreadable(Exception):
    """A file that cannot be read as text: code, message and hint."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class FileTexts:
    """The source of a contract's texts: the disk. Subclasses have unsaved or edited texts before it."""

    def text(self, path: str, real: str, most: int) -> str:
        """Return the text of one file with LF line ends; `real` is its path without links. Raises Unreadable."""
        return read_text(path, most)

    def scanned(self, text: str, path: str, limits: Limits) -> Scanned:
        """Cut a text into statements."""
        return scan(text, path, limits)


def read(path: str, outside: bool = False, disk: FileTexts | None = None) -> Sources:
    """Read the contract at `path` and its imports; files are named relative to the working directory, as `path` is.

    Imports must be inside of the contract's repository (see `import_border`), unless `outside` allows others.
    """
    try:
        reader = _SourceReader(limits(), os.path.normpath(path), outside)
        reader.disk = disk or reader.disk
    except Unreadable as problem:
        return Sources((), {}, (Diagnostic(problem.code, problem.message, None, problem.hint),))
    reader.visit(os.path.normpath(path), (), None)
    return Sources(tuple(reader.files.values()), reader.texts, tuple(reader.diagnostics), reader.limits)


def limits() -> Limits:
    """Return the limits, those of the environment first. Raises Unreadable for a value that is no number in range."""
    found = {}
    for name in DEFAULT._fields:
        text = os.environ.get(setting(name), "")
        if text:
            most = DEEPEST.get(name, 1 << 40)
            if not text.isascii() or not text.isdigit() or len(text) > 13 or not 0 < int(text) <= most:
                hint = f"write a whole number from 1 to {most}, such as {getattr(DEFAULT, name)}"
                raise Unreadable("bad-limit", f"{setting(name)} is `{text}`", hint)
            found[name] = int(text)
    return DEFAULT._replace(**found)


def read_text(path: str, most: int = DEFAULT.bytes, suffix: str = ".api") -> str:
    """Read the text of one contract of at most `most` bytes. Raises Unreadable; `suffix` is for its hint."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise Unreadable("no-such-file", f"there is no file `{path}`", "check the path") from None
    except OSError as problem:
        raise Unreadable("unreadable", f"cannot read `{path}`: {problem.strerror}", "check its permissions") from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise Unreadable("not-a-file", f"`{path}` is {kind}", f"name the `{suffix}` file itself")
    if status.st_size > most:
        hint = f"split it into imported files, {raise_it('bytes', 1 << status.st_size.bit_length())}"
        raise Unreadable("too-large", f"`{path}` has {status.st_size} bytes, the limit is {most}", hint)
    return _decode(path, most)


def _decode(path: str, most: int) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as problem:
        raise Unreadable("unreadable", f"cannot read `{path}`: {problem.strerror}", "check its permissions") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Unreadable("not-utf8", f"`{path}` is not UTF-8 at byte {problem.start}", "save it as UTF-8") from None
    return text.replace("\r\n", "\n")


class _SourceReader:
    def __init__(self, limits: Limits, path: str, outside: bool) -> None:
        self.limits = limits
        self._folder = os.path.dirname(os.path.realpath(path))
        self._path = path
        self._outside = outside
        self.disk = FileTexts()
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
        if by is not None and not self._may_read(key, by):
            return
        for name, count, what in (("files", len(self.files), "files"), ("depth", len(chain), "levels of imports")):
            most = getattr(self.limits, name)
            if count >= most:
                self._too_many(name, f"more than {most} {what}", most, by)
                return
        try:
            text = self.disk.text(path, key, self.limits.bytes)
        except Unreadable as problem:
            self.diagnostics.append(Diagnostic(problem.code, problem.message, by, problem.hint))
            return
        self.texts[path] = text
        if not text.strip(" \t\r\f\v\n"):
            hint = 'begin with `syntax = "v1"`, then types and a service'
            where = Span(path, 1, 1, 1, 1)
            self.diagnostics.append(Diagnostic("empty-file", f"`{path}` is empty", by or where, hint))
        scanned = self.disk.scanned(text, path, self.limits)
        self.files[key] = scanned
        self._imports(scanned, path, (*chain, key))

    def _may_read(self, key: str, by: Span) -> bool:
        if self._outside:
            return True
        if not key.endswith(".api") and os.path.lexists(key):
            message = "this is a link to a file that is no contract"
            self.diagnostics.append(Diagnostic("outside-workspace", message, by, "import the `.api` file itself"))
            return False
        if is_inside(key, self._folder):
            return True
        top = import_border(self._path)
        if not top or is_inside(key, top):
            return True
        message = f"this leads out of `{os.path.relpath(top)}`, where the contract's repository is"
        hint = "move the file into it, or allow it once with --allow-outside"
        self.diagnostics.append(Diagnostic("outside-workspace", message, by, hint))
        return False

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

    def _too_many(self, name: str, message: str, most: int, by: Span | None) -> None:
        if not any(problem.message == message for problem in self.diagnostics):
            hint = f"merge small files, {raise_it(name, 2 * most)}"
            self.diagnostics.append(Diagnostic("too-many-files", message, by, hint))

    def _cycle(self, path: str, key: str, chain: tuple[str, ...], by: Span | None) -> None:
        names = [os.path.basename(name) for name in (*chain[chain.index(key) :], key)]
        message = f"imports form a circle: {' → '.join(names)}"
        hint = "move what both need into a third file"
        self.diagnostics.append(Diagnostic("import-cycle", message, by, hint))
