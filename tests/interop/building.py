"""The Go half of the interoperation tests, built below build/ once for each content of its sources."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import parts
from tests.conftest import ROOT

SOURCE = Path(__file__).parent / "go"
PROTOS = ROOT / "examples" / "protos"
H2SPEC = "2.2.1+incompatible"
GO = "/usr/local/go/bin/go"


def built() -> Path:
    """Build the program and return its path; without Go skip on a laptop, or raise RuntimeError in CI."""
    go = _go_command()
    files = [*sorted(SOURCE.glob("*")), *sorted(PROTOS.glob("*.proto"))]
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    folder = ROOT / "build" / "interop" / digest[:16]
    program = folder / "interop"
    with parts.alone():
        if not program.exists():
            _build(go, folder, program)
    return program


def h2spec() -> Path:
    """Return the path of https://github.com/summerwind/h2spec, a conformance test for HTTP/2; without Go as `built`."""
    program = ROOT / "build" / "interop" / f"h2spec-{H2SPEC}" / "h2spec"
    with parts.alone():
        if not program.exists():
            words = [_go_command(), "install", f"github.com/summerwind/h2spec/cmd/h2spec@v{H2SPEC}"]
            program.parent.mkdir(parents=True, exist_ok=True)
            _run(words, program.parent, {**os.environ, "GOBIN": str(program.parent)})
    return program


def _go_command() -> str:
    go = shutil.which("go") or (GO if Path(GO).exists() else "")
    if not go:
        if os.environ.get("CI"):
            raise RuntimeError("no Go on this machine")
        pytest.skip("no Go on this machine; https://go.dev/dl has it")
    return go


def _build(go: str, folder: Path, program: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCE, folder)
    _run([go, "build", "-mod=mod", "-o", "protoc-gen-go", "google.golang.org/protobuf/cmd/protoc-gen-go"], folder)
    words = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTOS}", "--plugin=protoc-gen-go=./protoc-gen-go"]
    options = ["--go_out=.", "--go_opt=module=mallgen/interop"]
    options += [f"--go_opt=M{name}.proto=mallgen/interop/{name}" for name in ("order", "product")]
    _run([*words, *options, "order.proto", "product.proto"], folder)
    _run([go, "build", "-mod=mod", "-o", "interop.new", "."], folder)
    (folder / "interop.new").rename(program)


def _run(words: list[str], folder: Path, env: dict[str, str] | None = None) -> None:
    ran = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(words)} fails:\n{ran.stderr[-3000:]}")
