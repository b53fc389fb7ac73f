"""The answers to an editor's requests; each runs in the session's thread."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from mallgen.editor import hover as hovering
from mallgen.editor import navigation, renaming
from mallgen.editor.actions import Action, quick_fixes
from mallgen.editor.completion import complete
from mallgen.editor.layout import DoesNotParse, changes, laid_out
from mallgen.editor.places import EditorText, Position, RangeEdit
from mallgen.editor.project import Problem
from mallgen.languageserver import convert
from mallgen.languageserver.files import Document
from mallgen.languageserver.session import EditorSession, Place
from mallgen.text.span import Span

FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.mallgen"
_QUICK_FIX = lsp.CodeActionKind.QuickFix.value
_NOT_OPEN = "the document is not open"


class _WithPosition(Protocol):
    """The parameters of a request about a position in a document."""

    @property
    def text_document(self) -> lsp.TextDocumentIdentifier: ...

    @property
    def position(self) -> lsp.Position: ...


class RequestRefused(JsonRpcException):
    """Raised for a request that is refused, with the reason in the user's words (LSP 3.17, RequestFailed)."""

    CODE = lsp.LSPErrorCodes.RequestFailed.value


def hover(session: EditorSession, params: lsp.HoverParams) -> lsp.Hover | None:
    """Return the explanation of the word under the cursor."""
    at = _place(session, params)
    for project, file in at.seen if at is not None else ():
        assert at is not None
        found = hovering.hover(project, file, at.line, at.col)
        if found is not None:
            text = lsp.MarkupContent(lsp.MarkupKind.Markdown, found.markdown)
            return lsp.Hover(text, convert.range_(at.document.text.range(found.span)))
    return None


def definition(session: EditorSession, params: lsp.DefinitionParams) -> lsp.Location | None:
    """Return the location where the name under the cursor is declared."""
    at = _place(session, params)
    for project, file in at.seen if at is not None else ():
        assert at is not None
        found = navigation.definition(project, file, at.line, at.col)
        if found is not None:
            return _locations(session, at, [found])[0]
    return None


