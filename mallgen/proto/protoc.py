"""protoc, in this process: `.proto` files into a FileDescriptorSet. An edge."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.proto.imports import ReadProtos, read
from mallgen.text.span import Span

_PLACED = re.compile(r"(?P<file>[^:\n]+\.proto):(?P<line>\d+):(?P<col>\d+): (?P<text>.+)")
_NAMED = re.compile(r"(?P<file>[^:\n]+\.proto): (?P<text>.+)")
_FOLLOWS = re.compile(r'^Import ".*" was not found or had errors$')  # what is not found is told before protoc runs
_WARNING = "warning: "
_MOST = 100


class Compiled(NamedTuple):
    """The descriptor set with source info, empty after an error; `roots` are the files as protoc names them.

    `paths` are the files as the user names them, by protoc's name; `texts` what they hold, by the user's name.
    """

    descriptors: bytes
    roots: tuple[str, ...]
    paths: dict[str, str]
    texts: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]


def compile_protos(paths: Sequence[str], includes: Sequence[str]) -> Compiled:
    """Compile files with everything they import; without `includes` each file's own folder is searched."""
    found = read(paths, includes)
    if found.diagnostics:
        return Compiled(b"", (), found.paths, found.texts, found.diagnostics)
    descriptors, said = _run(found)
    diagnostics = tuple(_diagnostics(said, found, bool(descriptors)))
    if descriptors:
        diagnostics += tuple(_unread(descriptors, found))
    failed = any(problem.severity == "error" for problem in diagnostics)
    return Compiled(b"" if failed else descriptors, found.roots, found.paths, found.texts, diagnostics)


def _run(found: ReadProtos) -> tuple[bytes, str]:
    """The descriptor set, and what protoc wrote to file descriptor 2, where its errors go.

    protoc takes `:` and `=` in the name of a folder for something else, and a file of the working directory for one
    of the same name below a folder: links of ours stand for the folders.
    """
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "set")
        words = ["protoc", f"--descriptor_set_out={out}", "--include_imports", "--include_source_info"]
        for number, folder in enumerate(found.folders):
            link = os.path.join(work, str(number))
            os.symlink(os.path.realpath(folder), link)
            words.append(f"-I{link}")
        words += (os.path.join(work, str(found.within[root]), root) for root in found.roots)
        sys.stderr.flush()
        saved = os.dup(2)
        with open(os.path.join(work, "said"), "wb+") as said:
            os.dup2(said.fileno(), 2)
            try:
                code = protoc.main(words)
            finally:
                os.dup2(saved, 2)
                os.close(saved)
            said.seek(0)
            text = re.sub(re.escape(f"{work}{os.sep}") + r"\d+/", "", said.read().decode("utf-8", "replace"))
        if code:
            return b"", text or "protoc failed without a word"
        with open(out, "rb") as file:
            return file.read(), text


def _unread(descriptors: bytes, found: ReadProtos) -> Iterator[Diagnostic]:
    """Files that protoc opened and we did not look at first: what we refuse must not come in by a way we overlooked."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    for file in FileDescriptorSet.FromString(descriptors).file:
        if file.name not in found.paths:
            message = f"{file.name!r} is imported in a way that mallgen does not read"
            yield Diagnostic("bad-import", message, hint='write it plainly: import "folder/file.proto";')


def _diagnostics(said: str, found: ReadProtos, compiled: bool) -> Iterator[Diagnostic]:
    """What protoc said, at most a hundred errors of it, without what only follows from another error."""
    lines: dict[str, list[str]] = {}
    causes: dict[Diagnostic, None] = {}
    follows: list[Diagnostic] = []
    rest = 0
    for line in said.splitlines():
        if len(causes) == _MOST:
            rest += _PLACED.match(line) is not None
            continue
        problem = _diagnostic(line, found, lines, compiled)
        if problem is None:
            continue
        if problem.severity != "error":
            yield problem
        elif _FOLLOWS.search(problem.message):
            follows.append(problem)
        else:
            causes[problem] = None
    yield from causes or follows
    if rest:
        yield Diagnostic("protoc", f"and {rest} other errors", hint="correct these first")
    if not causes and not follows and not compiled:
        yield Diagnostic("protoc", said.strip().splitlines()[-1], hint="protoc says so")


def _diagnostic(line: str, found: ReadProtos, lines: dict[str, list[str]], compiled: bool) -> Diagnostic | None:
    """What one line of protoc says, None when it says nothing by itself."""
    placed, named = _PLACED.match(line), _NAMED.match(line)
    if placed:
        text, severity, hint = placed["text"].rstrip("."), "error", "protoc says so; correct the proto"
        if text.startswith(_WARNING):
            text, severity, hint = text.removeprefix(_WARNING), "warning", "protoc says so"
        return Diagnostic("protoc", text, _span(placed, found, lines), hint, severity=severity)
    if named and not compiled:
        path = found.paths.get(named["file"], named["file"])
        span = Span(path, 1, 1, 1, 2)
        return Diagnostic("protoc", named["text"].rstrip("."), span, "protoc says so; correct the proto")
    return None


def _span(placed: Mapping[str, str] | re.Match[str], found: ReadProtos, lines: dict[str, list[str]]) -> Span:
    from mallgen.proto.model import column

    path, row = found.paths.get(placed["file"], placed["file"]), int(placed["line"])
    if path not in lines:
        lines[path] = found.texts.get(path, "").split("\n")
    col = column(lines[path], row - 1, int(placed["col"]) - 1)
    return Span(path, row, col, row, col + 1)
