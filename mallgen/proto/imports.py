"""Finds and checks the files that protoc will read, before it does; all must lie in the -I folders. An edge."""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.loading.borders import is_inside
from mallgen.loading.sources import Unreadable, limits, read_text
from mallgen.proto.scan import ProtoImport, outline
from mallgen.text.limits import DEFAULT
from mallgen.text.span import Span

_FILE_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*\.proto")
_LONGEST = 1024
SHIPPED = os.path.join(os.path.dirname(__file__), "shipped")  # the protos that come with mallgen
_SPELLING = "use letters, digits, `_`, `-` and `.`, and the suffix `.proto`"


class ReadProtos(NamedTuple):
    """The files that protoc will read, and diagnostics about them.

    `folders` are searched in this order; the last two are mallgen's and protobuf's own. `roots` are the files that the
    user named, by protoc's names, which are relative to a folder; `within` is the index of each root's folder. `paths`
    are the paths of all files by protoc's names; `texts` are their texts by path.
    """

    folders: tuple[str, ...]
    roots: tuple[str, ...]
    within: dict[str, int]
    paths: dict[str, str]
    texts: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]


def read(paths: Sequence[str], includes: Sequence[str]) -> ReadProtos:
    """Find and check `paths` and all that they import; without `includes` each file's own folder is searched."""
    try:
        reader = _ImportReader(list(dict.fromkeys(includes or [os.path.dirname(path) or "." for path in paths])))
    except Unreadable as problem:
        return ReadProtos((), (), {}, {}, {}, (Diagnostic(problem.code, problem.message, None, problem.hint),))
    reader.check_folders(includes)
    roots = [] if reader.problems else [root for path in paths if (root := reader.root(path))]
    for root in roots:
        reader.visit(root, None, 1)
    within = {root: reader.within[root] for root in roots if root in reader.within}
    return ReadProtos(
        tuple(reader.folders), tuple(dict.fromkeys(roots)), within, reader.paths, reader.texts, tuple(reader.problems)
    )


def is_library(path: str) -> bool:
    """Return whether a file comes with mallgen or with protobuf, and so is found wherever contracts are read."""
    return any(is_inside(os.path.realpath(path), os.path.realpath(folder)) for folder in _libraries())


def _libraries() -> tuple[str, str]:
    """Return the folders of the protos that come with mallgen and with protobuf."""
    import grpc_tools

    return SHIPPED, os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")


