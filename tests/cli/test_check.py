"""`mallgen check` where it is used: in a pre-commit hook, in a GitHub Action, in a shallow clone without network."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mallgen.kinds.naming import Called
from mallgen.kinds.target import Target, Used, of_line
from mallgen.output.records import ContractLine
from mallgen.workspace.targets import RUNTIME_NEEDED
from tests.cli.test_wrong_inputs import GOOD, everything
from tests.conftest import ROOT, mallgen, tree

BIN = Path(sys.executable).parent
SHELL = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "GITHUB_ACTION_PATH": str(ROOT)}


def workspace(root: Path) -> None:
    (root / "mallgen.toml").write_text('[service.a]\ncontract = "a.api"\ndir = "out"\n')
    (root / "a.api").write_text(GOOD)
    assert mallgen("gen", "-q").code == 0


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize("edit", [None, "out/a_api/app.py"])
def test_the_steps_of_the_action(here: Path, edit: str | None) -> None:
    workspace(here)
    if edit:
        (here / edit).write_text("mine")
    action: Any = yaml.safe_load((ROOT / "action.yml").read_text())
    step = next(one for one in action["runs"]["steps"] if one.get("name") == "Check")
    values = {f"MALLGEN_{name.upper().replace('-', '_')}": spec["default"] for name, spec in action["inputs"].items()}
    assert set(step["env"]) <= set(values)
    assert all(re.fullmatch(r"\$\{\{ inputs\.[\w-]+ \}\}", text) for text in step["env"].values())
    ran = subprocess.run(
        ["bash", "-e", "-c", step["run"]], env={**SHELL, **values}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == (1 if edit else 0), ran.stderr
    assert ran.stdout.startswith("::error title=edited-generated,file=out/a_api/app.py" if edit else "")


def test_the_action_takes_a_folder_and_stubs(here: Path) -> None:
    workspace(here)
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    step = next(one for one in steps if one.get("name") == "Check")
    values = {"MALLGEN_FORMAT": "concise", "MALLGEN_DIR": "out", "MALLGEN_FAIL_ON": "stub"}
    ran = subprocess.run(
        ["bash", "-e", "-c", step["run"]], env={**SHELL, **values}, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.count("error[stub]")) == (1, 1)


def test_the_hook(here: Path) -> None:
    workspace(here)
    hook = next(h for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()) if h["id"] == "mallgen-check")
    words = hook["entry"].split()
    assert hook["pass_filenames"] is False
    assert shutil.which(words[0], path=SHELL["PATH"])
    assert subprocess.run(words, env=SHELL, capture_output=True, check=False).returncode == 0
    (here / "out" / "a_api" / "routes.py").unlink()
    assert subprocess.run(words, env=SHELL, capture_output=True, check=False).returncode == 1
    for path in ("a.api", "x/y.proto", "out/a_api/logic/x.py", "out/etc/a.yaml", "mallgen.toml", "out/mallgen.lock"):
        assert re.search(hook["files"], path), path


def test_a_shallow_clone_without_network(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(here)
    git(here, "init", "-q")
    git(here, "add", ".")
    git(here, "commit", "-q", "-m", "x")
    git(here, "clone", "-q", "--depth", "1", f"file://{here}", "clone")
    monkeypatch.chdir(here / "clone")
    before = tree(here / "clone")
    unshare = ["unshare", "-r", "-n"] if _can_unshare() else []
    words = [*unshare, str(BIN / "mallgen"), "check"]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert tree(here / "clone") == before
    assert not (here / "clone" / "out" / ".mallgen").exists()


def _can_unshare() -> bool:
    return (
        bool(shutil.which("unshare"))
        and not subprocess.run(["unshare", "-r", "-n", "true"], capture_output=True, check=False).returncode
    )


def test_nothing_is_written(here: Path) -> None:
    workspace(here)
    (here / "out" / "a_api" / "routes.py").write_text("mine")
    (here / "a.api").write_text(GOOD.replace("Name", "Nick"))
    before = everything(here)
    assert mallgen("check").code == 1
    assert mallgen("check", "-dir", "out").code == 1
    assert everything(here) == before


@pytest.mark.parametrize("form", ["json", "sarif", "github", "gitlab", "junit", "concise"])
def test_every_format_carries_the_code_and_the_place(here: Path, form: str) -> None:
    workspace(here)
    (here / "out" / "a_api" / "routes.py").write_text("mine")
    ran = mallgen("check", "--format", form)
    assert ran.code == 1
    assert "edited-generated" in ran.out
    assert "out/a_api/routes.py" in ran.out
    if form in ("json", "gitlab", "sarif"):
        json.loads(ran.out)


def test_a_line_of_the_lock_is_a_target_again(here: Path) -> None:
    uses = (Used("order", "protos/order.proto", ("protos", "more protos"), "order.v1"), Used("b", "b.proto"))
    target = Target("rpc", "x y%20.proto", "out", uses=uses, outside=True)
    target = target.having({"with": ("z.proto",), "-I": ("inc",), "client-only": True, "name-from-filename": True})
    target = target._replace(service="a", called=Called("a-b", "a_b", "a.b:1"))
    (here / "out").mkdir()
    assert of_line(target.line, "out")._replace(border="") == target


def test_a_line_of_the_lock_gives_no_name_that_mallgen_toml_could_not(here: Path) -> None:
    words = "name=../../x package=a;b key=a/b uses:b=b.proto key:b=../c"
    target = of_line(ContractLine("rpc", "a.proto", words), ".")
    assert (target.called, target.uses[0].key) == (Called(), "")


@pytest.mark.parametrize(
    ("pins", "old"),
    [(">=0.1,<0.2", False), ("<0.1", True), ("==0.0.9", True), ("~=0.0.3", True), ("==0.1.0", False), ("<=0.0", True)],
)
def test_the_runtime_that_a_service_asks_for(here: Path, pins: str, old: bool) -> None:
    workspace(here)
    (here / "out" / "pyproject.toml").write_text(f'[project]\ndependencies = ["mallgen-runtime[rest]{pins}"]\n')
    ran = mallgen("check")
    assert (ran.code, "runtime-too-old" in ran.err) == ((1, True) if old else (0, False))


def test_the_runtime_in_the_services_own_environment(here: Path) -> None:
    workspace(here)
    (here / "out" / ".venv" / "lib" / "python3.11" / "site-packages" / "mallgen_runtime-0.0.7.dist-info").mkdir(
        parents=True
    )
    ran = mallgen("check")
    assert (ran.code, "mallgen-runtime 0.0.7 is too old" in ran.err) == (1, True)
    needed = ".".join(map(str, RUNTIME_NEEDED))
    assert f'version = "{needed}"' in (ROOT / "runtime" / "pyproject.toml").read_text()


def test_generated_is_as_its_contracts_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    ran = mallgen("check")
    assert (ran.code, ran.err) == (0, "")
