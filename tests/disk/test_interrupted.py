"""A run that was interrupted after its commit: some commands complete it, the others only report it."""

from pathlib import Path

import pytest

from mallgen.disk.transaction import Staging
from tests.cli.test_wrong_inputs import GOOD, PY
from tests.conftest import mallgen, tree


def interrupt_a_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an output whose run was interrupted right after its commit."""
    (here / "a.api").write_text(GOOD)
    assert mallgen(*PY).code == 0
    (here / "a.api").write_text(GOOD.replace("/greet", "/hello"))
    with monkeypatch.context() as patch:
        patch.setattr(Staging, "carry_out", _killed)
        assert mallgen(*PY).code == 3
    assert (here / "out" / ".mallgen" / "journal").exists()


def _killed(self: Staging) -> None:
    raise OSError(5, "killed")


READING = [
    ("check", "-dir", "out"),
    ("diff", "-dir", "out"),
    ("status", "-dir", "out"),
    ("sync", "-dir", "out"),
    ("prune", "-dir", "out", "--dry-run"),
    ("gen", "-dir", "out", "--dry-run"),
    ("api", "py", "-api", "a.api", "-dir", "out", "--dry-run"),
    ("api", "validate", "-api", "a.api"),
    ("api", "lint", "-api", "a.api"),
    ("api", "routes", "-api", "a.api"),
    ("api", "inspect", "-api", "a.api"),
]


@pytest.mark.parametrize("words", READING, ids=[" ".join(words) for words in READING])
def test_a_command_that_reads_completes_no_run(
    here: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    interrupt_a_run(here, monkeypatch)
    before = tree(here)
    ran = mallgen(*words)
    assert tree(here) == before
    if words[0] != "api" or "--dry-run" in words:
        assert (ran.code, "error[interrupted-run]" in ran.err, "mallgen gen" in ran.err) == (3, True, True)
    assert mallgen("gen", "-dir", "out").code == 0
    assert "/hello" in (here / "out" / "a_api" / "routes.py").read_text()
    assert mallgen("check", "-dir", "out").code == 0


def test_a_run_of_another_user_is_not_completed(
    here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_a_run(here, monkeypatch)
    before = tree(here)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("another")))
    ran = mallgen(*PY)
    assert (ran.code, "error[bad-journal]" in ran.err, "delete `out/.mallgen/journal`" in ran.err) == (1, True, True)
    assert tree(here) == before
    (here / "out" / ".mallgen" / "journal").unlink()
    assert mallgen(*PY).code == 0


def test_a_journal_without_a_lock_file_is_told_too(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt_a_run(here, monkeypatch)
    (here / "out" / ".mallgen" / "lock").unlink()
    assert "error[interrupted-run]" in mallgen("check", "-dir", "out").err


def test_a_home_that_cannot_keep_a_key(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/dev/null")
    interrupt_a_run(here, monkeypatch)
    assert mallgen(*PY).code == 0
    assert not (here / "out" / ".mallgen" / "journal").exists()
