"""The tests that `--emit-tests` writes fail for a service of the new contract, and pass for one of the old."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

OLD = """syntax = "v1"

type User {
    Id    int64  `json:"id"`
    Email string `json:"email"`
}

type UserRequest {
    Id int64 `path:"id"`
    Ps int64 `form:"ps,optional"`
}

@server (
    jwt: Auth
)
service user-api {
    @handler GetUser
    get /users/:id (UserRequest) returns (User)
}

service user-api {
    @handler ListUsers
    get /users returns ([]User)
}
"""
NEW = (
    OLD.replace('    Email string `json:"email"`\n', "")
    .replace("ps,optional", "ps,range=[1:9],optional")
    .replace("get /users returns", "get /people returns")
)


def mallgen(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run mallgen in a folder."""
    command = [sys.executable, "-m", "mallgen", *words]
    paths = os.pathsep.join((str(ROOT), str(ROOT / "runtime")))
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, check=False
    )


def outcome(folder: Path, contract: str) -> str:
    """Make a service of a contract, and return the last line of the tests that were written for it."""
    assert mallgen(folder, "api", "py", "-api", contract, "-dir", "service").returncode == 0
    paths = os.pathsep.join((str(ROOT / "runtime"), str(folder / "service"), str(folder / "tests")))
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "../tests"],
        cwd=folder / "service",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
    )
    return ran.stdout.strip().splitlines()[-1].partition(" in ")[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with both contracts and the tests of the change."""
    (tmp_path / "old.api").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.api").write_text(NEW, encoding="utf-8")
    ran = mallgen(tmp_path, "breaking", "new.api", "--against", "old.api", "--emit-tests", "tests")
    assert ran.returncode == 1 and "tests: 2 files of tests written" in ran.stderr + ran.stdout, ran.stderr
    return tmp_path


def test_the_new_service_fails(folder: Path) -> None:
    assert outcome(folder, "new.api") == "3 failed"


def test_the_old_service_passes(folder: Path) -> None:
    assert outcome(folder, "old.api") == "3 passed"


def test_a_file_of_the_user_is_left_alone(folder: Path) -> None:
    mine = folder / "tests" / "test_user_api_old_clients.py"
    mine.write_text("mine = 1\n", encoding="utf-8")
    ran = mallgen(folder, "breaking", "new.api", "--against", "old.api", "--emit-tests", "tests")
    assert ran.returncode == 3 and "no run before this one has written it" in ran.stderr
    assert mine.read_text(encoding="utf-8") == "mine = 1\n"
