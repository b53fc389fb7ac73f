"""`mallgen lsp` used by a real client over stdio; all tests share one server, since each start takes time."""

import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from mallgen.diagnostics.pages import pages
from tests.conftest import ROOT, mallgen
from tests.editor.client import MALL, TYPES, Editor, applied, write


def test_problems_come_and_go(editor: Editor) -> None:
    write(editor, mall=MALL, types=TYPES)
    editor.open("mall.api")
    assert editor.problems("mall.api") == []
    version = editor.change("mall.api", MALL.replace("(User)", "(Usr)"))
    (problem,) = editor.problems("mall.api", version)
    assert problem.code == "unknown-type"
    assert problem.severity == lsp.DiagnosticSeverity.Error
    assert problem.message == "type `Usr` is not declared\nhelp: did you mean `User`?"
    assert problem.range == lsp.Range(lsp.Position(14, 37), lsp.Position(14, 40))
    assert editor.problems("mall.api", editor.change("mall.api", MALL)) == []


def test_keys_in_a_row_are_not_looked_at_one_by_one(editor: Editor) -> None:
    write(editor, types=TYPES)
    editor.open("mall.api", MALL)
    assert editor.problems("mall.api") == []
    before = editor.received
    for number in range(100):
        version = editor.change("mall.api", MALL.replace("(User)", f"(User{number})"))
    assert editor.problems("mall.api", version)[0].message.startswith("type `User99` is not declared")
    assert editor.received - before < 50


def test_several_mistakes_of_a_file_are_shown_at_once(editor: Editor) -> None:
    write(editor, types=TYPES)
    text = MALL.replace("ID int64", "ID =").replace("@handler Get", "@handler")
    editor.open("mall.api", text)
    assert editor.codes("mall.api") == ["syntax", "syntax"]


def test_what_is_unsaved_in_an_imported_file_counts(editor: Editor) -> None:
    write(editor, mall=MALL, types=TYPES)
    editor.open("mall.api")
    editor.open("types.api")
    assert editor.problems("mall.api") == editor.problems("types.api") == []
    editor.change("types.api", TYPES.replace("User", "Person"))
    editor.until(lambda: editor.is_wrong("mall.api"), "the importing file is wrong")
    assert editor.codes("mall.api") == ["unknown-type"]
    editor.close("types.api")
    editor.until(lambda: not editor.is_wrong("mall.api"), "the disk counts again")
    del editor.texts[editor.uri("types.api")]


def test_a_file_that_is_imported_is_seen_from_its_importer(editor: Editor) -> None:
    """A file may use a type of its importer, which is on disk only; mistakes in the importer are shown there."""
    write(editor, mall=MALL, types=TYPES.replace("Name string", "Last *GetRequest"))
    editor.open("types.api")
    assert editor.problems("types.api") == []
    editor.change("types.api", TYPES.replace("User", "Person"))
    assert editor.codes("mall.api", None) == ["unknown-type"]


def test_a_file_that_appears_on_the_disk_mends_an_import(editor: Editor) -> None:
    write(editor, mall=MALL)
    editor.open("mall.api")
    assert editor.codes("mall.api") == ["no-such-file"]
    write(editor, types=TYPES)
    editor.until(lambda: not editor.is_wrong("mall.api"), "the import is there")


def test_rules_are_warnings_whose_codes_lead_to_their_pages(editor: Editor) -> None:
    text = """service mall-api {
	@handler Get
	get / (Request)
}
type Request {
	Price float64 `form:"price"`
}
"""
    editor.open("mall.api", text)
    (problem,) = editor.problems("mall.api")
    assert (problem.code, problem.severity) == ("money-as-float", lsp.DiagnosticSeverity.Warning)
    assert problem.code_description is not None
    page = Path(unquote(urlsplit(problem.code_description.href).path))
    assert pages()["money-as-float"] in page.read_text(encoding="utf-8")


def test_a_second_place_is_a_link(editor: Editor) -> None:
    write(editor, types=TYPES)
    editor.open("mall.api", MALL.replace("GetRequest", "User"))
    (problem,) = editor.problems("types.api", None)
    assert problem.code == "duplicate-type"
    (note,) = problem.related_information or ()
    assert (note.message, note.location.uri) == ("first declared here", editor.uri("mall.api"))


def test_places_count_utf_16_units(editor: Editor) -> None:
    """A character beyond the basic plane counts two, a tab one; the client's wish for UTF-8 is ignored."""
    text = 'type X {\n\tA /* 😀商 */ Strng `json:"a"` // 中\n}\nservice x { @handler H get / (X) }\n'
    for number, ends in enumerate(("\n", "\r\n")):
        name = f"x{number}.api"
        editor.open(name, text.replace("\n", ends))
        (problem,) = editor.problems(name)
        assert problem.range == lsp.Range(lsp.Position(1, 13), lsp.Position(1, 18))
        document, place = editor.at(name, "(|X)")
        found = editor.ask(editor.client.text_document_definition_async, lsp.DefinitionParams(document, place))
        assert isinstance(found, lsp.Location)
        assert found.range.start == lsp.Position(0, 5)


