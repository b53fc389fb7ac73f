"""Our values as those of the protocol."""

from collections.abc import Iterable, Mapping

from lsprotocol import types as lsp

from mallgen.editor.completion import Completed
from mallgen.editor.navigation import Entry, OutlineKind
from mallgen.editor.places import EditorText, Position, Range, RangeEdit
from mallgen.editor.project import Problem
from mallgen.editor.proposals import Proposal, ProposalKind
from mallgen.languageserver.pages import page_of
from mallgen.languageserver.session import EditorSession, Published
from mallgen.text.visible import visible

_LEVELS = {
    "error": lsp.DiagnosticSeverity.Error,
    "warning": lsp.DiagnosticSeverity.Warning,
    "information": lsp.DiagnosticSeverity.Information,
}
_KINDS: dict[ProposalKind, lsp.CompletionItemKind] = {
    "keyword": lsp.CompletionItemKind.Keyword,
    "type": lsp.CompletionItemKind.Struct,
    "base": lsp.CompletionItemKind.TypeParameter,
    "method": lsp.CompletionItemKind.Method,
    "setting": lsp.CompletionItemKind.Property,
    "option": lsp.CompletionItemKind.EnumMember,
    "source": lsp.CompletionItemKind.Field,
    "value": lsp.CompletionItemKind.Value,
    "file": lsp.CompletionItemKind.File,
}
_SYMBOLS: dict[OutlineKind, lsp.SymbolKind] = {
    "info": lsp.SymbolKind.Object,
    "type": lsp.SymbolKind.Struct,
    "field": lsp.SymbolKind.Field,
    "service": lsp.SymbolKind.Module,
    "route": lsp.SymbolKind.Method,
}


def position(at: lsp.Position) -> Position:
    """A position that the editor sent."""
    return Position(at.line, at.character)


def asked(found: lsp.Range) -> Range:
    """A range that the editor sent."""
    return Range(position(found.start), position(found.end))


def range_(found: Range) -> lsp.Range:
    """A range for the editor."""
    return lsp.Range(lsp.Position(*found.start), lsp.Position(*found.end))


def edit(one: RangeEdit) -> lsp.TextEdit:
    """An edit for the editor."""
    return lsp.TextEdit(range_(one.range), one.text)


def workspace_edit(
    session: EditorSession, edits: Mapping[str, Iterable[RangeEdit]], documents: bool
) -> lsp.WorkspaceEdit:
    """Edits of several files, with the versions that they were made for where the editor can check them."""
    texts = {name: [edit(one) for one in found] for name, found in edits.items()}
    if not documents:
        return lsp.WorkspaceEdit(changes={session.uri(name): found for name, found in texts.items()})
    changes = [
        lsp.TextDocumentEdit(
            lsp.OptionalVersionedTextDocumentIdentifier(session.uri(name), session.version(name)), list(found)
        )
        for name, found in texts.items()
    ]
    return lsp.WorkspaceEdit(document_changes=list(changes))


def diagnostic(session: EditorSession, problem: Problem, texts: Mapping[str, EditorText]) -> lsp.Diagnostic:
    """A problem: what is wrong, the way out below it, the other places that explain it, the page of its code."""
    found = problem.diagnostic
    href = page_of(found.code)
    message = visible(found.message) + (f"\nhelp: {visible(found.hint)}" if found.hint else "")
    notes = [
        lsp.DiagnosticRelatedInformation(
            lsp.Location(session.uri(note.span.file), range_(texts[note.span.file].range(note.span))), note.text
        )
        for note in found.notes
        if note.span.file in texts
    ]
    whole = Range(Position(0, 0), Position(0, 0))
    return lsp.Diagnostic(
        range=range_(texts[problem.file].range(found.span) if found.span is not None else whole),
        message=message,
        severity=_LEVELS[problem.level],
        code=found.code,
        code_description=lsp.CodeDescription(href) if href else None,
        source="mallgen",
        tags=[lsp.DiagnosticTag.Unnecessary] if found.code in {"unused-type", "unused-suppression"} else None,
        related_information=notes or None,
    )


def published(session: EditorSession, one: Published, texts: Mapping[str, EditorText]) -> lsp.PublishDiagnosticsParams:
    """Everything to show in one document."""
    shown = {**texts, **{problem.file: one.text for problem in one.problems}}
    found = [diagnostic(session, problem, shown) for problem in one.problems]
    return lsp.PublishDiagnosticsParams(one.uri, found, one.version)


def completion(text: EditorText, offset: int, found: Completed, snippets: bool) -> lsp.CompletionList:
    """Proposals, each for the word before the cursor."""
    place = range_(text.between(found.start, offset))
    return lsp.CompletionList(False, [_item(one, place, snippets) for one in found.proposals])


def _item(one: Proposal, place: lsp.Range, snippets: bool) -> lsp.CompletionItem:
    with_snippet = bool(one.snippet) and snippets
    return lsp.CompletionItem(
        one.label,
        kind=_KINDS[one.kind],
        documentation=one.detail or None,
        sort_text=f"{one.rank:02}{one.label}",
        filter_text=one.label,
        insert_text_format=lsp.InsertTextFormat.Snippet if with_snippet else lsp.InsertTextFormat.PlainText,
        text_edit=lsp.TextEdit(place, one.snippet if with_snippet else one.label),
    )


def outline(text: EditorText, entries: Iterable[Entry]) -> list[lsp.DocumentSymbol]:
    """An outline; the protocol wants what is selected inside of the whole."""
    found = []
    for entry in entries:
        whole, name = text.range(entry.span), text.range(entry.name_span)
        whole = Range(min(whole.start, name.start), max(whole.end, name.end))
        children = outline(text, entry.children)
        found.append(
            lsp.DocumentSymbol(
                entry.name, _SYMBOLS[entry.kind], range_(whole), range_(name), entry.detail or None, children=children
            )
        )
    return found
