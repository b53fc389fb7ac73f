"""A child has a deadline, ends with its block, and what goes wrong in it is said in the finding."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from mallgen.breaking import RULES
from mallgen.breaking.judge import judge
from mallgen.breaking.services import ServiceVersion
from mallgen.witness import child as children
from mallgen.witness.child import Child, NotExecuted, interpreter
from mallgen.witness.prove import Proven, proven
from tests.breaking.judged import contract

OLD = 'type A {\n\tB int64 `json:"b"`\n}\nservice a-api {\n\t@handler Get\n\tget /a returns (A)\n}\n'


def found(folder: Path) -> Proven:
    """Return the finding about a field that a response has lost."""
    versions = (
        ServiceVersion("a", "a.api", api=contract(text)) for text in (OLD, OLD.replace('B int64 `json:"b"`', ""))
    )
    old, new = ([one] for one in versions)
    judged = judge(old, new, "main", RULES.chosen((), ()))
    (one,) = (one for one in judged if one.found.diagnostic.code == "response-field-removed")
    return proven([one], str(folder))[0]


def test_with_the_runtime_there_is_a_witness(tmp_path: Path) -> None:
    one = found(tmp_path)
    assert one.witness is not None and one.judged.found.diagnostic.severity == "error"


def test_without_the_runtime_the_severity_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "find_spec", lambda name: None)
    one = found(tmp_path)
    assert ("witness", "not executed: mallgen-runtime is not installed") in one.judged.found.diagnostic.facts
    assert one.witness is None and one.judged.found.diagnostic.severity == "error"


def test_the_interpreter_of_the_folder_is_used_where_mallgen_has_no_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "find_spec", lambda name: None)
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text("")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert interpreter(str(tmp_path)) == str(own)
    subprocess.run(["git", "-C", str(tmp_path), "add", "-f", "."], check=True)
    with pytest.raises(NotExecuted):  # one that came with the repository
        interpreter(str(tmp_path))


@pytest.mark.parametrize("text", ["while True: pass", "import os; os._exit(3)"])
def test_code_that_does_not_end_or_ends_too_early_is_not_executed(text: str) -> None:
    started = time.monotonic()
    with Child(interpreter("."), 3) as child, pytest.raises(NotExecuted, match="has ended"):
        child.load("a", "api", {"stuck/__init__.py": text}, "stuck", {})
    assert time.monotonic() - started < 20


def test_code_that_raises_is_not_executed_and_prints_nowhere() -> None:
    text = "print('{}' * 1000)\nraise ValueError('no')"
    with Child(interpreter("."), 30) as child:
        with pytest.raises(NotExecuted, match="does not run: ValueError: no"):
            child.load("a", "api", {"bad/__init__.py": text}, "bad", {})
        with pytest.raises(NotExecuted, match="does not run: ValueError: no"):
            child.load("a", "api", {"bad/__init__.py": text}, "bad", {})


def test_the_process_ends_with_the_block() -> None:
    with Child(interpreter("."), 30) as child:
        number = child.number
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
