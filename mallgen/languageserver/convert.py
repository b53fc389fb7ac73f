"""The conversion of our values into those of the protocol, and of positions back."""

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
    """Convert a position that the editor sent."""
    return Position(at.line, at.character)


def asked_range(asked: lsp.Range) -> Range:
    """Convert a range that the editor sent."""
    return Range(position(asked.start), position(asked.end))


def range_(own: Range) -> lsp.Range:
    """Convert a range for the editor."""
    return lsp.Range(lsp.Position(*own.start), lsp.Position(*own.end))


def edit(one: RangeEdit) -> lsp.TextEdit:
    """Convert an edit for the editor."""
    return lsp.TextEdit(range_(one.range), one.text)


def workspace_edit(
    session: EditorSession, edits: Mapping[str, Iterable[RangeEdit]], documents: bool
) -> lsp.WorkspaceEdit:
    """Convert edits of several files; with `documents` they carry the files' versions, which the editor checks."""
    converted = {name: [edit(one) for one in own] for name, own in edits.items()}
    if not documents:
        return lsp.WorkspaceEdit(changes={session.uri(name): own for name, own in converted.items()})
    changes = [
        lsp.TextDocumentEdit(
            lsp.OptionalVersionedTextDocumentIdentifier(session.uri(name), session.version(name)), list(own)
        )
        for name, own in converted.items()
    ]
    return lsp.WorkspaceEdit(document_changes=list(changes))


def diagnostic(session: EditorSession, problem: Problem, texts: Mapping[str, EditorText]) -> lsp.Diagnostic:
    """Convert a problem: the message with the hint below it, notes as related information, the page of its code."""
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
    """Convert everything to show in one document."""
    shown = {**texts, **{problem.file: one.text for problem in one.problems}}
    diagnostics = [diagnostic(session, problem, shown) for problem in one.problems]
    return lsp.PublishDiagnosticsParams(one.uri, diagnostics, one.version)


def completion(text: EditorText, offset: int, completed: Completed, snippets: bool) -> lsp.CompletionList:
    """Convert proposals, each to replace the text between their start and the cursor's `offset`."""
    replaced = range_(text.between(completed.start, offset))
    return lsp.CompletionList(False, [_item(one, replaced, snippets) for one in completed.proposals])


def _item(one: Proposal, replaced: lsp.Range, snippets: bool) -> lsp.CompletionItem:
    with_snippet = bool(one.snippet) and snippets
    return lsp.CompletionItem(
        one.label,
        kind=_KINDS[one.kind],
        documentation=one.detail or None,
        sort_text=f"{one.rank:02}{one.label}",
        filter_text=one.label,
        insert_text_format=lsp.InsertTextFormat.Snippet if with_snippet else lsp.InsertTextFormat.PlainText,
        text_edit=lsp.TextEdit(replaced, one.snippet if with_snippet else one.label),
    )


def outline(text: EditorText, entries: Iterable[Entry]) -> list[lsp.DocumentSymbol]:
    """Convert an outline; each span is widened to include its name, since the protocol wants that."""
    converted = []
    for entry in entries:
        whole, name = text.range(entry.span), text.range(entry.name_span)
        whole = Range(min(whole.start, name.start), max(whole.end, name.end))
        children = outline(text, entry.children)
        converted.append(
            lsp.DocumentSymbol(
                entry.name, _SYMBOLS[entry.kind], range_(whole), range_(name), entry.detail or None, children=children
            )
        )
    return converted
