"""The shop's code, generated and written, as its users' type checker sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDERS = [path.parent for path in sorted((ROOT / "generated").glob("*/pyproject.toml"))]


@pytest.mark.slow
def test_every_service_of_the_shop_has_right_types(tmp_path: Path) -> None:
    packages = [path.parent for folder in FOLDERS for path in folder.glob("*/app.py")]
    assert len(packages) == len(FOLDERS) > 10
    env = {**os.environ, "MYPYPATH": os.pathsep.join(map(str, [ROOT / "runtime", *FOLDERS]))}
    words = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *map(str, packages)]
    ran = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
