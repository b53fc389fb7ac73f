"""Lines that break the merge base are marked while they are typed, with the compatible form as a quick fix."""

from pathlib import Path

import pytest

from mallgen.editor.actions import quick_fixes
from mallgen.editor.places import Position, Range
from mallgen.languageserver.bases import Bases
from mallgen.languageserver.files import uri_of
from mallgen.languageserver.session import Abilities, EditorSession, Options
from tests.breaking.test_bases import git

OLD = """syntax = "v1"

type User {
	Id    int64  `json:"id"`
	Email string `json:"email"`
}

service user-api {
	@handler GetUser
	get /user returns (User)
}
"""
NEW = OLD.replace('	Email string `json:"email"`\n', "")


@pytest.fixture
def repository(here: Path) -> Path:
    (here / "user.api").write_text(OLD, encoding="utf-8")
    git(here, "init", "-q", "-b", "main")
    git(here, "add", "-A")
    git(here, "commit", "-q", "-m", "one")
    git(here, "switch", "-q", "-c", "less")
    return here


def opened(folder: Path, text: str) -> EditorSession:
    session = EditorSession(Options(ignore=("all",)), Abilities())
    session.bases = Bases(lambda work: work())
    session.put(uri_of(str(folder / "user.api")), text, 1)
    return session


def marked(session: EditorSession) -> list[tuple[str, str, int]]:
    session.diagnose()
    assert session.failures == []
    problems = [problem for one in session._shown.values() for problem in one.problems]
    return [
        (one.level, one.diagnostic.code, one.diagnostic.span.line)
        for one in problems
        if one.diagnostic.span is not None and one.diagnostic.code.startswith("response-")
    ]


def test_a_line_is_marked_and_mended(repository: Path) -> None:
    session = opened(repository, OLD)
    assert marked(session) == []
    uri = uri_of(str(repository / "user.api"))
    session.put(uri, NEW, 2)
    assert marked(session) == [("error", "response-field-removed", 3)]
    (project,) = session.projects(str(repository / "user.api"))
    texts = session.texts((project,))
    everywhere = Range(Position(0, 0), Position(99, 0))
    fixes = quick_fixes(list(project.problems), project.root, texts, everywhere)
    (fix,) = (one for one in fixes if one.problem and one.problem.diagnostic.code == "response-field-removed")
    mended = texts[project.root].edited(fix.edits[project.root])
    assert '\tEmail string `json:"email"`' in mended
    session.put(uri, mended, 3)
    assert marked(session) == []


def test_what_mallgen_toml_says_counts(repository: Path) -> None:
    rules = '[breaking.rules]\nresponse-field-removed = "off"\n'
    (repository / "mallgen.toml").write_text(rules, encoding="utf-8")
    assert marked(opened(repository, NEW)) == []


def test_nothing_is_said_where_there_is_nothing_to_compare_with(here: Path) -> None:
    (here / "user.api").write_text(NEW, encoding="utf-8")
    assert marked(opened(here, NEW)) == []
    git(here, "init", "-q", "-b", "topic")
    assert marked(opened(here, NEW)) == []


def test_a_contract_with_errors_is_not_compared(repository: Path) -> None:
    assert marked(opened(repository, NEW.replace("(User)", "(Usr)"))) == []
