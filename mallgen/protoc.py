"""protoc, in this process: `.proto` files into a FileDescriptorSet. An edge."""

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.model import Span

_PLACED = re.compile(r"(?P<file>[^:\n]+\.proto):(?P<line>\d+):(?P<col>\d+): (?P<text>.+)")
_SOUND = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*\.proto")
_NAMED = re.compile(r"(?P<file>[^:\n]+\.proto): (?P<text>.+)")


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
    problems = [problem for path in paths for problem in _unreadable(path)]
    if problems:
        return _failed(problems)
    folders = list(dict.fromkeys(includes or [os.path.dirname(path) or "." for path in paths]))
    roots = [_below(path, folders) for path in paths]
    problems = [problem for path, root in zip(paths, roots, strict=True) for problem in _unnamed(path, root)]
    if problems:
        return _failed(problems)
    descriptors, said = _run(folders, roots)
    named = _names(descriptors) if descriptors else [match["file"] for match in _PLACED.finditer(said)]
    found = {name: _where(name, folders) for name in named}
    problems = [problem for path in found.values() for problem in _strayed(path, folders)]
    if problems:
        return _failed(problems)
    texts = _texts(found.values())
    diagnostics = tuple(_diagnostics(said, folders, descriptors, texts))
    return Compiled(b"" if diagnostics else descriptors, tuple(roots), found, texts, diagnostics)


def _failed(problems: Sequence[Diagnostic]) -> Compiled:
    return Compiled(b"", (), {}, {}, tuple(problems))


def _unnamed(path: str, root: str) -> list[Diagnostic]:
    """Files that no -I folder holds, or whose name could not be a module's."""
    if not root:
        hint = "name a folder above it with -I"
        return [Diagnostic("outside-include", f"`{path}` is in none of the -I folders", hint=hint)]
    if not _SOUND.fullmatch(root):
        hint = "use letters, digits, `_`, `-` and `.`, and the suffix `.proto`"
        return [Diagnostic("bad-file-name", f"{root!r} cannot be the name of a proto file", hint=hint)]
    return []


def _strayed(path: str, folders: Sequence[str]) -> list[Diagnostic]:
    """A link that leads out of the -I folders: a cloned repository must not show files of the machine."""
    if not os.path.isfile(path) or _below(path, folders):
        return []
    hint = "name the folder that it leads to with -I"
    return [Diagnostic("outside-include", f"`{path}` is a link that leads out of the -I folders", hint=hint)]


def _names(descriptors: bytes) -> list[str]:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    return [file.name for file in FileDescriptorSet.FromString(descriptors).file]


def _unreadable(path: str) -> list[Diagnostic]:
    if not os.path.exists(path):
        return [Diagnostic("no-such-file", f"there is no file `{path}`", hint="check the path")]
    if not os.path.isfile(path):
        return [Diagnostic("not-a-file", f"`{path}` is not a regular file", hint="name the `.proto` file itself")]
    return []


def _below(path: str, folders: Sequence[str]) -> str:
    """The file's name as seen from the first folder that holds it, with `/`."""
    real = os.path.realpath(path)
    for folder in folders:
        top = os.path.realpath(folder)
        if os.path.commonpath([real, top]) == top:
            return os.path.relpath(real, top).replace(os.sep, "/")
    return ""


def _run(folders: Sequence[str], roots: Sequence[str]) -> tuple[bytes, str]:
    """The descriptor set, and what protoc wrote to file descriptor 2, where its errors go."""
    import grpc_tools
    from grpc_tools import protoc

    known = os.path.join(os.path.dirname(grpc_tools.__file__), "_proto")
    with tempfile.TemporaryDirectory() as work:
        out = os.path.join(work, "set")
        words = ["protoc", *(f"-I{folder}" for folder in folders), f"-I{known}", f"--descriptor_set_out={out}"]
        sys.stderr.flush()
        saved = os.dup(2)
        with open(os.path.join(work, "said"), "wb+") as said:
            os.dup2(said.fileno(), 2)
            try:
                code = protoc.main([*words, "--include_imports", "--include_source_info", *roots])
            finally:
                os.dup2(saved, 2)
                os.close(saved)
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
        if code:
            return b"", text or "protoc failed without a word"
        with open(out, "rb") as file:
            return file.read(), text


def _diagnostics(said: str, folders: Sequence[str], descriptors: bytes, texts: dict[str, str]) -> Iterator[Diagnostic]:
    from mallgen.proto import column

    count = 0
    for line in said.splitlines():
        placed, named = _PLACED.match(line), _NAMED.match(line)
        if placed and not placed["text"].startswith("warning:"):
            count += 1
            path, row, col = _where(placed["file"], folders), int(placed["line"]), int(placed["col"])
            col = column(texts.get(path, "").split("\n"), row - 1, col - 1)
            span = Span(path, row, col, row, col + 1)
            yield Diagnostic("protoc", placed["text"].rstrip("."), span, "protoc says so; correct the proto")
        elif named and not placed and not descriptors:
            count += 1
            path = _where(named["file"], folders)
            yield Diagnostic("protoc", f"`{path}`: {named['text'].rstrip('.')}", hint="correct the proto")
    if not count and not descriptors:
        yield Diagnostic("protoc", said.strip().splitlines()[-1], hint="protoc says so")


def _texts(paths: Iterable[str]) -> dict[str, str]:
    """The sources, for code frames."""
    found = {}
    for path in paths:
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                found[path] = file.read()
    return found


def _where(name: str, folders: Sequence[str]) -> str:
    paths = [os.path.normpath(os.path.join(folder, name)) for folder in folders]
    return next((path for path in paths if os.path.isfile(path)), name)
