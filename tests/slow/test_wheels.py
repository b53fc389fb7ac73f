"""The wheels, each in an environment of its own: mallgen alone generates, the service alone runs."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.ports import free_port
from tests.run.service import Service

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command that must succeed, and return its stdout."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, env=clean)
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def environment(folder: Path, *wheels: Path | str) -> Path:
    """Create an environment with some wheels and their dependencies, and return the path of its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", *wheels, cwd=folder)
    return python


def wheel(project: Path, out: Path) -> Path:
    """Build one wheel and return its path."""
    before = set(out.glob("*.whl"))
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, project, cwd=out)
    (made,) = set(out.glob("*.whl")) - before
    return made


def test_from_the_wheels_to_a_running_service(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    out.mkdir()
    generator = environment(tmp_path / "generator", wheel(ROOT, out))
    shop = tmp_path / "shop"
    shop.mkdir()
    run(generator.with_name("mallgen"), "api", "new", "greet", cwd=shop)
    assert "mallgen 0.1.0" in run(generator, "-m", "mallgen", "--version", cwd=shop)
    assert "A name is used as a type" in run(generator, "-m", "mallgen", "explain", "unknown-type", cwd=shop)

    runtime = wheel(ROOT / "runtime", out)
    service = wheel(shop / "greet", out)
    python = environment(tmp_path / "service", f"{runtime}[rest]", service)
    assert "mallgen==" not in run(python, "-m", "pip", "freeze", cwd=tmp_path)

    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "etc").mkdir(parents=True)
    with Service(elsewhere, "greet_api", python=str(python)) as running:
        assert running.get("/v1/greet?name=you").json() == {"message": "Hello you"}


def test_the_settings_inside_the_wheel_are_found(tmp_path: Path) -> None:
    out = tmp_path / "dist"
    out.mkdir()
    run(sys.executable, "-m", "mallgen", "api", "new", "greet", cwd=tmp_path)
    settings = tmp_path / "greet" / "etc" / "greet-api.yaml"
    settings.write_text(settings.read_text().replace("8888", str(free_port())), encoding="utf-8")
    python = environment(tmp_path / "env", f"{wheel(ROOT / 'runtime', out)}[rest]", wheel(tmp_path / "greet", out))
    script = "from greet_api.app import create_app; print(create_app().config.name)"
    assert run(python, "-c", script, cwd=out) == "greet-api\n"
