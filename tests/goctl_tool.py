"""The real goctl 1.10.2 for tests that ask it: the one that MALLGEN_GOCTL names, or built by tests/differential."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.differential.goctl import Missing, command, required


def goctl() -> Path:
    """The command; without one a skip with its reason, in CI an error."""
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
    """What `goctl api format --stdin` makes of a text."""
    ran = subprocess.run([tool, "api", "format", "--stdin"], input=text.encode(), capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def said(tool: Path, path: Path) -> str:
    """What `goctl api validate` says to a file; empty when it accepts it."""
    ran = subprocess.run([tool, "api", "validate", "--api", str(path)], capture_output=True, timeout=60)
    return "" if ran.returncode == 0 else (ran.stdout + ran.stderr).decode(errors="replace").strip()
