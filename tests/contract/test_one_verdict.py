"""validate, gen, check, lint and the editor report the same about every contract in tests/cases."""

import json
import re
from pathlib import Path

import pytest

from mallgen.cli.run import all_commands
from mallgen.editor.memory import Memory
from mallgen.editor.project import understand
from mallgen.lint import rules
from mallgen.loading.sources import FileTexts, read
from mallgen.syntax.scan import Scanned
from mallgen.text.limits import Limits
from tests.conftest import ROOT, mallgen

CASES = ROOT / "tests" / "cases"
BLOCK = re.compile(r"^```(?P<kind>\w+) (?P<name>\S+)\n(?P<body>.*?)^```$", re.M | re.S)
SAID = re.compile(r"mallgen:ignore")
DOCUMENTS = sorted(path for path in CASES.rglob("*.md") if "\n```api " in path.read_text(encoding="utf-8"))
SILENT = {"completion", "explain", "lsp", "once", "outbox", "dev"}  # commands that report nothing about a contract
Report = tuple[str, str, int]


def said(text: str) -> set[Report]:
    """Return code, message and line of the findings in a JSON document, if the text begins with one.

    Findings about mallgen.toml and protos belong to the workspace and are left out.
    """
    found = json.JSONDecoder().raw_decode(text)[0] if text.startswith("[") else []
    return {
        (d["code"], d["message"], d.get("start", {}).get("line", 0))
        for d in found
        if not str(d["file"]).endswith((".proto", ".toml"))
    }


class Remembered(FileTexts):
    """The files on disk, scanned with the memory of an editor."""

    def __init__(self) -> None:
        self.memory = Memory()

    def scanned(self, text: str, path: str, limits: Limits) -> Scanned:
        return self.memory.scanned(text, path, limits)


def editors(path: str) -> set[Report]:
    disk = Remembered()
    found = understand(path, read(path, disk=disk), disk.memory, tuple(rules().values())).problems
    return {
        (p.diagnostic.code, p.diagnostic.message, p.diagnostic.span.line if p.diagnostic.span else 0) for p in found
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(CASES).with_suffix("").as_posix())
def test_every_command_says_the_same(path: Path, here: Path) -> None:
    blocks = list(BLOCK.finditer(path.read_text(encoding="utf-8")))
    for block in sorted(blocks, key=lambda block: block["kind"] == "api"):
        target = here / block["name"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block["body"], encoding="utf-8")
        if block["kind"] == "api" and target.suffix == ".api":
            _compare(block["name"], SAID.search(block["body"]) is not None)


def _compare(name: str, is_silenced: bool) -> None:
    generated = said(mallgen("api", "py", "-api", name, "-dir", "out", "--dry-run", "--format", "json").err)
    assert said(mallgen("api", "validate", "-api", name, "--format", "json").out) == generated
    checked = said(mallgen("check", "-api", name, "-dir", "out", "--format", "json").out)
    assert generated <= checked
    if is_silenced:
        return
    linted = mallgen("api", "lint", "-api", name, "--format", "json")
    assert {one[:2] for one in generated} <= {one[:2] for one in said(linted.out or linted.err)}
    assert {one[:2] for one in generated} <= {one[:2] for one in editors(name)}


def test_every_command_that_speaks_of_contracts_takes_format() -> None:
    without = {c.path[-1] for c in all_commands() if all(option.name != "format" for option in c.options)}
    assert without <= SILENT
