"""The code that every release generated, under today's generator: user code is untouched and the services start.

Each folder beside this file is a workspace as it was on the day of a release; `make freeze` makes the next one.
"""

import asyncio
import hashlib
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from mallgen import __version__
from mallgen.output.manifest import parse
from mallgen.output.records import Owner
from tests.conftest import mallgen, tree, working_in
from tests.run.service import SECRET, Service
from tests.run.shop import RpcService, database, environment

FROZEN = Path(__file__).parent
VERSIONS = sorted(path.name for path in FROZEN.iterdir() if (path / "SHA256SUMS").is_file())
ROUTES = (
    "/v1/home/banner",
    "/v1/flashsale",
    "/v1/recommend",
    "/v1/category/list",
    "/v1/cart/list?uid=3",
    "/v1/product/comment?product_id=1",
    "/v1/order/list?uid=7",
)
PATIENT = "Timeout: 20000\n"  # the two seconds of a call are not what is tested, and a machine may pause for them
PATIENT_BFF = f"{PATIENT}OrderRPC:\n  {PATIENT}ProductRPC:\n  {PATIENT}"


@pytest.fixture(scope="module", params=VERSIONS)
def upgraded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the workspace of a release and run today's `mallgen gen` on it."""
    here = tmp_path_factory.mktemp(f"from-{request.param}")
    shutil.copytree(FROZEN / request.param, here, dirs_exist_ok=True)
    with working_in(here):
        ran = mallgen("gen", "-q")
    assert ran.code == 0, ran.err
    return here


def services(workspace: Path) -> dict[str, str]:
    """Return the package of each service of a workspace, by folder."""
    locks = sorted(workspace.glob("*/*/mallgen.lock"))
    found = {path.parent: [one.name for one in path.parent.glob("*_*") if one.suffix == ""] for path in locks}
    return {folder.relative_to(workspace).as_posix(): package for folder, (package,) in found.items()}


def test_this_version_is_frozen() -> None:
    assert __version__ in VERSIONS, "make freeze"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_released_never_changes(version: str) -> None:
    lines = (FROZEN / version / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {name: hashlib.sha256(data).hexdigest() for name, data in tree(FROZEN / version).items()}
    del found["SHA256SUMS"]
    assert found == sums


def test_the_users_files_are_as_they_were(upgraded: Path) -> None:
    before, after = tree(FROZEN / upgraded.name.removeprefix("from-")[:-1]), tree(upgraded)
    folders = services(upgraded)
    assert len(folders) >= 5
    always = {
        f"{folder}/{record.path}"
        for folder in folders
        for record in parse(before[f"{folder}/mallgen.lock"].decode()).files
        if record.owner is Owner.ALWAYS
    }
    mine = before.keys() - always - {f"{folder}/mallgen.lock" for folder in folders}
    assert len(mine) > 60
    assert {name: after[name] for name in mine} == {name: before[name] for name in mine}
    assert not list(upgraded.glob("*/*/.mallgen/backup")), "generated files of a release are no edited ones"


def test_check_finds_nothing(upgraded: Path) -> None:
    with working_in(upgraded):
        ran = mallgen("check")
    assert (ran.code, ran.err) == (0, "")


def test_the_shop_answers(upgraded: Path) -> None:
    registry, shop = upgraded / "registry", upgraded / "generated"
    with ExitStack() as stack:
        for folder, package in services(upgraded).items():
            if folder.startswith("generated/") and package.endswith("_rpc"):
                settings = filled(upgraded / folder, package)
                stack.enter_context(RpcService(upgraded / folder, package, registry, settings))
        mall = stack.enter_context(Service(shop / "mall", "mall_api", PATIENT_BFF, env=environment(registry)))
        assert [mall.get(path).status for path in ROUTES] == [200] * len(ROUTES)


def filled(folder: Path, package: str) -> str:
    """Fill the database of a service that has one, and return its settings."""
    if not (folder / package / "seed.py").exists():
        return PATIENT
    subprocess.run([sys.executable, "-m", f"{package}.seed"], cwd=folder, check=True, capture_output=True)
    return PATIENT + database(folder.name)


def test_untouched_stubs_of_a_bff_start(upgraded: Path) -> None:
    with Service(upgraded / "services" / "wide", "wide_api", f"Auth:\n  AccessSecret: {SECRET}") as wide:
        assert (wide.get("/v1/ping").status, wide.get("/v1/users/5/friends").status) == (501, 401)


def test_untouched_stubs_of_an_rpc_service_start(upgraded: Path) -> None:
    async def asked(port: int) -> grpc.StatusCode:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call: Any = channel.unary_unary("/chat.Chat/Ask")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(b"")
        return caught.value.code()

    with RpcService(upgraded / "services" / "chat", "chat_rpc", upgraded / "registry") as chat:
        assert asyncio.run(asked(chat.port)) is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.slow
def test_mypy_is_content(upgraded: Path) -> None:
    for folder, package in services(upgraded).items():
        words = [sys.executable, "-m", "mypy", "--strict", package]
        ran = subprocess.run(words, cwd=upgraded / folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{folder}\n{ran.stdout}"
