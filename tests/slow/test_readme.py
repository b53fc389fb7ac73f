"""The transcripts of README.md are real: they are played, and what is printed is what stands there."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.ports import free_port

pytestmark = pytest.mark.slow
BLOCK = re.compile(r"^```console\n(?P<body>.*?)^```$", re.M | re.S)


class Shell:
    """Plays command lines in a folder; one that ends in `&` is the service, on a port that is free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = str(free_port())
        self.service: subprocess.Popen[bytes] | None = None
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.env = {**os.environ, "PATH": path, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def play(self, block: re.Match[str]) -> str:
        """A console block with what its commands print now."""
        commands = [line[2:] for line in block["body"].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"$ {command}\n{self.run(command)}" for command in commands) + "```"

    def run(self, command: str) -> str:
        """What one command prints on stdout and stderr."""
        if command.endswith("&"):
            settings = self.folder / "etc" / "mall-api.yaml"
            settings.write_text(settings.read_text(encoding="utf-8").replace("8888", self.port), encoding="utf-8")
            line = command.removesuffix("&").partition("&& ")[2].partition(">")[0]
            with (self.folder / "log").open("wb") as log:
                self.service = subprocess.Popen(line.split(), cwd=self.folder, env=self.env, stdout=log, stderr=log)
            time.sleep(2)
            return ""
        line = command.replace("8888", self.port)
        if line.startswith("curl "):
            return fetch(shlex.split(line)[1:])
        ran = subprocess.run(["sh", "-c", line], cwd=self.folder, env=self.env, capture_output=True, check=False)
        text = (ran.stdout + ran.stderr).decode()
        return text if not text or text.endswith("\n") else f"{text}\n"


def fetch(words: list[str]) -> str:
    """What `curl -s [-H 'name: value'] address` prints; not every machine has curl."""
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
    (tmp_path / "shop").mkdir()
    made = Shell(tmp_path / "shop")
    yield made
    if made.service is not None:
        made.service.terminate()
        assert made.service.wait(timeout=20) == 0


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
