"""action.yml as GitHub runs it: every step with a command, in a new environment, from a checkout of mallgen."""

import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.test_check import workspace
from tests.conftest import ROOT
from tests.slow.test_wheels import run

pytestmark = pytest.mark.slow


def checkout(folder: Path) -> Path:
    """Copy the files that git tracks, with their present content, into a folder."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def steps(environment: Path, action: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the steps as a runner does, setup-python skipped, and return the result of the last one."""
    described: Any = yaml.safe_load((action / "action.yml").read_text())
    values = {name: inputs.get(name, spec["default"]) for name, spec in described["inputs"].items()}
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    outer |= {"GITHUB_ACTION_PATH": str(action), "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    outer |= {"PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    ran: subprocess.CompletedProcess[str] | None = None
    for step in described["runs"]["steps"]:
        if "uses" in step:
            assert step["uses"].startswith("actions/setup-python@"), step
            continue
        assert step["shell"] == "bash"
        own = {name: _filled(text, values) for name, text in step.get("env", {}).items()}
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        ran = subprocess.run(words, env={**outer, **own}, capture_output=True, text=True, check=False)
        if ran.returncode:
            break
    assert ran is not None
    return ran


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${{{{ inputs.{name} }}}}", value)
    assert "${{" not in text, text
    return text


def test_the_whole_action(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    action = checkout(tmp_path_factory.mktemp("action"))
    environment = tmp_path_factory.mktemp("python")
    venv.create(environment, with_pip=True)
    workspace(here)
    ran = steps(environment, action)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    python = environment / "bin" / "python"
    assert "site-packages" in run(python, "-c", "import mallgen; print(mallgen.__file__)", cwd=here)
    ran = steps(environment, action, **{"fail-on": "stub", "dir": "out", "format": "concise"})
    assert (ran.returncode, ran.stdout.count("error[stub]")) == (1, 1), ran.stderr
    (here / "old.api").write_text((here / "a.api").read_text().replace("/greet", "/hello"))
    (here / "old" / "out").mkdir(parents=True)
    (here / "old" / "mallgen.toml").write_text((here / "mallgen.toml").read_text())
    (here / "old" / "a.api").write_text((here / "old.api").read_text())
    ran = steps(environment, action, against="old", format="concise")
    assert (ran.returncode, "error[endpoint-path-changed]" in ran.stdout) == (1, True), ran.stdout + ran.stderr
    (here / "out" / "a_api" / "app.py").write_text("mine")
    ran = steps(environment, action)
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.startswith("::error title=edited-generated,file=out/a_api/app.py")
