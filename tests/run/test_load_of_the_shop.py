"""`make load` for two seconds: each route of the running shop has a line of figures, each service its memory."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "performance.md"
ROW = re.compile(r"^(/v1/\S+|all) +(\d+)(?: +\d+\.\d){3} +(\d+) +(\d+)$", re.M)
MEMORY = re.compile(r"^(\w+) +\d+\.\d +(\d+)\.\d$", re.M)


@pytest.mark.slow
def test_each_route_and_each_service_has_its_figures(tmp_path: Path) -> None:
    """Also on the page, whose text stays."""
    page = tmp_path / "page.md"
    shutil.copy(PAGE, page)
    words = [sys.executable, "benchmarks/load_shop.py", "2", "--page", str(page)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = ROW.findall(done.stdout)
    assert len(rows) > 8
    assert all(int(requests) > 5 and int(others) == 0 for _, requests, _, others in rows)
    memory = MEMORY.findall(done.stdout)
    assert {name for name, _ in memory} == {main.parent.name for main in ROOT.glob("generated/*/*/__main__.py")}
    assert all(int(size) > 10 for _, size in memory)
    before, after = (path.read_text(encoding="utf-8") for path in (PAGE, page))
    assert [route for route, *_ in ROW.findall(before)] == [route for route, *_ in rows], "run make load for the page"
    assert MEMORY.findall(after) == memory
    assert after.partition("```text")[0] == before.partition("```text")[0]
