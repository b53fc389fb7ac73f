"""A password that is not given: the end of the input at a prompt, an empty one, one that no account can have."""

import contextlib
import os
import subprocess

import pytest

from tests.admin.service import PASSWORD, AdminService, make
from tests.admin.test_hostile_logins import at_terminal

pytestmark = pytest.mark.slow
NOTHING = [
    "error[account] no password is given",
    "  = help: type it at the prompt, or pipe it in: a line of standard input",
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> AdminService:
    ddl = "CREATE TABLE note (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, text varchar(20) NOT NULL);\n"
    return AdminService(make(tmp_path_factory.mktemp("prompts"), "back-office", ddl, "note"), "back_office")


@pytest.mark.parametrize("typed", [(b"\x04",), (PASSWORD.encode() + b"\n", b"\x04")])
def test_the_end_of_the_input_at_a_prompt_is_one_line(service: AdminService, typed: tuple[bytes, ...]) -> None:
    running, ours = at_terminal(service, "eve")
    shown = b""
    for number, keys in enumerate(typed, 1):
        while shown.count(b": ") < number:
            shown += os.read(ours, 1024)
        os.write(ours, keys)
    try:
        assert running.wait(30) == 1
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 4096):
                shown += piece
    finally:
        running.kill()
        os.close(ours)
    assert shown.decode().strip().splitlines()[-2:] == NOTHING
    assert b"Traceback" not in shown


@pytest.mark.parametrize("command", ["createuser", "passwd"])
def test_empty_input_is_no_password(service: AdminService, command: str) -> None:
    service.manage("createuser", "ann")
    ran = service.manage(command, "ann" if command == "passwd" else "bob", given="")
    assert (ran.returncode, ran.stderr.splitlines()) == (1, NOTHING)


@pytest.mark.parametrize(
    ("given", "said"), [("\n", "at least 10"), ("x" * 1025, "at most 1024"), (b"\xff" * 12, "no UTF-8")]
)
def test_a_password_that_no_account_can_have_has_a_way_out(
    service: AdminService, given: str | bytes, said: str
) -> None:
    data = given if isinstance(given, bytes) else given.encode()
    command = [*service.command, "createuser", "bob"]
    env = {**os.environ, **service.env, "PYTHONIOENCODING": "utf-8:strict"}
    ran = subprocess.run(command, cwd=service.folder, env=env, input=data, capture_output=True, timeout=60, check=False)
    lines = ran.stderr.decode().splitlines()
    assert ran.returncode == 1
    assert lines[0].startswith("error[account] a password")
    assert said in lines[0]
    assert lines[1:] == ["  = help: give another one"]


def test_no_account_was_made(service: AdminService) -> None:
    assert "there is no account `eve`" in service.manage("disable", "eve").stderr
    assert "there is no account `bob`" in service.manage("disable", "bob").stderr
