"""The interpreter of witnesses: that of mallgen, else one that the repository does not bring along."""

import importlib.util
from pathlib import Path

import pytest

from mallgen.witness.child import NotExecuted, interpreter
from tests.breaking.test_bases import git


@pytest.fixture
def own(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    path = here / ".venv" / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    return path


def test_that_of_the_service(own: Path) -> None:
    git(own.parents[2], "init", "-q")
    assert Path(interpreter(str(own.parents[2]))) == own


def test_one_of_the_repository_is_not_run(own: Path) -> None:
    git(own.parents[2], "init", "-q")
    git(own.parents[2], "add", "-f", ".venv")
    with pytest.raises(NotExecuted):
        interpreter(str(own.parents[2]))


def test_one_of_an_archive_is_not_run(own: Path) -> None:
    with pytest.raises(NotExecuted):
        interpreter(str(own.parents[2]))


def test_nothing_is_run_where_git_does_not_answer(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(own.parents[2], "init", "-q")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotExecuted):
        interpreter(str(own.parents[2]))
