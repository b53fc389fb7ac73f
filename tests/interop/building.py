"""Builds the Go half of the interoperation tests, once per content, below build/."""

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
GO = "/usr/local/go/bin/go"


def built() -> Path:
    """The program; a skip without Go on a laptop, an error in CI."""
    go = shutil.which("go") or (GO if Path(GO).exists() else "")
    if not go:
        if os.environ.get("CI"):
            raise RuntimeError("no Go on this machine")
        pytest.skip("no Go on this machine; https://go.dev/dl has it")
    files = [*sorted(SOURCE.glob("*")), *sorted(PROTOS.glob("*.proto"))]
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()
    folder = ROOT / "build" / "interop" / digest[:16]
    program = folder / "interop"
    with parts.alone():
        if not program.exists():
            _build(go, folder, program)
    return program


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


def _run(words: list[str], folder: Path) -> None:
    ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(words)} fails:\n{ran.stderr[-3000:]}")