def test_a_lone_cr_ends_a_line_for_editors_only(editor: Editor) -> None:
    editor.open("x.api", "type X {\r\tA Strng\r}\r\nservice x {\n@handler H\nget / (X)\n}\n")
    (problem,) = editor.problems("x.api")
    assert problem.range == lsp.Range(lsp.Position(1, 3), lsp.Position(1, 8))


def test_hover_definition_and_references_lead_through_files(editor: Editor) -> None:
    write(editor, mall=MALL, types=TYPES)
    editor.open("mall.api")
    document, place = editor.at("mall.api", "(Us|er)")
    shown = editor.ask(editor.client.text_document_hover_async, lsp.HoverParams(document, place))
    assert shown is not None
    assert isinstance(shown.contents, lsp.MarkupContent)
    assert '`json:"name"`' in shown.contents.value
    assert "用户" in shown.contents.value
    found = editor.ask(editor.client.text_document_definition_async, lsp.DefinitionParams(document, place))
    assert found == lsp.Location(editor.uri("types.api"), lsp.Range(lsp.Position(4, 1), lsp.Position(4, 5)))
    context = lsp.ReferenceContext(include_declaration=True)
    places = editor.ask(editor.client.text_document_references_async, lsp.ReferenceParams(context, document, place))
    assert places is not None
    assert [one.uri for one in places] == [editor.uri("mall.api"), editor.uri("types.api")]


def test_a_renamed_type_is_renamed_in_every_file(editor: Editor) -> None:
    other = MALL.replace("mall-api", "shop-api").replace("GetRequest", "AskRequest")
    write(editor, mall=MALL, types=TYPES, shop=other)
    editor.open("types.api")
    document, place = editor.at("types.api", "Us|er")
    word = editor.ask(editor.client.text_document_prepare_rename_async, lsp.PrepareRenameParams(document, place))
    assert word == lsp.Range(lsp.Position(4, 1), lsp.Position(4, 5))
    edit = editor.ask(editor.client.text_document_rename_async, lsp.RenameParams(document, place, "Person"))
    assert edit is not None
    assert editor.folder is not None
    changes = [one for one in edit.document_changes or () if isinstance(one, lsp.TextDocumentEdit)]
    assert {(one.text_document.uri, one.text_document.version) for one in changes} == {
        (editor.uri("mall.api"), None),
        (editor.uri("shop.api"), None),
        (editor.uri("types.api"), 1),
    }
    for change in changes:
        path = Path(unquote(urlsplit(change.text_document.uri).path))
        edits = [one for one in change.edits if isinstance(one, lsp.TextEdit)]
        path.write_text(applied(path.read_text(encoding="utf-8"), edits), encoding="utf-8")
    assert "User" not in "".join(path.read_text(encoding="utf-8") for path in editor.folder.glob("*.api"))
    for name in ("mall", "shop"):
        assert mallgen("api", "validate", "-api", str(editor.folder / f"{name}.api")).code == 0


@pytest.mark.parametrize(
    ("marked", "name", "said"),
    [
        ("(Us|er)", "GetRequest", "type `GetRequest` is declared already"),
        ("(Us|er)", "int64", "`int64` is a type of the language"),
        ("int|64", "Number", "`int64` is a base type of the language"),
        ("serv|ice", "Number", "only types and handlers can be renamed"),
    ],
    ids=["taken", "base", "of-a-base", "keyword"],
)
def test_a_rename_that_cannot_be_says_why(editor: Editor, marked: str, name: str, said: str) -> None:
    write(editor, types=TYPES)
    editor.open("mall.api", MALL)
    document, place = editor.at("mall.api", marked)
    with pytest.raises(JsonRpcException) as refused:
        editor.ask(editor.client.text_document_rename_async, lsp.RenameParams(document, place, name))
    assert (refused.value.code, refused.value.message) == (lsp.LSPErrorCodes.RequestFailed, said)


def test_the_outline_has_types_and_routes(editor: Editor) -> None:
    write(editor, types=TYPES)
    uri = editor.open("mall.api", MALL)
    params = lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(uri))
    found = editor.ask(editor.client.text_document_document_symbol_async, params)
    parts = [one for one in found or () if isinstance(one, lsp.DocumentSymbol)]
    assert [(one.name, [child.name for child in one.children or ()]) for one in parts] == [
        ("GetRequest", ["ID"]),
        ("mall-api", ["get /user/:id"]),
    ]


