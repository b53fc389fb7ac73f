"""The scanner: statements, imports, the mark of an embedded field, what is illegal."""

from mallgen.syntax.scan import scan

CONTRACT = """syntax = "v1"
import "base.api"
type A {
    Base
    Name string `json:"name"` // who
}
@server (prefix: /v1)
service a-api {
    @handler Ping
    get /ping (A)
}
"""


def test_a_file_is_cut_into_its_statements() -> None:
    scanned = scan(CONTRACT, "a.api")
    assert [s.kind for s in scanned.statements] == ["syntax", "import", "type", "service"]
    assert [i.value for i in scanned.imports] == ["base.api"]
    assert scanned.diagnostics == ()


def test_a_name_alone_on_its_line_is_marked_for_the_grammar() -> None:
    tokens = scan(CONTRACT, "a.api").statements[2].tokens
    assert {t.value: t.type for t in tokens}["Base"] == "NAME_END"
    assert {t.value: t.type for t in tokens}["Name"] == "NAME"


def test_an_unfinished_tag_is_reported_where_it_opens() -> None:
    (problem,) = scan("type A {\n  X int `json\n}", "a.api").diagnostics
    assert problem.code == "unfinished-tag"
    assert problem.span is not None
    assert (problem.span.line, problem.span.col) == (2, 9)
