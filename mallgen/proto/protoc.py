"""Runs protoc inside this process, to compile `.proto` files into a FileDescriptorSet. An edge."""

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
_FOLLOWS = re.compile(r'^Import ".*" was not found or had errors$')  # missing files are reported before protoc runs
_WARNING = "warning: "
_MOST = 100


class Compiled(NamedTuple):
    """The serialized descriptor set with source info, empty after an error; `roots` are protoc's names of the files.

    `paths` are the paths of all files, as the user names them, by protoc's names; `texts` are their texts by path.
    """

    descriptors: bytes
    roots: tuple[str, ...]
    paths: dict[str, str]
    texts: dict[str, str]
    diagnostics: tuple[Diagnostic, ...]


def compile_protos(paths: Sequence[str], includes: Sequence[str]) -> Compiled:
    """Compile files with everything they import; without `includes` each file's own folder is searched."""
    protos = read(paths, includes)
    if protos.diagnostics:
        return Compiled(b"", (), protos.paths, protos.texts, protos.diagnostics)
    descriptors, output = _run(protos)
    diagnostics = tuple(_diagnostics(output, protos, bool(descriptors)))
    if descriptors:
        diagnostics += tuple(_unchecked(descriptors, protos))
    failed = any(problem.severity == "error" for problem in diagnostics)
    return Compiled(b"" if failed else descriptors, protos.roots, protos.paths, protos.texts, diagnostics)


def _run(protos: ReadProtos) -> tuple[bytes, str]:
    """Return the descriptor set, empty after an error, and the text that protoc wrote to file descriptor 2.

    protoc is given links in a temporary folder instead of the folders themselves, because it gives `:` and `=` in a
    folder's name a meaning, and mistakes a file of the working directory for one of the same name below a folder.
    """
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "set")
        words = ["protoc", f"--descriptor_set_out={out}", "--include_imports", "--include_source_info"]
        for number, folder in enumerate(protos.folders):
            link = os.path.join(work, str(number))
            os.symlink(os.path.realpath(folder), link)
            words.append(f"-I{link}")
        words += (os.path.join(work, str(protos.within[root]), root) for root in protos.roots)
        sys.stderr.flush()
        saved = os.dup(2)
        with open(os.path.join(work, "said"), "wb+") as output:
            os.dup2(output.fileno(), 2)
            try:
                code = protoc.main(words)
            finally:
                os.dup2(saved, 2)
                os.close(saved)
            output.seek(0)
            text = re.sub(re.escape(f"{work}{os.sep}") + r"\d+/", "", output.read().decode("utf-8", "replace"))
        if code:
            return b"", text or "protoc failed without a word"
        with open(out, "rb") as file:
            return file.read(), text


def _unchecked(descriptors: bytes, protos: ReadProtos) -> Iterator[Diagnostic]:
    """Refuse files that protoc opened and imports.py did not check first: an import must not bypass the checks."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    for file in FileDescriptorSet.FromString(descriptors).file:
        if file.name not in protos.paths:
            message = f"{file.name!r} is imported in a way that mallgen does not read"
            yield Diagnostic("bad-import", message, hint='write it plainly: import "folder/file.proto";')


def _diagnostics(output: str, protos: ReadProtos, compiled: bool) -> Iterator[Diagnostic]:
    """Yield protoc's warnings and at most 100 of its errors, without those that only follow from another error."""
    lines: dict[str, list[str]] = {}
    causes: dict[Diagnostic, None] = {}
    follows: list[Diagnostic] = []
    rest = 0
    for line in output.splitlines():
        if len(causes) == _MOST:
            rest += _PLACED.match(line) is not None
            continue
        problem = _diagnostic(line, protos, lines, compiled)
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
        yield Diagnostic("protoc", output.strip().splitlines()[-1], hint="protoc says so")


def _diagnostic(line: str, protos: ReadProtos, lines: dict[str, list[str]], compiled: bool) -> Diagnostic | None:
    """Return the diagnostic in one line of protoc's output, None when it has none; `lines` caches texts by path."""
    placed, named = _PLACED.match(line), _NAMED.match(line)
    if placed:
        text, severity, hint = placed["text"].rstrip("."), "error", "protoc says so; correct the proto"
        if text.startswith(_WARNING):
            text, severity, hint = text.removeprefix(_WARNING), "warning", "protoc says so"
        return Diagnostic("protoc", text, _span(placed, protos, lines), hint, severity=severity)
    if named and not compiled:
        path = protos.paths.get(named["file"], named["file"])
        span = Span(path, 1, 1, 1, 2)
        return Diagnostic("protoc", named["text"].rstrip("."), span, "protoc says so; correct the proto")
    return None


def _span(placed: Mapping[str, str] | re.Match[str], protos: ReadProtos, lines: dict[str, list[str]]) -> Span:
    from mallgen.proto.model import column

    path, row = protos.paths.get(placed["file"], placed["file"]), int(placed["line"])
    if path not in lines:
        lines[path] = protos.texts.get(path, "").split("\n")
    col = column(lines[path], row - 1, int(placed["col"]) - 1)
    return Span(path, row, col, row, col + 1)
