"""Random contracts become services that pass mypy, black and ruff as they are, start, and stop."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.emit.test_random_contracts import generated, service_of, write
from tests.mypy_cache import mypy_cache
from tests.random_contracts import contracts
from tests.run.service import SECRET, Service

pytestmark = pytest.mark.slow
COUNT = int(os.environ.get("MALLGEN_RANDOM", "12"))


def drawn(count: int) -> list[str]:
    """Draw `count` contracts, the same ones every time."""
    found: list[str] = []

    @seed(20)
    @settings(
        max_examples=count * 3,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(contracts())
    def keep(text: str) -> None:
        if len(found) < count and len(text) > 600 and generated(text):
            found.append(text)

    keep()
    assert len(found) == count
    return found


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str, str]]:
    """Generate each contract; return its folder, package and service."""
    found = []
    for text in drawn(COUNT):
        folder = tmp_path_factory.mktemp("random")
        (folder / "x.api").write_text(text, encoding="utf-8")
        files = generated(text)
        found.append((folder, write(files, folder), service_of(files)))
    return found


@pytest.mark.parametrize("number", range(COUNT))
def test_it_passes_the_strict_checks(projects: list[tuple[Path, str, str]], number: int) -> None:
    folder, package, _ = projects[number]
    types = ["mypy", "--strict", "--cache-dir", mypy_cache(folder), package]
    for command in (types, ["black", "--check", "-q", "."], ["ruff", "check", "-q", "."]):
        ran = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{folder}\n{ran.stdout}{ran.stderr}"


@pytest.mark.parametrize("number", range(COUNT))
def test_it_starts_and_stops(projects: list[tuple[Path, str, str]], number: int) -> None:
    folder, package, service = projects[number]
    text = (folder / "etc" / f"{service}.yaml").read_text(encoding="utf-8").split("\n", 4)[4]
    with Service(folder, package, re.sub(r"\$\{\w+\}", SECRET, text)) as running:
        assert running.get("/readyz").json() == {"status": "ok", "service": "ok"}
        assert running.get("/no/such/path").status == 404
