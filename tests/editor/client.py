"""An editor for tests: pygls' client over the standard input and output of a real server process."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

Result = TypeVar("Result")
PATIENCE = 20.0
TYPES = """syntax = "v1"

type (
	// 用户
	User {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
)
"""
MALL = """syntax = "v1"

import "types.api"

type GetRequest {
	ID int64 `path:"id"`
}

@server (
	prefix: /v1
)
service mall-api {
	@doc "one user"
	@handler Get
	get /user/:id (GetRequest) returns (User)
}
"""


class Editor:
    """An editor connected to one server; positions are given by a mark in the text: `at("mall.api", "Prod|uct")`."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("tests", "1")
        self.shown: dict[str, lsp.PublishDiagnosticsParams] = {}
        self.received = 0
        self.logged: list[str] = []
        self.registered: list[str] = []
        self.texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._listen()
        cache = tempfile.mkdtemp(dir=folder, prefix=".cache")
        env = {**os.environ, "XDG_CACHE_HOME": cache}
        self.run(self.client.start_io(sys.executable, "-m", "mallgen", "lsp", "--stdio", env=env))

    def _listen(self) -> None:
        def publish(params: lsp.PublishDiagnosticsParams) -> None:
            self.shown[params.uri] = params
            self.received += 1

        def log(params: lsp.LogMessageParams) -> None:
            self.logged.append(params.message)

        def register(params: lsp.RegistrationParams) -> None:
            self.registered += [one.method for one in params.registrations]

        self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(publish)
        self.client.feature(lsp.WINDOW_LOG_MESSAGE)(log)
        self.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(register)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine and return its result."""
        return self.loop.run_until_complete(asyncio.wait_for(work, PATIENCE))

    def initialize(self, options: Mapping[str, object] | None = None) -> lsp.InitializeResult:
        """Send `initialize` and `initialized`, as editors do."""
        item = lsp.ClientCompletionItemOptions(snippet_support=True)
        capabilities = lsp.ClientCapabilities(
            general=lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind.Utf8]),
            text_document=lsp.TextDocumentClientCapabilities(
                completion=lsp.CompletionClientCapabilities(completion_item=item),
                rename=lsp.RenameClientCapabilities(prepare_support=True),
            ),
            workspace=lsp.WorkspaceClientCapabilities(
                workspace_edit=lsp.WorkspaceEditClientCapabilities(document_changes=True),
                did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
            ),
        )
        folders = [lsp.WorkspaceFolder(self.folder.as_uri(), "tests")] if self.folder else None
        params = lsp.InitializeParams(capabilities, workspace_folders=folders, initialization_options=options)
        result = self.run(self.client.initialize_async(params))
        self.client.initialized(lsp.InitializedParams())
        return result

    def uri(self, name: str) -> str:
        """Return the URI of a file in the folder; a name that is a URI already is returned as it is."""
        return name if ":" in name or self.folder is None else (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None) -> str:
        """Open a document with `text`, or with the text of its file, and return its URI."""
        uri = self.uri(name)
        if text is None:
            assert self.folder is not None
            text = (self.folder / name).read_bytes().decode()
        self.texts[uri], self._versions[uri] = text, 1
        document = lsp.TextDocumentItem(uri, "api", 1, text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
        return uri

    def change(self, name: str, text: str) -> int:
        """Replace the text of an open document and return its new version."""
        uri = self.uri(name)
        self.texts[uri] = text
        self._versions[uri] += 1
        document = lsp.VersionedTextDocumentIdentifier(self._versions[uri], uri)
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))
        return self._versions[uri]

    def close(self, name: str) -> None:
        """Close a document."""
        document = lsp.TextDocumentIdentifier(self.uri(name))
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(document))

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Run the client until a condition holds; fail after PATIENCE seconds."""

        async def wait() -> None:
            while not condition():
                await asyncio.sleep(0.005)

        try:
            self.run(wait())
        except TimeoutError:
            raise AssertionError(f"{what}: not within {PATIENCE:g} s; shown: {self.shown}") from None

    def problems(self, name: str, version: int | None = 1) -> list[lsp.Diagnostic]:
        """Return the diagnostics of a document, once the server has published those of `version`."""
        uri = self.uri(name)
        self.until(lambda: uri in self.shown and self.shown[uri].version == version, f"problems of {name}")
        return list(self.shown[uri].diagnostics)

    def is_wrong(self, name: str) -> bool:
        """Return whether any diagnostics are shown for a document now."""
        uri = self.uri(name)
        return uri in self.shown and bool(self.shown[uri].diagnostics)

    def codes(self, name: str, version: int | None = 1) -> list[object]:
        """Return the codes of a document's diagnostics."""
        return [problem.code for problem in self.problems(name, version)]

    def at(self, name: str, marked: str) -> tuple[lsp.TextDocumentIdentifier, lsp.Position]:
        """Return a document, and the position of `|` in a piece of its text, which itself has no mark."""
        uri = self.uri(name)
        before, _, after = marked.partition("|")
        offset = self.texts[uri].index(before + after) + len(before)
        head = self.texts[uri][:offset]
        line = head.count("\n")
        units = len(head[head.rfind("\n") + 1 :].encode("utf-16-le")) // 2
        return lsp.TextDocumentIdentifier(uri), lsp.Position(line, units)

    def ask(self, question: Callable[[Any], Coroutine[Any, Any, Result]], params: object) -> Result:
        """Send a request and wait for the answer."""
        return self.run(question(params))

    async def _close_client(self) -> None:
        await self.client.stop()  # type: ignore[no-untyped-call]

    @property
    def pid(self) -> int:
        """Return the id of the server's process."""
        assert self.client._server is not None
        return self.client._server.pid

    def stop(self) -> int | None:
        """Shut down as editors do, and return the exit code of the server."""
        self.run(self.client.shutdown_async(None))
        self.client.exit(None)
        return self.wait()

    def wait(self) -> int | None:
        """Wait until the server has ended, and return its exit code."""
        server = self.client._server
        assert server is not None
        code = self.run(server.wait())
        self.run(self._close_client())
        self.loop.close()
        return code


def applied(text: str, edits: list[lsp.TextEdit]) -> str:
    """Apply edits as an editor does: all ranges refer to the text before."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(at: lsp.Position) -> int:
        line = lines[at.line] if at.line < len(lines) else ""
        return starts[at.line] + len(line.encode("utf-16-le")[: at.character * 2].decode("utf-16-le"))

    for edit in sorted(edits, key=lambda e: offset(e.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


def write(editor: Editor, **files: str) -> None:
    """Write files, given as `mall="…"` for mall.api, and notify the server as an editor that watches files does."""
    assert editor.folder is not None
    for name, text in files.items():
        (editor.folder / f"{name}.api").write_bytes(text.encode())
    events = [lsp.FileEvent(editor.uri(f"{name}.api"), lsp.FileChangeType.Created) for name in files]
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(events))
