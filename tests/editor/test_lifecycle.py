"""Events that must not stop the server, and the ways in which it ends."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from mallgen.cli.commands import lsp as command
from tests.conftest import mallgen
from tests.editor.client import MALL, TYPES, Editor, write
from tests.hostile_texts import PAYLOADS

PRICE = """type Request {
	Price float64 `form:"price"`
}
service shop {
	@handler Get
	get / (Request)
}
"""
HOSTILE = {
    "empty": "",
    "blank": " \t\r\n\f\n",
    "bom": '\ufeffsyntax = "v1"\n',
    "nul": "type X {\0}",
    "surrogate": "type X {\n\tA string // \ud800\n}\n",
    "brackets": "type X " + "[" * 100_000,
    "braces": "type X {\n" * 5_000,
    "one-line": "type X { A string `" + "x" * 500_000,
    "too-large": "// x\n" * 300_000,
    "comment": "/* never closed",
    "itself": 'import "hostile.api"\n',
    "a-folder": 'import ".api"\nimport "../../..//etc/passwd.api"\n',
    "payloads": "".join(f'type X {{ A string `json:"{text}"` }} // {text}\n' for text in PAYLOADS),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_stops_the_server(editor: Editor, name: str) -> None:
    uri = editor.open("hostile.api", HOSTILE[name])
    editor.problems("hostile.api")
    place = lsp.Position(0, 1)
    document = lsp.TextDocumentIdentifier(uri)
    editor.ask(editor.client.text_document_hover_async, lsp.HoverParams(document, place))
    editor.ask(editor.client.text_document_completion_async, lsp.CompletionParams(document, place))
    editor.ask(editor.client.text_document_document_symbol_async, lsp.DocumentSymbolParams(document))


def test_a_question_can_be_taken_back(editor: Editor) -> None:
    """A request that waits behind a long one can be cancelled, and is then not answered."""
    write(editor, types=TYPES)
    editor.open("mall.api", MALL)
    document, place = editor.at("mall.api", "(Us|er)")
    long = lsp.TextDocumentIdentifier(
        editor.open("long.api", "".join(map("type X{} {{\n\tA int\n}}\n".format, range(5000))))
    )

    async def ask_and_cancel() -> object:
        protocol = editor.client.protocol
        answer = protocol.send_request(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, lsp.DocumentSymbolParams(long))
        asked = protocol.send_request(lsp.TEXT_DOCUMENT_HOVER, lsp.HoverParams(document, place), msg_id="cancelled")
        protocol.notify(lsp.CANCEL_REQUEST, lsp.CancelParams("cancelled"))
        try:
            return await asyncio.wrap_future(asked)
        finally:
            await asyncio.wrap_future(answer)

    with pytest.raises(JsonRpcException) as cancelled:
        editor.run(ask_and_cancel())
    assert cancelled.value.code == lsp.LSPErrorCodes.RequestCancelled
    assert editor.ask(editor.client.text_document_hover_async, lsp.HoverParams(document, place)) is not None


def test_what_is_no_message_is_survived(editor: Editor) -> None:
    writer = editor.client.protocol.writer
    assert writer is not None
    for body in (
        b"{",
        b'{"jsonrpc": "2.0", "id": 7, "method": "no/such"}',
        b'{"jsonrpc": "2.0", "method": "a/b"}',
        b"[]",
    ):
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    editor.open("x.api", "type X {\n")
    assert editor.codes("x.api") == ["unclosed"]
    editor.logged.clear()


def test_files_outside_of_any_workspace(tmp_path: Path) -> None:
    """Outside of a workspace, the contracts in a file's folder are read; `exit` without `shutdown` ends with code 1."""
    (tmp_path / "mall.api").write_text(MALL, encoding="utf-8")
    (tmp_path / "types.api").write_text(TYPES.replace("Name string", "Last *GetRequest"), encoding="utf-8")
    editor = Editor(None)
    editor.initialize({"ignore": ["money-as-float"]})
    uri = editor.open((tmp_path / "types.api").as_uri(), (tmp_path / "types.api").read_text(encoding="utf-8"))
    assert editor.problems(uri) == []
    assert editor.problems(editor.open((tmp_path / "price.api").as_uri(), PRICE)) == []
    editor.client.exit(None)
    assert editor.wait() == 1


def test_a_folder_that_leaves_the_workspace(tmp_path: Path) -> None:
    """After its folder has left, a contract's imports are unknown; a rule that the settings add stays on."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "mall.api").write_text(MALL, encoding="utf-8")
    editor = Editor(tmp_path)
    editor.initialize({"select": ["missing-doc"]})
    types = editor.open("shop/types.api", TYPES.replace("Name string", "Last *GetRequest"))
    assert editor.problems(types) == []
    left = lsp.WorkspaceFoldersChangeEvent([], [lsp.WorkspaceFolder(tmp_path.as_uri(), "tests")])
    editor.client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(left))
    editor.until(lambda: editor.is_wrong(types), "the type is unknown")
    assert editor.codes(editor.open("price.api", PRICE)) == ["money-as-float", "missing-doc"]
    assert editor.stop() == 0


def test_an_editor_that_dies(tmp_path: Path) -> None:
    """The server ends with code 1 when the editor's end of the pipe closes, and prints nothing on stderr."""
    ran = subprocess.run(
        [sys.executable, "-m", "mallgen", "lsp"], input=b"", capture_output=True, cwd=tmp_path, timeout=60, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, b"", b"")


def test_without_pygls_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    ran = mallgen("lsp")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.splitlines()[:2] == [
        "error[no-pygls] the language server needs pygls, which is not installed",
        "  = help: in a clone: pip install '.[lsp]'; from wheels: pip install --find-links DIR 'mallgen[lsp]'",
    ]


def test_an_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "mallgen", "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert server.stdin is not None
    assert server.stdout is not None
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": null, "capabilities": {}}}'
    server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    server.stdin.flush()
    assert server.stdout.readline().startswith(b"Content-Length: ")
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 130
    server.stdin.close()
    server.stdout.close()
