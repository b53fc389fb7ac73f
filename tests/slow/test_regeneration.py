"""docs/regeneration.md is played on a copy of the shop, whose services start after each step.

A `diff` block with a file name changes that file: its lines with ` ` and `-` must be there exactly once. `console`
blocks are commands and what they print. After every step each line that a human wrote is still in some file.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.ports import free_port
from tests.run.shop import seeded

pytestmark = pytest.mark.slow
DOCUMENT = ROOT / "docs" / "regeneration.md"
BLOCK = re.compile(r"^```(?P<kind>diff|console)(?: (?P<name>\S+))?\n(?P<body>.*?)^```$", re.M | re.S)
CURL = """#!{python}
import sys, urllib.error, urllib.request
try:
    with urllib.request.urlopen("http://" + sys.argv[-1], timeout=10) as found:
        print(found.read().decode()[:60])
except urllib.error.HTTPError as problem:
    print(problem.code)
"""


class Story:
    """A copy of the shop that the document's blocks change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "examples", root / "examples", ignore=shutil.ignore_patterns(".*"))
        shutil.copytree(seeded(), root / "generated")
        shutil.copy(ROOT / "mallgen.toml", root)
        self.port = str(free_port())
        for path in root.glob("generated/*/etc/*.yaml"):
            text = re.sub(
                r"(?m)^(ListenOn: .*:|Port: (?!8888))\d+$", lambda m: f"{m[1]}{free_port()}", path.read_text()
            )
            path.write_text(text.replace("8888", self.port))
        shims = root / "bin"
        shims.mkdir()
        (shims / "curl").write_text(CURL.replace("{python}", sys.executable))
        (shims / "curl").chmod(0o755)
        folders = os.pathsep.join([str(shims), str(Path(sys.executable).parent), os.environ["PATH"]])
        self.env = {**os.environ, "PATH": folders, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self.env["MYPY_CACHE_DIR"] = str(root / "mypy")
        self.written = {line for file in self.modules() if file.parent.name != "handler" for line in handwritten(file)}

    def modules(self) -> list[Path]:
        """Return every Python file that is not mallgen's, in the trash too."""
        found = [path for path in (self.root / "generated").rglob("*.py") if "DO NOT EDIT" not in path.read_text()]
        return [path for path in found if ".mallgen/stage" not in path.as_posix()]

    def play(self, block: re.Match[str]) -> str:
        """Carry out one block; return a console block with the output that its commands have now."""
        if block["kind"] == "diff":
            self.change(self.root / block["name"], block["body"])
            return block.group()
        commands = [line[2:] for line in block["body"].splitlines() if line.startswith("$ ")]
        text = "".join(f"$ {command}\n{self.run(command)}" for command in commands)
        assert self.written <= self.all_lines(), self.written - self.all_lines()
        return f"```console\n{text}```"

    def all_lines(self) -> set[str]:
        """Return the lines of all these files."""
        return {line for path in self.modules() for line in path.read_text(encoding="utf-8").splitlines()}

    def change(self, path: Path, body: str) -> None:
        """Change a file as a human does; the lines that the change removes may be missing from now on."""
        lines = body.splitlines()
        text = path.read_text(encoding="utf-8")
        for hunk in re.split(r"(?m)^@@.*\n", body):
            old = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[:1] in (" ", "-", ""))
            new = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[:1] in (" ", "+", ""))
            assert text.count(old) == 1, f"{path.name}: {text.count(old)} times\n{old}"
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".py":
            self.written -= {line[1:] for line in lines if line.startswith("-")}
            self.written |= {line[1:] for line in lines if line.startswith("+") and line[1:].strip()}

    def run(self, command: str) -> str:
        """Run a command and return what it prints on stdout and stderr."""
        folder = self.root / "generated" / "mall" if command.startswith("mypy") else self.root
        line = command.replace("8888", self.port)
        ran = subprocess.run(
            ["bash", "-c", line], cwd=folder, env=self.env, capture_output=True, check=False, timeout=120
        )
        errors = "" if "--once" in command and not ran.returncode else ran.stderr.decode()
        text = (ran.stdout.decode() + errors).replace(self.port, "8888")
        return "\n".join(line.rstrip() for line in text.split("\n")) + (
            f"exit {ran.returncode}\n" if ran.returncode else ""
        )


def handwritten(path: Path) -> list[str]:
    """Return the lines of a file that no contract decides: no imports, no line with the types, no docstring."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.startswith("    ") and not re.match(r'\s*("""|async def|def )', line)]
    return [line for line in kept if "Request" not in line or "(" in line]


def test_the_story(tmp_path: Path) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    story = Story(tmp_path)
    assert len(story.written) > 100
    played = BLOCK.sub(story.play, document)
    if os.environ.get("MALLGEN_ACCEPT"):
        DOCUMENT.write_text(played, encoding="utf-8")
    assert played == document
