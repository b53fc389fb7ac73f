"""The server: messages in and out over stdio; one thread answers requests, in the order in which they came."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

from mallgen import __version__
from mallgen.languageserver import answers, convert
from mallgen.languageserver.files import path_of
from mallgen.languageserver.session import Abilities, EditorSession, Options

WAIT = 0.01  # seconds without a change before problems are looked for; more where that took long the last time
LONGEST_WAIT = 1.0
INTERRUPTED = 130
Answer = TypeVar("Answer")
_REQUESTS: tuple[tuple[str, Callable[[EditorSession, Any], Any], Any], ...] = (
    (lsp.TEXT_DOCUMENT_HOVER, answers.hover, None),
    (lsp.TEXT_DOCUMENT_DEFINITION, answers.definition, None),
    (lsp.TEXT_DOCUMENT_REFERENCES, answers.references, None),
    (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, answers.outline, None),
    (lsp.TEXT_DOCUMENT_COMPLETION, answers.completion, lsp.CompletionOptions(trigger_characters=list('`",@(*]'))),
    (lsp.TEXT_DOCUMENT_PREPARE_RENAME, answers.prepare_rename, None),
    (lsp.TEXT_DOCUMENT_RENAME, answers.rename, lsp.RenameOptions(prepare_provider=True)),
    (lsp.TEXT_DOCUMENT_FORMATTING, answers.formatting, None),
    (
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        answers.actions,
        lsp.CodeActionOptions(code_action_kinds=[lsp.CodeActionKind.QuickFix, answers.FIX_ALL]),
    ),
)


class Server:
    """The server of one editor."""

    def __init__(self) -> None:
        self.stopped = False
        self._session = EditorSession(Options(), Abilities())
        self._worker = ThreadPoolExecutor(1, "mallgen")
        self._timer: asyncio.TimerHandle | None = None
        self._last_duration = 0.0
        self._can_watch_files = False
        self._folders: list[str] = []
        self._editor = _Editor(
            "mallgen",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Full,
            protocol_cls=_Protocol,
            converter_factory=default_converter,
        )
        self._register()

    def serve(self) -> int:
        """Talk over stdin and stdout until the editor ends it; return 0 after a shutdown request, else 1 (LSP 3.17)."""
        _silence_pygls()
        channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not get between messages
        _exit_when_interrupted()
        self._editor.start_io(sys.stdin.buffer, channel)
        self._worker.shutdown(wait=False, cancel_futures=True)
        return 0 if self.stopped else 1

    def _register(self) -> None:
        feature = self._editor.feature
        for method, answer, options in _REQUESTS:
            feature(method, options)(self._question(answer))
        feature(lsp.INITIALIZE)(partial(self._initialize))
        feature(lsp.INITIALIZED)(partial(self._initialized))
        feature(lsp.SHUTDOWN)(partial(self._shutdown))
        feature(lsp.TEXT_DOCUMENT_DID_OPEN)(partial(self._opened))
        feature(lsp.TEXT_DOCUMENT_DID_CHANGE)(partial(self._changed))
        feature(lsp.TEXT_DOCUMENT_DID_CLOSE)(partial(self._closed))
        feature(lsp.TEXT_DOCUMENT_DID_SAVE)(partial(self._saved))
        feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)(partial(self._files_changed))
        feature(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(partial(self._folders_changed))

    def _question(self, answer: Callable[[EditorSession, Any], Answer]) -> Callable[[Any], Any]:
        async def handle(params: Any) -> Answer:
            return await self._ask(lambda: answer(self._session, params))

        return handle

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, after the changes of all messages before it."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, question)

    def _apply_change(self, change: Callable[[], None], wait: float = 0.0) -> None:
        """Change the session, and look for problems after `wait` seconds, unless another change comes first."""
        loop = asyncio.get_running_loop()
        self._worker.submit(change).add_done_callback(lambda done: loop.call_soon_threadsafe(self._log_failure, done))
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(wait, lambda: loop.create_task(self._publish()))

    def _log_failure(self, done: "Future[None]") -> None:
        if not done.cancelled() and done.exception() is not None:
            self._editor.log(f"error[internal] {done.exception()}")

    async def _publish(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            messages, failures = await self._ask(self._problems)
        except Exception as problem:
            messages, failures = [], [f"error[internal] {type(problem).__name__}: {problem}"]
        self._last_duration = loop.time() - began
        for params in messages:
            self._editor.text_document_publish_diagnostics(params)
        for line in failures:
            self._editor.log(line)

    def _problems(self) -> tuple[list[lsp.PublishDiagnosticsParams], list[str]]:
        changed = self._session.diagnose()
        texts = self._session.shown_texts()
        return [convert.published(self._session, one, texts) for one in changed], self._session.failures

    # messages

    def _initialize(self, params: lsp.InitializeParams) -> None:
        sent = params.initialization_options
        settings = sent if isinstance(sent, dict) else getattr(sent, "_asdict", dict)()
        options = Options(
            tuple(map(str, settings.get("select") or ())),
            tuple(map(str, settings.get("ignore") or ())),
            settings.get("allowOutside") is True,
        )
        document, workspace = params.capabilities.text_document, params.capabilities.workspace
        item = document.completion.completion_item if document and document.completion else None
        edits = workspace.workspace_edit if workspace else None
        watched = workspace.did_change_watched_files if workspace else None
        can = Abilities(bool(item and item.snippet_support), bool(edits and edits.document_changes))
        self._can_watch_files = bool(watched and watched.dynamic_registration)
        self._session = EditorSession(options, can)
        folders = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
        self._folders = [path for path in map(path_of, folders) if path]

    def _initialized(self, _params: lsp.InitializedParams) -> None:
        for folder in self._folders:
            self._apply_change(partial(self._session.open_folder, folder))
        if self._can_watch_files:
            watcher = lsp.FileSystemWatcher("**/*.api")
            options = lsp.DidChangeWatchedFilesRegistrationOptions([watcher])
            registration = lsp.Registration("mallgen-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            self._editor.client_register_capability(lsp.RegistrationParams([registration]))

    def _shutdown(self, _params: None) -> None:
        self.stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        self._apply_change(partial(self._session.put, document.uri, document.text, document.version))

    def _changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        text = self._editor.workspace.get_text_document(document.uri).source
        wait = min(LONGEST_WAIT, max(WAIT, self._last_duration / 16))
        self._apply_change(partial(self._session.put, document.uri, text, document.version), wait)

    def _closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        self._apply_change(partial(self._session.drop, params.text_document.uri))

    def _saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        self._apply_change(partial(self._session.changed_on_disk, (params.text_document.uri,)))

    def _files_changed(self, params: lsp.DidChangeWatchedFilesParams) -> None:
        self._apply_change(partial(self._session.changed_on_disk, tuple(event.uri for event in params.changes)))

    def _folders_changed(self, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            self._apply_change(partial(self._session.close_folder, path_of(folder.uri)))
        for folder in params.event.added:
            self._apply_change(partial(self._session.open_folder, path_of(folder.uri)))


class _Protocol(LanguageServerProtocol):
    """The protocol of pygls, always with UTF-16 positions, which every editor must support (LSP 3.17)."""

    @lsp_method(lsp.INITIALIZE)
    def lsp_initialize(self, params: lsp.InitializeParams) -> Generator[Any, Any, lsp.InitializeResult]:
        """Begin without the encodings that the editor offers, of which pygls would take the preferred one."""
        if params.capabilities.general is not None:
            params.capabilities.general.position_encodings = None
        return (yield from super().lsp_initialize(params))


class _Editor(LanguageServer):
    """The server of pygls; an error outside of a request becomes a line in the editor's log."""

    def report_server_error(self, error: Exception, source: Any) -> None:
        if not isinstance(error, JsonRpcException):
            self.log(f"error[internal] {type(error).__name__}: {error}")

    def log(self, text: str) -> None:
        """Write a line to the editor's log."""
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, text))


def _exit_when_interrupted() -> None:
    """Exit on SIGINT, from a thread of its own: the one that reads stdin cannot be woken, a loop can miss a handler."""

    def wait() -> None:
        signal.sigwait({signal.SIGINT})
        os._exit(INTERRUPTED)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=wait, name="interrupt", daemon=True).start()


def _silence_pygls() -> None:
    """Silence pygls, unless MALLGEN_TRACEBACK is set: it logs refusals, which are answers, with tracebacks."""
    if not os.environ.get("MALLGEN_TRACEBACK"):
        logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