def references(session: EditorSession, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """Return the locations of the name under the cursor, in all contracts that see the document."""
    at = _place(session, params)
    if at is None:
        return []
    declared = params.context.include_declaration
    return _locations(session, at, navigation.references(at.seen, at.line, at.col, declared))


def outline(session: EditorSession, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    """Return the outline of a document."""
    document = session.overlay.documents.get(params.text_document.uri)
    read = session.read_of(document) if document is not None else None
    if document is None or read is None:
        return []
    return convert.outline(document.text, navigation.outline(read))


def completion(session: EditorSession, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """Return the proposals for what could be written at the cursor."""
    at = _place(session, params)
    if at is None or not at.seen:
        return None
    text = at.document.text
    offset = text.at(convert.position(params.position))
    completed = complete(*at.seen[0], offset, _importable(session, at.document))
    return convert.completion(text, offset, completed, session.can.snippets)


def prepare_rename(session: EditorSession, params: lsp.PrepareRenameParams) -> lsp.Range:
    """Return the range of the word that can be renamed. Raises RequestRefused."""
    at = _place(session, params)
    if at is None:
        raise RequestRefused(_NOT_OPEN)
    symbol = renaming.renamable(at.seen, at.line, at.col)
    if isinstance(symbol, str):
        raise RequestRefused(symbol)
    return convert.range_(at.document.text.range(symbol.span))


def rename(session: EditorSession, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """Return the edits that rename the type or handler under the cursor. Raises RequestRefused."""
    at = _place(session, params)
    if at is None:
        raise RequestRefused(_NOT_OPEN)
    if session.graph.cut:
        raise RequestRefused(
            f"`{session.graph.cut}` is too large to look at all of it: the name may stand elsewhere in it"
        )
    renamed = renaming.rename(at.seen, at.line, at.col, params.new_name)
    if renamed.refusal:
        raise RequestRefused(renamed.refusal)
    texts = session.texts(at.projects)
    edits: dict[str, list[RangeEdit]] = {}
    done: set[tuple[str, Span]] = set()
    for span in renamed.spans:
        real_span = (os.path.realpath(span.file), span._replace(file=""))
        if real_span not in done:
            done.add(real_span)
            edits.setdefault(span.file, []).append(RangeEdit(texts[span.file].range(span), params.new_name))
    return convert.workspace_edit(session, edits, session.can.versions)


def formatting(session: EditorSession, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    """Return the edits that bring the document into its layout. Raises RequestRefused when it does not parse."""
    document = session.overlay.documents.get(params.text_document.uri)
    if document is None:
        return []
    try:
        return [convert.edit(edit) for edit in laid_out(document.text, document.path)]
    except DoesNotParse as problem:
        first = next((d for d in problem.diagnostics if d.severity == "error"), problem.diagnostics[0])
        where = f"line {first.span.line}: " if first.span is not None else ""
        raise RequestRefused(f"not formatted, the file does not parse: {where}{first.message}") from None


def actions(session: EditorSession, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Return the fixes for the problems in a range; a client that asks for FIX_ALL gets one that mends the file."""
    at = session.place(params.text_document.uri, convert.position(params.range.start))
    if at is None:
        return []
    texts = session.texts(at.projects)
    problems = list(dict.fromkeys(problem for project in at.projects for problem in project.problems))
    asked = convert.asked_range(params.range)
    answers: list[lsp.CodeAction] = []
    if _wants(params.context.only, _QUICK_FIX):
        for file in dict.fromkeys(seen.file for seen in at.seen):
            fixes = quick_fixes(problems, file, texts, asked)
            answers += [_action(session, fix, _QUICK_FIX, problems, texts) for fix in fixes]
    if params.context.only and _wants(params.context.only, FIX_ALL):
        edits = tuple(changes(at.document.text, session.mended(at.document)))
        whole = Action("Mend all that needs no thought", {at.document.path: edits})
        answers += [_action(session, whole, FIX_ALL, problems, texts)] if edits else []
    return answers


def _wants(only: Sequence[lsp.CodeActionKind | str] | None, kind: str) -> bool:
    """Return whether a kind was asked for: without `only` all are, and a kind includes those below it."""
    return only is None or any(kind == one or kind.startswith(f"{_kind_name(one)}.") for one in map(_kind_name, only))


def _kind_name(kind: lsp.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, lsp.CodeActionKind) else kind


def _action(
    session: EditorSession, action: Action, kind: str, problems: list[Problem], texts: Mapping[str, EditorText]
) -> lsp.CodeAction:
    problem = action.problem
    mended = [convert.diagnostic(session, problem, texts)] if problem is not None else None
    spans = [one.diagnostic.span for one in problems]
    alone = problem is not None and spans.count(problem.diagnostic.span) == 1 and not problem.changes
    return lsp.CodeAction(
        action.title,
        kind=kind,
        diagnostics=mended,
        is_preferred=alone or None,
        edit=convert.workspace_edit(session, action.edits, session.can.versions),
    )


def _place(session: EditorSession, params: _WithPosition) -> Place | None:
    return session.place(params.text_document.uri, convert.position(params.position))


def _locations(session: EditorSession, at: Place, spans: Iterable[Span]) -> list[lsp.Location]:
    texts = session.texts(at.projects)
    locations: dict[tuple[str, Position], lsp.Location] = {}
    for span in spans:
        own = texts[span.file].range(span)
        uri = session.uri(span.file)
        locations.setdefault((uri, own.start), lsp.Location(uri, convert.range_(own)))
    return list(locations.values())


def _importable(session: EditorSession, document: Document) -> list[str]:
    """Return the other contracts of the workspace, as imports of a document would write them."""
    folder = os.path.dirname(document.path)
    names = (name for real, name in session.graph.names.items() if real != document.real)
    return sorted(os.path.relpath(name, folder).replace(os.sep, "/") for name in names) if os.path.isabs(folder) else []
