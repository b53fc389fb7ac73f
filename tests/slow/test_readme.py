"""The transcripts of README.md are played, and must print what README.md shows."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.parts import wait_for
from tests.ports import free_port

pytestmark = pytest.mark.slow
BLOCK = re.compile(r"^```console\n(?P<body>.*?)^```$", re.M | re.S)


def is_open(port: int) -> bool:
    """Return whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Shell:
    """A shell that plays command lines in a folder; one that ends in `&` starts the service, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = str(free_port())
        self.service: subprocess.Popen[bytes] | None = None
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.env = {**os.environ, "PATH": path, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def play(self, block: re.Match[str]) -> str:
        """Return a console block with the output that its commands have now."""
        commands = [line[2:] for line in block["body"].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"$ {command}\n{self.run(command)}" for command in commands) + "```"

    def run(self, command: str) -> str:
        """Run a command and return what it prints on stdout and stderr."""
        if command.startswith("pip install"):
            return ""  # test_pasted_into_an_empty_machines_shell covers it
        if command.startswith("cd "):
            place, _, command = command.removeprefix("cd ").partition(" && ")
            self.folder = (self.folder / place).resolve()
            return self.run(command) if command else ""
        if command.startswith("mallgen dev"):
            self._on_free_port()
        if command.startswith("kill"):
            self.stop()
            return ""
        if command.endswith("&"):
            self._on_free_port()
            line = command.removesuffix("&").partition(">")[0]
            with (self.folder / "log").open("wb") as log:
                self.service = subprocess.Popen(line.split(), cwd=self.folder, env=self.env, stdout=log, stderr=log)
            wait_for(lambda: is_open(int(self.port)), "no service at the port", 30)
            return ""
        line = command.replace("8888", self.port)
        if line.startswith("curl "):
            return fetch(shlex.split(line)[1:])
        ran = subprocess.run(["sh", "-c", line], cwd=self.folder, env=self.env, capture_output=True, check=False)
        text = (ran.stdout + ran.stderr).decode()
        return text if not text or text.endswith("\n") else f"{text}\n"

    def _on_free_port(self) -> None:
        (settings,) = (self.folder / "etc").glob("*.yaml")
        settings.write_text(settings.read_text(encoding="utf-8").replace("8888", self.port), encoding="utf-8")

    def stop(self) -> None:
        """Stop the service, which must exit with code 0."""
        if self.service is not None:
            self.service.terminate()
            assert self.service.wait(timeout=20) == 0
            self.service = None


def fetch(words: list[str]) -> str:
    """Return the output of `curl -s [-H 'name: value'] address`, because not every machine has curl."""
    headers = dict(word.split(": ", 1) for before, word in pairwise(words) if before == "-H")
    request = urllib.request.Request(f"http://{words[-1]}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as found:
            return f"{found.read().decode()}\n"
    except urllib.error.HTTPError as problem:
        return f"{problem.read().decode()}\n"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for name in ("shop", "notes"):
        (tmp_path / name).mkdir()
    made = Shell(tmp_path / "shop")
    yield made
    made.stop()


@pytest.mark.skipif(shutil.which("perl") is None, reason="the transcript edits files with perl, which is not here")
@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_transcript(shell: Shell, name: str) -> None:
    document = (ROOT / name).read_text(encoding="utf-8")
    played = BLOCK.sub(shell.play, document)
    if os.environ.get("MALLGEN_ACCEPT"):
        (ROOT / name).write_text(played, encoding="utf-8")
    assert played == document


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 150


@pytest.mark.skipif(shutil.which("curl") is None, reason="the transcript asks with curl, which is not here")
@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_pasted_into_an_empty_machines_shell(tmp_path: Path, name: str) -> None:
    """The installation, then the transcript, run in bash exactly as they are printed."""
    document = (ROOT / name).read_text(encoding="utf-8")
    install = document[document.index("```sh\n") :].split("```")[1].removeprefix("sh\n")
    lines = [line[2:] for block in BLOCK.finditer(document) for line in block["body"].splitlines() if line[:2] == "$ "]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for path in filter(None, listed.decode().split("\0")):
        if path.partition("/")[0] in ("mallgen", "runtime", "examples") or "/" not in path:
            (tmp_path / "clone" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, tmp_path / "clone" / path)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV", "MALLGEN"))}
    path = os.pathsep.join(part for part in env["PATH"].split(os.pathsep) if not part.startswith(str(ROOT)))
    ran = subprocess.run(
        ["bash"],
        input="\n".join([install, *lines, "wait"]),
        cwd=tmp_path / "clone",
        env={
            **env,
            "HOME": str(tmp_path),
            "PATH": path,
            "NO_COLOR": "1",
            "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert '"code":"invalid_request"' in ran.stdout, ran.stderr
    assert '"code":"not_implemented"' in ran.stdout, ran.stderr
    assert 'Missing named argument "total"' in ran.stdout, ran.stderr
    assert '{"notes":[{"id":1,"text":"hello"}]}' in ran.stdout, ran.stderr
    assert "No module named" not in ran.stderr
