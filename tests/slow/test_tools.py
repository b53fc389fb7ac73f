"""Common tools change nothing in a generated project, and never change mallgen's own files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mallgen.output.manifest import parse
from mallgen.output.records import Owner
from tests.conftest import CONTRACTS, ROOT, mallgen, tree
from tests.protos import ALL, generate

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
TOOLS = (
    ("ruff", "check", "--no-cache", "--fix", "--unsafe-fixes", "--exit-zero", "."),
    ("black", "--quiet", "."),
    ("ruff", "format", "--no-cache", "--quiet", "."),
    ("isort", "--quiet", "."),
)
HOSTILE = """[tool.ruff]
line-length = 50
preview = true
[tool.ruff.lint]
select = ["ALL"]
[tool.ruff.lint.isort]
force-single-line = true
[tool.ruff.format]
quote-style = "single"
[tool.black]
line-length = 50
skip-string-normalization = true
[tool.isort]
line_length = 50
force_single_line = true
"""
SWITCHES = {"# fmt: off", "# isort: skip_file", "# ruff: noqa"}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Generate a project of every contract, side by side."""
    generate(tmp_path)
    more = ["wide.api", "deep/deep.api", "chat.proto", "talk.proto"]
    for path in (*(CONTRACTS / name for name in more), ROOT / "examples" / "mall.api"):
        words = ("api", "py", "-api") if path.suffix == ".api" else ("rpc", "protoc")
        ran = mallgen(*words, str(path), "-dir", str(tmp_path / path.stem), "-q")
        assert ran.code == 0, ran.err
    return tmp_path


def run(words: tuple[str, ...], project: Path) -> str:
    """Run a tool over a project and return its output."""
    ran = subprocess.run([str(BIN / words[0]), *words[1:]], cwd=project, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout + ran.stderr


def projects(made: Path) -> list[Path]:
    found = sorted(path.parent for path in made.glob("*/mallgen.lock"))
    assert len(found) == len(ALL) + 5
    return found


def always(project: Path) -> set[str]:
    """Return the paths of mallgen's own files."""
    lock = parse((project / "mallgen.lock").read_text(encoding="utf-8"))
    return {record.path for record in lock.files if record.owner is Owner.ALWAYS}


@pytest.mark.parametrize("words", TOOLS, ids=lambda words: "-".join(words[:2]))
def test_a_generated_project_stays_as_it_is(made: Path, words: tuple[str, ...]) -> None:
    for project in projects(made):
        before = tree(project)
        run(words, project)
        assert tree(project) == before


def test_mallgens_files_stay_whatever_the_settings_are(made: Path) -> None:
    for project in projects(made):
        mine = always(project)
        (project / "pyproject.toml").write_text(HOSTILE, encoding="utf-8")
        before = {name: text for name, text in tree(project).items() if name in mine}
        for words in TOOLS:
            run(words, project)
        assert {name: text for name, text in tree(project).items() if name in mine} == before


def test_mallgens_files_are_clean_without_their_protection(made: Path) -> None:
    """Without their protection, mallgen's files have one kind of remark from ruff: unused imports in messages."""
    for project in projects(made):
        for name in (name for name in always(project) if not name.endswith("py.typed")):
            path = project / name
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.strip() not in SWITCHES]
            assert len(lines) - len(kept) == 3, path
            path.write_text("".join(kept), encoding="utf-8")
        assert run(("black", "--check", "--quiet", "--diff", "."), project) == ""
        assert run(("ruff", "format", "--no-cache", "--quiet", "--diff", "."), project) == ""
        allowed = [word for rule in ("F401", "F403") for word in ("--per-file-ignores", f"*_pb2.py:{rule}")]
        assert run(("ruff", "check", "--no-cache", "--quiet", *allowed, "."), project) == ""


def test_what_ruff_has_fixed_still_starts(made: Path) -> None:
    for proto in ALL:
        project = made / proto.folder
        run(("ruff", "check", "--no-cache", "--fix", "--unsafe-fixes", "--select", "ALL", "--exit-zero", "."), project)
        env = {**os.environ, "PYTHONPATH": str(project)}
        words = [sys.executable, "-c", f"import {proto.package}.client, {proto.package}.pb"]
        ran = subprocess.run(words, env=env, cwd=project, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
