"""The real `buf` for tests that compare with it: from MALLGEN_BUF, the environment of Python, or the PATH."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

CATEGORIES = ("FILE", "PACKAGE", "WIRE_JSON", "WIRE")
_CONFIG = json.dumps({"version": "v2", "breaking": {"use": CATEGORIES}})


def buf() -> Path:
    """Return the path of buf; without one skip with the reason, or fail in CI."""
    beside = Path(sys.executable).parent / "buf"
    found = os.environ.get("MALLGEN_BUF") or (str(beside) if beside.is_file() else shutil.which("buf"))
    if found is None:
        reason = "buf is not installed: pip install buf-bin, or name one by MALLGEN_BUF"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found)


@cache
def categories(tool: Path) -> dict[str, frozenset[str]]:
    """Return the categories of each of buf's rules."""
    words = [str(tool), "config", "ls-breaking-rules", "--version", "v2", "--format", "json"]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    rules = map(json.loads, ran.stdout.splitlines())
    return {rule["id"]: frozenset(rule["categories"]) & {*CATEGORIES} for rule in rules}


def breaking(tool: Path, before: Path, after: Path) -> dict[str, frozenset[str]]:
    """Return the rules of `buf breaking` that report a change of a folder, with their categories."""
    words = [str(tool), "breaking", ".", "--against", str(before), "--error-format", "json", "--config", _CONFIG]
    ran = subprocess.run(words, cwd=after, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode in (0, 100), ran.stderr
    known = categories(tool)
    return {found: known[found] for found in (json.loads(line)["type"] for line in ran.stdout.splitlines())}
