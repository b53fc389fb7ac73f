"""The real goctl 1.10.2 for tests that run it: from the path in MALLGEN_GOCTL, or built by tests/differential."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.differential.goctl import Missing, command, required


def goctl() -> Path:
    """Return the path of goctl; without one skip with the reason, or raise Missing in CI."""
    named = os.environ.get("MALLGEN_GOCTL")
    if named:
        return Path(named)
    try:
        return command()
    except Missing as problem:
        if required():
            raise
        pytest.skip(f"{problem}; MALLGEN_GOCTL names a goctl 1.10.2")


def formatted(tool: Path, text: str) -> str:
    """Return a text as `goctl api format --stdin` lays it out."""
    ran = subprocess.run([tool, "api", "format", "--stdin"], input=text.encode(), capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def said(tool: Path, path: Path) -> str:
    """Return the message of `goctl api validate` about a file, empty when it accepts the file."""
    ran = subprocess.run([tool, "api", "validate", "--api", str(path)], capture_output=True, timeout=60)
    return "" if ran.returncode == 0 else (ran.stdout + ran.stderr).decode(errors="replace").strip()