def test_completion_takes_the_place_of_the_word(editor: Editor) -> None:
    write(editor, types=TYPES)
    editor.open("mall.api", MALL.replace("(User)", "(Us)"))
    document, place = editor.at("mall.api", "(Us|)")
    found = editor.ask(editor.client.text_document_completion_async, lsp.CompletionParams(document, place))
    assert isinstance(found, lsp.CompletionList)
    item = next(one for one in found.items if one.label == "User")
    assert item.text_edit == lsp.TextEdit(lsp.Range(lsp.Position(14, 37), place), "User")
    assert item.documentation == "用户"


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_formatting_is_that_of_the_command(editor: Editor, ends: str) -> None:
    text = (ROOT / "examples" / "mall.api").read_text(encoding="utf-8")
    text = text.replace("\t", " ").replace("\n\n", "\n\n\n").replace("\n", ends)
    write(editor, mall=text)
    uri = editor.open("mall.api")
    params = lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(uri), lsp.FormattingOptions(4, True))
    edits = editor.ask(editor.client.text_document_formatting_async, params)
    assert edits
    assert editor.folder is not None
    assert mallgen("api", "format", str(editor.folder / "mall.api")).code == 0
    assert applied(text, list(edits)).encode() == (editor.folder / "mall.api").read_bytes()


def test_what_does_not_parse_is_not_formatted(editor: Editor) -> None:
    uri = editor.open("mall.api", "type X {\n  A =\n}\n")
    params = lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(uri), lsp.FormattingOptions(4, True))
    with pytest.raises(JsonRpcException, match=r"not formatted, the file does not parse: line 2: expected a type"):
        editor.ask(editor.client.text_document_formatting_async, params)


def test_a_quick_fix_mends(editor: Editor) -> None:
    write(editor, types=TYPES)
    text = MALL.replace("(User)", "(Usr)")
    editor.open("mall.api", text)
    editor.problems("mall.api")
    document, place = editor.at("mall.api", "(Us|r)")
    context = lsp.CodeActionContext([])
    found = editor.ask(
        editor.client.text_document_code_action_async, lsp.CodeActionParams(document, lsp.Range(place, place), context)
    )
    (action,) = [one for one in found or () if isinstance(one, lsp.CodeAction)]
    assert (action.title, action.kind, action.is_preferred) == ("Write `User`", "quickfix", True)
    assert action.edit is not None
    assert action.edit.document_changes is not None
    change = action.edit.document_changes[0]
    assert isinstance(change, lsp.TextDocumentEdit)
    edits = [one for one in change.edits if isinstance(one, lsp.TextEdit)]
    assert editor.problems("mall.api", editor.change("mall.api", applied(text, edits))) == []


def test_fix_all_is_what_the_command_fixes(editor: Editor) -> None:
    text = MALL.replace('import "types.api"\n', "").replace(" returns (User)", "").replace("/user/:id", "/user/:id/")
    text = text.replace(
        '`path:"id"`', '`path:"id"`\n\tPage int64 `form:"page,optional,default=1"`\n\tB int64 `json:"b"`'
    )
    write(editor, mall=text)
    editor.open("mall.api")
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
    context = lsp.CodeActionContext([], only=[lsp.CodeActionKind.SourceFixAll])
    params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(editor.uri("mall.api")), whole, context)
    (action,) = editor.ask(editor.client.text_document_code_action_async, params) or ()
    assert isinstance(action, lsp.CodeAction)
    assert action.edit is not None
    (change,) = action.edit.document_changes or ()
    assert isinstance(change, lsp.TextDocumentEdit)
    edits = [one for one in change.edits if isinstance(one, lsp.TextEdit)]
    assert editor.folder is not None
    mallgen("api", "lint", "-api", str(editor.folder / "mall.api"), "--fix")
    assert applied(text, edits) == (editor.folder / "mall.api").read_text(encoding="utf-8")


def test_a_document_by_a_link_and_by_its_name_are_one_file(editor: Editor) -> None:
    write(editor, mall=MALL, types=TYPES)
    assert editor.folder is not None
    os.symlink(editor.folder, editor.folder / "link")
    linked = editor.uri("link/types.api")
    editor.open("mall.api")
    editor.open(linked, TYPES.replace("User", "Person"))
    editor.until(lambda: editor.is_wrong("mall.api"), "the importing file is wrong")
    document, place = editor.at(linked, "Per|son")
    found = editor.ask(editor.client.text_document_definition_async, lsp.DefinitionParams(document, place))
    assert isinstance(found, lsp.Location)
    assert found.uri == linked


def test_an_unsaved_document_without_a_file(editor: Editor) -> None:
    editor.open("untitled:Untitled-1", "type X {\n\tA Strng\n}\n")
    assert editor.codes("untitled:Untitled-1") == ["unknown-type"]
    document, place = editor.at("untitled:Untitled-1", "type |X")
    edit = editor.ask(editor.client.text_document_rename_async, lsp.RenameParams(document, place, "Y"))
    assert edit is not None


def test_the_shop_is_opened_without_a_word(editor: Editor) -> None:
    """examples/mall.api has warnings only, and no errors."""
    assert editor.folder is not None
    shutil.copy(ROOT / "examples" / "mall.api", editor.folder / "mall.api")
    editor.open("mall.api")
    assert {one.severity for one in editor.problems("mall.api")} == {lsp.DiagnosticSeverity.Warning}