class _ImportReader:
    def __init__(self, folders: list[str]) -> None:
        self.folders = [*folders, *_libraries()]
        self._first_library = len(folders)
        self.within: dict[str, int] = {}
        self.paths: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.problems: list[Diagnostic] = []
        self._limits = limits()
        self._reported_too_many = False
        self._real_folders = [os.path.realpath(folder) for folder in self.folders]

    def check_folders(self, includes: Sequence[str]) -> None:
        """Report folders that do not exist, and the root folder, which would allow to import any file."""
        for folder in dict.fromkeys(includes):
            if os.path.realpath(folder) == os.sep:
                message = f"`-I {folder}` would let a proto import any file of this machine"
                self._wrong("outside-include", message, None, "name the folder that holds the protos")
            elif not os.path.isdir(folder):
                self._wrong("no-such-file", f"there is no folder `{folder}`", None, "check the path after -I")

    def root(self, path: str) -> str:
        """Return protoc's name for a file that the user named; report a file that cannot be used and return ""."""
        if not os.path.exists(path):
            return self._wrong("no-such-file", f"there is no file `{path}`", None, "check the path")
        if not os.path.isfile(path):
            hint = "name the `.proto` file itself"
            return self._wrong("not-a-file", f"`{path}` is not a regular file", None, hint)
        real = os.path.realpath(path)
        for number, top in enumerate(self._real_folders[: self._first_library]):
            if is_inside(real, top):
                return self._named(path, os.path.relpath(real, top).replace(os.sep, "/"), number)
        linked = f": it is a link to `{real}`" if os.path.islink(path) else ""
        hint = "name a folder above it with -I"
        return self._wrong("outside-include", f"`{path}` is in none of the -I folders{linked}", None, hint)

    def _named(self, path: str, name: str, number: int) -> str:
        if not _FILE_NAME.fullmatch(name):
            return self._wrong("bad-file-name", f"{name!r} cannot be the name of a proto file", None, _SPELLING)
        first = self._find(name)
        if first is not None and not os.path.samefile(os.path.join(self.folders[first], name), path):
            other = os.path.join(self.folders[first], name)
            hint = "name the folder of the file that is meant first"
            return self._wrong("shadowed-file", f"`{path}` is hidden by `{other}`: both are `{name}`", None, hint)
        return name

    def visit(self, name: str, by: ProtoImport | None, depth: int) -> None:
        """Check a file and all that it imports; `by` is the import that names it, None for a root."""
        if name in self.paths:
            return
        number = self._find(name)
        if number is None:
            self._missing(name, by)
            return
        path = os.path.normpath(os.path.join(self.folders[number], name))
        if number >= self._first_library:
            self._keep(name, path, number)
            self._visit_imports(name, path, None, depth)
        elif self._inside(path, by) and not self._too_many(by, depth):
            self._keep(name, path, number)
            self._visit_imports(name, path, by, depth)

    def _keep(self, name: str, path: str, number: int) -> None:
        self.paths[name] = path
        self.within[name] = number

    def _visit_imports(self, name: str, path: str, by: ProtoImport | None, depth: int) -> None:
        try:
            text = read_text(path, self._limits.bytes, ".proto")
        except Unreadable as problem:
            self._wrong(problem.code, problem.message, by, problem.hint)
            return
        self.texts[path] = text
        proto = outline(text, path, self._limits)
        self.problems += proto.diagnostics
        for item in proto.imports:
            if not _FILE_NAME.fullmatch(item.name) or len(item.name) > _LONGEST:
                self._bad_import(item)
            else:
                self.visit(item.name, item, depth + 1)

    def _find(self, name: str) -> int | None:
        """Return the index of the first folder that has the file, None when none has it."""
        return next(
            (number for number, folder in enumerate(self.folders) if os.path.lexists(os.path.join(folder, name))), None
        )

    def _inside(self, path: str, by: ProtoImport | None) -> bool:
        """Return whether a file lies in one of the folders after links are followed; report it if not."""
        real = os.path.realpath(path)
        if any(is_inside(real, top) for top in self._real_folders):
            return True
        self._wrong(
            "outside-include", f"`{path}` is a link that leads out of the -I folders", by, "copy the file there"
        )
        return False

    def _too_many(self, by: ProtoImport | None, depth: int) -> bool:
        if len(self.paths) < self._limits.files and depth <= self._limits.depth:
            return False
        message = f"more than {self._limits.files} files or {self._limits.depth} levels of imports"
        if not self._reported_too_many:
            self._reported_too_many = True
            hint = f"raise the limits: MALLGEN_MAX_FILES={DEFAULT.files * 4}, MALLGEN_MAX_DEPTH={DEFAULT.depth * 2}"
            self._wrong("too-many-files", message, by, hint)
        return True

    def _missing(self, name: str, by: ProtoImport | None) -> None:
        searched = ", ".join(f"`{folder}`" for folder in self.folders[: self._first_library])
        hint = f"name the folder that has it with -I; searched: {searched}"
        self._wrong("no-such-file", f"there is no `{name}` in the -I folders", by, hint)

    def _bad_import(self, item: ProtoImport) -> None:
        if len(item.name) > _LONGEST:
            message = f'"{item.name[:40]}…" is longer than {_LONGEST} characters'
            self._wrong("bad-file-name", message, item, "no system has such a path")
        elif item.name.startswith("/") or {".", ".."} & set(item.name.split("/")):
            hint = "imports are relative to the -I folders; name the folder that has it with -I"
            self._wrong("outside-include", f'"{item.name}" leads out of the -I folders', item, hint)
        else:
            self._wrong("bad-file-name", f"{item.name!r} cannot be the name of a proto file", item, _SPELLING)

    def _wrong(self, code: str, message: str, by: ProtoImport | None, hint: str) -> str:
        span: Span | None = by.span if by is not None else None
        self.problems.append(Diagnostic(code, message, span, hint))
        return ""
