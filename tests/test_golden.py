"""Whole generated trees, compared byte for byte; `make accept` writes them anew."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import CONTRACTS, ROOT, mallgen, tree, working_in
from tests.run.shop import RPC_SERVICES

GOLDEN = ROOT / "tests" / "golden"


@pytest.mark.parametrize("name", ["wide"])
def test_golden_tree(name: str, tmp_path: Path) -> None:
    shutil.copytree(CONTRACTS, tmp_path / "contracts")
    ran = mallgen("api", "py", "-api", str(tmp_path / "contracts" / f"{name}.api"), "-dir", str(tmp_path / name))
    assert ran.code == 0, ran.err
    if os.environ.get("MALLGEN_ACCEPT"):
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        shutil.copytree(tmp_path / name, GOLDEN / name, ignore=shutil.ignore_patterns(".mallgen"))
    assert tree(tmp_path / name) == tree(GOLDEN / name)


def test_the_workspace_is_current(tmp_path: Path) -> None:
    """generated/ is current: gen over examples/ changes none of its files, mallgen.lock included."""
    for name in ("examples", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    shutil.copy(ROOT / "mallgen.toml", tmp_path)
    before = tree(tmp_path / "generated")
    with working_in(tmp_path):
        ran = mallgen("gen")
    assert (ran.code, tree(tmp_path / "generated")) == (0, before)
    assert "created" not in ran.err
    assert "updated" not in ran.err


def test_the_shops_logic_is_small_and_keeps_nothing_in_memory() -> None:
    generated = ROOT / "generated"
    assert not list(generated.glob("*/*/store.py"))
    for path in generated.glob("*/*/logic/*_logic.py"):
        code = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        assert len(code) <= 90, path


@pytest.mark.parametrize("name", RPC_SERVICES)
def test_the_shops_rows_are_made_in_few_lines(name: str) -> None:
    text = (ROOT / "generated" / name / f"{name}_rpc" / "seed.py").read_text(encoding="utf-8")
    code = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(code) <= 80
