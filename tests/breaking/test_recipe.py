"""The recipe of docs/compatibility.md for CI, run as written in a scratch repository; and its settings."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.breaking.test_bases import git
from tests.conftest import ROOT, mallgen

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
CONTRACT = """syntax = "v1"

type User {
	Id    int64  `json:"id"`
	Email string `json:"email"`
}

service user-api {
	@handler GetUser
	get /user returns (User)
}
"""


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    assert found is not None
    return found[1]


def run_recipe(here: Path) -> tuple[int, str]:
    """Run the recipe's commands as a runner does; what it installs is installed here."""
    described: Any = yaml.safe_load(block("yaml"))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    said = ""
    steps = [step["run"] for step in described["jobs"]["contracts"]["steps"] if "run" in step]
    assert [step.split()[:2] for step in steps] == [["pip", "install"], ["mallgen", "check"], ["mallgen", "breaking"]]
    for step in steps[1:]:
        command = step.replace("${{ github.base_ref }}", "main")
        ran = subprocess.run(
            ["bash", "-e", "-c", command], cwd=here, env=environment, capture_output=True, text=True, check=False
        )
        said += ran.stdout + ran.stderr
        if ran.returncode:
            return ran.returncode, said
    return 0, said


@pytest.fixture
def clone(here: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    (here / "user.api").write_text(CONTRACT, encoding="utf-8")
    (here / "mallgen.toml").write_text('[service.user]\ncontract = "user.api"\ndir = "out"\n', encoding="utf-8")
    assert mallgen("gen", "-q").code == 0
    git(here, "init", "-q", "-b", "main")
    git(here, "add", "-A")
    git(here, "commit", "-q", "-m", "one")
    folder = tmp_path_factory.mktemp("clone")
    git(folder, "clone", "-q", str(here), ".")
    return folder


def changed(clone: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    monkeypatch.chdir(clone)
    (clone / "user.api").write_text(CONTRACT.replace(old, new), encoding="utf-8")
    assert mallgen("gen", "-q").code == 0


def test_a_compatible_change_passes(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(clone, monkeypatch, "}\n\nservice", '	Nick string `json:"nick"`\n}\n\nservice')
    assert run_recipe(clone)[0] == 0


def test_a_breaking_change_fails_beside_its_line(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(clone, monkeypatch, '	Email string `json:"email"`\n', "")
    code, said = run_recipe(clone)
    assert code == 1
    assert "::error title=response-field-removed,file=user.api,line=3," in said


def test_the_settings_of_the_page_are_read(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(clone, monkeypatch, '	Email string `json:"email"`\n', "")
    path = clone / "mallgen.toml"
    path.write_text(path.read_text() + "\n" + block("toml"), encoding="utf-8")
    ran = mallgen("breaking")
    assert ran.code == 1
    assert "against origin/main" in ran.out
    assert "warning[suppression-unused] there is no finding e258ca87ffe5" in ran.err
