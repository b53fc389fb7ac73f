"""Runs the documents in tests/cases: each is prose, input files, and commands with what they print.

A fenced block with a file name after its language is written before the commands run:

    ```api mall.api
    syntax = "v1"
    ```

A `console` block holds commands behind `$ ` and, below each, its stdout, its stderr and, unless it is 0, `exit N`.
`mallgen …` runs in this process; `cat`, `mv`, `rm`, `cd` and `ls` (of files, recursively) are what a reader expects.
`make accept` writes what was printed into the documents.
"""

import os
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT, mallgen

CASES = ROOT / "tests" / "cases"
DOCUMENTS = sorted(CASES.rglob("*.md"))
BLOCK = re.compile(r"^```(?P<kind>\w+)(?: (?P<name>\S+))?\n(?P<body>.*?)^```$", re.M | re.S)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(CASES).with_suffix("").as_posix())
def test_case(path: Path, here: Path) -> None:
    document = path.read_text(encoding="utf-8")
    played = BLOCK.sub(lambda block: play(block, here), document)
    if os.environ.get("MALLGEN_ACCEPT"):
        path.write_text(played, encoding="utf-8")
    assert played == document


def play(block: re.Match[str], here: Path) -> str:
    """Carry out one block; return a console block with the output that its commands have now."""
    if block["kind"] != "console":
        if block["name"]:
            target = here / block["name"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block["body"], encoding="utf-8")
        return block.group()
    commands = [line for line in block["body"].splitlines() if line.startswith("$ ")]
    text = "".join(f"{line}\n{run(line[2:], here)}" for line in commands)
    return f"```console\n{text}```"


def run(command: str, here: Path) -> str:
    """Return the output of a command, with `exit N` when it fails."""
    name, *words = command.split()
    if name == "mallgen":
        code, out, err = mallgen(*words)
        text = "\n".join(line.rstrip() for line in f"{out}{err}".split("\n"))
        return text.replace(str(here), "…") + (f"exit {code}\n" if code else "")
    if name == "cd":
        os.chdir(words[0])  # for the commands below; the fixture restores it
        return ""
    if name == "cat":
        return (here / words[0]).read_text(encoding="utf-8")
    if name == "rm":
        Path(words[0]).unlink()
        return ""
    if name == "mv":
        (here / words[0]).rename(here / words[1])
        return ""
    if name == "ls":
        found = sorted(path.relative_to(here) for path in (here / [*words, "."][0]).rglob("*") if path.is_file())
        return "".join(f"{path.as_posix()}\n" for path in found)
    raise AssertionError(f"no such command in a case: {command}")


def test_every_stage_has_cases() -> None:
    assert {path.parent.name for path in DOCUMENTS} >= {"cli", "parse", "plan", "resolve", "scan"}
