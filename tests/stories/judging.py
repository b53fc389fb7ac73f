"""Checks of files and services that do not use mallgen: by syntax trees, comments and processes."""

import ast
import contextlib
import difflib
import io
import os
import re
import socket
import subprocess
import sys
import time
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.ports import free_port
from tests.run.service import SECRET

_FIELD = re.compile(r"(?<=\.)\w+|\b\w+(?==)")


def starts(folder: Path, package: str, registry: Path) -> str:
    """Start a service, wait for its port and stop it; return what went wrong, empty for nothing."""
    settings = next((folder / "etc").glob("*.yaml"))
    text = settings.read_bytes().decode("utf-8-sig")
    port = free_port()
    text = re.sub(
        r"(?m)^Port: *\d+", f"Port: {port}", re.sub(r"(?m)^ListenOn:.*:\d+", f"ListenOn: 127.0.0.1:{port}", text)
    )
    test = folder / "etc" / "story.yaml"
    test.write_text(f"{text}\nShutdown:\n  WrapUpTime: 10ms\n", encoding="utf-8")
    secrets = dict.fromkeys(re.findall(r"\$\{(\w+)\}", text), SECRET)
    env = {**os.environ, **secrets, "MALLGEN_DISCOVERY": f"file:{registry}"}
    with (folder / "story.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", package, "-f", "etc/story.yaml"], cwd=folder, stdout=log, stderr=log, env=env
        )
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            process.terminate()
            return "" if process.wait(20) in (0, -15) else f"stopped with {process.returncode}"
        time.sleep(0.05)
    process.kill()
    process.wait()
    return (folder / "story.log").read_text(encoding="utf-8").strip()[-600:]


def differing(left: dict[str, bytes], right: dict[str, bytes]) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    """Yield the path and both contents of each file in which two trees differ."""
    for name in sorted({*left, *right}):
        if left.get(name) != right.get(name):
            yield name, left.get(name), right.get(name)


def changed_bytes(before: bytes, after: bytes) -> Iterator[str]:
    """Yield the changes of a human's file other than in lines that the contract decides."""
    if before.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf"):
        yield "the mark"
    if (b"\r\n" in before) != (b"\r\n" in after) or (b"\r\n" in before and after.count(b"\n") != after.count(b"\r\n")):
        yield "line ends"
    try:
        old, new = rest(before), rest(after)
    except SyntaxError as problem:
        yield f"not Python any more: {problem}"
        return
    if _FIELD.sub("_", old) != _FIELD.sub("_", new):  # sync renames fields that keep their key
        yield "bytes:\n" + "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0))
    if comments(before) != comments(after):
        yield f"comments: {set(comments(before)) ^ set(comments(after))}"


def comments(data: bytes) -> list[str]:
    """Return all comments of a module, sorted."""
    return sorted(t.string for t in tokenize.tokenize(io.BytesIO(data).readline) if t.type == tokenize.COMMENT)


def byte_range(node: ast.stmt | ast.expr | ast.arg, starts: list[int]) -> tuple[int, int]:
    """Return the first byte of a node and the one behind its last, computed from the starts of the lines."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset


def rest(data: bytes) -> str:
    """Return a module without its imports, the heads of its functions and the names of its classes."""
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    tree = ast.parse(text)
    utf8 = text.encode()
    starts = [0]
    for line in utf8.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    cuts: list[tuple[int, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):  # a `pass` may replace a block's only import
            cuts.append(byte_range(node, starts))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            begin, _ = byte_range(node, starts)
            ends = [n for n in (*node.args.args, *node.args.kwonlyargs, node.returns) if n is not None]
            last = max((byte_range(n, starts)[1] for n in ends), default=begin)
            cuts.append((begin, utf8.index(b":", last)))
        elif isinstance(node, ast.ClassDef):
            begin = starts[node.lineno - 1] + node.col_offset
            head = re.match(rb"class\s+\w+", utf8[begin:])
            assert head is not None
            cuts.append((begin, begin + head.end()))
    result, at = b"", 0
    for begin, end in sorted(cuts):
        if begin >= at:
            result += utf8[at:begin]
            at = end
    lines = (result + utf8[at:]).decode().split("\n")
    kept = [line for line in lines if line.strip()]
    return "\n".join(kept)
