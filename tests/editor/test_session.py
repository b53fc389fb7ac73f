"""The editor session: its answers depend on the documents' texts only, not on the order of the edits."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from mallgen.editor.places import Position
from mallgen.languageserver import answers, files, graph
from mallgen.languageserver.files import contracts, path_of, uri_of
from mallgen.languageserver.session import Abilities, EditorSession, Options
from tests.conftest import CONTRACTS
from tests.editor.client import MALL, TYPES

LINES = [
    "}",
    "type X {",
    "\tA int64",
    "/*",
    '\tB User `json:"b"`',
    ")",
    "\t@handler H",
    "\tget /x (User)",
    'import "c.api"',
]


def shown(session: EditorSession) -> dict[str, list[tuple[str, str, object]]]:
    """Return the level, code and span of every diagnostic that is shown, by document."""
    session.diagnose()
    assert session.failures == []
    return {
        uri: [(problem.level, problem.diagnostic.code, problem.diagnostic.span) for problem in one.problems]
        for uri, one in session._shown.items()
    }


@given(st.integers(0, 1 << 32))
@settings(max_examples=15, deadline=None)
@pytest.mark.slow
def test_what_is_shown_follows_from_the_texts_alone(seed: int) -> None:
    """After random edits of files that import each other, a session shows the same as a new one with the same texts."""
    chance = random.Random(seed)
    texts = {"file:///nowhere/mall.api": MALL, "file:///nowhere/types.api": TYPES, "file:///nowhere/c.api": TYPES}
    old = EditorSession(Options(), Abilities())
    for uri, text in texts.items():
        old.put(uri, text, 1)
    for version in range(2, 10):
        uri = chance.choice(list(texts))
        lines = texts[uri].split("\n")
        at = chance.randrange(len(lines))
        lines[at : at + chance.randrange(2)] = [chance.choice([*LINES, *lines])]
        texts[uri] = "\n".join(lines)
        old.put(uri, texts[uri], version)
        new = EditorSession(Options(), Abilities())
        for name, text in texts.items():
            new.put(name, text, 1)
        assert shown(old) == shown(new)


def test_a_bug_in_one_contract_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    session = EditorSession(Options(), Abilities())
    session.put("untitled:bad", "type X {\n\tA Strng\n}\n", 1)
    session.put("untitled:good", "type X {\n\tA Strng\n}\n", 1)
    whole = session._project

    def project(root: str) -> object:
        if root == "untitled:bad":
            raise ZeroDivisionError("a bug")
        return whole(root)

    monkeypatch.setattr(session, "_project", project)
    assert [one.uri for one in session.diagnose()] == ["untitled:good"]
    assert session.failures == ["error[internal] untitled:bad: ZeroDivisionError: a bug"]


@pytest.mark.parametrize("name", ["a b.api", "空.api", "a%20b.api", "a#b?.api", "a+b&c.api"])
def test_a_path_leads_to_a_uri_and_back(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    assert path_of(uri_of(path)) == path
    assert path_of((tmp_path / name).as_uri()) == path


def test_uris_of_other_schemes_are_no_paths() -> None:
    assert path_of("untitled:Untitled-1") == ""
    assert path_of("git:/a/b.api?x") == ""
    assert path_of("file://localhost/a/../b.api") == "/b.api"


def test_contracts_of_a_folder(tmp_path: Path) -> None:
    """Hidden folders, installed packages and links are left out."""
    for name in ("a.api", "deep/b.api", ".git/c.api", "node_modules/d.api", "e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    os.symlink(tmp_path, tmp_path / "loop")
    assert [os.path.relpath(path, tmp_path) for path in contracts(str(tmp_path)).paths] == ["a.api", "deep/b.api"]
    assert [os.path.relpath(path, tmp_path) for path in contracts(str(tmp_path), deep=False).paths] == ["a.api"]


def test_nothing_is_renamed_where_not_all_contracts_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 0)
    (tmp_path / "types.api").write_text(TYPES, encoding="utf-8")
    session = EditorSession(Options(), Abilities())
    session.open_folder(str(tmp_path))
    uri = uri_of(str(tmp_path / "types.api"))
    session.put(uri, TYPES, 1)
    assert session.place(uri, Position(4, 2)) is not None
    params = lsp.RenameParams(lsp.TextDocumentIdentifier(uri), lsp.Position(4, 2), "Person")
    with pytest.raises(answers.RequestRefused, match="too large to look at all of it"):
        answers.rename(session, params)


def test_a_file_that_two_contracts_reach_by_two_names_is_renamed_in_both(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "types.api").write_text(TYPES, encoding="utf-8")
    os.symlink(tmp_path / "real", tmp_path / "link")
    for name, folder in (("a", "link"), ("b", "real")):
        text = MALL.replace('"types.api"', f'"{folder}/types.api"').replace("mall-api", f"{name}-api")
        (tmp_path / f"{name}.api").write_text(text, encoding="utf-8")
    session = EditorSession(Options(), Abilities())
    session.open_folder(str(tmp_path))
    uri = uri_of(str(tmp_path / "real" / "types.api"))
    session.put(uri, TYPES, 1)
    document = lsp.TextDocumentIdentifier(uri)
    found = answers.rename(session, lsp.RenameParams(document, lsp.Position(4, 2), "Person"))
    assert found is not None
    assert {os.path.basename(name): len(edits) for name, edits in (found.changes or {}).items()} == {
        "a.api": 1,
        "b.api": 1,
        "types.api": 1,
    }
    with pytest.raises(answers.RequestRefused, match="`GetRequest` is declared already"):
        answers.rename(session, lsp.RenameParams(document, lsp.Position(4, 2), "GetRequest"))


def test_the_importers_of_a_file(tmp_path: Path) -> None:
    """A file belongs to the contracts that import it, directly or not; files in a circle belong to themselves."""
    for name, text in {
        "a.api": 'import "lib/types.api"\nservice a {}\n',
        "b.api": 'import (\n\t"more.api"\n)\n// import "none.api"\nservice b {}\n',
        "more.api": 'import "lib/types.api"\n',
        "lib/types.api": "type important {}\n",
        "x.api": 'import "y.api"\n',
        "y.api": 'import "x.api"\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = graph.Graph()
    found.add_folder(str(tmp_path))
    real = os.path.realpath(tmp_path)

    def roots(name: str) -> list[str]:
        return [os.path.relpath(root, real) for root in found.roots(os.path.join(real, name))]

    assert roots("lib/types.api") == ["a.api", "b.api"]
    assert roots("more.api") == ["b.api"]
    assert roots("a.api") == ["a.api"]
    assert roots("x.api") == ["x.api"]


def test_the_contracts_of_the_tests_are_understood() -> None:
    session = EditorSession(Options(), Abilities())
    for path in sorted(CONTRACTS.glob("*.api")):
        session.put(uri_of(str(path)), path.read_text(encoding="utf-8"), 1)
    assert {level for found in shown(session).values() for level, _, _ in found} <= {"warning", "information"}
