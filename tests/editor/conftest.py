"""A server shared by the tests of a module, with a folder for each test."""

from collections.abc import Iterator

import pytest

from tests.editor.client import Editor


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """Start one server with an empty workspace; each test uses names of its own."""
    editor = Editor(tmp_path_factory.mktemp("a 空 b#1"))
    editor.initialize()
    yield editor
    assert editor.stop() == 0
    assert editor.logged == []


@pytest.fixture
def editor(server: Editor, request: pytest.FixtureRequest) -> Iterator[Editor]:
    """Return the server with a folder of the test's own below the workspace, and close its documents afterwards."""
    workspace = server.folder
    assert workspace is not None
    server.folder = workspace / request.node.name
    server.folder.mkdir()
    yield server
    for uri in server.texts:
        server.close(uri)
    server.texts.clear()
    server.until(lambda: not any(shown.diagnostics for shown in server.shown.values()), "all is cleared")
    server.shown.clear()
    server.folder = workspace
