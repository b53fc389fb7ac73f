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


PROTO = """syntax = "proto3";
package order;
service Order { rpc Orders(Ask) returns (OrderItem); }
message Ask { int64 user_id = 1; string note = 2; }
message OrderItem { int64 user_id = 1; int64 order_id = 2; float payment = 3; string note = 4; int32 product_id = 5; }
"""
TABLES = """CREATE TABLE orders (
  id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id bigint unsigned NOT NULL,
  payment decimal(20,2) NOT NULL, note varchar(20) NOT NULL, product_id bigint NOT NULL);
CREATE TABLE order_items LIKE orders;
CREATE TABLE order_item_notes LIKE orders;
"""
WORKSPACE = '[service.order]\ncontract = "order.proto"\ndir = "out"\ntables = ["tables.sql"]\n'


@pytest.mark.slow
def test_models_and_what_is_said_of_them_are_the_same(tmp_path: Path) -> None:
    said = set()
    for seed in map(str, range(4)):
        folder = tmp_path / seed
        folder.mkdir()
        for name, text in (("order.proto", PROTO), ("tables.sql", TABLES), ("mallgen.toml", WORKSPACE)):
            (folder / name).write_text(text, encoding="utf-8")
        env = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "mallgen"]
        subprocess.run([*command, "gen", "-q"], cwd=folder, env=env, check=True, capture_output=True)
        checks = [["check", "--format", "concise"], ["model", "lint", "--format", "concise"]]
        found = [subprocess.run([*command, *words], cwd=folder, env=env, capture_output=True) for words in checks]
        assert b"order_items." in found[0].stdout + found[0].stderr
        parts = [part for ran in found for part in (ran.stdout, ran.stderr)]
        said.add((tuple(parts), tuple(sorted(tree(folder / "out").items()))))
    assert len(said) == 1
