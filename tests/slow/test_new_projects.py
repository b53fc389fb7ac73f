"""Generated projects as they are: their test passes under `pytest`, and their wheel has every package."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import CONTRACTS, ROOT, mallgen, working_in
from tests.protos import ALL, generate

pytestmark = pytest.mark.slow


def run_pytest(project: Path) -> str:
    """Run pytest in a folder, without secrets and with the installed packages only, and return its output."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    env = {name: value for name, value in env.items() if not name.endswith("_SECRET")}
    words = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    ran = subprocess.run(words, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_starters(tmp_path: Path) -> None:
    with working_in(tmp_path):
        for words in (("new", "bazaar"), ("api", "new", "greet"), ("rpc", "new", "ping")):
            assert mallgen(*words, "-q").code == 0
    for folder in ("greet", "ping", "bazaar/services/bazaar-api", "bazaar/services/greeter"):
        assert "1 passed" in run_pytest(tmp_path / folder)
    assert "2 passed" in run_pytest(tmp_path / "bazaar")


@pytest.mark.parametrize("name", ["wide.api", "deep/deep.api", "chat.proto"])
def test_contracts(tmp_path: Path, name: str) -> None:
    words = ("api", "py", "-api") if name.endswith(".api") else ("rpc", "protoc")
    assert mallgen(*words, str(CONTRACTS / name), "-dir", str(tmp_path), "-q").code == 0
    assert "1 passed" in run_pytest(tmp_path)


def test_protos(tmp_path: Path) -> None:
    generate(tmp_path)
    for proto in ALL:
        assert "1 passed" in run_pytest(tmp_path / proto.folder)


@pytest.mark.parametrize("name", sorted(path.parent.name for path in ROOT.glob("generated/*/tests")))
def test_the_shop(name: str) -> None:
    """The tests that every service of the shop brings, those of its own logic too."""
    assert re.search(r"^[1-9]\d* passed", run_pytest(ROOT / "generated" / name), re.M)


PROTO = 'syntax = "proto3"; package %s; message M {} service S { rpc Do(M) returns (M); }\n'


def test_two_services_of_one_folder_are_in_one_wheel(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.proto").write_text(PROTO % name)
        assert mallgen("rpc", "protoc", str(tmp_path / f"{name}.proto"), "-dir", str(tmp_path / "out"), "-q").code == 0
    assert mallgen("sync", "--apply", "-dir", str(tmp_path / "out")).code == 0
    words = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", "dist", "./out"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        (commands,) = (name for name in names if name.endswith("entry_points.txt"))
        text = opened.read(commands).decode()
    for name in ("one", "two"):
        assert f"{name}-rpc = {name}_rpc.app:run" in text
        inside = {f"{name}_rpc/{path}" for path in ("app.py", "py.typed", "pb/__init__.py", f"etc/{name}.yaml")}
        assert inside <= names
    assert not [name for name in names if name.startswith("tests/")]
    assert "2 passed" in run_pytest(tmp_path / "out")


FAKED = """import asyncio

from mallgen_runtime.testing import Client

from shop_api.app import create_app
from shop_api.rpc.greeter import GreeterClient, GreetRequest, GreetResponse


class Fake(GreeterClient):
    def __init__(self) -> None: ...

    async def greet(
        self, req: GreetRequest, *, timeout: float | None = None
    ) -> GreetResponse:
        return GreetResponse(message="hi")


def test_shop() -> None:
    async def talk() -> None:
        app = create_app()
        app.svc.greeter_rpc = Fake()
        async with Client(app) as client:
            assert (await client.get("/v1/shop")).json() == {"message": "hi"}

    asyncio.run(talk())
"""


def test_a_fake_behind_the_client_is_typed(tmp_path: Path) -> None:
    with working_in(tmp_path):
        assert mallgen("new", "shop", "-q").code == 0
    project = tmp_path / "shop" / "services" / "shop-api"
    (project / "tests" / "test_fake.py").write_text(FAKED)
    assert "2 passed" in run_pytest(project)
    words = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "tests", "shop_api"]
    env = {**os.environ, "MYPYPATH": str(ROOT / "runtime")}
    ran = subprocess.run(words, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert ran.stdout == ""
    (project / "tests" / "test_fake.py").write_text(FAKED.replace("app.svc.greeter_rpc", "app.svc.greeter"))
    ran = subprocess.run(words, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert 'has no attribute "greeter"' in ran.stdout
