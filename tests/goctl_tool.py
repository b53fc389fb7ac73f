"""The real goctl 1.10.2 for tests that ask it: MALLGEN_GOCTL names one, else it is built where that is possible."""

import importlib
import os
import subprocess
from pathlib import Path

import pytest


def goctl() -> Path:
    """The command; without one a skip with its reason, in CI an error."""
    named = os.environ.get("MALLGEN_GOCTL")
    if named:
        return Path(named)
    try:
        tool = importlib.import_module("tests.differential.goctl")
        found: Path = tool.command()
    except (ModuleNotFoundError, RuntimeError, OSError) as problem:
        reason = f"no goctl: {problem}"
    except Exception as problem:
        if type(problem).__name__ != "Missing":
            raise
        reason = str(problem)
    else:
        return found
    if os.environ.get("CI"):
        raise AssertionError(reason)
    pytest.skip(f"{reason}; MALLGEN_GOCTL names a goctl 1.10.2")


def formatted(tool: Path, text: str) -> str:
    """What `goctl api format --stdin` makes of a text."""
    ran = subprocess.run([tool, "api", "format", "--stdin"], input=text.encode(), capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def said(tool: Path, path: Path) -> str:
    """What `goctl api validate` says to a file; empty when it accepts it."""
    ran = subprocess.run([tool, "api", "validate", "--api", str(path)], capture_output=True, timeout=60)
    return "" if ran.returncode == 0 else (ran.stdout + ran.stderr).decode(errors="replace").strip()
