"""One contract gives the same bytes with any hash seed, locale, time zone, working directory and path spelling."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CONTRACTS, tree

SURROUNDINGS = [
    {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "TZ": "UTC"},
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Shanghai"},
    {"PYTHONHASHSEED": "2", "LANG": "zh_CN.UTF-8", "TZ": "America/New_York"},
    {"PYTHONHASHSEED": "random", "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    return generated(tmp_path_factory.mktemp("first"), {}, Path.cwd())


def generated(folder: Path, surroundings: dict[str, str], cwd: Path, relative: bool = False) -> str:
    """Return the digest of the tree that a process with another environment and working directory generates."""
    contracts = folder / "contracts"
    contracts.mkdir()
    for path in CONTRACTS.glob("*.api"):
        (contracts / path.name).write_bytes(path.read_bytes())
    contract, out = contracts / "wide.api", folder / "out"
    words = [os.path.relpath(contract, cwd), os.path.relpath(out, cwd)] if relative else [str(contract), str(out)]
    subprocess.run(
        [sys.executable, "-m", "mallgen", "api", "py", "-api", words[0], "-dir", words[1], "-q"],
        cwd=cwd,
        env={**os.environ, **surroundings},
        check=True,
        capture_output=True,
    )
    parts = [name.encode() + b"\0" + content for name, content in tree(out).items()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@pytest.mark.parametrize("surroundings", SURROUNDINGS, ids=lambda found: found["PYTHONHASHSEED"])
def test_same_bytes(expected: str, tmp_path: Path, surroundings: dict[str, str]) -> None:
    assert generated(tmp_path, surroundings, Path.cwd()) == expected


def test_same_bytes_from_another_folder(expected: str, tmp_path: Path) -> None:
    assert generated(tmp_path, {}, tmp_path, relative=True) == expected


def test_same_bytes_through_a_link(expected: str, tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    assert generated(tmp_path / "link", {}, tmp_path, relative=True) == expected
